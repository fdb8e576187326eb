//! What SQLite says that a statement does, as it asks for leave while it prepares it.

use rusqlite::hooks::{AuthAction, AuthContext};

use crate::model::{Kind, Name};

/// One thing that a statement does, in itself or in a trigger or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// What it does.
    pub(crate) kind: OperationKind,
    /// The trigger or view in which it is done; none for the statement itself.
    pub(crate) by: Option<Name>,
}

/// What is done. Tables of SQLite's own are left out, but for `sqlite_sequence`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OperationKind {
    /// Rows are added to a table.
    Insert(Name),
    /// A column of rows of a table gets values.
    Update(Name, Name),
    /// Rows of a table are removed.
    Delete(Name),
    /// A column of a table is read.
    Read(Name, Name),
    /// A function is called.
    Function(Name),
    /// A pragma is asked, or set to a value.
    Pragma(Name, Option<String>),
    /// A table is altered.
    Alter(Name),
    /// Something is created in the database.
    Create,
    /// Something is dropped from it.
    Drop(Kind, Name),
    /// A virtual table comes or goes, and with it the tables of its module.
    Module,
    /// The schema's own table is written to by hand.
    WriteSchema,
    /// A transaction or a savepoint begins or ends.
    Transaction,
    /// A `TEMP` object of this name is created.
    Temp(Name),
}

impl Operation {
    /// What SQLite asks for, as far as anybody wants to know.
    pub(super) fn new(context: &AuthContext<'_>) -> Option<Self> {
        let name = |name: &str| Name::new(name);
        let written =
            |table: &str, kind: OperationKind| if is_schema(table) { OperationKind::WriteSchema } else { kind };
        let kind = match context.action {
            AuthAction::Insert { table_name } => written(table_name, OperationKind::Insert(name(table_name))),
            AuthAction::Update { table_name, column_name } => {
                written(table_name, OperationKind::Update(name(table_name), name(column_name)))
            }
            AuthAction::Delete { table_name } => written(table_name, OperationKind::Delete(name(table_name))),
            AuthAction::Read { table_name, column_name } if !is_schema(table_name) => {
                OperationKind::Read(name(table_name), name(column_name))
            }
            AuthAction::Function { function_name } => OperationKind::Function(name(function_name)),
            AuthAction::Pragma { pragma_name, pragma_value } => {
                OperationKind::Pragma(name(pragma_name), pragma_value.map(str::to_owned))
            }
            AuthAction::AlterTable { table_name, .. } => OperationKind::Alter(name(table_name)),
            AuthAction::CreateTempTable { table_name: temp, .. }
            | AuthAction::CreateTempView { view_name: temp }
            | AuthAction::CreateTempIndex { index_name: temp, .. }
            | AuthAction::CreateTempTrigger { trigger_name: temp, .. } => OperationKind::Temp(name(temp)),
            AuthAction::CreateTable { .. }
            | AuthAction::CreateIndex { .. }
            | AuthAction::CreateView { .. }
            | AuthAction::CreateTrigger { .. } => OperationKind::Create,
            AuthAction::DropTable { table_name } => OperationKind::Drop(Kind::Table, name(table_name)),
            AuthAction::DropIndex { index_name, .. } => OperationKind::Drop(Kind::Index, name(index_name)),
            AuthAction::DropView { view_name } => OperationKind::Drop(Kind::View, name(view_name)),
            AuthAction::DropTrigger { trigger_name, .. } => OperationKind::Drop(Kind::Trigger, name(trigger_name)),
            AuthAction::CreateVtable { .. } | AuthAction::DropVtable { .. } => OperationKind::Module,
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => OperationKind::Transaction,
            _ => return None,
        };
        Some(Self { kind, by: context.accessor.map(Name::new) })
    }
}

fn is_schema(table: &str) -> bool {
    ["sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"].contains(&table)
}
