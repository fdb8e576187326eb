//! Packed data, as the runtime's `packed` reads them: one text that has all others in it, and numbers that say where.
//!
//! A text that is known already, or is a part of the one that it belongs to (the name in the path, the table in its
//! statement), takes no more room. A checksum is its bytes.

use std::collections::HashMap;
use std::ops::Range;

/// What is embedded, and a hash of it.
pub(crate) struct Packed {
    pub(crate) texts: String,
    pub(crate) data: Vec<u8>,
    pub(crate) seal: u64,
}

/// Writes packed data: the checksums, then what speaks of them and of the texts.
#[derive(Default)]
pub(crate) struct Packer {
    texts: String,
    /// Where each of the texts begins.
    starts: HashMap<String, usize>,
    /// What the checksums begin with. One with another beginning is a text.
    prefix: Option<String>,
    /// The checksums: their numbers.
    checksums: HashMap<[u8; 32], usize>,
    /// The same, by number.
    bytes: Vec<u8>,
    body: Vec<u8>,
}

/// A text that has its place, or a part of one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Placed<'t> {
    text: &'t str,
    start: usize,
}

impl Placed<'_> {
    /// What stands there in it; nothing where that is no part of it.
    pub(crate) fn part(self, span: Range<usize>) -> Self {
        let start = self.start + span.start;
        self.text.get(span).map_or_else(Self::default, |text| Self { text, start })
    }
}

impl Packer {
    pub(crate) fn finish(mut self) -> Packed {
        let body = std::mem::take(&mut self.body);
        let prefix = self.prefix.take().unwrap_or_default();
        self.string(&prefix);
        self.number(self.checksums.len() as u64);
        let mut data = self.body;
        data.extend_from_slice(&self.bytes);
        data.extend_from_slice(&body);
        let seal = seal(&self.texts, &data);
        Packed { texts: self.texts, data, seal }
    }

    pub(crate) fn number(&mut self, number: u64) {
        push(&mut self.body, number);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    /// Gives a text its place, where others may be parts of it.
    pub(crate) fn place<'t>(&mut self, text: &'t str) -> Placed<'t> {
        Placed { text, start: self.start(text, Placed::default()) }
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.string_in(text, Placed::default());
    }

    /// A text that may be a part of another one.
    pub(crate) fn string_in(&mut self, text: &str, whole: Placed<'_>) {
        self.text(text, whole, 0);
    }

    /// A text or none: one number more.
    pub(crate) fn optional(&mut self, text: Option<&str>) {
        self.optional_in(text, Placed::default());
    }

    pub(crate) fn optional_in(&mut self, text: Option<&str>, whole: Placed<'_>) {
        match text {
            Some(text) => self.text(text, whole, 1),
            None => self.number(0),
        }
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

    /// An even number is that of a checksum, an odd one the length of a text, before the place where it begins.
    fn text(&mut self, text: &str, whole: Placed<'_>, more: u64) {
        if let Some(number) = self.checksum(text) {
            return self.number(((number as u64) << 1) + more);
        }
        let start = self.start(text, whole);
        self.number(((text.len() as u64) << 1 | 1) + more);
        self.number(start as u64);
    }

    fn checksum(&mut self, text: &str) -> Option<usize> {
        let (prefix, bytes) = checksum(text)?;
        if self.prefix.get_or_insert_with(|| prefix.to_owned()) != prefix {
            return None;
        }
        let next = self.checksums.len();
        let number = *self.checksums.entry(bytes).or_insert(next);
        if number == next {
            self.bytes.extend_from_slice(&bytes);
        }
        Some(number)
    }

    /// Where a text begins, which may be in another one.
    fn start(&mut self, text: &str, whole: Placed<'_>) -> usize {
        if text.is_empty() {
            return 0;
        }
        if let Some(&start) = self.starts.get(text) {
            return start;
        }
        let start = match whole.text.find(text) {
            Some(at) => whole.start + at,
            None => {
                let start = self.texts.len();
                self.texts.push_str(text);
                start
            }
        };
        self.starts.insert(text.to_owned(), start);
        start
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

/// The longest beginning of a checksum, such as `v1:`.
const LONGEST_PREFIX: usize = 16;

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
        let path = packer.place("migrations/001_a.sql");
        packer.string_in("001_a", path);
        packer.string("migrations/001_a.sql");
        let text = packer.place("DROP TABLE b; DROP TABLE a");
        packer.string_in("a", text.part(14..26));
        packer.optional(Some("a"));
        packer.optional(None);
        let packed = packer.finish();
        assert_eq!(packed.texts, "migrations/001_a.sqlDROP TABLE b; DROP TABLE a");
        // No checksums; then the length of each, twice and one more, and where it begins.
        assert_eq!(packed.data, [1, 0, 0, 11, 11, 41, 0, 3, 45, 4, 45, 0]);
    }

    #[test]
    fn a_checksum_is_its_bytes() {
        let digits = "0123456789abcdef".repeat(4);
        let mut packer = Packer::default();
        for prefix in ["v1:", "v2:", "v1:"] {
            packer.string(&format!("{prefix}{digits}"));
        }
        packer.string(&digits.to_uppercase());
        packer.optional(Some(&format!("v1:{digits}")));
        let packed = packer.finish();
        assert_eq!(packed.texts, format!("v2:{digits}{}v1:", digits.to_uppercase()));
        let bytes = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(4);
        let body = [0, 135, 1, 0, 0, 129, 1, 67, 1];
        assert_eq!(packed.data, [&[7, 131, 1, 1], &bytes[..], &body].concat());
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
