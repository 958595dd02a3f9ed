//! Durations as people write them: `30m`, `12h`, `60d`.

use std::time::Duration;

/// Reads a whole number and a unit: s, m, h or d.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let help = || format!("{text:?} is no duration like 30m, 12h or 60d");
    let split = text.len() - text.chars().last().map_or(0, char::len_utf8);
    let (number, unit) = text.split_at(split);
    let seconds_per_unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(help()),
    };
    let number: u64 = number.parse().map_err(|_| help())?;
    number.checked_mul(seconds_per_unit).map(Duration::from_secs).ok_or_else(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_make_a_duration() {
        assert_eq!(parse("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(parse("60d"), Ok(Duration::from_hours(60 * 24)));
        for bad in ["", "d", "30", "1.5h", "-1s", "99999999999999999999d", "18446744073709551615d", "3µ"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
