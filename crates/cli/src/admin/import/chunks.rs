//! A file of records, cut into chunks that the server takes: lines of JSON, which are passed on as they
//! are, or CSV, which becomes lines of JSON. What the records say is the server's to judge.

use super::rows;
use clap::ValueEnum;
use csv::ByteRecord;
use serde_json::{Value, json};
use std::io::{self, BufRead, Read};
use std::path::Path;

/// The server takes chunks of up to 4 MiB and 2,000 records.
const MAX_BYTES: usize = 4 * 1024 * 1024 - 64 * 1024;
const MAX_RECORDS: usize = 2000;

/// How the records of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A JSON object on each line
    Jsonl,
    /// A first line with the names of the fields, then a line for each record
    Csv,
}

impl Format {
    /// What the name of the file says.
    pub(crate) fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?.to_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" | "json" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Some records.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// What is sent: lines of JSON.
    pub(crate) body: Vec<u8>,
    /// The line of the file on which each of them starts, counted from 1.
    pub(crate) lines: Vec<u64>,
    /// What cannot even be sent.
    pub(crate) problems: Vec<Value>,
    /// How much of the file this is.
    pub(crate) bytes_of_file: u64,
}

impl Chunk {
    fn is_full(&self) -> bool {
        self.lines.len() + self.problems.len() >= MAX_RECORDS
    }

    fn problem(&mut self, line: u64, reason: &str) {
        self.problems.push(json!({"line": line, "kind": "invalid", "reason": reason}));
    }
}

/// A record on its way into a chunk.
struct Record {
    line: u64,
    bytes_of_file: u64,
    /// A line of JSON, or why there is none.
    json: Result<Vec<u8>, String>,
}

/// Cuts a file.
pub(crate) struct Chunks<R: Read> {
    source: Source<R>,
    /// Read already, and too much for the last chunk.
    next: Option<Record>,
}

enum Source<R: Read> {
    Jsonl { reader: R, line: u64 },
    Csv { reader: Box<csv::Reader<R>>, names: Vec<String>, row: ByteRecord, byte: u64 },
}

impl<R: BufRead> Chunks<R> {
    /// Chunks of what is in the file.
    pub(crate) fn new(mut reader: R, format: Format) -> io::Result<Self> {
        if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        let source = match format {
            Format::Jsonl => Source::Jsonl { reader, line: 0 },
            Format::Csv => {
                let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
                let names = reader.headers().map_err(io::Error::other)?;
                let names = names.iter().map(|name| name.trim().to_owned()).collect();
                let byte = reader.position().byte();
                Source::Csv { reader: Box::new(reader), names, row: ByteRecord::new(), byte }
            }
        };
        Ok(Self { source, next: None })
    }

    /// The next chunk, if there is more.
    pub(crate) fn next(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        while !chunk.is_full() {
            let Some(record) = self.next.take().map_or_else(|| self.source.read(), |it| Ok(Some(it)))? else {
                break;
            };
            match &record.json {
                Ok(json) if json.len() > MAX_BYTES => chunk.problem(record.line, "it is larger than 4 MiB"),
                Ok(json) if chunk.body.len() + json.len() > MAX_BYTES => {
                    self.next = Some(record);
                    break;
                }
                Ok(json) => {
                    chunk.body.extend_from_slice(json);
                    chunk.lines.push(record.line);
                }
                Err(reason) => chunk.problem(record.line, reason),
            }
            chunk.bytes_of_file += record.bytes_of_file;
        }
        let is_empty = chunk.lines.is_empty() && chunk.problems.is_empty();
        Ok((!is_empty).then_some(chunk))
    }

