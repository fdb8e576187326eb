//! Values as SQL has them.

use dbmigrate_runtime::Value;

/// A value that reads back as itself.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:e}"),
        Value::Text(value) => text(value),
        Value::Blob(bytes) => blob(bytes),
    }
}

/// A text. One with a NUL would end there.
pub(super) fn text(value: &str) -> String {
    if value.contains('\0') {
        return format!("CAST({} AS TEXT)", blob(value.as_bytes()));
    }
    format!("'{}'", value.replace('\'', "''"))
}

fn blob(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{digits}'")
}
