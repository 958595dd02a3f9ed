//! Records that are in a file twice. The server finds them when it imports; a dry run, which leaves no
//! trace there, would not, if they are in different chunks.

use super::chunks::Chunk;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

/// By what a record is known.
#[derive(Deserialize)]
struct Names {
    #[serde(rename = "_id")]
    id: Option<Value>,
    email: Option<String>,
}

/// The names of all records so far. Of each only a hash is kept: a million of them must fit, and a
/// false alarm of a dry run is once in many millions.
#[derive(Default)]
pub(super) struct Repeated {
    hasher: RandomState,
    line_of: HashMap<u64, u64>,
}

impl Repeated {
    /// A report of the records of this chunk whose names were in an earlier line.
    pub(super) fn find(&mut self, chunk: &Chunk) -> Value {
        let mut problems = Vec::new();
        for (text, line) in chunk.body.split(|byte| *byte == b'\n').zip(&chunk.lines) {
            // What is malformed is the server's to say.
            let Ok(names) = serde_json::from_slice::<Names>(text) else { continue };
            let id =
                names.id.map(|id| id["$oid"].as_str().map_or_else(|| id.clone(), Value::from).to_string());
            for (member, name) in [("_id", id), ("email", names.email)] {
                let Some(name) = name else { continue };
                match self.line_of.entry(self.hasher.hash_one((member, name.to_lowercase()))) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(*line);
                    }
                    Entry::Occupied(first) => {
                        let reason = format!("its {member} is in line {}, too", first.get());
                        problems.push(json!({"line": line, "kind": "repeated", "reason": reason}));
                        break;
                    }
                }
            }
        }
        json!({"repeated": problems.len(), "problems": problems})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_twice_are_found_across_chunks() {
        let chunk = |body: &str, lines: &[u64]| Chunk {
            body: body.as_bytes().to_vec(),
            lines: lines.to_vec(),
            ..Chunk::default()
        };
        let mut repeated = Repeated::default();
        let first = chunk("{\"_id\":\"a\",\"email\":\"x@y.z\"}\n{\"_id\":\"b\"}\nnonsense\n", &[1, 2, 3]);
        assert_eq!(repeated.find(&first)["repeated"], 0);
        let second = chunk("{\"_id\":{\"$oid\":\"A\"}}\n{\"_id\":\"c\",\"email\":\"X@y.z\"}\n", &[4, 6]);
        let found = repeated.find(&second);
        assert_eq!(found["repeated"], 2);
        assert_eq!(found["problems"][0]["reason"], "its _id is in line 1, too");
        assert_eq!(found["problems"][1]["line"], 6);
    }
}