    /// The first line of JSON, if it is for the whole file.
    pub(crate) fn take_header(&mut self, is_header: impl Fn(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        if !matches!(self.source, Source::Jsonl { .. }) {
            return Ok(None);
        }
        let Some(first) = self.source.read()? else { return Ok(None) };
        match first.json {
            Ok(json) if is_header(&json) => Ok(Some(json)),
            json => {
                self.next = Some(Record { json, ..first });
                Ok(None)
            }
        }
    }
}

impl<R: BufRead> Source<R> {
    fn read(&mut self) -> io::Result<Option<Record>> {
        match self {
            Self::Jsonl { reader, line } => read_line(reader, line),
            Self::Csv { reader, names, row, byte } => {
                if !reader.read_byte_record(row).map_err(io::Error::other)? {
                    return Ok(None);
                }
                let line = row.position().map_or(0, csv::Position::line);
                let end = reader.position().byte();
                let bytes_of_file = end - std::mem::replace(byte, end);
                let json = rows::to_json(names, row).map(|mut json| {
                    json.push(b'\n');
                    json
                });
                Ok(Some(Record { line, bytes_of_file, json }))
            }
        }
    }
}

/// The next line that is not blank.
fn read_line(reader: &mut impl BufRead, line: &mut u64) -> io::Result<Option<Record>> {
    let mut bytes_of_file = 0;
    loop {
        let mut json = Vec::new();
        let length = reader.read_until(b'\n', &mut json)?;
        if length == 0 {
            return Ok(None);
        }
        *line += 1;
        bytes_of_file += length as u64;
        if json.trim_ascii().is_empty() {
            continue;
        }
        if !json.ends_with(b"\n") {
            json.push(b'\n');
        }
        let is_text = std::str::from_utf8(&json).is_ok();
        let json = if is_text { Ok(json) } else { Err("it is not UTF-8".to_owned()) };
        return Ok(Some(Record { line: *line, bytes_of_file, json }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8], format: Format) -> Vec<Chunk> {
        let mut chunks = Chunks::new(text, format).unwrap();
        std::iter::from_fn(|| chunks.next().unwrap()).collect()
    }

    #[test]
    fn lines_of_json_are_passed_on_and_know_where_they_were() {
        let text = "\u{feff}{\"a\":1}\n\n  \r\n{\"a\":2}\r\n{\"a\":3}";
        let chunks = whole(text.as_bytes(), Format::Jsonl);
        assert_eq!(chunks.len(), 1);
        assert_eq!(chunks[0].body, b"{\"a\":1}\n{\"a\":2}\r\n{\"a\":3}\n");
        assert_eq!(chunks[0].lines, [1, 4, 5]);
        assert_eq!(chunks[0].bytes_of_file, text.len() as u64 - 3);
        assert!(whole(b"", Format::Jsonl).is_empty());
    }

    #[test]
    fn a_chunk_is_never_more_than_the_server_takes() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1000));
        let many = whole("{}\n".repeat(4500).as_bytes(), Format::Jsonl);
        assert_eq!(many.iter().map(|chunk| chunk.lines.len()).collect::<Vec<_>>(), [2000, 2000, 500]);
        assert_eq!(many[1].lines[0], 2001);
        let large = format!("{{\"a\":\"{}\"}}\n", "x".repeat(3 * 1024 * 1024));
        let large = whole((large.repeat(2) + &line).as_bytes(), Format::Jsonl);
        assert_eq!(large.iter().map(|chunk| chunk.lines.clone()).collect::<Vec<_>>(), [vec![1], vec![2, 3]]);
        let huge = whole(("x".repeat(5 * 1024 * 1024) + "\n" + &line).as_bytes(), Format::Jsonl);
        assert_eq!(huge[0].problems[0]["line"], 1);
        assert_eq!(huge[0].lines, [2]);
    }

    #[test]
    fn csv_becomes_lines_of_json() {
        let text = "\u{feff}_id,email,disabled\n1,\"a\n\"\"b\"\"\",true\n2,c\n3,\u{e9},false\n";
        let chunks = whole(text.as_bytes(), Format::Csv);
        let lines: Vec<Value> = chunks[0]
            .body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let first = json!({"_id": "1", "email": "a\n\"b\"", "disabled": true});
        assert_eq!(lines, [first, json!({"_id": "3", "email": "é", "disabled": false})]);
        assert_eq!(chunks[0].lines, [2, 5]);
        assert_eq!(chunks[0].problems[0]["line"], 4);
        assert!(whole(b"_id,email", Format::Csv).is_empty());
    }

    #[test]
    fn what_is_no_text_is_a_problem_of_its_line() {
        let chunks = whole(b"{}\n\xff\n{}\n", Format::Jsonl);
        assert_eq!((chunks[0].lines.clone(), chunks[0].problems[0]["line"].clone()), (vec![1, 3], json!(2)));
        let chunks = whole(b"a\n\xff\nb\n", Format::Csv);
        assert_eq!((chunks[0].lines.clone(), chunks[0].problems[0]["line"].clone()), (vec![3], json!(2)));
    }

    #[test]
    fn the_name_of_the_file_says_the_format() {
        for (name, format) in [
            ("users.jsonl", Some(Format::Jsonl)),
            ("USERS.CSV", Some(Format::Csv)),
            ("users.ndjson", Some(Format::Jsonl)),
            ("users", None),
            ("users.txt", None),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
    }
}
