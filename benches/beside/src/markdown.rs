//! Tables and numbers as a reader wants them, and the place in a file where they stand.

use std::fmt::Write;

/// What stands before and after the tables in a file.
const BEGIN: &str = "<!-- beside: what follows is written by benches/beside -->\n";
const END: &str = "<!-- beside: until here -->\n";

/// A table.
#[must_use]
pub fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head);
    let _ = writeln!(text, "|{}", "---|".repeat(head.len()));
    text.extend(rows.iter().map(|row| line(row)));
    text
}

/// The text with another block between the two marks; none if they are not there.
#[must_use]
pub fn with_block(text: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n\n{END}{after}", block.trim()))
}

/// Nanoseconds in the unit that suits them, with two digits at least.
#[must_use]
pub fn time(ns: f64) -> String {
    let (unit, scale) = match ns.abs() {
        below if below < 999.5 => ("ns", 1.0),
        below if below < 999.5e3 => ("µs", 1e3),
        below if below < 999.5e6 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let digits = if unit == "ns" { whole(ns) } else { digits(ns / scale) };
    format!("{digits} {unit}")
}

/// The same with its sign.
#[must_use]
pub fn more_time(ns: f64) -> String {
    signed(ns, time)
}

/// Bytes that something is larger by.
#[must_use]
pub fn more_bytes(bytes: f64) -> String {
    signed(bytes, |bytes| {
        if bytes < 1e6 {
            format!("{} KiB", whole(bytes / 1024.0))
        } else {
            format!("{} MiB", digits(bytes / 1024.0 / 1024.0))
        }
    })
}

/// With a plus or a minus.
#[must_use]
pub fn signed(value: f64, format: impl Fn(f64) -> String) -> String {
    format!("{}{}", if value < 0.0 { '−' } else { '+' }, format(value.abs()))
}

/// A number with one decimal, if it is small.
#[must_use]
pub fn digits(value: f64) -> String {
    if value.abs() < 9.95 { format!("{value:.1}") } else { whole(value) }
}

/// A number with none, and a comma where there are thousands.
#[must_use]
pub fn whole(value: f64) -> String {
    let text = format!("{value:.0}");
    if text.len() > 3 && !text.starts_with('-') {
        let (thousands, rest) = text.split_at(text.len() - 3);
        return format!("{thousands},{rest}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_suits_them() {
        let times: Vec<String> = [12.0, 4_260.0, 61_000.0, 999_700.0, 12.4e6, 2.04e9].map(time).into();
        assert_eq!(times, ["12 ns", "4.3 µs", "61 µs", "1.0 ms", "12 ms", "2.0 s"]);
        assert_eq!(more_time(-1_500.0), "−1.5 µs");
        assert_eq!(more_bytes(49_152.0), "+48 KiB");
        assert_eq!(more_bytes(1_887_437.0), "+1.8 MiB");
        assert_eq!(whole(12_345.0), "12,345");
    }

    #[test]
    fn a_block_takes_the_place_of_the_one_before() {
        let text = format!("# Title\n\n{BEGIN}\nold\n\n{END}\nrest\n");
        let new = with_block(&text, "new\n").unwrap();
        assert_eq!(new, format!("# Title\n\n{BEGIN}\nnew\n\n{END}\nrest\n"));
        assert_eq!(with_block(&new, "new"), Some(new.clone()));
        assert_eq!(with_block("nowhere", "new"), None);
    }

    #[test]
    fn a_table_is_markdown() {
        let head = ["".to_owned(), "one".to_owned()];
        let rows = [vec!["speed".to_owned(), "1 ms".to_owned()]];
        assert_eq!(table(&head, &rows), "|  | one |\n|---|---|\n| speed | 1 ms |\n");
    }
}
