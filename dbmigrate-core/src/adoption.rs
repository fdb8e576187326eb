//! The histories that other tools keep in a database, and `adopted.toml`, which says what each of their records means
//! here.
//!
//! `cargo dbmigrate adopt` writes that file into the folder of the migrations. With it, programs take over the
//! histories of their installed databases. The runtime knows no other tool: it reads a history with the queries of
//! [`Adoption::history`]. Each tool is one file here.

use std::fmt::Write;

mod dbmate;
mod diesel;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod live;
mod plain;
mod prisma;
mod read;
mod refinery;
mod rusqlite_migration;
mod sql_migrate;
mod sqlx;
mod wrangler_d1;

pub use crate::tool::Tool;
pub(crate) use read::read;

/// The name of the file in the folder of the migrations.
pub const FILE: &str = "adopted.toml";

/// What stands at its top.
const HEAD: &str = "\
# What the records of the old history mean. Programs use it to take over the histories of installed databases, at their next
# start. `cargo dbmigrate adopt` wrote this file.
";

/// What is known of the history that a tool keeps. `{table}` stands for its table, quoted, in every query.
struct History {
    /// The table that it usually has; none where it keeps no table, or the name is anybody's choice.
    table: Option<&'static str>,
    newest_only: bool,
    shapes: &'static [Template],
    remove: &'static str,
}

/// One look of the table.
struct Template {
    columns: &'static [&'static str],
    applied: &'static str,
    forbids: &'static str,
}

/// What takes a table away.
const DROP: &str = "DROP TABLE {table}";

impl Tool {
    /// The table in which the tool usually keeps its history.
    #[must_use]
    pub fn usual_table(self) -> Option<&'static str> {
        self.known().table
    }

    /// Whether the tool keeps its history in a table.
    #[must_use]
    pub fn has_table(self) -> bool {
        self.known().shapes.iter().all(|shape| !shape.columns.is_empty())
    }

    /// Whether a table with these columns (in lower case) can be the tool's history.
    #[must_use]
    #[inline]
    pub fn fits(self, columns: &[&str]) -> bool {
        let fits = |shape: &Template| shape.columns.iter().all(|column| columns.contains(column));
        self.has_table() && self.known().shapes.iter().any(fits)
    }

    fn known(self) -> &'static History {
        match self {
            Self::Sqlx => &sqlx::HISTORY,
            Self::Diesel => &diesel::HISTORY,
            Self::Refinery => &refinery::HISTORY,
            Self::RusqliteMigration => &rusqlite_migration::HISTORY,
            Self::Drizzle => &drizzle::HISTORY,
            Self::Prisma => &prisma::HISTORY,
            Self::Goose => &goose::HISTORY,
            Self::Dbmate => &dbmate::HISTORY,
            Self::GolangMigrate => &golang_migrate::HISTORY,
            Self::WranglerD1 => &wrangler_d1::HISTORY,
            Self::Flyway => &flyway::HISTORY,
            Self::SqlMigrate => &sql_migrate::HISTORY,
            Self::Plain => &plain::HISTORY,
            Self::Live => &live::HISTORY,
        }
    }
}

/// The content of `adopted.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The tool that kept the history.
    pub tool: Tool,
    /// Its table, if that is not the usual one.
    pub table: Option<String>,
    /// Whether that table is kept.
    pub keep: bool,
    /// What its records mean, by number.
    pub migrations: Vec<Adopted>,
}

/// The meaning of a record of an old history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// The number of the migration.
    pub number: u64,
    /// Its full name.
    pub name: String,
    /// The key under which the old tool recorded it.
    pub key: String,
    /// The checksum that the old tool recorded, if it keeps any.
    pub checksum: Option<String>,
}

/// An old history, as the runtime reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldHistory {
    /// Its table; `None` if it is kept elsewhere.
    pub table: Option<String>,
    /// The name of that table after it was taken over: its own, unless that is the name of our history table.
    pub aside: Option<String>,
    /// The shapes that the table may have; the first one that fits is read.
    pub shapes: Vec<OldShape>,
    /// Whether it records only the newest applied migration, which implies all before it.
    pub newest_only: bool,
    /// The statement that removes it.
    pub remove: String,
}

