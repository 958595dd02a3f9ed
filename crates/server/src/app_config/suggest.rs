//! Guessing which name was meant. Nothing is ever done with the guess but to say it.

/// `; did you mean "…"?`, or nothing when no candidate is close.
pub(super) fn did_you_mean<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    let longest_worth_it = 64;
    if name.len() > longest_worth_it {
        return String::new();
    }
    let close = candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= longest_worth_it)
        .map(|candidate| (distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min();
    close.map(|(_, candidate)| format!("; did you mean {candidate:?}?")).unwrap_or_default()
}

/// How many characters must be inserted, removed or replaced (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, from) in a.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (to, above) in b.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *above;
            left = replaced.min(*above + 1).min(left + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested_and_others_are_not() {
        assert_eq!(distance("resetFn", "resetFunc"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(did_you_mean("resetFn", ["confirmFunc", "resetFunc"]), "; did you mean \"resetFunc\"?");
        assert_eq!(did_you_mean("autoconfirm", ["autoConfirm"]), "; did you mean \"autoConfirm\"?");
        assert_eq!(did_you_mean("something", ["else"]), "");
    }
}
