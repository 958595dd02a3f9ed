//! The list of what was not imported, beside the file that it was in: a line of JSON for each record,
//! with its line in the file and the reason. It does not repeat the records, which may hold secrets.

use crate::admin::exit::Failure;
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Made at the first problem.
pub(super) struct ProblemList {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl ProblemList {
    /// The list for this file. One of an earlier import is deleted.
    pub(super) fn beside(file: &Path) -> Result<Self, Failure> {
        let mut name = file.as_os_str().to_owned();
        name.push(".problems.jsonl");
        let list = Self { path: name.into(), file: None };
        match std::fs::remove_file(&list.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(list.unwritable(&error)),
            _ => Ok(list),
        }
    }

    /// Appends the problems of a report.
    pub(super) fn write(&mut self, report: &Value) -> Result<(), Failure> {
        for record in report["problems"].as_array().into_iter().flatten() {
            let file = match &mut self.file {
                Some(file) => file,
                none => {
                    let file = File::create(&self.path);
                    none.insert(BufWriter::new(file.map_err(|error| unwritable(&self.path, &error))?))
                }
            };
            writeln!(file, "{record}").map_err(|error| unwritable(&self.path, &error))?;
        }
        Ok(())
    }

    /// Where it is, if there is one.
    pub(super) fn close(mut self) -> Result<Option<PathBuf>, Failure> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        file.flush().map_err(|error| self.unwritable(&error))?;
        Ok(Some(self.path))
    }

    fn unwritable(&self, error: &std::io::Error) -> Failure {
        unwritable(&self.path, error)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(format!("{} cannot be written: {error}", path.display()))
}
