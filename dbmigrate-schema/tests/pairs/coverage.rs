//! What the generator made: a property that never met a feature says nothing about it.

use std::collections::BTreeMap;

use crate::Case;
use crate::die::Die;
use crate::sql::sql;

/// Each with a text that shows it.
const FEATURES: [(&str, &str); 59] = [
    ("STRICT", ") STRICT"),
    ("WITHOUT ROWID", "WITHOUT ROWID"),
    ("AUTOINCREMENT", " AUTOINCREMENT"),
    ("virtual", " VIRTUAL"),
    ("stored", " STORED"),
    ("named constraint", " CONSTRAINT \""),
    ("check", " CHECK ("),
    ("named check", "\" CHECK ("),
    ("named not null", "\" NOT NULL"),
    ("named unique", "\" UNIQUE"),
    ("named primary key", "\" PRIMARY KEY"),
    ("named reference", "\" FOREIGN KEY"),
    ("conflict rollback", "ON CONFLICT ROLLBACK"),
    ("conflict abort", "ON CONFLICT ABORT"),
    ("conflict fail", "ON CONFLICT FAIL"),
    ("conflict ignore", "ON CONFLICT IGNORE"),
    ("conflict replace", "ON CONFLICT REPLACE"),
    ("collate nocase", "COLLATE NOCASE"),
    ("collate rtrim", "COLLATE RTRIM"),
    ("collate binary", "COLLATE BINARY"),
    ("deferred", " DEFERRABLE INITIALLY DEFERRED"),
    ("not deferred", "NOT DEFERRABLE"),
    ("default number", "DEFAULT 1"),
    ("default negative", "DEFAULT -1.5"),
    ("default text", "DEFAULT 'it''s'"),
    ("default blob", "DEFAULT x'0f'"),
    ("default null", "DEFAULT NULL"),
    ("default time", "DEFAULT CURRENT_TIMESTAMP"),
    ("default word", "DEFAULT word"),
    ("default quoted", "DEFAULT \"bar\""),
    ("default expression", "DEFAULT (1 + 2)"),
    ("default function", "DEFAULT (lower("),
    ("default true", "DEFAULT TRUE"),
    ("on delete cascade", "ON DELETE CASCADE"),
    ("on delete set null", "ON DELETE SET NULL"),
    ("on delete set default", "ON DELETE SET DEFAULT"),
    ("on delete restrict", "ON DELETE RESTRICT"),
    ("on update cascade", "ON UPDATE CASCADE"),
    ("on update set null", "ON UPDATE SET NULL"),
    ("on update set default", "ON UPDATE SET DEFAULT"),
    ("on update restrict", "ON UPDATE RESTRICT"),
    ("no action", "NO ACTION"),
    ("unique index", "CREATE UNIQUE INDEX"),
    ("partial index", "\" IS NOT NULL"),
    ("descending", "\" DESC"),
    ("index by expression", "(lower(\""),
    ("view", "CREATE VIEW"),
    ("view with a common table", "AS WITH w"),
    ("view with a list", "(\"column 0\""),
    ("instead of", "INSTEAD OF"),
    ("before", " BEFORE "),
    ("after", " AFTER "),
    ("update of", "UPDATE OF"),
    ("when", " WHEN new."),
    ("full text", "USING fts5(title"),
    ("full text of a table", ", content='"),
    ("content_rowid", "content_rowid="),
    ("odd name", "\"qu\"\"ote\""),
    ("qualified", "\".\""),
];

#[derive(Default)]
pub(crate) struct Coverage {
    seen: BTreeMap<&'static str, usize>,
    pairs: usize,
}

impl Coverage {
    pub(crate) fn count(&mut self, case: &Case) {
        self.pairs += 1;
        let (before, after) = case.models();
        let mut see = |what, seen: bool| *self.seen.entry(what).or_default() += usize::from(seen);
        let text = sql(&before, &mut Die::new(case.seed)).join("\n");
        for (what, shown) in FEATURES {
            see(what, text.contains(shown));
        }
        let tables = || before.tables.iter();
        see("key of several columns", tables().any(|it| it.key.as_ref().is_some_and(|key| key.columns.len() > 1)));
        see("reference of several columns", tables().any(|it| it.references.iter().any(|key| key.columns.len() > 1)));
        see("reference to itself", tables().any(|it| it.references.iter().any(|key| key.parent == it.id)));
        let refers = |from, to| before.table(from).is_some_and(|it| it.references.iter().any(|key| key.parent == to));
        see(
            "circle",
            tables().any(|one| {
                tables().any(|other| one.id != other.id && refers(one.id, other.id) && refers(other.id, one.id))
            }),
        );
        see("view on a view", before.views.iter().any(|it| before.view(it.from).is_some()));
        let kept = || after.tables.iter().filter_map(|it| Some((before.table(it.id)?, it)));
        see("table renamed", kept().any(|(old, new)| old.name != new.name));
        see(
            "names of tables swapped",
            kept().any(|(old, new)| {
                old.name != new.name && kept().any(|(other, its)| other.name == new.name && its.name == old.name)
            }),
        );
        let columns = || {
            kept().flat_map(|(old, new)| {
                new.columns.iter().filter_map(move |column| Some((old, old.column(column.id)?, column)))
            })
        };
        see("column renamed", columns().any(|(_, old, new)| old.name != new.name));
        see(
            "name taken over from a column",
            columns().any(|(table, old, new)| {
                old.name != new.name && table.columns.iter().any(|other| other.name == new.name)
            }),
        );
        see("column retyped", columns().any(|(_, old, new)| old.kind != new.kind));
        see(
            "column computed or not",
            columns().any(|(_, old, new)| old.generated.is_some() != new.generated.is_some()),
        );
        see("table gone", before.tables.iter().any(|it| after.table(it.id).is_none()));
        see("table new", after.tables.iter().any(|it| before.table(it.id).is_none()));
        see("STRICT comes or goes", kept().any(|(old, new)| old.strict != new.strict));
        see("WITHOUT ROWID comes or goes", kept().any(|(old, new)| old.without_rowid != new.without_rowid));
    }

    pub(crate) fn is_whole(&self) {
        let missing: Vec<_> = self.seen.iter().filter(|(_, count)| **count == 0).collect();
        assert!(missing.is_empty(), "never made in {} pairs: {missing:?}", self.pairs);
    }
}
