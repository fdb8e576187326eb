//! Reads numbers, texts and lists out of packed data.
//!
//! Nothing here fails: what is not as it should be reads as nothing, and is remembered. So the code that reads a set is
//! straight, and small; and none of it stands inline, as a set asks in many places. No count and no place is believed before the bytes for it are there.

/// The longest beginning of a checksum, such as `v1:`: what is made of a few bytes stays small.
const LONGEST_PREFIX: usize = 16;

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Where one is in the data.
pub(crate) struct Reader {
    rest: &'static [u8],
    texts: &'static str,
    /// The checksums, one after the other, as texts.
    checksums: &'static str,
    /// How long each of them is.
    length: usize,
    /// Whether anything was not as it should be.
    is_broken: bool,
}

impl Reader {
    /// A reader of what follows the checksums: what stands before each of them, how many they are, and their bytes.
    pub(crate) fn new(texts: &'static str, data: &'static [u8]) -> Self {
        let mut reader = Self { rest: data, texts, checksums: "", length: 0, is_broken: false };
        let mut prefix = reader.string();
        if prefix.len() > LONGEST_PREFIX {
            prefix = reader.fail("");
        }
        let count = reader.count(32);
        reader.length = prefix.len() + 64;
        let mut checksums = vec![0; count * reader.length];
        let mut at = 0;
        // By places: in a development build iterators take three times as long.
        for bytes in reader.take(count * 32).chunks_exact(32) {
            checksums[at..at + prefix.len()].copy_from_slice(prefix.as_bytes());
            at += prefix.len();
            for &byte in bytes {
                checksums[at] = DIGITS[usize::from(byte >> 4)];
                checksums[at + 1] = DIGITS[usize::from(byte & 15)];
                at += 2;
            }
        }
        reader.checksums = String::from_utf8(checksums).unwrap_or_default().leak();
        reader
    }

    /// Whether all of it was read, and as it should be.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty() && !self.is_broken
    }

    /// For what can't be.
    pub(crate) fn fail<T>(&mut self, value: T) -> T {
        self.is_broken = true;
        value
    }

    fn take(&mut self, count: usize) -> &'static [u8] {
        let Some((bytes, rest)) = self.rest.split_at_checked(count) else { return self.fail(&[]) };
        self.rest = rest;
        bytes
    }

    /// A number, in groups of seven bits, the lowest first.
    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let Some((&byte, rest)) = self.rest.split_first() else { break };
            self.rest = rest;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                // Of the last group one bit has room.
                return if shift < 63 || byte < 2 { number } else { self.fail(0) };
            }
        }
        self.fail(0)
    }

    #[inline(never)]
    pub(crate) fn number32(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or_else(|_| self.fail(0))
    }

    #[inline(never)]
    pub(crate) fn size(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or_else(|_| self.fail(0))
    }

    #[inline(never)]
    pub(crate) fn flag(&mut self) -> bool {
        match self.number() {
            0 => false,
            1 => true,
            _ => self.fail(false),
        }
    }

    #[inline(never)]
    pub(crate) fn string(&mut self) -> &'static str {
        let number = self.size();
        self.text(number)
    }

    /// A text or none: one number more.
    #[inline(never)]
    pub(crate) fn optional(&mut self) -> Option<&'static str> {
        let number = self.size().checked_sub(1)?;
        Some(self.text(number))
    }

    /// An even number is that of a checksum, an odd one the length of a text, before the place where it begins.
    #[inline(never)]
    fn text(&mut self, number: usize) -> &'static str {
        let half = number >> 1;
        let (all, start, length) = match number & 1 {
            0 => (self.checksums, half.saturating_mul(self.length), self.length),
            _ => (self.texts, self.size(), half),
        };
        all.get(start..start.saturating_add(length)).unwrap_or_else(|| self.fail(""))
    }

    /// What is there or not.
    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| read(self))
    }

    /// How many things there are, each of so many bytes at least.
    #[inline(never)]
    fn count(&mut self, least: usize) -> usize {
        let count = self.size();
        if count > self.rest.len() / least { self.fail(0) } else { count }
    }

    pub(crate) fn list<T>(&mut self, least: usize, mut read: impl FnMut(&mut Self) -> T) -> &'static [T] {
        let count = self.count(least);
        let mut list = Vec::with_capacity(count);
        list.extend((0..count).map(|_| read(self)));
        list.leak()
    }

    #[inline(never)]
    pub(crate) fn strings(&mut self) -> &'static [&'static str] {
        self.list(1, Self::string)
    }
}

/// The hash by which it is seen that the files are not what the build wrote. It is no checksum of what they mean.
pub(super) fn seal(texts: &str, data: &[u8]) -> u64 {
    sealed(sealed(0, texts.as_bytes()), data)
}

#[inline(never)]
fn sealed(hash: u64, mut bytes: &[u8]) -> u64 {
    let add = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let mut hash = add(hash, bytes.len() as u64);
    while let Some((word, rest)) = bytes.split_first_chunk() {
        hash = add(hash, u64::from_le_bytes(*word));
        bytes = rest;
    }
    bytes.iter().fold(hash, |hash, byte| add(hash, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_say_and_hold_what_fits() {
        let check = |data: &'static [u8], expect| {
            let mut reader = Reader { rest: data, ..Reader::new("", &[1, 0, 0]) };
            assert_eq!((reader.number(), reader.is_done()), expect, "{data:?}");
        };
        check(&[127], (127, true));
        check(&[128, 1], (128, true));
        check(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1], (u64::MAX, true));
        check(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2], (0, false));
        check(&[128; 11], (0, false));
        check(&[128], (0, false));
        check(&[], (0, false));
        check(&[1, 2], (1, false));
    }

    #[test]
    fn texts_are_parts_of_the_one_or_made_of_bytes() {
        const DATA: &[u8] = &{
            let mut data = [0xab; 3 + 32 + 6];
            // The prefix, one checksum; then that, a text, none, and a text as what may be none.
            (data[0], data[1], data[2]) = (5, 0, 1);
            (data[35], data[36], data[37], data[38], data[39], data[40]) = (0, 7, 2, 0, 6, 2);
            data
        };
        let mut reader = Reader::new("v1ü", DATA);
        assert_eq!(reader.string(), format!("v1{}", "ab".repeat(32)));
        assert_eq!((reader.string(), reader.is_done()), ("", false), "it has no such bytes");
        let mut reader = Reader { rest: &DATA[38..], ..Reader::new("v1ü", DATA) };
        assert_eq!((reader.optional(), reader.optional(), reader.is_done()), (None, Some("ü"), true));
        // In the middle of a letter.
        let mut reader = Reader { rest: &[3, 3], ..reader };
        assert_eq!((reader.string(), reader.is_done()), ("", false));
    }

    #[test]
    fn no_list_is_longer_than_its_bytes() {
        let mut reader = Reader { rest: &[4, 1, 1, 1], ..Reader::new("", &[1, 0, 0]) };
        assert!(reader.list(1, Reader::number).is_empty() && !reader.is_done());
        let mut reader = Reader { rest: &[3, 1, 2, 3], ..Reader::new("", &[1, 0, 0]) };
        assert_eq!((reader.list(1, Reader::number), reader.is_done()), (&[1, 2, 3][..], true));
    }
}
