//! The keys that say what the numbers are: which of them fit together, and `reserved`.

use std::collections::BTreeMap;

use super::Reader;
use crate::config::{Layout, Numbering};
use crate::file_name::MAX_NUMBER;
use crate::toml::{Table, Value};

impl Reader<'_> {
    /// `{ 7 = "why" }`; the numbers are keys, and keys of TOML are strings.
    pub(super) fn reserved(&mut self, value: Value<'_>) -> Option<BTreeMap<u64, String>> {
        const HELP: &str = "write `reserved = { 7 = \"done in code\" }`";
        let help = || Some(HELP.to_owned());
        let mut reserved = BTreeMap::new();
        let mut sound = Some(());
        for reason in self.table("reserved", value, Some(HELP))?.entries() {
            let name = reason.key();
            let (span, shown) = (reason.key_span(), name.escape_debug());
            sound = sound.and(match (reserved_number(name), reason.as_str()) {
                (None, _) => self.error(span, format!("`{shown}` in `reserved` is not a number"), help()),
                (_, None) => self.wrong_type(name, reason, "the reason, a string", help()),
                (_, Some(reason)) if reason.trim().is_empty() => {
                    self.error(span, format!("{shown} is reserved without a reason"), help())
                }
                (Some(number), Some(reason)) => match reserved.insert(number, reason.to_owned()) {
                    None => Some(()),
                    Some(_) => {
                        self.error(span, format!("{number} is reserved twice"), Some(format!("remove `{shown}`")))
                    }
                },
            });
        }
        sound.map(|()| reserved)
    }

    /// What only files of the house have, or sequential numbers, and reserved numbers that no file could have.
    pub(super) fn numbers(&mut self, entries: Table<'_>) {
        if self.parts.config.layout != Layout::House {
            for key in ["numbering", "width", "start", "reserved"] {
                if let Some(value) = entries.get(key) {
                    let layout = self.parts.config.layout.name();
                    let message = format!("`{key}` has no meaning with `layout = \"{layout}\"`");
                    self.report(value.key_span(), message, Some(format!("remove `{key}`")));
                }
            }
            return;
        }
        if self.parts.config.numbering == Numbering::Timestamp {
            for key in ["width", "start", "reserved"] {
                if let Some(value) = entries.get(key) {
                    let message = format!("`{key}` has no meaning with `numbering = \"timestamp\"`");
                    self.report(value.key_span(), message, Some(format!("remove `{key}`")));
                }
            }
            return;
        }
        let start = self.parts.config.start;
        let Some(reserved) = entries.table("reserved") else { return };
        for reason in reserved.entries() {
            let name = reason.key();
            if reserved_number(name).is_some_and(|number| number < start) {
                let message = format!("{name} is reserved, but numbers begin at {start}");
                self.report(reason.key_span(), message, Some("remove it, or lower `start`".to_owned()));
            }
        }
    }
}

fn reserved_number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| digits && number <= MAX_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read_alone, refused, say};
    use super::*;

    #[test]
    fn reserved_numbers_have_a_number_and_a_reason() {
        for key in ["x", "-1", "'+1'", "' 1'", "''", "1_000", "9223372036854775808"] {
            refused(&format!("reserved = {{ {key} = 'why' }}"), "is not a number | write `reserved = { 7 =");
        }
        refused("reserved = { 7 = '' }", "7 is reserved without a reason");
        refused("reserved = { 7 = true }", "`7` must be the reason, a string, not a boolean");
        refused("reserved = { 7 = 'a', 007 = 'b' }", "7 is reserved twice | remove `007`");
        refused("start = 5\nreserved = { 004 = 'why' }", "6:14 004 is reserved, but numbers begin at 5");
        let several = say(&read_alone("reserved = { a = 'x', 7 = '' }").1);
        assert_eq!(several.len(), 2, "{several:?}");
    }

    #[test]
    fn timestamps_have_no_width_start_or_reserved_numbers() {
        for line in ["width = 4", "start = 2", "reserved = { 7 = 'why' }"] {
            refused(&format!("{line}\nnumbering = 'timestamp'"), "has no meaning with `numbering = \"timestamp\"`");
        }
    }

    #[test]
    fn the_files_of_another_tool_say_what_their_numbers_are() {
        for layout in Layout::ALL {
            let (config, diagnostics) = read_alone(&format!("layout = '{}'", layout.name()));
            assert_eq!((config.layout, diagnostics), (layout, vec![]));
        }
        refused("layout = 'sqlex'", "`layout` can't be `sqlex` | did you mean `sqlx`?");
        for line in ["numbering = 'timestamp'", "width = 4", "start = 2", "reserved = { 7 = 'why' }"] {
            refused(&format!("layout = 'sqlx'\n{line}"), "has no meaning with `layout = \"sqlx\"` | remove");
        }
    }
}
