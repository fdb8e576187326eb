//! `partial-copy`: a rebuild takes over some of the rows only.
//!
//! One of several copies into the same table that takes all is enough. An assertion about the columns of the condition
//! has thought of the rows that it leaves out.

use std::fmt;

use sqlite3_parser::ast::fmt::ToTokens;
use sqlite3_parser::ast::{Expr, Stmt, With};

use crate::lint::finding::Findings;
use crate::lint::keys::keys_before;
use crate::lint::migration::{Migration, Statement};
use crate::lint::rule::{Check, Example, Group, Level, Rule as Lint};
use crate::lint::tree::{Move, Query, moves};
use crate::lint::values::{asserts, names};
use crate::lint::whole::{Copied, LeftOut};
use crate::model::{Name, Table};
use crate::plan::is_never_null;

const BEFORE: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
                      CREATE TABLE teams (user INTEGER, team TEXT);";

/// A rebuild of `users` with this copy.
macro_rules! rebuilt {
    ($copy:literal) => {
        Example {
            before: BEFORE,
            now: concat!(
                "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT);\n                  ",
                $copy,
                "\n                  DROP TABLE users;\n                  ALTER TABLE n RENAME TO users;"
            ),
        }
    };
}

pub(super) const RULE: Lint = Lint {
    name: "partial-copy",
    group: Group::Data,
    level: Level::Warn,
    what: "a table is rebuilt with only some of its rows",
    why: "A copy with a `WHERE`, a `JOIN`, a `LIMIT`, a `GROUP BY`, a `DISTINCT` or an aggregate copies only some \
          rows. The others are dropped with the old table, without an error. A condition that is NULL also leaves a \
          row out: neither `WHERE kind <> 'x'` nor `WHERE kind = 'x'` copies a row without a `kind`, unless the \
          column is `NOT NULL`. The complement of `kind = 'x'` is `kind IS NOT 'x'`. Several copies count as a copy \
          of all rows if two of their conditions are such complements.",
    instead: "Copy all rows. Before the copy, delete those that are not kept, or stop if there are any, by an \
              assertion:\n\n    DELETE FROM users WHERE email IS NULL;\n    INSERT INTO n SELECT * FROM \
              users;\n\n    -- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE email IS NULL\n\nA `LEFT JOIN` \
              keeps rows without a counterpart. Or say on the line above the copy that it is intended:\n\n    -- \
              dbmigrate: allow partial-copy guests are not kept",
    fails: &[
        rebuilt!("INSERT INTO n SELECT * FROM users WHERE email IS NOT NULL;"),
        rebuilt!("INSERT INTO n SELECT users.id, users.email FROM users JOIN teams ON teams.user = users.id;"),
        rebuilt!("INSERT INTO n SELECT id, email FROM users ORDER BY id DESC LIMIT 1000;"),
        rebuilt!("INSERT INTO n SELECT min(id), email FROM users GROUP BY email;"),
        rebuilt!("INSERT INTO n SELECT max(id), email FROM users;"),
        rebuilt!("INSERT INTO n SELECT DISTINCT abs(id), email FROM users;"),
        rebuilt!("INSERT INTO n SELECT * FROM (SELECT * FROM users WHERE email IS NOT NULL);"),
        rebuilt!("INSERT INTO n WITH some AS (SELECT * FROM users WHERE id > 9) SELECT * FROM some;"),
        rebuilt!("WITH some AS (SELECT * FROM users WHERE id > 9) INSERT INTO n SELECT * FROM some;"),
        rebuilt!(
            "INSERT INTO n SELECT * FROM users WHERE email = 'x' UNION ALL SELECT id, lower(email) FROM users WHERE email \
             <> 'x';"
        ),
        rebuilt!(
            "INSERT INTO n SELECT * FROM users WHERE email IS NULL UNION ALL SELECT users.* FROM users JOIN teams ON user = \
             users.id WHERE email IS NOT NULL;"
        ),
        rebuilt!(
            "WITH some AS (SELECT * FROM users WHERE id > 9), renamed AS (SELECT id, email FROM some) INSERT INTO n SELECT * \
             FROM renamed;"
        ),
        rebuilt!(
            "INSERT INTO n WITH all_of AS (SELECT * FROM users) SELECT * FROM (WITH some AS (SELECT * FROM all_of WHERE id \
             > 9) SELECT * FROM some);"
        ),
        rebuilt!("INSERT INTO n SELECT CASE WHEN count(*) > 9 THEN max(id) ELSE 1 END, email FROM users;"),
        rebuilt!("INSERT INTO n SELECT id, sum(id) BETWEEN 1 AND 9 FROM users;"),
        rebuilt!("INSERT INTO n SELECT users.* FROM users, (SELECT team FROM teams LIMIT 1);"),
        rebuilt!("INSERT INTO n SELECT * FROM users EXCEPT SELECT * FROM users WHERE email IS NULL;"),
    ],
    passes: &[
        rebuilt!("DELETE FROM users WHERE email IS NULL;\n                  INSERT INTO n SELECT * FROM users;"),
        rebuilt!(
            "INSERT INTO n SELECT users.id, coalesce(teams.team, users.email) FROM users LEFT JOIN teams ON \
             teams.user = users.id;"
        ),
        rebuilt!(
            "INSERT INTO n SELECT * FROM users WHERE email = 'x' UNION ALL SELECT id, lower(email) FROM users WHERE email \
             IS NOT 'x';"
        ),
        Example {
            before: BEFORE,
            now: "-- dbmigrate: assert SELECT count(*) = 0 FROM users WHERE email IS NULL
                  CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  INSERT INTO n SELECT * FROM users WHERE email IS NOT NULL;
                  DROP TABLE users;
                  ALTER TABLE n RENAME TO users;",
        },
    ],
    quiet: &[
        rebuilt!(
            "INSERT INTO n SELECT * FROM users WHERE id < 9; INSERT INTO n SELECT id, '' FROM users WHERE id >= 9;"
        ),
        rebuilt!("INSERT INTO n SELECT * FROM users WHERE (id = 9) UNION ALL SELECT id, '' FROM users WHERE id <> 9;"),
        rebuilt!("INSERT INTO n SELECT * FROM users WHERE true ON CONFLICT DO NOTHING;"),
        rebuilt!("INSERT INTO n SELECT * FROM users WHERE id IS NOT NULL ORDER BY id;"),
        rebuilt!("INSERT INTO n SELECT DISTINCT * FROM users;"),
        rebuilt!("INSERT INTO n SELECT id, max(email) FROM users GROUP BY id;"),
        rebuilt!("INSERT INTO n SELECT id, max(email, '') FROM users;"),
        rebuilt!("INSERT INTO n SELECT id, max(email) OVER () FROM users;"),
        rebuilt!("INSERT INTO n SELECT id, (SELECT max(team) FROM teams WHERE user = id) FROM users;"),
        rebuilt!("INSERT INTO n SELECT id, email FROM users UNION ALL SELECT NULL, team FROM teams WHERE team > '';"),
        rebuilt!("INSERT INTO n SELECT id, email FROM users; INSERT INTO n (email) SELECT team FROM teams LIMIT 9;"),
        rebuilt!(
            "INSERT INTO n SELECT * FROM users WHERE email IS NULL; INSERT INTO n SELECT id, lower(email) FROM users \
             WHERE email IS NOT NULL;"
        ),
        rebuilt!("WITH all_of AS (SELECT * FROM users) INSERT INTO n SELECT * FROM all_of;"),
        rebuilt!("INSERT INTO n WITH all_of AS (SELECT * FROM users) SELECT * FROM all_of;"),
        rebuilt!(
            "WITH a AS (SELECT id, email FROM users), b AS (SELECT * FROM a) INSERT INTO n SELECT * FROM b ORDER BY id;"
        ),
        rebuilt!("INSERT INTO n SELECT id, email || newest FROM users, (SELECT max(team) AS newest FROM teams);"),
        rebuilt!("INSERT INTO n SELECT id, email FROM (SELECT count(*) FROM teams) CROSS JOIN users;"),
        Example { before: BEFORE, now: "INSERT INTO teams SELECT id, email FROM users WHERE email IS NOT NULL;" },
    ],
    check: Check::Migration(check),
};

