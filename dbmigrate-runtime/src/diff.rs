//! Two texts compared by line: what stands between their common beginning and their common end. It looks for no moved
//! lines and no second difference.

use crate::excerpt::{narrow, visible};

/// At most this many lines of each text are shown.
const SHOWN: usize = 12;

/// The lines that differ, with `-` for the old and `+` for the new ones; nothing where the texts are the same.
#[inline]
pub(crate) fn lines(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a.trim_end() == b.trim_end();
    let start = old.iter().zip(&new).take_while(same).count();
    let end = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(same).count();
    let mut out = Vec::new();
    for (sign, lines) in [('-', &old[start..old.len() - end]), ('+', &new[start..new.len() - end])] {
        out.extend(lines.iter().take(SHOWN).map(|line| format!("{sign} {}", visible(&narrow(line.trim_end())))));
        if let Some(more) = lines.len().checked_sub(SHOWN + 1) {
            out.push(format!("{sign} … and {} more lines", more + 1));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_the_common_ends_is_shown() {
        for (old, new, expect) in [
            ("a\nb\nc", "a\nb\nc", ""),
            ("a\nb\nc", "a\nx\ny\nc", "- b|+ x|+ y"),
            ("a", "a\nb", "+ b"),
            ("a\na", "a", "- a"),
            ("", "a", "+ a"),
            ("a \nb", "a\nc", "- b|+ c"),
            ("\u{1b}[2J", "b", "- \\u{1b}[2J|+ b"),
        ] {
            assert_eq!(lines(old, new).join("|"), expect, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long: String = (0..100).map(|line| format!("{line}\n")).collect();
        let shown = lines(&long, "x");
        assert_eq!((shown.len(), shown[SHOWN].as_str()), (SHOWN + 2, "- … and 88 more lines"));
    }
}
