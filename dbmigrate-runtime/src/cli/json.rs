//! JSON objects on one line each. Only what the commands need: no numbers but integers, no parsing.

use std::fmt::Write as _;

use super::reason::Reason;

/// An object under construction.
pub(super) struct Object(String);

impl Object {
    /// An object that says first what it is about.
    pub(super) fn new(reason: Reason) -> Self {
        let mut object = Self(String::from("{\"reason\":"));
        string(&mut object.0, reason.as_str());
        object
    }

    /// A text field; `null` where there is none.
    pub(super) fn text<'t>(mut self, key: &str, value: impl Into<Option<&'t str>>) -> Self {
        self.key(key);
        match value.into() {
            Some(value) => string(&mut self.0, value),
            None => self.0.push_str("null"),
        }
        self
    }

    /// An integer field; `null` where there is none.
    pub(super) fn number(mut self, key: &str, value: Option<impl Into<i128>>) -> Self {
        self.key(key);
        // Writing to a string can't fail.
        let _ = match value {
            Some(value) => write!(self.0, "{}", value.into()),
            None => write!(self.0, "null"),
        };
        self
    }

    /// A field that is `true` or `false`.
    pub(super) fn truth(mut self, key: &str, value: bool) -> Self {
        self.key(key);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    /// A list of texts.
    pub(super) fn list(mut self, key: &str, values: &[String]) -> Self {
        self.key(key);
        self.0.push('[');
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            string(&mut self.0, value);
        }
        self.0.push(']');
        self
    }

    /// A list of integers.
    pub(super) fn numbers(mut self, key: &str, values: impl Iterator<Item = u64>) -> Self {
        self.key(key);
        let values: Vec<String> = values.map(|value| value.to_string()).collect();
        let _ = write!(self.0, "[{}]", values.join(","));
        self
    }

    /// The finished line.
    pub(super) fn line(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &str) {
        self.0.push(',');
        string(&mut self.0, key);
        self.0.push(':');
    }
}

/// An object of this module, which lacks the brace at its end, with the name of a set as its last field.
pub(super) fn with_set(object: &str, set: &str) -> String {
    Object(object.to_owned()).text("set", set).line()
}

/// Appends a JSON string. The line separators that JavaScript once took for line ends are escaped as well.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() || matches!(control, '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_field_is_on_one_line() {
        let line = Object::new(Reason::MIGRATION)
            .text("name", "001_a")
            .text("file", None)
            .number("number", Some(u64::MAX))
            .number("duration_us", None::<i64>)
            .truth("reversible", true)
            .list("help", &["a".to_owned(), "b".to_owned()])
            .list("notes", &[])
            .numbers("steps_us", [1, 20].into_iter())
            .line();
        assert_eq!(
            line,
            "{\"reason\":\"migration\",\"name\":\"001_a\",\"file\":null,\"number\":18446744073709551615,\
             \"duration_us\":null,\"reversible\":true,\"help\":[\"a\",\"b\"],\"notes\":[],\"steps_us\":[1,20]}"
        );
    }

    #[test]
    fn the_set_is_the_last_field() {
        let line = Object::new(Reason::MIGRATION).list("help", &["}".to_owned()]).line();
        let expect = "{\"reason\":\"migration\",\"help\":[\"}\"],\"set\":\"billing\"}";
        assert_eq!(with_set(line.strip_suffix('}').unwrap(), "billing"), expect);
    }

    #[test]
    fn text_is_escaped_where_json_wants_it_and_nowhere_else() {
        for (text, expect) in [
            ("plain", "\"plain\""),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\r\t", r#""\n\r\t""#),
            ("\0\u{1b}[31m\u{7f}\u{9b}", r#""\u0000\u001b[31m\u007f\u009b""#),
            ("\u{2028}", r#""\u2028""#),
            ("größe 🦀 /", "\"größe 🦀 /\""),
        ] {
            let mut out = String::new();
            string(&mut out, text);
            assert_eq!(out, expect, "{text:?}");
        }
    }
}
