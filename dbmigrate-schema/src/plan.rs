//! From two schemas to the SQL of a migration. A stand-in: it creates and drops whole objects.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::compare::{Change, compare};
use crate::model::{Kind, Name, Schema};

/// A version of SQLite: major and minor number.
pub type Version = (u32, u32);

/// What is decided besides the two schemas.
#[derive(Debug, Clone)]
pub struct Decisions {
    /// The oldest SQLite that has to run the plan.
    pub min_sqlite: Version,
    /// What is renamed.
    pub renames: Vec<Rename>,
    /// What columns are filled with.
    pub fills: Vec<Fill>,
    /// What may be lost.
    pub allow: BTreeSet<Hazard>,
}

impl Default for Decisions {
    fn default() -> Self {
        Self { min_sqlite: (3, 35), renames: Vec::new(), fills: Vec::new(), allow: BTreeSet::new() }
    }
}

/// A rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rename {
    /// Of a table.
    Table {
        /// Before.
        from: Name,
        /// After.
        to: Name,
    },
    /// Of a column.
    Column {
        /// The table, by its new name.
        table: Name,
        /// Before.
        from: Name,
        /// After.
        to: Name,
    },
}

/// What a column is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The table.
    pub table: Name,
    /// The column.
    pub column: Name,
    /// The expression.
    pub expression: String,
}

/// What may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hazard {
    /// A table.
    DropTable,
    /// A column.
    DropColumn,
}

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
        match text {
            "drop-table" => Ok(Self::DropTable),
            "drop-column" => Ok(Self::DropColumn),
            _ => Err("write `drop-table` or `drop-column`".to_owned()),
        }
    }
}

/// What stands between two schemas and a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecided {
    /// A table goes.
    DropTable {
        /// Which.
        table: Name,
    },
    /// Not planned.
    Unsupported {
        /// What.
        what: String,
    },
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DropTable { table } => write!(f, "table `{table}` would be dropped"),
            Self::Unsupported { what } => f.write_str(what),
        }
    }
}

impl Undecided {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        vec!["add `--allow drop-table`".to_owned()]
    }
}

/// What a migration does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The statements.
    pub statements: Vec<Planned>,
    /// Whether foreign keys are off.
    pub foreign_keys_off: bool,
    /// What has to hold before.
    pub asserts: Vec<String>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Without `;`.
    pub sql: String,
    /// A comment.
    pub comment: Option<String>,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The text of a file.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut sql = String::new();
        if self.foreign_keys_off {
            sql.push_str("-- dbmigrate: foreign-keys off\n");
        }
        for assert in &self.asserts {
            sql.push_str(&format!("-- dbmigrate: assert {assert}\n"));
        }
        for planned in &self.statements {
            sql.push_str(&format!("{};\n", planned.sql));
        }
        sql
    }
}

/// Plans.
///
/// # Errors
///
/// What is undecided.
pub fn plan(from: &Schema, to: &Schema, decisions: &Decisions) -> Result<Plan, Vec<Undecided>> {
    let mut plan = Plan::default();
    let mut undecided = Vec::new();
    let mut drops = Vec::new();
    for difference in compare(from, to) {
        let goes = |table: &Name| to.table(table).is_none();
        match difference.change {
            Change::Removed if difference.kind == Kind::Table && !decisions.allow.contains(&Hazard::DropTable) => {
                undecided.push(Undecided::DropTable { table: difference.name });
            }
            Change::Removed if difference.table.as_ref().is_some_and(goes) => {}
            Change::Removed => {
                let kind = if difference.kind == Kind::VirtualTable { Kind::Table } else { difference.kind };
                drops.push(format!("DROP {} {}", kind.as_str().to_ascii_uppercase(), difference.name.to_sql()));
            }
            Change::Added => {
                let made = to.object(difference.kind, &difference.name).map(|object| object.text().to_owned());
                plan.statements.extend(made.map(|sql| Planned { sql, comment: None }));
            }
            _ => undecided.push(Undecided::Unsupported { what: difference.to_string() }),
        }
    }
    // What was made last goes first.
    let drops = drops.into_iter().rev().map(|sql| Planned { sql, comment: None });
    plan.statements.splice(..0, drops);
    if undecided.is_empty() { Ok(plan) } else { Err(undecided) }
}

/// The decisions for the way back.
#[must_use]
pub fn reversed(decisions: &Decisions) -> Decisions {
    let renames = decisions.renames.iter().map(|rename| match rename.clone() {
        Rename::Table { from, to } => Rename::Table { from: to, to: from },
        Rename::Column { table, from, to } => Rename::Column { table, from: to, to: from },
    });
    Decisions { renames: renames.collect(), allow: [Hazard::DropTable, Hazard::DropColumn].into(), ..decisions.clone() }
}
