//! A table changed in place, by what `ALTER TABLE` can do to a table that holds rows.

use super::pair::{Pair, is_rowid_name};
use super::{Planned, Version, bench, text};
use crate::compare::{Change, ColumnChange};
use crate::model::{Column, Constraint, Generated, Name, NotNull, Rule, Table};
use crate::render::sql;

/// The oldest SQLite with `DROP COLUMN`.
const DROP_COLUMN: Version = (3, 35);
/// The oldest SQLite that asks all rows when a column with a check is added.
const CHECKED_ADD: Version = (3, 37);
/// The oldest SQLite that adds and drops checks, and `NOT NULL`.
const ALTER_CONSTRAINT: Version = (3, 53);

/// What changes a table in place.
#[derive(Default)]
pub(super) struct InPlace {
    pub(super) statements: Vec<Planned>,
    /// Something else may be in the way of a column that goes: an index, a view, a trigger.
    pub(super) drops_columns: bool,
    /// A default that refers to another table is refused with foreign keys enforced, a fill where that one is not there.
    pub(super) foreign_keys_off: bool,
}

/// The statements that change a table in place; none where only a rebuild does it. `has_triggers` says that an UPDATE
/// of the table would make something run.
pub(super) fn in_place(pair: &Pair<'_>, changes: &[Change], has_triggers: bool) -> Option<InPlace> {
    let mut alter = Alter::new(pair);
    for change in changes {
        alter.change(change, has_triggers)?;
    }
    let Alter { in_place: mut found, constraints_gone, columns_gone, added, constrained, .. } = alter;
    found.statements = [constraints_gone, columns_gone, found.statements, added, constrained].concat();
    Some(found)
}

struct Alter<'a> {
    pair: &'a Pair<'a>,
    /// `ALTER TABLE name`.
    alter: String,
    in_place: InPlace,
    /// Constraints that go: before the columns that they may name.
    constraints_gone: Vec<Planned>,
    /// Columns that go: the last first, since it may be computed from others.
    columns_gone: Vec<Planned>,
    added: Vec<Planned>,
    /// Constraints that come: after the columns that they may name.
    constrained: Vec<Planned>,
}

impl<'a> Alter<'a> {
    fn new(pair: &'a Pair<'a>) -> Self {
        Self {
            pair,
            alter: format!("ALTER TABLE {}", pair.before.name.to_sql()),
            in_place: InPlace::default(),
            constraints_gone: Vec::new(),
            columns_gone: Vec::new(),
            added: Vec::new(),
            constrained: Vec::new(),
        }
    }

    fn can(&self, since: Version) -> Option<()> {
        (self.pair.decisions.min_sqlite >= since).then_some(())
    }

