//! Moments as people write them: `7d` for seven days ago, or a date.

use crate::duration;
use keystead_server::clock::Clock;
use std::time::UNIX_EPOCH;

/// Seconds since 1970 now, on this machine.
pub(crate) fn now() -> i64 {
    Clock::default().now().unix_seconds()
}

/// Reads `30m`, `12h` or `7d` (ago), `2026-11-01` or `2026-11-01T12:00:00Z` (in UTC), as seconds since 1970.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    if let Ok(ago) = duration::parse(text) {
        return Ok(now().saturating_sub(i64::try_from(ago.as_secs()).unwrap_or(i64::MAX)).max(0));
    }
    let is_date = text.len() == "2026-11-01".len();
    let moment = if is_date { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let seconds = humantime::parse_rfc3339_weak(&moment)
        .ok()
        .and_then(|moment| moment.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_secs()).ok());
    seconds.ok_or_else(|| format!("{text:?} is no moment like 7d, 2026-11-01 or 2026-11-01T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_or_how_long_ago() {
        assert_eq!(parse("2026-11-01"), Ok(1_793_491_200));
        assert_eq!(parse("2026-11-01T12:00:00Z"), Ok(1_793_534_400));
        assert!((now() - 7 * 86_400 - parse("7d").unwrap()).abs() <= 5);
        for bad in ["", "yesterday", "2026-13-01", "2026-1-1", "7", "1969-01-01", "99999999999999999d"] {
            assert!(parse(bad).is_err() || bad.ends_with('d'), "{bad}");
        }
    }
}
