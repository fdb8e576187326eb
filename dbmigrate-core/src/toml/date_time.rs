//! Which dates and times there are. Nothing that is read here has one, but a text with one that can't be is no TOML.

/// Whether this is a date, a time, or both with or without an offset.
pub(super) fn is_sound(text: &str) -> bool {
    let mut rest = Rest(text.as_bytes());
    if text.as_bytes().get(2) == Some(&b':') {
        return rest.time() && rest.is_empty();
    }
    if !rest.date() {
        return false;
    }
    rest.is_empty() || rest.skip(b"Tt ") && rest.time() && rest.offset() && rest.is_empty()
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of these.
    fn skip(&mut self, any: &[u8]) -> bool {
        match self.0 {
            [first, rest @ ..] if any.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// As many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let mut number = 0;
        for _ in 0..digits {
            let digit = self.0.first().filter(|digit| digit.is_ascii_digit())?;
            number = number * 10 + u32::from(digit - b'0');
            self.0 = &self.0[1..];
        }
        Some(number)
    }

    fn two_digits(&mut self, most: u32) -> bool {
        self.number(2).is_some_and(|number| number <= most)
    }

    fn date(&mut self) -> bool {
        let Some(year) = self.number(4).filter(|_| self.skip(b"-")) else { return false };
        let Some(month) = self.number(2).filter(|_| self.skip(b"-")) else { return false };
        let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if is_leap_year => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return false,
        };
        self.number(2).is_some_and(|day| (1..=days).contains(&day))
    }

    fn time(&mut self) -> bool {
        let has_minutes = self.two_digits(23) && self.skip(b":") && self.two_digits(59);
        if !has_minutes || !self.skip(b":") {
            return has_minutes;
        }
        // The last second of some years has 60.
        if !self.two_digits(60) {
            return false;
        }
        if !self.skip(b".") {
            return true;
        }
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = &self.0[digits..];
        digits > 0
    }

    /// Nothing, which is an offset as well, or one.
    fn offset(&mut self) -> bool {
        self.is_empty()
            || self.skip(b"Zz")
            || self.skip(b"+-") && self.two_digits(23) && self.skip(b":") && self.two_digits(59)
    }
}
