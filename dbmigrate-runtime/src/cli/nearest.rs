//! The known word that a misspelt one probably means. Core has the same for files; the crates know nothing of each
//! other.

/// Longer words are not misspellings, and the comparison stays cheap.
const MAX_LENGTH: usize = 64;

/// The candidate closest to `word`, at most a third of its letters away.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let limit = (letters.max(3) / 3).min(letters.saturating_sub(1));
    candidates
        .into_iter()
        .filter(|candidate| word.len().max(candidate.len()) <= MAX_LENGTH)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The least number of insertions, deletions and replacements that turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replace = diagonal + usize::from(!a.eq_ignore_ascii_case(&b));
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_anything_else_finds_none() {
        for (word, expect) in
            [("statsu", Some("status")), ("STATUS", Some("status")), ("dow", Some("down")), ("xyz", None), ("", None)]
        {
            assert_eq!(nearest(word, ["status", "up", "down"]), expect, "{word}");
        }
        let long = "a".repeat(100_000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }

    #[test]
    fn distances_count_single_letters() {
        for (a, b, expect) in [("table", "table", 0), ("table", "tale", 1), ("tabel", "table", 2), ("", "ab", 2)] {
            assert_eq!(distance(a, b), expect, "{a} {b}");
            assert_eq!(distance(b, a), expect, "{b} {a}");
        }
    }
}
