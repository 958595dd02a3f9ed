//! Importing: a file is cut into chunks, a few of which are on their way at any time, and the server's
//! reports are added up. Nothing is remembered between two runs: the server answers that what it has
//! already is unchanged, so an import that was interrupted is simply run again.

pub(crate) mod chunks;
mod problem_list;
mod repeated;
mod report;
mod rows;

pub(crate) use report::Report;

use super::client::Scope;
use super::exit::Failure;
use super::output::Output;
use chunks::{Chunk, Chunks, Format};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use keystead_protocol::secret::SecretText;
use problem_list::ProblemList;
use repeated::Repeated;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// So many chunks are on their way, so that the server always has one to work on.
const IN_FLIGHT: usize = 3;

/// How often a server that is too busy is asked again, and how long to wait before.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_secs(2);

/// For one chunk.
const PATIENCE: Duration = Duration::from_mins(5);

/// The key of the hashes, which goes with every chunk.
const HMAC_KEY: &str = "x-keystead-hmac-key";

/// What is imported, from where and how.
pub(crate) struct Import<'i> {
    /// The route that takes it.
    pub(crate) route: Scope<'i>,
    /// The query of the route.
    pub(crate) query: String,
    /// The file.
    pub(crate) file: &'i Path,
    /// How its records are written.
    pub(crate) format: Format,
    /// Whether nothing is to be changed.
    pub(crate) dry_run: bool,
    /// The key of HMAC hashes, in base64.
    pub(crate) hmac_key: Option<SecretText>,
}

impl Import<'_> {
    /// Sends the whole file, and answers with what became of it and where the list is of what was not
    /// imported, if there is any.
    pub(crate) async fn run(&self, output: Output) -> Result<(Report, Option<PathBuf>), Failure> {
        let unreadable = |error| self.unreadable(&error);
        let file = File::open(self.file).map_err(unreadable)?;
        let progress = progress(output, file.metadata().map_err(unreadable)?.len());
        let mut chunks = Chunks::new(BufReader::new(file), self.format).map_err(unreadable)?;
        let hmac_key = self.hmac_key(&mut chunks)?;
        let mut list = ProblemList::beside(self.file)?;
        let mut report = Report::default();
        let mut repeated = self.dry_run.then(Repeated::default);
        let mut on_their_way = FuturesUnordered::new();
        loop {
            while on_their_way.len() < IN_FLIGHT
                && let Some(chunk) = chunks.next().map_err(unreadable)?
            {
                if let Some(repeated) = &mut repeated {
                    let found = repeated.find(&chunk);
                    list.write(&found)?;
                    report.add(found);
                }
                on_their_way.push(self.send(chunk, hmac_key.as_ref()));
            }
            let Some(answer) = on_their_way.next().await else { break };
            let (bytes, answer) = answer?;
            list.write(&answer)?;
            report.add(answer);
            progress.inc(bytes);
        }
        progress.finish_and_clear();
        Ok((report, list.close()?))
    }

    /// The key that was given, or that the first line of the file holds.
    fn hmac_key(&self, chunks: &mut Chunks<BufReader<File>>) -> Result<Option<HeaderValue>, Failure> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Header {
            hmac_key_base64: SecretText,
        }
        let parse = |line: &[u8]| serde_json::from_slice::<Header>(line).ok();
        let header =
            chunks.take_header(|line| parse(line).is_some()).map_err(|error| self.unreadable(&error))?;
        let of_file = header.and_then(|line| parse(&line)).map(|header| header.hmac_key_base64);
        let Some(key) = self.hmac_key.as_ref().or(of_file.as_ref()) else { return Ok(None) };
        let mut value = HeaderValue::from_str(key.expose())
            .map_err(|_| Failure::Usage("the key of the hashes is no base64".to_owned()))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Sends one chunk, and answers with how much of the file it was.
    async fn send(&self, chunk: Chunk, hmac_key: Option<&HeaderValue>) -> Result<(u64, Value), Failure> {
        let Chunk { body, lines, problems, bytes_of_file } = chunk;
        let mut answer = Value::Null;
        if !lines.is_empty() {
            let mut request = self.route.request(Method::POST, &self.query).timeout(PATIENCE);
            request = request.header(CONTENT_TYPE, "application/x-ndjson").body(body);
            if let Some(key) = hmac_key {
                request = request.header(HMAC_KEY, key);
            }
            let mut attempt = 1;
            // A body in memory can be sent again.
            while let Some(again) = request.try_clone() {
                match self.route.ask(again).await {
                    Err(Failure::Unreachable(_)) if attempt < ATTEMPTS => {
                        attempt += 1;
                        tokio::time::sleep(PAUSE).await;
                    }
                    result => {
                        answer = result?;
                        break;
                    }
                }
            }
        }
        Ok((bytes_of_file, report::of_file(answer, &lines, problems)))
    }

    fn unreadable(&self, error: &std::io::Error) -> Failure {
        Failure::Other(format!("{} cannot be read: {error}", self.file.display()))
    }
}

/// A bar on a terminal; nothing elsewhere.
fn progress(output: Output, bytes: u64) -> ProgressBar {
    if output.is_json() || !super::output::is_on_terminal() {
        return ProgressBar::hidden();
    }
    let template = "{bar:40} {percent}% of {total_bytes}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(bytes).with_style(style)
}