fn check(migration: &Migration<'_>, findings: &mut Findings<'_>) {
    for change in migration.changed_tables() {
        if let (Some(rebuild), Some(table)) = (&change.rebuild, change.before.table()) {
            report(migration, findings, table, change.after.object.name(), &rebuild.copies);
        }
    }
    for merged in migration.lineage.merged.iter().filter(|merged| !migration.is_new(&merged.table)) {
        if let Some(table) = merged.table.table() {
            report(migration, findings, table, &merged.into, &merged.copies);
        }
    }
}

fn report(migration: &Migration<'_>, findings: &mut Findings<'_>, table: &Table, now: &Name, copies: &[usize]) {
    let all: Vec<CopyStatement<'_>> = copies.iter().filter_map(|at| taken(migration, table, copies, *at)).collect();
    let mut targets: Vec<&Name> = Vec::new();
    for CopyStatement { into, .. } in &all {
        if targets.contains(&into) {
            continue;
        }
        targets.push(into);
        let own = || all.iter().filter(|taken| taken.into == *into);
        let Some(left_out) = own().map(|taken| taken.left_out.as_ref()).collect::<Option<Vec<_>>>() else { continue };
        if are_complements(table, &left_out) || left_out.iter().any(|it| is_asserted(migration, table, it)) {
            continue;
        }
        let Some((first, by)) = own().next().zip(left_out.first().map(|it| &it.by)) else { continue };
        let (name, several) = (&table.name, left_out.len() > 1);
        findings.push(
            migration
                .at(first.at, format!("this copies only some rows of `{name}`, and the old table is dropped"))
                .note(format!("rows that its {by} leaves out will be missing in `{now}`"))
                .notes(several.then(|| format!("{} statements copy rows, and none of them copies all", left_out.len())))
                .notes((!several).then(|| rows(migration, name, first)).flatten())
                .help("copy all rows, and say before it which ones go: `DELETE FROM … WHERE …`")
                .help("or say that it is intended: `-- dbmigrate: allow partial-copy REASON` on the line above"),
        );
    }
}

