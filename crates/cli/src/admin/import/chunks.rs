//! A file of records, cut into pieces that can be sent one by one. Records are found, not understood:
//! what they say is the server's to judge.

use clap::ValueEnum;
use std::io::{self, BufRead};
use std::path::Path;

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

/// Some records, whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// What is sent: of CSV, the line with the names comes first.
    pub(crate) body: Vec<u8>,
    /// The line of the file on which the first record starts, counted from 1.
    pub(crate) first_line: u64,
    /// How much of the file it is.
    pub(crate) bytes_of_file: u64,
}

/// Cuts a file.
pub(crate) struct Chunks<R> {
    reader: R,
    format: Format,
    target_bytes: usize,
    /// Of CSV, the line with the names.
    header: Vec<u8>,
    next_line: u64,
}

impl<R: BufRead> Chunks<R> {
    /// Chunks of about this size.
    pub(crate) fn new(mut reader: R, format: Format, target_bytes: usize) -> io::Result<Self> {
        if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        let mut chunks = Self { reader, format, target_bytes, header: Vec::new(), next_line: 1 };
        if format == Format::Csv {
            let mut header = Vec::new();
            chunks.read_record(&mut header)?;
            if !header.is_empty() && !header.ends_with(b"\n") {
                header.push(b'\n');
            }
            chunks.header = header;
        }
        Ok(chunks)
    }

    /// The next chunk, if there is more.
    pub(crate) fn next(&mut self) -> io::Result<Option<Chunk>> {
        let first_line = self.next_line;
        let mut body = Vec::with_capacity(self.target_bytes + self.target_bytes / 8);
        body.extend_from_slice(&self.header);
        while body.len() < self.target_bytes && self.read_record(&mut body)? {}
        let bytes_of_file = (body.len() - self.header.len()) as u64;
        Ok((bytes_of_file > 0).then_some(Chunk { body, first_line, bytes_of_file }))
    }

    /// Appends one record; of CSV, a line end between quotes is part of it.
    fn read_record(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let start = body.len();
        loop {
            let before = body.len();
            if self.reader.read_until(b'\n', body)? == 0 {
                return Ok(body.len() > start);
            }
            let _ = before;
            self.next_line += 1;
            let is_open = self.format == Format::Csv
                && body[start..].iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            if !is_open {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str, format: Format, target_bytes: usize) -> Vec<(String, u64)> {
        let mut chunks = Chunks::new(text.as_bytes(), format, target_bytes).unwrap();
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().unwrap() {
            all.push((String::from_utf8(chunk.body).unwrap(), chunk.first_line));
        }
        all
    }

    fn expected(chunks: &[(&str, u64)]) -> Vec<(String, u64)> {
        chunks.iter().map(|(body, line)| ((*body).to_owned(), *line)).collect()
    }

    #[test]
    fn lines_of_json_stay_whole_and_know_where_they_were() {
        let text = "\u{feff}{\"a\":1}\n{\"a\":2}\n{\"a\":3}";
        let pieces = chunks(text, Format::Jsonl, 10);
        assert_eq!(pieces, expected(&[("{\"a\":1}\n{\"a\":2}\n", 1), ("{\"a\":3}", 3)]));
        assert_eq!(chunks("", Format::Jsonl, 10), []);
    }

    #[test]
    fn every_chunk_of_csv_has_the_names_and_quoted_line_ends_do_not_cut() {
        let text = "id,name\n1,\"a\n\"\"b\"\"\n\"\n2,c\n3,d";
        let pieces = chunks(text, Format::Csv, 10);
        assert_eq!(
            pieces,
            expected(&[
                ("id,name\n1,\"a\n\"\"b\"\"\n\"\n", 2),
                ("id,name\n2,c\n", 5),
                ("id,name\n3,d", 6),
            ])
        );
        assert_eq!(chunks("id,name", Format::Csv, 10), []);
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
