//! One value of a row, as SQLite stores it: its storage class matters, and a text may be any bytes.

use std::cmp::Ordering;
use std::fmt;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value with its storage class.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    fn class(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Integer(_) => 1,
            Self::Real(_) => 2,
            Self::Text(_) => 3,
            Self::Blob(_) => 4,
        }
    }
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Integer(value),
            ValueRef::Real(value) => Self::Real(value),
            ValueRef::Text(value) => Self::Text(value.to_vec()),
            ValueRef::Blob(value) => Self::Blob(value.to_vec()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cell {}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By class first: 1 and 1.0 are two values here.
impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(own), Self::Integer(other)) => own.cmp(other),
            // SQLite stores no NaN, and a zero without its sign where that saves space.
            (Self::Real(own), Self::Real(other)) => own.partial_cmp(other).unwrap_or(Ordering::Equal),
            (Self::Text(own), Self::Text(other)) | (Self::Blob(own), Self::Blob(other)) => own.cmp(other),
            _ => self.class().cmp(&other.class()),
        }
    }
}

/// As a literal of SQL; what is long is cut.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 40;
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(value) => {
                let text = String::from_utf8_lossy(value);
                let shown: String = text.chars().take(MOST).collect();
                let rest = if shown.len() < text.len() { "…" } else { "" };
                write!(f, "'{}{rest}'", shown.replace('\'', "''").replace(char::is_control, "\u{fffd}"))
            }
            Self::Blob(value) => {
                f.write_str("x'")?;
                value.iter().take(MOST / 2).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(if value.len() > MOST / 2 { "…'" } else { "'" })
            }
        }
    }
}
