//! In which lines two texts differ, as `diff -u` shows it.

use std::time::Duration;

use dbmigrate_core::{SourceText, Span};
use similar::{DiffTag, TextDiff};

/// At most this many lines are shown.
const SHOWN: usize = 24;

/// How many equal lines around are shown.
const CONTEXT: usize = 2;

/// Texts without a line in common take long; then what is shown is right, but not the shortest.
const PATIENCE: Duration = Duration::from_millis(500);

/// Two texts that differ.
pub(crate) struct Changed {
    /// The hunks.
    pub(crate) shown: String,
    /// The first line of the new text that is another one.
    pub(crate) first: Span,
}

/// Compares two texts by line.
pub(crate) fn changed(old: &SourceText, new: &SourceText) -> Changed {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old.text(), new.text());
    let unified = diff.unified_diff().context_radius(CONTEXT).to_string();
    let lines: Vec<String> = unified.lines().map(visible).collect();
    let mut shown = lines[..lines.len().min(SHOWN)].join("\n");
    if lines.len() > SHOWN {
        shown.push_str(&format!("\n… and {} more lines", lines.len() - SHOWN));
    }
    let at = diff.ops().iter().find(|op| op.tag() != DiffTag::Equal).map_or(0, |op| op.new_range().start);
    let start: usize = new.text().split_inclusive('\n').take(at).map(str::len).sum();
    // What is missing at the end is missing behind the last line.
    let start =
        if start == new.text().len() { new.text().trim_end().rfind('\n').map_or(0, |it| it + 1) } else { start };
    Changed { shown, first: new.first_line(Span::new(start, new.text().len())) }
}

/// The line without what a terminal would obey.
fn visible(line: &str) -> String {
    let escape = |letter: char| {
        if letter.is_control() && letter != '\t' { letter.escape_default().collect() } else { letter.to_string() }
    };
    line.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, new: &str, shown: &str, first: &str) {
        let (old, new) = (SourceText::new("a.sql", old), SourceText::new("a.sql", new));
        let changed = changed(&old, &new);
        assert_eq!((&*changed.shown, new.slice(changed.first)), (shown, first));
    }

    #[test]
    fn the_lines_that_differ_are_shown_with_those_around() {
        check("a\nb\nc\nd\ne\n", "a\nb\nx\nd\ne\n", "@@ -1,5 +1,5 @@\n a\n b\n-c\n+x\n d\n e", "x");
        check("a\nb\n", "a\n", "@@ -1,2 +1 @@\n a\n-b", "a");
        check("a\n", "", "@@ -1 +0,0 @@\n-a", "");
        check("a\n", "\u{1b}[2J\n", "@@ -1 +1 @@\n-a\n+\\u{1b}[2J", "\u{1b}[2J");
    }

    #[test]
    fn a_long_difference_is_cut() {
        let long: String = (0..100).map(|line| format!("{line}\n")).collect();
        let shown = changed(&SourceText::new("a", &long), &SourceText::new("a", "x\n")).shown;
        assert_eq!(shown.lines().count(), SHOWN + 1);
        assert!(shown.ends_with("\n… and 78 more lines"), "{shown}");
    }
}
