//! A value as a literal of SQL that SQLite reads as exactly that value.

use std::fmt::Write;

use rusqlite::Connection;

use super::Refusal;
use crate::cell::Cell;

/// Appends a value.
pub(super) fn push(sql: &mut String, cell: &Cell, connection: &Connection) -> Result<(), Refusal> {
    match cell {
        Cell::Null => sql.push_str("NULL"),
        Cell::Integer(value) => {
            let _ = write!(sql, "{value}");
        }
        Cell::Real(value) => sql.push_str(&real(*value, connection)?),
        Cell::Text(bytes) => match std::str::from_utf8(bytes) {
            // A file has one kind of line end, and a NUL would end the text for SQLite.
            Ok(text) if !text.contains(|letter: char| letter.is_control() && !"\n\t".contains(letter)) => {
                let _ = write!(sql, "'{}'", text.replace('\'', "''"));
            }
            _ => {
                sql.push_str("CAST(");
                blob(sql, bytes);
                sql.push_str(" AS TEXT)");
            }
        },
        Cell::Blob(bytes) => blob(sql, bytes),
    }
    Ok(())
}

fn blob(sql: &mut String, bytes: &[u8]) {
    sql.push_str("x'");
    for byte in bytes {
        let _ = write!(sql, "{byte:02x}");
    }
    sql.push('\'');
}

/// The shortest digits that SQLite reads as this number: it does not always round as others do.
fn real(value: f64, connection: &Connection) -> Result<String, Refusal> {
    if value.is_infinite() {
        return Ok(if value > 0.0 { "9e999" } else { "-9e999" }.to_owned());
    }
    let candidates = [format!("{value:?}"), format!("{value:.16e}"), format!("{value:.17e}"), format!("{value:.20e}")];
    let mut statement = connection.prepare("SELECT CAST(?1 AS REAL)")?;
    for candidate in candidates {
        let read: f64 = statement.query_row([&candidate], |row| row.get(0))?;
        if read.to_bits() == value.to_bits() || value == 0.0 {
            return Ok(candidate);
        }
    }
    Err(Refusal::Because(format!("the number {value:?} can't be written exactly")))
}