/// A statement that copies rows of a table.
struct CopyStatement<'m> {
    at: usize,
    into: Name,
    query: Query<'m>,
    /// What keeps rows out; none where it takes all.
    left_out: Option<LeftOut<'m>>,
}

/// What a statement copies of a table; none where it does not read it.
fn taken<'m>(migration: &Migration<'m>, table: &Table, copies: &[usize], at: usize) -> Option<CopyStatement<'m>> {
    let statements: &'m [Statement<'m>] = migration.statements;
    let tree = statements[at].tree?;
    let Move::Copied { from, to: into, .. } = moves(tree)? else { return None };
    let query = Query::of(tree)?;
    // What is on the way holds them as well.
    let on_the_way = copies.iter().copied().filter(|before| *before < at).filter_map(|before| {
        let Move::Copied { to, .. } = statements[before].tree.and_then(moves)? else { return None };
        Some((before + 1, to))
    });
    let held: Vec<(usize, Name)> = std::iter::once((0, table.name.clone())).chain(on_the_way).collect();
    let tables: Vec<_> =
        held.iter().map(|(since, name)| migration.history.name_later(name, *since, at).clone()).collect();
    if !from.iter().any(|name| tables.contains(name)) {
        return None;
    }
    let is_given = |name: &Name| is_never_null(table, name);
    let differ = |columns: Option<&[Name]>| {
        let all = || table.columns.iter().map(|column| column.name.clone()).collect();
        let columns = columns.map_or_else(all, <[Name]>::to_vec);
        let alias = table.rowid_alias().is_some_and(|alias| columns.contains(&alias.name));
        let mut keys = keys_before(migration, table, None).into_iter();
        alias || keys.any(|key| key.iter().all(|(name, _)| columns.contains(name) && is_given(name)))
    };
    let left_out = Copied { tables: &tables, differ: &differ, is_given: &is_given }.left_out(&query);
    Some(CopyStatement { at, into, query, left_out })
}

fn are_complements(table: &Table, left_out: &[&LeftOut<'_>]) -> bool {
    let is_given = |name: &Name| is_never_null(table, name);
    Copied { tables: &[], differ: &|_| false, is_given: &is_given }.are_complements(left_out)
}

/// Whether an assertion names the columns of the condition.
fn is_asserted(migration: &Migration<'_>, table: &Table, left_out: &LeftOut<'_>) -> bool {
    let Some(condition) = left_out.condition else { return false };
    let named = names(&condition.to_string());
    let columns = table.columns.iter().map(|column| &column.name).filter(|name| named.contains(*name));
    let columns: Vec<&Name> = columns.collect();
    !columns.is_empty() && asserts(migration, &table.name, &columns)
}

/// How many rows of a database at hand stay behind, where the query can be asked before the migration.
fn rows(migration: &Migration<'_>, table: &Name, taken: &CopyStatement<'_>) -> Option<String> {
    let is_first = migration.statements.iter().take(taken.at).all(|statement| {
        matches!(statement.tree, None | Some(Stmt::CreateTable { .. } | Stmt::Pragma(..) | Stmt::CreateIndex { .. }))
    });
    if !is_first {
        return None;
    }
    let with = taken.query.around.first().map(|with| format!("{} ", Text(with))).unwrap_or_default();
    let select = Expr::Subquery(taken.query.select);
    let sql = format!("{with}SELECT (SELECT count(*) FROM {}) - (SELECT count(*) FROM {select})", table.to_sql());
    match migration.ask(&sql)? {
        0 => Some("no row is left out now".to_owned()),
        1 => Some("1 row is left out now".to_owned()),
        left => (left > 0).then(|| format!("{left} rows are left out now")),
    }
}

struct Text<'q>(&'q With<'q>);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_fmt(f)
    }
}