    fn change(&mut self, change: &Change, has_triggers: bool) -> Option<()> {
        match change {
            Change::ColumnRemoved(column) => {
                self.can(DROP_COLUMN)?;
                let sql = format!("{} DROP COLUMN {}", self.alter, column.name.to_sql());
                let lost = column.generated.is_none();
                let table = &self.pair.before.name;
                let comment =
                    lost.then(|| text::one_line(&format!("drops the values of `{}` in `{table}`", column.name)));
                self.columns_gone.insert(0, Planned { sql, comment });
                self.in_place.drops_columns = true;
            }
            Change::ColumnAdded(column) => self.add(column)?,
            Change::ColumnChanged(column, ColumnChange::NotNull { from, to }) => {
                self.not_null(column, from.as_ref(), to.as_ref(), has_triggers)?;
            }
            Change::ConstraintAdded(constraint) => {
                if self.added_column_of(constraint).is_none() {
                    self.add_check(constraint)?;
                }
            }
            Change::ConstraintRemoved(constraint) => {
                if !self.goes_with_its_column(constraint) {
                    self.drop_constraint(constraint.name.as_ref(), &constraint.rule)?;
                }
            }
            Change::ConstraintRenamed { constraint, from } => {
                self.drop_constraint(from.as_ref(), &constraint.rule)?;
                self.add_check(constraint)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn add(&mut self, column: &Column) -> Option<()> {
        let name = &column.name;
        if is_rowid_name(name) {
            return None;
        }
        let mut own = self.pair.after.constraints.iter().filter(|it| self.added_column_of(it) == Some(name));
        let checked = own.clone().any(|constraint| matches!(constraint.rule, Rule::Check(_)));
        match &column.generated {
            Some(Generated { stored: true, .. }) => return None,
            Some(_) if column.not_null.is_some() => self.can(CHECKED_ADD)?,
            Some(_) => {}
            None => {
                let default = column.default.as_ref().filter(|default| !default.is_null());
                if default.is_some_and(|default| !default.constant) || self.pair.fill(name).is_some() {
                    return None;
                }
                if column.not_null.is_some() && default.is_none() {
                    return None;
                }
                if self.pair.after.strict
                    && default.is_some()
                    && !bench::takes_default(column, &self.pair.decisions.stubs)
                {
                    return None;
                }
                let refers = own.any(|constraint| matches!(constraint.rule, Rule::ForeignKey(_)));
                self.in_place.foreign_keys_off |= default.is_some() && refers;
            }
        }
        if checked {
            self.can(CHECKED_ADD)?;
        }
        let mut table = self.pair.after.clone();
        for constraint in &mut table.constraints {
            if self.added_column_of(constraint) == Some(name) {
                constraint.beside = Some(name.clone());
            }
        }
        let sql = format!("{} ADD COLUMN {}", self.alter, table.column_line(column));
        self.added.push(Planned::new(sql));
        Some(())
    }

    /// The new column that a constraint comes along with.
    fn added_column_of<'b>(&self, constraint: &'b Constraint) -> Option<&'b Name> {
        let column = match (&constraint.rule, &constraint.beside) {
            (Rule::Check(_), beside) => beside.as_ref()?,
            (Rule::ForeignKey(key), _) if key.columns.len() == 1 => key.columns.first()?,
            _ => return None,
        };
        self.pair.before.column(column).is_none().then_some(column)
    }

    /// Whether a constraint goes when its column is dropped. Others keep SQLite from dropping it.
    fn goes_with_its_column(&self, constraint: &Constraint) -> bool {
        let is_gone = |column: &Name| self.pair.after.column(column).is_none();
        matches!(constraint.rule, Rule::Check(_) | Rule::ForeignKey(_))
            && constraint.beside.as_ref().is_some_and(is_gone)
    }

    fn not_null(
        &mut self,
        column: &Name,
        from: Option<&NotNull>,
        to: Option<&NotNull>,
        has_triggers: bool,
    ) -> Option<()> {
        self.can(ALTER_CONSTRAINT)?;
        let own = self.pair.after.column(column)?;
        let name = column.to_sql();
        // There is no way to say a name here, and none to put one `NOT NULL` in place of another.
        if to.is_some_and(|to| to.name.is_some() || from.is_some()) {
            return None;
        }
        if self.pair.becomes_not_null(own) && own.generated.is_none() {
            // What a trigger does is meant for those who use the table.
            let fill = self.pair.fill(column).filter(|_| !has_triggers)?;
            let table = self.pair.before.name.to_sql();
            let sql = format!("UPDATE {table} SET {name} = {}WHERE {name} IS NULL", sql::closed(&format!("{fill} ")));
            self.in_place.statements.push(Planned::new(sql));
            // What it refers to may not be there, which is looked for with foreign keys enforced.
            self.in_place.foreign_keys_off |= self.pair.after.foreign_keys().any(|key| key.columns.contains(column));
        }
        let sql = match to {
            Some(to) => format!("{} ALTER COLUMN {name} SET {}", self.alter, sql::not_null(to)),
            None => format!("{} ALTER COLUMN {name} DROP NOT NULL", self.alter),
        };
        self.in_place.statements.push(Planned::new(sql));
        Some(())
    }

    fn add_check(&mut self, constraint: &Constraint) -> Option<()> {
        self.can(ALTER_CONSTRAINT)?;
        matches!(constraint.rule, Rule::Check(_)).then_some(())?;
        self.constrained.push(Planned::new(format!("{} ADD {}", self.alter, sql::constraint(constraint))));
        Some(())
    }

    fn drop_constraint(&mut self, name: Option<&Name>, rule: &Rule) -> Option<()> {
        self.can(ALTER_CONSTRAINT)?;
        let name = name.filter(|_| matches!(rule, Rule::Check(_) | Rule::ForeignKey(_)))?;
        (names_of_constraints(self.pair.before).filter(|own| *own == name).count() == 1).then_some(())?;
        self.constraints_gone.push(Planned::new(format!("{} DROP CONSTRAINT {}", self.alter, name.to_sql())));
        Some(())
    }
}

fn names_of_constraints(table: &Table) -> impl Iterator<Item = &Name> {
    let columns = table.columns.iter().filter_map(|column| column.not_null.as_ref()?.name.as_ref());
    table.constraints.iter().filter_map(|constraint| constraint.name.as_ref()).chain(columns)
}
