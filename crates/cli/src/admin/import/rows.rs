//! A row of CSV as a JSON object. The names of the columns are those of the members, and say of which
//! type a cell is; `data.city` is the member `city` of `data`. An empty cell says nothing.

use csv::ByteRecord;
use serde_json::{Map, Value};

/// The object, or why there is none. What a cell should not be stays text: the server says what is wrong.
pub(super) fn to_json(names: &[String], row: &ByteRecord) -> Result<Vec<u8>, String> {
    if row.len() != names.len() {
        return Err(format!("it has {} fields, and the first line {}", row.len(), names.len()));
    }
    let mut object = Map::new();
    for (name, cell) in names.iter().zip(row) {
        let cell = std::str::from_utf8(cell).map_err(|_| format!("{name} is not UTF-8"))?;
        if cell.is_empty() {
            continue;
        }
        match name.split_once('.') {
            Some((object_name @ ("data" | "metadata"), member)) => {
                let members = object.entry(object_name).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(members) = members {
                    members.insert(member.to_owned(), cell.into());
                }
            }
            _ => {
                object.insert(name.clone(), value(name, cell));
            }
        }
    }
    serde_json::to_vec(&Value::Object(object)).map_err(|error| error.to_string())
}

fn value(name: &str, cell: &str) -> Value {
    let parsed = match name {
        "confirmed" | "disabled" => cell.to_ascii_lowercase().parse::<bool>().ok().map(Value::from),
        "created_at" | "creation_date" | "last_authentication_date" | "length" => {
            cell.parse::<i64>().ok().map(Value::from)
        }
        "data" | "metadata" | "identities" => serde_json::from_str(cell).ok(),
        _ => None,
    };
    parsed.unwrap_or_else(|| cell.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_name_of_a_column_says_what_its_cells_are() {
        let row = [
            ("_id", "6b050440dc29d2aaccddaf5e"),
            ("email", ""),
            ("confirmed", "TRUE"),
            ("created_at", "1700000000"),
            ("data.city", "Arles"),
            ("data.zip", "13200"),
            ("identities", "[{\"provider_type\": \"custom-token\", \"id\": \"a\"}]"),
            ("length", "many"),
        ];
        let names: Vec<_> = row.iter().map(|(name, _)| (*name).to_owned()).collect();
        let cells: ByteRecord = row.iter().map(|(_, cell)| *cell).collect();
        let object: Value = serde_json::from_slice(&to_json(&names, &cells).unwrap()).unwrap();
        let expected = json!({
            "_id": "6b050440dc29d2aaccddaf5e",
            "confirmed": true,
            "created_at": 1_700_000_000,
            "data": {"city": "Arles", "zip": "13200"},
            "identities": [{"provider_type": "custom-token", "id": "a"}],
            "length": "many",
        });
        assert_eq!(object, expected);
    }
}
