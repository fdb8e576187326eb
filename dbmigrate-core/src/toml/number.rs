//! Which numbers there are.

use super::Content;

/// What a number means; none where it is none.
pub(super) fn read(text: &str) -> Option<Content> {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return is_number(digits, radix).then(|| integer(digits, radix));
        }
    }
    let unsigned = without_sign(text);
    if unsigned == "inf" || unsigned == "nan" {
        return Some(Content::Float);
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(without_sign(&unsigned[at + 1..]))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    if !is_number(whole, 10) || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    match (fraction, exponent) {
        (None, None) => Some(integer(text, 10)),
        _ => {
            (is_number(fraction.unwrap_or("0"), 10) && is_number(exponent.unwrap_or("0"), 10)).then_some(Content::Float)
        }
    }
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// Whether these are digits, with underscores between some.
fn is_number(text: &str, radix: u32) -> bool {
    text.split('_').all(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix)))
}

fn integer(text: &str, radix: u32) -> Content {
    Content::Integer(u64::from_str_radix(&text.replace("_", ""), radix).ok())
}
