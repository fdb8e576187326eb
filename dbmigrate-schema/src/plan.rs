//! From two schemas to the SQL of a migration. A stand-in: it creates and drops whole objects.

mod decisions;
mod undecided;

pub use decisions::{Decisions, Fill, Hazard, Rename, Version, reversed};
pub use undecided::Undecided;

use crate::compare::{Change, compare};
use crate::model::{Kind, Name, Schema};

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
            _ => undecided.push(Undecided::Unsupported {
                kind: difference.kind,
                why: difference.to_string(),
                name: difference.name,
                can_be_dropped: false,
            }),
        }
    }
    // What was made last goes first.
    let drops = drops.into_iter().rev().map(|sql| Planned { sql, comment: None });
    plan.statements.splice(..0, drops);
    if undecided.is_empty() { Ok(plan) } else { Err(undecided) }
}
