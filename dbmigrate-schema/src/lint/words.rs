//! Words that several rules share.

/// The most names that a sentence holds.
const MOST: usize = 4;

/// Names in a row, each in backticks; of many the first.
pub(crate) fn listed<T: std::fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let all: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match all.split_at_checked(MOST) {
        Some((shown, rest)) if !rest.is_empty() => format!("{} and {} more", shown.join(", "), rest.len()),
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn of_many_names_the_first_are_shown() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c", "d"]), "`a`, `b`, `c`, `d`");
        assert_eq!(listed(["a", "b", "c", "d", "e", "f"]), "`a`, `b`, `c`, `d` and 2 more");
    }
}
