//! Decisions of a person, because two schemas do not contain them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use dbmigrate_core::config::Stubs;

use crate::model::Name;

/// A version of SQLite: its major and its minor number.
pub type Version = (u32, u32);

/// The oldest SQLite for which anything is written, unless a minimum is declared.
pub const OLDEST: Version = (3, 35);

/// The decisions besides the two schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// The oldest SQLite that will run the plan: 3.35 by default. Versions before 3.26 are not considered.
    pub min_sqlite: Version,
    /// What the program registers on its connections; it gets stand-ins where SQLite is asked.
    pub stubs: Stubs,
    /// Tables and columns that have another name.
    pub renames: Vec<Rename>,
    /// The values of rows that have none. A fill that fits nowhere is ignored, because it may be for the down script.
    pub fills: Vec<Fill>,
    /// What may be lost, if it certainly is a loss: what may have been renamed is asked about nevertheless.
    pub allow: BTreeSet<Hazard>,
    /// What is definitely dropped.
    pub drops: AllowedDrops,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            min_sqlite: OLDEST,
            stubs: Stubs::default(),
            renames: Vec::new(),
            fills: Vec::new(),
            allow: BTreeSet::new(),
            drops: AllowedDrops::default(),
        }
    }
}

/// A rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rename {
    /// A table.
    Table {
        /// Its name before.
        from: Name,
        /// Its name after.
        to: Name,
    },
    /// A column.
    Column {
        /// The name of its table after.
        table: Name,
        /// Its name before.
        from: Name,
        /// Its name after.
        to: Name,
    },
}

/// As on the command line: `old=new`, `table.old=table.new`.
impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { from, to } => write!(f, "{}={}", from.to_sql(), to.to_sql()),
            Self::Column { table, from, to } => {
                let [table, from, to] = [table, from, to].map(Name::to_sql);
                write!(f, "{table}.{from}={table}.{to}")
            }
        }
    }
}

/// The value of a column for rows that have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The new name of the table.
    pub table: Name,
    /// The new name of the column.
    pub column: Name,
    /// An expression over the row, using the new names of columns.
    pub expression: String,
}

/// What is definitely dropped, even if something similar is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedDrops {
    /// These.
    These(Vec<DropTarget>),
    /// Everything that does not exist afterwards: what was just created may be dropped.
    Anything,
}

impl Default for AllowedDrops {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl AllowedDrops {
    pub(super) fn has(&self, gone: &DropTarget) -> bool {
        match self {
            Self::These(these) => these.contains(gone),
            Self::Anything => true,
        }
    }
}

/// A table or a column that is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DropTarget {
    /// A table, by its previous name.
    Table(Name),
    /// A column.
    Column {
        /// The name of its table after.
        table: Name,
        /// Its name before.
        column: Name,
    },
}

impl DropTarget {
    /// The loss that this causes.
    #[must_use]
    pub fn hazard(&self) -> Hazard {
        match self {
            Self::Table(_) => Hazard::DropTable,
            Self::Column { .. } => Hazard::DropColumn,
        }
    }
}

/// As on the command line: `drop-table=users`, `drop-column=users.nick`.
impl fmt::Display for DropTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "{}={}", self.hazard(), table.to_sql()),
            Self::Column { table, column } => write!(f, "{}={}.{}", self.hazard(), table.to_sql(), column.to_sql()),
        }
    }
}

/// A loss that a plan may cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hazard {
    /// The rows of a table.
    DropTable,
    /// The values of a column.
    DropColumn,
}

/// `drop-table`, `drop-column`.
impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DropTable => "drop-table",
            Self::DropColumn => "drop-column",
        })
    }
}

impl FromStr for Hazard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::DropTable, Self::DropColumn]
            .into_iter()
            .find(|hazard| hazard.to_string() == text)
            .ok_or_else(|| format!("`{text}` is neither `drop-table` nor `drop-column`"))
    }
}

/// The decisions for the way down: renames are swapped, and everything may be dropped, because it was just created.
#[must_use]
pub fn reversed(decisions: &Decisions) -> Decisions {
    let table_before = |after: &Name| {
        let mut tables = decisions.renames.iter().filter_map(|rename| match rename {
            Rename::Table { from, to } => (to == after).then_some(from),
            Rename::Column { .. } => None,
        });
        tables.next().unwrap_or(after).clone()
    };
    let column_before = |in_table: &Name, after: &Name| {
        let mut columns = decisions.renames.iter().filter_map(|rename| match rename {
            Rename::Column { table, from, to } => (table == in_table && to == after).then_some(from),
            Rename::Table { .. } => None,
        });
        columns.next().unwrap_or(after).clone()
    };
    let renames = decisions.renames.iter().map(|rename| match rename {
        Rename::Table { from, to } => Rename::Table { from: to.clone(), to: from.clone() },
        Rename::Column { table, from, to } => {
            Rename::Column { table: table_before(table), from: to.clone(), to: from.clone() }
        }
    });
    let fills = decisions.fills.iter().map(|fill| Fill {
        table: table_before(&fill.table),
        column: column_before(&fill.table, &fill.column),
        expression: fill.expression.clone(),
    });
    Decisions {
        min_sqlite: decisions.min_sqlite,
        stubs: decisions.stubs.clone(),
        renames: renames.collect(),
        fills: fills.collect(),
        allow: [Hazard::DropTable, Hazard::DropColumn].into(),
        drops: AllowedDrops::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_down_script_takes_the_names_from_before() {
        let name = |name: &str| Name::new(name);
        let column = |table, from, to| Rename::Column { table: name(table), from: name(from), to: name(to) };
        let fill = |table, column| Fill { table: name(table), column: name(column), expression: "0".to_owned() };
        let there = Decisions {
            renames: vec![
                column("people", "nick", "name"),
                Rename::Table { from: name("users"), to: name("people") },
                column("teams", "a", "b"),
            ],
            fills: vec![fill("people", "name"), fill("teams", "c")],
            ..Decisions::default()
        };
        let back = reversed(&there);
        assert_eq!(
            back.renames,
            [
                column("users", "name", "nick"),
                Rename::Table { from: name("people"), to: name("users") },
                column("teams", "b", "a"),
            ]
        );
        assert_eq!(back.fills, [fill("users", "nick"), fill("teams", "c")]);
        assert_eq!(reversed(&back).renames, there.renames);
        assert_eq!(reversed(&back).fills, there.fills);
    }

    #[test]
    fn a_hazard_is_read_as_it_is_written() {
        for hazard in [Hazard::DropTable, Hazard::DropColumn] {
            assert_eq!(hazard.to_string().parse(), Ok(hazard));
        }
        assert!("drop".parse::<Hazard>().is_err());
    }
}
