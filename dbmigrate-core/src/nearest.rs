//! The known word that is closest to a misspelt one.
//!
//! It is used for configuration keys, directives and names of migrations. It makes suggestions, and never decides.

/// Longer words are not misspellings, and the comparison stays cheap for text that nobody checked.
const MAX_LENGTH: usize = 64;

/// The candidate closest to `word`: at most a third of its letters differ, where swapping two neighbours counts as one
/// change. Of equally close candidates, it is the first.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut search = Search::new(word)?;
    for candidate in candidates {
        search.offer(candidate);
    }
    search.nearest
}

/// What does not depend on where the candidates come from.
struct Search<'a> {
    word: Vec<char>,
    /// How far away the next candidate may be.
    limit: usize,
    nearest: Option<&'a str>,
}

impl<'a> Search<'a> {
    fn new(word: &str) -> Option<Self> {
        let word = letters(word)?;
        let limit = word.len().max(3) / 3;
        Some(Self { word, limit, nearest: None })
    }

    fn offer(&mut self, candidate: &'a str) {
        let Some(letters) = letters(candidate) else { return };
        let distance = distance(&self.word, &letters);
        if distance < self.limit || distance == self.limit && self.nearest.is_none() {
            self.limit = distance;
            self.nearest = Some(candidate);
        }
    }
}

/// The letters to compare, in lower case; none where the word is empty or too long.
fn letters(word: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = word.chars().take(MAX_LENGTH + 1).map(|letter| letter.to_ascii_lowercase()).collect();
    (1..=MAX_LENGTH).contains(&letters.len()).then_some(letters)
}

/// The least number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_slip_finds_its_word_and_anything_else_finds_none() {
        let known = ["down", "no-transaction", "foreign-keys", "tolerate", "call", "irreversible"];
        for (word, expect) in [
            ("down", Some("down")),
            ("Down", Some("down")),
            ("dwon", Some("down")),
            ("donw", Some("down")),
            ("dow", Some("down")),
            ("cal", Some("call")),
            ("calll", Some("call")),
            ("foreign_key", Some("foreign-keys")),
            ("notransaction", Some("no-transaction")),
            ("up", None),
            ("wodn", None),
            ("requires", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expect, "{word}");
        }
    }

    #[test]
    fn distances_count_one_for_each_kind_of_change() {
        for (a, b, expect) in [
            ("table", "table", 0),
            ("table", "tabel", 1),
            ("table", "tale", 1),
            ("table", "tabble", 1),
            ("table", "fable", 1),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(&letters(a).unwrap(), &letters(b).unwrap()), expect, "{a} {b}");
            assert_eq!(distance(&letters(b).unwrap(), &letters(a).unwrap()), expect, "{b} {a}");
        }
    }

    #[test]
    fn of_equally_close_ones_the_first_wins_and_long_text_is_not_compared() {
        assert_eq!(nearest("width", ["widths", "widtht"]), Some("widths"));
        let long = "a".repeat(1_000_000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
        assert_eq!(nearest("a", [long.as_str()]), None);
    }
}
