//! A table made anew, with all that it holds, where `ALTER TABLE` can't change it.
//!
//! The script is safe only with foreign keys off, and once the views and triggers that can reach the table are dropped.

use dbmigrate_core::token::{TokenKind, tokens, unquote};

use super::pair::Pair;
use super::{Planned, Undecided, text};
use crate::model::{Kind, Name, Object, Table};

/// The statements that make a table anew, with its indexes. `temporary` is a name that nothing has, `most` how many columns a
/// statement takes, and a table has at most.
pub(super) fn rebuild(
    pair: &Pair<'_>,
    indexes: &[&Object],
    temporary: &Name,
    why: Vec<String>,
    most: usize,
) -> Result<Vec<Planned>, Undecided> {
    let (after, before) = (&pair.after.name, &pair.before.name);
    let (new, old) = (temporary.to_sql(), before.to_sql());
    let (columns, values): (Vec<_>, Vec<_>) = pair.copied().into_iter().unzip();
    if columns.is_empty() {
        return Err(Undecided::Unsupported {
            kind: Kind::Table,
            name: after.clone(),
            why: "no column is left to identify its rows".to_owned(),
            can_be_dropped: false,
        });
    }
    if columns.len() > most {
        return Err(Undecided::Unsupported {
            kind: Kind::Table,
            name: after.clone(),
            why: format!(
                "SQLite can't copy a rowid beside {most} columns: replace one of them with an INTEGER PRIMARY KEY, or \
                 move some to another table, in a migration by hand"
            ),
            can_be_dropped: false,
        });
    }
    let mut why = why;
    why.push("ALTER TABLE can't do that: the rows move to a table that takes its place".to_owned());
    let create = under_another_name(&text::made(&Object::Table(pair.after.clone())), after, &new);
    let copy = format!("INSERT OR ABORT INTO {new} ({})\nSELECT {}\nFROM {old}", columns.join(", "), values.join(", "));
    let mut statements = vec![Planned { sql: create, comment: Some(why.join("\n")) }, Planned::new(copy)];
    if is_autoincrement(pair.before) && is_autoincrement(pair.after) {
        statements.extend(sequence(temporary, before));
    }
    statements.push(Planned::new(format!("DROP TABLE {old}")));
    statements.push(Planned::new(format!("ALTER TABLE {new} RENAME TO {}", after.to_sql())));
    statements.extend(indexes.iter().map(|index| Planned::new(text::made(index))));
    Ok(statements)
}

fn is_autoincrement(table: &Table) -> bool {
    table.primary_key().is_some_and(|key| key.autoincrement)
}

/// Hands the highest id that a table ever gave to the one that takes its place, also where that row is gone.
fn sequence(new: &Name, old: &Name) -> [Planned; 2] {
    let literal = |name: &Name| format!("'{}'", name.as_str().replace('\'', "''"));
    let (new, old) = (literal(new), literal(old));
    [
        Planned {
            sql: format!("DELETE FROM sqlite_sequence WHERE name = {new}"),
            comment: Some("no id is reused, not even that of a deleted row".to_owned()),
        },
        Planned::new(format!(
            "INSERT INTO sqlite_sequence (name, seq) \
             SELECT {new}, seq FROM sqlite_sequence WHERE name = {old} COLLATE NOCASE"
        )),
    ]
}

/// The statement that makes a table, for another name, with the checks that call the table by its name. References to
/// itself keep it: it will have that name.
fn under_another_name(create: &str, table: &Name, new: &str) -> String {
    let all: Vec<_> = tokens(create).collect();
    let words: Vec<_> = all.iter().filter(|token| !token.is_blank()).collect();
    let mut renamed = String::new();
    let mut at = 0;
    for token in &all {
        let text = token.text(create);
        if token.is_blank() {
            renamed.push_str(text);
            continue;
        }
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String)
            && Name::new(unquote(text)) == *table;
        let qualifies = || words.get(at + 1).is_some_and(|next| next.text(create) == ".");
        // CREATE TABLE name
        renamed.push_str(if is_name && (at == 2 || qualifies()) { new } else { text });
        at += 1;
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_made_under_another_name() {
        for (create, expect) in [
            ("CREATE TABLE t (t)", "CREATE TABLE n (t)"),
            ("CREATE TABLE \"T\" (a REFERENCES t(a))", "CREATE TABLE n (a REFERENCES t(a))"),
            (
                "CREATE TABLE /* t */ [t] (a CHECK (t.a > 't.a' AND main . \"t\" . a))",
                "CREATE TABLE /* t */ n (a CHECK (n.a > 't.a' AND main . n . a))",
            ),
        ] {
            assert_eq!(under_another_name(create, &Name::new("t"), "n"), expect);
        }
    }
}
