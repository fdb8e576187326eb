//! The check that generated code and this crate belong together.

use crate::set::FORMAT;

/// Fails the build of a program whose generated module was written for another version of these types.
///
/// Generated code calls it in a constant.
///
/// # Panics
///
/// Where `generated` is not [`FORMAT`]; in a constant that is a compile error.
pub const fn check_format(generated: u32) {
    if generated == FORMAT {
        return;
    }
    let mut text = Text { bytes: [0; 160], len: 0 };
    text.push(b"the migrations were generated in format ");
    text.number(generated);
    text.push(b", but this `dbmigrate-runtime` reads format ");
    text.number(FORMAT);
    text.push(b": use one version of `dbmigrate-build` and `dbmigrate-runtime`");
    panic!("{}", text.as_str());
}

/// Text built in a constant, where `format!` is not to be had.
struct Text {
    bytes: [u8; 160],
    len: usize,
}

impl Text {
    const fn push(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = bytes[at];
            self.len += 1;
            at += 1;
        }
    }

    const fn number(&mut self, number: u32) {
        if number >= 10 {
            self.number(number / 10);
        }
        self.push(&[b'0' + (number % 10) as u8]);
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the migrations were generated in another format",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const _: () = check_format(FORMAT);

    #[test]
    fn another_format_is_named_with_ours() {
        let panic = std::panic::catch_unwind(|| check_format(4_000_017)).unwrap_err();
        let message =
            panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).into()));
        assert_eq!(
            message.unwrap(),
            "the migrations were generated in format 4000017, but this `dbmigrate-runtime` reads format 3: use one \
             version of `dbmigrate-build` and `dbmigrate-runtime`"
        );
    }
}
