//! A schema as the generator knows it: what is the same before and after has one number, whatever it is called.

pub(crate) type Id = u32;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) tables: Vec<Table>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) views: Vec<View>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) searches: Vec<Search>,
    /// Statements that stand for themselves, such as a view that makes no sense.
    pub(crate) others: Vec<&'static str>,
    /// The next number.
    pub(crate) next: Id,
}

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Option<Key>,
    pub(crate) uniques: Vec<Key>,
    pub(crate) checks: Vec<Check>,
    pub(crate) references: Vec<Reference>,
    pub(crate) strict: bool,
    pub(crate) without_rowid: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) not_null: Option<NotNull>,
    /// Empty where there is none.
    pub(crate) default: &'static str,
    /// Empty where there is none.
    pub(crate) collation: &'static str,
    /// The expression, and whether it is stored.
    pub(crate) generated: Option<(Expr, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct NotNull {
    pub(crate) name: Option<String>,
    pub(crate) conflict: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: Option<String>,
    /// Column, collation, and whether it descends.
    pub(crate) columns: Vec<(Id, &'static str, bool)>,
    pub(crate) conflict: &'static str,
    pub(crate) autoincrement: bool,
    pub(crate) beside: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) name: Option<String>,
    pub(crate) expr: Expr,
}

/// `#0` and `#1` are the columns.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) template: &'static str,
    pub(crate) columns: Vec<Id>,
    /// Whether the columns are called by their table, too.
    pub(crate) qualified: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<Id>,
    pub(crate) parent: Id,
    /// Empty for its primary key.
    pub(crate) parent_columns: Vec<Id>,
    pub(crate) on_delete: &'static str,
    pub(crate) on_update: &'static str,
    pub(crate) deferred: &'static str,
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) table: Id,
    pub(crate) unique: bool,
    pub(crate) by: Vec<(Expr, &'static str, bool)>,
    pub(crate) filter: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) id: Id,
    pub(crate) name: String,
    /// A table or a view.
    pub(crate) from: Id,
    /// Columns of the table at the bottom.
    pub(crate) columns: Vec<Id>,
    pub(crate) form: ViewForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewForm {
    Plain,
    Star,
    Aliased,
    Common,
    Listed,
}

#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) name: String,
    /// A table, or a view for INSTEAD OF.
    pub(crate) on: Id,
    pub(crate) timing: &'static str,
    pub(crate) event: &'static str,
    /// The columns of UPDATE OF.
    pub(crate) of: Vec<Id>,
    pub(crate) when: Option<Expr>,
    pub(crate) action: Action,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// `SELECT` of a column of the row.
    Look(Id),
    /// Counts the rows of a table or view.
    Count(Id),
    Write {
        verb: Verb,
        table: Id,
        column: Id,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Verb {
    Insert,
    Update,
    Delete,
}

/// A full-text table.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) name: String,
    /// The table that holds the text, and its columns.
    pub(crate) content: Option<(Id, Vec<Id>)>,
    /// The columns where it holds the text itself.
    pub(crate) columns: Vec<&'static str>,
}

impl Model {
    pub(crate) fn id(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    pub(crate) fn table(&self, id: Id) -> Option<&Table> {
        self.tables.iter().find(|table| table.id == id)
    }

    pub(crate) fn view(&self, id: Id) -> Option<&View> {
        self.views.iter().find(|view| view.id == id)
    }

    /// The columns of a table or view that can be asked for, each with its name there.
    pub(crate) fn columns(&self, id: Id) -> Vec<(Id, String)> {
        if let Some(table) = self.table(id) {
            return table.columns.iter().map(|column| (column.id, column.name.clone())).collect();
        }
        let Some(view) = self.view(id) else { return Vec::new() };
        let below = self.columns(view.from);
        if view.form == ViewForm::Star {
            return below;
        }
        let name = |(at, id): (usize, &Id)| {
            let name = &below.iter().find(|(below, _)| below == id)?.1;
            let own = match view.form {
                ViewForm::Aliased => format!("{name} as"),
                ViewForm::Listed => format!("column {at}"),
                _ => name.clone(),
            };
            Some((*id, own))
        };
        view.columns.iter().enumerate().filter_map(name).collect()
    }
}

impl Table {
    pub(crate) fn column(&self, id: Id) -> Option<&Column> {
        self.columns.iter().find(|column| column.id == id)
    }

    /// The column that is the rowid.
    pub(crate) fn alias(&self) -> Option<&Column> {
        let key = self.key.as_ref().filter(|key| !self.without_rowid && key.columns.len() == 1)?;
        let (id, _, descending) = key.columns[0];
        let integer = self.column(id).filter(|column| column.kind == "INTEGER")?;
        (!(descending && key.beside)).then_some(integer)
    }

    /// A name for the rowid that no column has.
    pub(crate) fn rowid(&self) -> Option<&'static str> {
        let names = ["rowid", "_rowid_", "oid"].into_iter().filter(|_| !self.without_rowid);
        names.into_iter().find(|name| self.columns.iter().all(|column| !column.name.eq_ignore_ascii_case(name)))
    }

    pub(crate) fn in_key(&self, id: Id) -> bool {
        self.key.as_ref().is_some_and(|key| key.columns.iter().any(|(column, ..)| *column == id))
    }

    /// Whether SQLite keeps NULL out of a column.
    pub(crate) fn is_never_null(&self, column: &Column) -> bool {
        column.not_null.is_some()
            || self.alias().is_some_and(|alias| alias.id == column.id)
            || ((self.without_rowid || self.strict) && self.in_key(column.id))
    }
}
