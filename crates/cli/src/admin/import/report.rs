//! What became of the records of many chunks.

use serde_json::{Value, json};

/// What the server counts, in the order in which people are told.
const COUNTS: [&str; 7] =
    ["received", "imported", "unchanged", "invalid", "conflicts", "claim_mails", "repeated"];

/// The numbers of all reports added up, and everything that was not imported.
#[derive(Debug, Default)]
pub(crate) struct Report {
    counts: [Option<u64>; COUNTS.len()],
    problems: Vec<Value>,
}

impl Report {
    /// Adds what the server said of one chunk.
    pub(super) fn add(&mut self, mut answer: Value) {
        if let Value::Array(problems) = answer["problems"].take() {
            self.problems.extend(problems);
        }
        for (name, sum) in COUNTS.iter().zip(&mut self.counts) {
            if let Some(count) = answer[*name].as_u64() {
                *sum = Some(sum.unwrap_or_default() + count);
            }
        }
    }

    /// What was not imported, each with its line of the file and the reason.
    pub(crate) fn problems(&self) -> &[Value] {
        &self.problems
    }

    /// The numbers, as people read them.
    pub(crate) fn summary(&self) -> String {
        let counted = COUNTS.iter().zip(self.counts).filter_map(|(name, count)| Some((name, count?)));
        let parts: Vec<_> =
            counted.map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
        if parts.is_empty() { "0 received".to_owned() } else { parts.join(", ") }
    }

    /// The same as the server's report of one chunk.
    pub(crate) fn document(&self, is_dry_run: bool) -> Value {
        let mut document = json!({"dry_run": is_dry_run, "problems": self.problems});
        for (name, count) in COUNTS.iter().zip(self.counts) {
            if let Some(count) = count {
                document[*name] = count.into();
            }
        }
        document
    }
}

/// Makes the lines of a chunk's report those of the file, and adds what was not even sent.
pub(super) fn of_file(mut answer: Value, lines: &[u64], unsent: Vec<Value>) -> Value {
    if !answer.is_object() {
        answer = json!({"received": 0, "imported": 0, "unchanged": 0, "invalid": 0, "conflicts": 0});
    }
    for name in ["received", "invalid"] {
        answer[name] = (answer[name].as_u64().unwrap_or_default() + unsent.len() as u64).into();
    }
    let mut problems = match answer["problems"].take() {
        Value::Array(problems) => problems,
        _ => Vec::new(),
    };
    for problem in &mut problems {
        let line = problem["line"].as_u64().and_then(|line| usize::try_from(line.checked_sub(1)?).ok());
        if let Some(line) = line.and_then(|line| lines.get(line)) {
            problem["line"] = (*line).into();
        }
    }
    problems.extend(unsent);
    problems.sort_by_key(|problem| problem["line"].as_u64());
    answer["problems"] = problems.into();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up_and_lines_are_those_of_the_file() {
        let mut report = Report::default();
        report.add(of_file(json!({"received": 2, "imported": 2, "problems": []}), &[1, 2], Vec::new()));
        let answer =
            json!({"received": 2, "imported": 1, "conflicts": 1, "problems": [{"line": 2, "reason": "no"}]});
        let unsent = vec![json!({"line": 8, "reason": "no text"})];
        report.add(of_file(answer, &[7, 9], unsent));
        assert_eq!(report.summary(), "5 received, 3 imported, 1 invalid, 1 conflicts");
        let lines: Vec<_> = report.problems().iter().map(|problem| problem["line"].clone()).collect();
        assert_eq!(lines, [8, 9]);
        assert_eq!(report.document(true)["received"], 5);
    }
}
