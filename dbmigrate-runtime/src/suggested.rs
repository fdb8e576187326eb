//! The commands that a message suggests: what stands between backticks.

/// The text with other commands in the place of those for which `instead` has one.
#[inline]
pub(crate) fn commands(text: &str, instead: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        match Some(part).filter(|_| at % 2 == 1).and_then(instead) {
            Some(command) => out.push_str(&command),
            None => out.push_str(part),
        }
    }
    out
}
