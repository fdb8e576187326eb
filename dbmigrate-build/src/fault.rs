//! All faults of a set as one `compile_error!`.

use std::fmt::Write;

use dbmigrate_core::Diagnostic;

use crate::literal;

/// Writes the error; the stub that follows keeps every name resolvable.
pub(crate) fn render(text: &mut String, dir: &str, faults: &[&Diagnostic]) {
    let count = match faults.len() {
        1 => "1 problem".to_owned(),
        many => format!("{many} problems"),
    };
    let mut message = format!("{count} in `{dir}`\n");
    for fault in faults {
        let _ = write!(message, "\n{fault}\n");
    }
    message.push_str("\nhelp: `cargo dbmigrate check` shows the same with the lines");
    let _ = writeln!(text, "compile_error!({});\n", literal::string(&message));
}