/// One shape of an old history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldShape {
    /// The columns that identify the shape, in lower case.
    pub columns: &'static [&'static str],
    /// The query for the key, the checksum and the time of what is applied.
    pub applied: String,
    /// The query for the key of what forbids to take the history over, and the reason; empty if nothing can forbid it.
    pub forbids: String,
}

impl Adoption {
    /// The table of the old history; `None` if it is kept elsewhere.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref().or(self.tool.usual_table())
    }

    /// The name of that table beside our history table `ours`. If both have the same name, the old one gets another.
    #[must_use]
    pub fn aside(&self, ours: &str) -> Option<String> {
        let table = self.table()?;
        Some(if table.eq_ignore_ascii_case(ours) {
            format!("{table}_of_{}", self.tool.name())
        } else {
            table.to_owned()
        })
    }

    /// How to read the old history, beside our history table `ours`.
    #[must_use]
    pub fn history(&self, ours: &str) -> OldHistory {
        let known = self.tool.known();
        let table = self.table();
        let quoted = table.map(|table| format!("main.\"{}\"", table.replace("\"", "\"\""))).unwrap_or_default();
        let literal = ours.replace("'", "''");
        let fill = |text: &str| text.replace("{ours}", &literal).replace("{table}", &quoted);
        let shape = |shape: &Template| OldShape {
            columns: shape.columns,
            applied: fill(shape.applied),
            forbids: fill(shape.forbids),
        };
        OldHistory {
            table: table.map(str::to_owned),
            aside: self.aside(ours),
            shapes: known.shapes.iter().map(shape).collect(),
            newest_only: known.newest_only,
            remove: fill(known.remove),
        }
    }

    /// The form in which the queries return a key.
    #[must_use]
    pub fn asked<'k>(&self, key: &'k str) -> &'k str {
        match self.tool {
            Tool::Plain => plain::stem(key),
            _ => key,
        }
    }

    /// Renders the file.
    #[must_use]
    #[inline]
    pub fn render(&self) -> String {
        let mut text = HEAD.to_owned();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "{key} = {}", string(value));
        };
        line("from", self.tool.name());
        if let Some(table) = &self.table {
            line("table", table);
        }
        if self.tool != Tool::Live {
            line("old-table", if self.keep { "keep" } else { "drop" });
        }
        for Adopted { name, key, checksum, .. } in &self.migrations {
            let _ = write!(text, "\n[[migration]]\nname = {}\nkey = {}\n", string(name), string(key));
            if let Some(checksum) = checksum {
                let _ = writeln!(text, "checksum = {}", string(checksum));
            }
        }
        text
    }
}

/// A text as TOML has it.
#[inline]
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            _ if letter.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layout;

    #[test]
    fn every_tool_has_one_name_and_finds_its_files() {
        for tool in Tool::ALL {
            assert_eq!(Tool::from_name(tool.name()), Some(tool));
            assert_eq!(tool.layout().and_then(Tool::of), Some(tool).filter(|tool| *tool != Tool::Live));
        }
        assert_eq!(Tool::of(Layout::House), None);
    }

    #[test]
    fn queries_name_the_table_of_the_database() {
        let table = Some("odd \"name\"".to_owned());
        for tool in Tool::ALL {
            let adoption = Adoption { tool, table: table.clone(), keep: true, migrations: Vec::new() };
            let history = adoption.history("it's");
            assert!(!history.shapes.is_empty(), "{tool:?}");
            for shape in &history.shapes {
                let texts = [&shape.applied, &shape.forbids, &history.remove];
                assert!(texts.iter().all(|text| !text.contains(['{', '}'])), "{tool:?}");
                assert_eq!(shape.applied.contains("main.\"odd \"\"name\"\"\""), tool.has_table(), "{tool:?}");
                assert!(tool != Tool::Live || shape.applied.contains("'it''s_head'"), "{}", shape.applied);
            }
        }
    }

    #[test]
    fn a_table_is_told_by_its_columns() {
        let tools = |columns: &[&str]| -> Vec<&str> {
            Tool::ALL.into_iter().filter(|tool| tool.fits(columns)).map(Tool::name).collect()
        };
        assert_eq!(tools(&["version", "run_on"]), ["diesel", "dbmate"]);
        assert_eq!(tools(&["version", "dirty"]), ["dbmate", "golang-migrate"]);
        assert_eq!(tools(&["id", "filename", "applied_at"]), ["sql-migrate", "plain"]);
        assert_eq!(tools(&["x"]), [""; 0]);
    }
}
