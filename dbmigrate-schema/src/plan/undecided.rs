//! What prevents a plan: questions that only a person can answer, and changes that cannot be planned.

use std::fmt;

use super::{DropTarget, Fill, Hazard, Rename};
use crate::model::{Kind, Name};

/// Something that prevents a plan, with the choices.
///
/// `Display` prints it as a message: lower case, no final period, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecided {
    /// A table or column is dropped, and another is added that could be the same under a new name.
    AmbiguousRename {
        /// The table whose column it is, by its name after; none where it is a table itself.
        table: Option<Name>,
        /// What goes.
        from: Name,
        /// What comes, and could be it.
        to: Vec<Name>,
    },
    /// A table is dropped, with its rows.
    DropTable {
        /// Its name.
        table: Name,
    },
    /// A column is dropped, with its values, or becomes a generated column.
    DropColumn {
        /// The name of the table after.
        table: Name,
        /// Its name.
        column: Name,
    },
    /// A column becomes `NOT NULL`, and rows without a value have none.
    NotNullWithoutValue {
        /// The name of the table after.
        table: Name,
        /// The name of the column after.
        column: Name,
        /// Whether the column itself is new.
        new: bool,
    },
    /// A rename of something that does not exist, or to something that will not exist.
    NoSuchRename {
        /// The rename.
        rename: Rename,
        /// What is wrong with it: lower case, no final period.
        why: String,
    },
    /// A fill that SQLite does not accept.
    NoSuchFill {
        /// The fill.
        fill: Fill,
        /// What SQLite says.
        why: String,
    },
    /// SQLite rejected a step of the plan when it was tried.
    Refused {
        /// The statement.
        sql: String,
        /// What SQLite says.
        why: String,
    },
    /// A full-text table reads its text from a table or column that will not exist: it goes on naming what was renamed.
    LostText {
        /// The name of the full-text table.
        search: Name,
        /// What it misses: lower case, no final period.
        why: String,
        /// The argument that it should have, where that is known.
        argument: Option<String>,
    },
    /// A change that cannot be planned.
    Unsupported {
        /// What the object is.
        kind: Kind,
        /// Its name.
        name: Name,
        /// Why: lower case, no final period.
        why: String,
        /// Whether it could be dropped and made anew.
        can_be_dropped: bool,
    },
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmbiguousRename { table, from, to } => {
                let candidates = to.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
                match table {
                    None => write!(f, "table `{from}` is dropped and {candidates} is added: is it a rename?"),
                    Some(table) => {
                        write!(f, "column `{from}` of `{table}` is dropped and {candidates} is added: is it a rename?")
                    }
                }
            }
            Self::DropTable { table } => write!(f, "table `{table}` is dropped, with its rows"),
            Self::DropColumn { table, column } => {
                write!(f, "column `{column}` of `{table}` goes, and its values with it")
            }
            Self::NotNullWithoutValue { table, column, new: true } => {
                write!(f, "column `{column}` of `{table}` is new and `NOT NULL`, and has no value for existing rows")
            }
            Self::NotNullWithoutValue { table, column, new: false } => {
                write!(f, "column `{column}` of `{table}` becomes `NOT NULL`, and has no value to replace NULL")
            }
            Self::NoSuchRename { rename, why } => write!(f, "the rename `{rename}` matches nothing: {why}"),
            Self::NoSuchFill { fill: Fill { table, column, expression }, why } => {
                write!(f, "`{expression}` is not a value for column `{column}` of `{table}`: {why}")
            }
            Self::Refused { sql, why } => write!(f, "SQLite rejects `{sql}`, tried on an empty database: {why}"),
            Self::LostText { search, why, .. } => write!(f, "the full-text table `{search}` {why}"),
            Self::Unsupported { kind, name, why, .. } => write!(f, "{kind} `{name}`: {why}"),
        }
    }
}

impl Undecided {
    /// Whether an option of `cargo dbmigrate generate` decides it, or is wrong. Nobody can decide the others.
    #[must_use]
    pub fn is_choice(&self) -> bool {
        match self {
            Self::AmbiguousRename { .. }
            | Self::DropTable { .. }
            | Self::DropColumn { .. }
            | Self::NotNullWithoutValue { .. }
            | Self::NoSuchRename { .. }
            | Self::NoSuchFill { .. } => true,
            Self::Unsupported { can_be_dropped, .. } => *can_be_dropped,
            Self::Refused { .. } | Self::LostText { .. } => false,
        }
    }

    /// What can be done about it: one line per choice.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        let allow =
            |what: &dyn fmt::Display| format!("`cargo dbmigrate generate {}`", argument("--allow", &what.to_string()));
        let rename =
            |rename: &Rename| format!("`cargo dbmigrate generate {}`", argument("--rename", &rename.to_string()));
        match self {
            Self::AmbiguousRename { table, from, to } => {
                let renamed = to.iter().map(|to| {
                    let (from, to) = (from.clone(), to.clone());
                    let decision = match table {
                        None => Rename::Table { from, to: to.clone() },
                        Some(table) => Rename::Column { table: table.clone(), from, to: to.clone() },
                    };
                    format!("if it was renamed to `{to}`: {}", rename(&decision))
                });
                let gone = match table {
                    None => DropTarget::Table(from.clone()),
                    Some(table) => DropTarget::Column { table: table.clone(), column: from.clone() },
                };
                renamed.chain([format!("if it is to be dropped: {}", allow(&gone))]).collect()
            }
            Self::DropTable { .. } => vec![format!("if that is intended: {}", allow(&Hazard::DropTable))],
            Self::DropColumn { .. } => vec![format!("if that is intended: {}", allow(&Hazard::DropColumn))],
            Self::NotNullWithoutValue { table, column, new } => {
                let fill = argument("--fill", &format!("{}.{}=EXPRESSION", table.to_sql(), column.to_sql()));
                let mut help = vec![format!("give one: `cargo dbmigrate generate {fill}`")];
                help.extend(new.then(|| "or give the column a `DEFAULT`".to_owned()));
                help
            }
            Self::NoSuchRename { .. } => {
                vec!["a rename is `--rename old_table=new_table` or `--rename table.old=table.new`".to_owned()]
            }
            Self::NoSuchFill { .. } => {
                vec!["a fill is an expression over the row: `--fill users.slug='lower(name)'`".to_owned()]
            }
            Self::Refused { .. } => vec![BY_HAND.to_owned()],
            Self::LostText { argument: Some(argument), .. } => vec![format!("write `{argument}` in its declaration")],
            Self::LostText { search, .. } => {
                vec![format!("correct the arguments of `{search}`: its words are read anew where they change")]
            }
            Self::Unsupported { can_be_dropped, .. } => {
                let dropped = format!("drop and recreate it: {}", allow(&Hazard::DropTable));
                can_be_dropped.then_some(dropped).into_iter().chain([BY_HAND.to_owned()]).collect()
            }
        }
    }
}

const BY_HAND: &str = "write this one by hand: `cargo dbmigrate create NAME`";

/// A flag with its value, quoted for a shell where that takes it.
fn argument(flag: &str, value: &str) -> String {
    let plain = value.chars().all(|c| c.is_alphanumeric() || "._=-".contains(c));
    if plain { format!("{flag} {value}") } else { format!("{flag} '{}'", value.replace('\'', "'\\''")) }
}
