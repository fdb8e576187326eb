//! Reads numbers, texts and lists out of packed data. Whatever is not as it should be is `None`: no count and no place
//! is believed before the bytes for it are there.

/// The longest beginning of a checksum, such as `v1:`.
const LONGEST_PREFIX: usize = 16;

/// As many things of a list get room at once, whatever it says of its length.
const ROOM: usize = 1_024;

/// Where one is in the data.
pub(crate) struct Reader {
    rest: &'static [u8],
    /// The texts that the data speak of, by number.
    strings: Vec<&'static str>,
}

/// A text of the table.
enum Entry {
    Own(&'static str),
    /// What was made of bytes: so many, in the order of the table.
    Made(usize),
}

impl Reader {
    /// A reader of what follows the table of texts.
    pub(crate) fn new(texts: &'static str, data: &'static [u8]) -> Option<Self> {
        let mut reader = Self { rest: data, strings: Vec::new() };
        reader.strings = reader.table(texts)?;
        Some(reader)
    }

    /// The table: places in the texts, and checksums as bytes.
    fn table(&mut self, texts: &'static str) -> Option<Vec<&'static str>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut made = Vec::new();
        for _ in 0..self.number()? {
            let head = self.number()?;
            if head & 1 == 0 {
                let start = self.number()?;
                entries.push(Entry::Own(texts.get(start..start.checked_add(head >> 1)?)?));
            } else {
                let Entry::Own(prefix) = entries.get(head >> 1)? else { return None };
                let (bytes, rest) = self.rest.split_at_checked(32)?;
                if prefix.len() > LONGEST_PREFIX {
                    return None;
                }
                self.rest = rest;
                made.extend_from_slice(prefix.as_bytes());
                made.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
                entries.push(Entry::Made(prefix.len() + 64));
            }
        }
        let mut made: &'static str = String::from_utf8(made).ok()?.leak();
        let mut text = |entry| match entry {
            Entry::Own(text) => Some(text),
            Entry::Made(len) => {
                let (text, rest) = made.split_at_checked(len)?;
                made = rest;
                Some(text)
            }
        };
        entries.into_iter().map(&mut text).collect()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A number, in groups of seven bits, the lowest first.
    pub(crate) fn number64(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 127);
            // The last group has one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn number(&mut self) -> Option<usize> {
        self.number64()?.try_into().ok()
    }

    pub(crate) fn number32(&mut self) -> Option<u32> {
        self.number64()?.try_into().ok()
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(crate) fn string(&mut self) -> Option<&'static str> {
        let at = self.number()?;
        self.strings.get(at).copied()
    }

    /// What is there or not.
    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    /// A text or none: one number for both.
    pub(crate) fn optional(&mut self) -> Option<Option<&'static str>> {
        match self.number()?.checked_sub(1) {
            None => Some(None),
            Some(at) => self.strings.get(at).copied().map(Some),
        }
    }

    pub(crate) fn strings(&mut self) -> Option<&'static [&'static str]> {
        self.list(Self::string)
    }

    pub(crate) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<&'static [T]> {
        let count = self.number()?;
        if count == 0 {
            return Some(&[]);
        }
        let mut list = Vec::with_capacity(count.min(ROOM));
        for _ in 0..count {
            list.push(read(self)?);
        }
        Some(list.leak())
    }
}

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
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
