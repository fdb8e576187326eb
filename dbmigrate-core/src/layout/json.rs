//! As much JSON as the journal of drizzle needs: values with a bounded depth, numbers as they are written.

/// How deep lists and objects may lie in each other.
const DEPTH: usize = 32;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the file; of two members of one name the last counts.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value that a whole text is, or the byte where it is none.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(DEPTH)?;
        parser.blanks();
        if parser.at == text.len() { Ok(value) } else { Err(parser.at) }
    }

    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value)
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number that is not negative, also where it is written as `1.7e12`.
    pub(super) fn whole(&self) -> Option<u64> {
        let Self::Number(number) = self else { return None };
        number.parse().ok().or_else(|| {
            let number: f64 = number.parse().ok()?;
            // Every whole number up to here is exact.
            let exact = (0.0..=9_007_199_254_740_992.0).contains(&number) && number.fract() == 0.0;
            exact.then_some(number as u64)
        })
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), usize> {
        if self.take(byte) { Ok(()) } else { Err(self.at) }
    }

    fn value(&mut self, depth: usize) -> Result<Json, usize> {
        self.blanks();
        match self.peek() {
            Some(b'{' | b'[') if depth == 0 => Err(self.at),
            Some(b'{') => self.object(depth - 1),
            Some(b'[') => self.array(depth - 1),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
                let rest = &self.text[self.at..];
                let found = words.into_iter().find(|(word, _)| rest.starts_with(word));
                let (word, value) = found.ok_or(self.at)?;
                self.at += word.len();
                Ok(value)
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, usize> {
        self.expect(b'{')?;
        let mut members = Vec::new();
        self.blanks();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.blanks();
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            self.blanks();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, usize> {
        self.expect(b'[')?;
        let mut list = Vec::new();
        self.blanks();
        if self.take(b']') {
            return Ok(Json::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            self.blanks();
            if self.take(b']') {
                return Ok(Json::List(list));
            }
            self.expect(b',')?;
        }
    }

    fn number(&mut self) -> Result<Json, usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let number = &self.text[start..self.at];
        if number.parse::<f64>().is_ok() { Ok(Json::Number(number.to_owned())) } else { Err(start) }
    }

    fn string(&mut self) -> Result<String, usize> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let start = self.at;
            let letter = self.text[start..].chars().next().ok_or(start)?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                letter if letter < ' ' => return Err(start),
                letter => out.push(letter),
            }
        }
    }

    fn escape(&mut self) -> Result<char, usize> {
        let start = self.at;
        let letter = self.peek().ok_or(start)?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    units.push(self.hex()?);
                }
                // Half of a pair is no letter.
                return char::decode_utf16(units).next().and_then(Result::ok).ok_or(start);
            }
            _ => return Err(start),
        })
    }

    fn hex(&mut self) -> Result<u16, usize> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(self.at)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.at);
        }
        let unit = u16::from_str_radix(digits, 16).map_err(|_| self.at)?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read() {
        let text = r#" {"version":"7", "entries":[{"idx":0,"when":1712345678901,"tag":"0000_\u00fc\ud83d\ude00\n","breakpoints":true},
            {"when":1.7e12,"x":null,"y":[],"z":{},"when":-1}]} "#;
        let json = Json::parse(text).unwrap();
        let entries = json.get("entries").and_then(Json::list).unwrap();
        assert_eq!(entries[0].get("when").and_then(Json::whole), Some(1_712_345_678_901));
        assert_eq!(entries[0].get("tag").and_then(Json::text), Some("0000_ü😀\n"));
        assert_eq!(entries[0].get("breakpoints"), Some(&Json::Bool(true)));
        assert_eq!(entries[1].get("when").and_then(Json::whole), None);
        assert_eq!(Json::Number("1.7e12".to_owned()).whole(), Some(1_700_000_000_000));
        assert_eq!(Json::Number("1.5".to_owned()).whole(), None);
        assert_eq!(json.get("version").and_then(Json::text), Some("7"));
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_stands() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("{\"a\" 1}", 5),
            ("[1,]", 3),
            ("[1] 2", 4),
            ("\"a", 2),
            ("\"\\x\"", 2),
            ("\"\\ud800\"", 2),
            ("\"\\u12\"", 3),
            ("-", 0),
            ("1-2", 0),
            ("nul", 0),
            ("{1:2}", 1),
        ] {
            assert_eq!(Json::parse(text), Err(at), "{text}");
        }
        for deep in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000)] {
            assert!(Json::parse(&deep).is_err());
        }
    }
}
