//! Reads numbers, texts and lists out of packed data.
//!
//! Nothing here fails: what is not as it should be reads as nothing, and is remembered. So the code that reads a set is
//! straight, and small. No count and no place is believed before the bytes for it are there.

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
        let prefix = reader.string();
        let bytes = reader.count(32) * 32;
        let mut checksums = Vec::with_capacity(bytes / 32 * (prefix.len() + 64));
        let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' - 10 + value };
        for checksum in reader.take(bytes).chunks_exact(32) {
            checksums.extend_from_slice(prefix.as_bytes());
            checksums.extend(checksum.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        }
        reader.length = prefix.len() + 64;
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
                return number;
            }
        }
        self.fail(0)
    }

    pub(crate) fn number32(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or_else(|_| self.fail(0))
    }

    pub(crate) fn size(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or_else(|_| self.fail(0))
    }

    pub(crate) fn flag(&mut self) -> bool {
        match self.number() {
            0 => false,
            1 => true,
            _ => self.fail(false),
        }
    }

    pub(crate) fn string(&mut self) -> &'static str {
        let number = self.size();
        self.text(number)
    }

    /// A text or none: one number more.
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
    fn count(&mut self, least: usize) -> usize {
        let count = self.size();
        if count > self.rest.len() / least { self.fail(0) } else { count }
    }

    pub(crate) fn list<T>(&mut self, least: usize, mut read: impl FnMut(&mut Self) -> T) -> &'static [T] {
        let list: Box<[T]> = (0..self.count(least)).map(|_| read(self)).collect();
        Box::leak(list)
    }

    pub(crate) fn strings(&mut self) -> &'static [&'static str] {
        self.list(1, Self::string)
    }
}

/// The hash by which it is seen that the files are not what the build wrote. It is no checksum of what they mean.
pub(super) fn seal(texts: &str, data: &[u8]) -> u64 {
    let add = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    [texts.as_bytes(), data].into_iter().fold(0, |hash, mut bytes| {
        let mut hash = add(hash, bytes.len() as u64);
        while let Some((word, rest)) = bytes.split_first_chunk() {
            hash = add(hash, u64::from_le_bytes(*word));
            bytes = rest;
        }
        bytes.iter().fold(hash, |hash, byte| add(hash, u64::from(*byte)))
    })
}
