//! Packed data, as the runtime's `packed` reads them: one text that has all others in it, and numbers that say where.
//!
//! A text that is known already, or is a part of the one that it belongs to (the name in the path, the table in its
//! statement), takes no more room. A checksum is its bytes.

use std::collections::HashMap;
use std::ops::Range;

/// The longest beginning of a checksum, such as `v1:`.
const LONGEST_PREFIX: usize = 16;

/// What is embedded, and a hash of it.
pub(crate) struct Packed {
    pub(crate) texts: String,
    pub(crate) data: Vec<u8>,
    pub(crate) seal: u64,
}

/// Writes packed data: the table of texts, in the order in which they come, and what speaks of them by number.
#[derive(Default)]
pub(crate) struct Packer {
    texts: String,
    table: Vec<u8>,
    /// The texts of the table: their numbers.
    numbers: HashMap<String, usize>,
    /// Where they are, by number; checksums are nowhere.
    starts: Vec<Option<usize>>,
    body: Vec<u8>,
}

impl Packer {
    pub(crate) fn finish(self) -> Packed {
        let mut data = Vec::with_capacity(self.table.len() + self.body.len() + 4);
        push(&mut data, self.starts.len() as u64);
        data.extend_from_slice(&self.table);
        data.extend_from_slice(&self.body);
        let seal = seal(&self.texts, &data);
        Packed { texts: self.texts, data, seal }
    }

    pub(crate) fn number(&mut self, number: u64) {
        push(&mut self.body, number);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    pub(crate) fn string(&mut self, text: &str) {
        let number = self.place(text);
        self.number(number as u64);
    }

    /// A text that may be a part of another one.
    pub(crate) fn string_in(&mut self, text: &str, whole: &str, span: Range<usize>) {
        let number = self.place_in(text, whole, span);
        self.number(number as u64);
    }

    /// A text or none: one number for both.
    pub(crate) fn optional(&mut self, text: Option<&str>) {
        let number = text.map(|text| self.place(text) + 1);
        self.number(number.unwrap_or_default() as u64);
    }

    pub(crate) fn optional_in(&mut self, text: Option<&str>, whole: &str) {
        let number = text.map(|text| self.place_in(text, whole, 0..whole.len()) + 1);
        self.number(number.unwrap_or_default() as u64);
    }

    /// What is there or not.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn list<T>(&mut self, list: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.number(list.len() as u64);
        list.for_each(|item| write(self, item));
    }

    pub(crate) fn strings<T: AsRef<str>>(&mut self, list: &[T]) {
        self.list(list.iter(), |packer, text| packer.string(text.as_ref()));
    }

    /// The number of a text, which is put into the table if it is not there.
    fn place(&mut self, text: &str) -> usize {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        match checksum(text) {
            Some((prefix, bytes)) => {
                let prefix = self.place(prefix);
                push(&mut self.table, (prefix as u64) << 1 | 1);
                self.table.extend_from_slice(&bytes);
                self.enter(text, None)
            }
            None => {
                let start = self.texts.len();
                self.texts.push_str(text);
                self.enter_own(text, start)
            }
        }
    }

    fn place_in(&mut self, text: &str, whole: &str, span: Range<usize>) -> usize {
        let whole_number = self.place(whole);
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let at = whole.get(span.clone()).and_then(|part| part.find(text));
        match (self.starts[whole_number], at) {
            (Some(start), Some(at)) => self.enter_own(text, start + span.start + at),
            _ => self.place(text),
        }
    }

    fn enter_own(&mut self, text: &str, start: usize) -> usize {
        push(&mut self.table, (text.len() as u64) << 1);
        push(&mut self.table, start as u64);
        self.enter(text, Some(start))
    }

    fn enter(&mut self, text: &str, start: Option<usize>) -> usize {
        let number = self.starts.len();
        self.starts.push(start);
        self.numbers.insert(text.to_owned(), number);
        number
    }
}

/// In groups of seven bits, the lowest first.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 127 {
        bytes.push(number as u8 | 128);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A checksum as what stands before it and its bytes.
fn checksum(text: &str) -> Option<(&str, [u8; 32])> {
    let (prefix, digits) = text.split_at_checked(text.len().checked_sub(64)?)?;
    if prefix.len() > LONGEST_PREFIX {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = value(digits[0])? << 4 | value(digits[1])?;
    }
    Some((prefix, bytes))
}

/// The hash by which the runtime sees that the files are not those that were written.
fn seal(texts: &str, data: &[u8]) -> u64 {
    let add = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    [texts.as_bytes(), data].into_iter().fold(0, |hash, bytes| {
        let words = bytes.chunks_exact(8);
        let rest = words.remainder();
        let hash = words.fold(add(hash, bytes.len() as u64), |hash, word| {
            add(hash, u64::from_le_bytes(word.try_into().unwrap_or_default()))
        });
        rest.iter().fold(hash, |hash, byte| add(hash, u64::from(*byte)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_takes_no_room() {
        let mut packer = Packer::default();
        packer.string_in("001_a", "migrations/001_a.sql", 0..20);
        packer.string("migrations/001_a.sql");
        packer.string_in("a", "DROP TABLE b; DROP TABLE a", 14..26);
        packer.optional(Some("a"));
        packer.optional(None);
        let packed = packer.finish();
        assert_eq!(packed.texts, "migrations/001_a.sqlDROP TABLE b; DROP TABLE a");
        // Four of the table (twice their lengths, and where they start), then those that were asked for.
        assert_eq!(packed.data, [4, 40, 0, 10, 11, 52, 20, 2, 45, 1, 0, 3, 4, 0]);
    }

    #[test]
    fn a_checksum_is_its_bytes() {
        let digits = "0123456789abcdef".repeat(4);
        let mut packer = Packer::default();
        packer.string(&format!("v1:{digits}"));
        packer.string(&digits.to_uppercase());
        packer.string(&format!("{}{digits}", "ä".repeat(9)));
        let packed = packer.finish();
        assert_eq!(packed.texts, format!("v1:{}{}{digits}", digits.to_uppercase(), "ä".repeat(9)));
        assert_eq!(packed.data[..6], [4, 6, 0, 1, 1, 0x23]);
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        let check = |number, expect: &[u8]| {
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            assert_eq!(bytes, expect);
        };
        check(0, &[0]);
        check(127, &[127]);
        check(128, &[128, 1]);
        check(u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }
}
