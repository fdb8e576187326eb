//! What has to hold before values are put into a column of another type, and before a key becomes unique.
//!
//! SQLite converts without a word: `'007'` becomes 7 in a column of numbers. So each row is asked first.

use dbmigrate_core::token::{TokenKind, tokens, unquote};

use super::Undecided;
use super::pair::{Pair, is_rowid};
use crate::model::{Affinity, Column, Index, Indexed, KeyColumn, Kind, Name, Rule, Table};

/// The assertions about values of the columns that get another type.
pub(super) fn asserts(pair: &Pair<'_>) -> Result<Vec<String>, Undecided> {
    let mut asserts = Vec::new();
    for column in pair.after.columns.iter().filter(|column| column.generated.is_none()) {
        let Some(old) = pair.old(&column.name) else { continue };
        let Some(first) = pair.first_name(&old.name) else { continue };
        let mut wrong = Vec::new();
        if is_rowid(pair.after, column) && pair.becomes_not_null(column) && pair.fill(&column.name).is_none() {
            wrong.push(format!("{} IS NULL", first.to_sql()));
        }
        // A rowid is a whole number, as a `STRICT` table would have it.
        let strict = pair.after.strict || (is_rowid(pair.after, column) && !is_rowid(pair.before, old));
        wrong.extend(misfit((old, pair.before.strict), (column, strict), first));
        for wrong in wrong {
            let assert = format!("SELECT count(*) = 0 FROM {} WHERE {wrong}", pair.was.name.to_sql());
            if assert.contains(['\n', '\r']) {
                return Err(Undecided::Unsupported {
                    kind: Kind::Table,
                    name: pair.after.name.clone(),
                    why: "a name in it contains a line break, and an assertion is a single line".to_owned(),
                    can_be_dropped: false,
                });
            }
            asserts.push(assert);
        }
    }
    Ok(asserts)
}

/// What a column of a table does to values: a `STRICT` one also refuses what it can't convert, and `ANY` in it takes
/// all of them as they are.
fn storage((column, strict): (&Column, bool)) -> (Affinity, bool) {
    let any = column.declared_type.as_ref().is_some_and(|declared| declared.eq_ignore_ascii_case("ANY"));
    if strict && any { (Affinity::Blob, false) } else { (column.affinity(), strict) }
}

/// The condition for a value of the column that does not go over unharmed; none where every value does.
pub(crate) fn misfit(from: (&Column, bool), to: (&Column, bool), name: &Name) -> Option<String> {
    let ((before, was_strict), (after, strict)) = (storage(from), storage(to));
    let numbers = [Affinity::Integer, Affinity::Numeric];
    let same = before == after || (!strict && numbers.contains(&before) && numbers.contains(&after));
    if same && (was_strict || !strict) {
        return None;
    }
    let value = name.to_sql();
    // A column's collation would find more equal than there is.
    let exactly = if from.0.collation.is_some() { " COLLATE BINARY" } else { "" };
    let misfit = match after {
        // SQLite leaves the least of all numbers as it is.
        Affinity::Integer => format!(
            "typeof({value}) NOT IN ('null', 'integer') \
             AND (typeof({value}) <> 'real' OR CAST({value} AS INTEGER) <> {value} OR {value} = -9223372036854775808.0) \
             AND CAST({value} AS TEXT) <> CAST(CAST({value} AS INTEGER) AS TEXT){exactly}"
        ),
        Affinity::Real => format!(
            "typeof({value}) = 'integer' AND CAST({value} AS REAL) <> {value} OR typeof({value}) = 'text' \
             AND CAST({value} AS TEXT) <> CAST(CAST({value} AS REAL) AS TEXT){exactly} \
             AND CAST({value} AS TEXT) <> CAST(CAST({value} AS INTEGER) AS TEXT){exactly}"
        ),
        // What does not look like a number stays as it is.
        Affinity::Numeric if before == Affinity::Real => return None,
        Affinity::Numeric => format!(
            "typeof({value}) = 'text' AND {value} = CAST({value} AS NUMERIC) \
             AND CAST({value} AS TEXT) <> CAST(CAST({value} AS NUMERIC) AS TEXT){exactly}"
        ),
        Affinity::Text => format!("typeof({value}) = 'real' AND CAST(CAST({value} AS TEXT) AS REAL) <> {value}"),
        Affinity::Blob if strict => return Some(format!("typeof({value}) NOT IN ('null', 'blob')")),
        Affinity::Blob => return None,
    };
    Some(if strict { format!("{misfit} OR typeof({value}) = 'blob'") } else { misfit })
}

/// The assertion that a new key of a table finds no two rows alike; none where that can't be asked before.
pub(super) fn unique_key(pair: &Pair<'_>, rule: &Rule) -> Option<String> {
    let (Rule::Unique(key) | Rule::PrimaryKey(key)) = rule else { return None };
    let columns = key.columns.iter().map(|part| (&part.name, part.collation.as_ref())).collect::<Vec<_>>();
    no_duplicates(pair, &columns, None)
}

/// The assertion that a new unique index finds no two rows alike; none where that can't be asked before.
pub(super) fn unique_index(pair: &Pair<'_>, index: &Index) -> Option<String> {
    let columns = index.columns.iter().map(|part| match &part.by {
        Indexed::Column(name) => Some((name, part.collation.as_ref())),
        Indexed::Expression(_) => None,
    });
    let columns = columns.collect::<Option<Vec<_>>>().filter(|_| index.unique)?;
    // It may name what has another name yet, or is not there, or holds other values.
    let filter = match &index.filter {
        Some(filter) if pair.is_renamed() || !is_answered_alike(pair, filter) => return None,
        filter => filter.as_deref(),
    };
    no_duplicates(pair, &columns, filter)
}

fn no_duplicates(pair: &Pair<'_>, columns: &[(&Name, Option<&Name>)], filter: Option<&str>) -> Option<String> {
    let mut conditions: Vec<_> = filter.map(|filter| format!("({})", on_one_line(filter))).into_iter().collect();
    let (mut groups, mut compared) = (Vec::new(), Vec::new());
    for (name, collation) in columns {
        let (old, new) = (pair.old(name)?, pair.after.column(name)?);
        if new.generated.is_some() || pair.becomes_not_null(new) {
            return None;
        }
        let first = pair.first_name(&old.name)?.to_sql();
        let wanted = collation.or(new.collation.as_ref());
        let collation = match (wanted, &old.collation) {
            (Some(wanted), old) if old.as_ref() != Some(wanted) => format!(" COLLATE {}", wanted.to_sql()),
            (None, Some(_)) => " COLLATE BINARY".to_owned(),
            _ => String::new(),
        };
        conditions.push(format!("{first} IS NOT NULL"));
        groups.push(format!("{first}{collation}"));
        compared.push((&old.name, wanted));
    }
    if are_unique(pair.before, &compared) {
        return None;
    }
    let assert = format!("SELECT count(*) = 0 FROM ({})", duplicates(&pair.was.name, &conditions, &groups));
    // SQLite refuses the key itself, only later.
    (!assert.contains(['\n', '\r'])).then_some(assert)
}

/// Whether a key of a table already keeps rows apart by these columns, each compared by this collation.
fn are_unique(table: &Table, columns: &[(&Name, Option<&Name>)]) -> bool {
    let is_binary = |collation: Option<&Name>| collation.is_none_or(|name| *name == Name::new("BINARY"));
    let alias = table.rowid_alias();
    let is_compared = |part: &KeyColumn| {
        let own = || part.collation.as_ref().or(table.column(&part.name)?.collation.as_ref());
        columns.iter().any(|(name, collation)| {
            **name == part.name && (*collation == own() || is_binary(*collation) && is_binary(own()))
        })
    };
    let keys = table.constraints.iter().filter_map(|constraint| match &constraint.rule {
        Rule::Unique(key) | Rule::PrimaryKey(key) => Some(key),
        _ => None,
    });
    columns.iter().any(|(name, _)| alias.is_some_and(|alias| alias.name == **name))
        || keys.into_iter().any(|key| key.columns.iter().all(is_compared))
}

/// The query for what stands in more than one row of a table, of the rows that meet all of some conditions.
pub(crate) fn duplicates(table: &Name, conditions: &[String], groups: &[String]) -> String {
    let (table, conditions, groups) = (table.to_sql(), conditions.join(" AND "), groups.join(", "));
    format!("SELECT 1 FROM {table} WHERE {conditions} GROUP BY {groups} HAVING count(*) > 1")
}

/// Whether every column that an expression could name is there before, as what it will be.
fn is_answered_alike(pair: &Pair<'_>, expression: &str) -> bool {
    let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String);
    let names = tokens(expression).filter(|token| is_name(token.kind));
    names.map(|token| Name::new(unquote(token.text(expression)))).all(|name| {
        let Some(after) = pair.after.column(&name) else { return true };
        let kind = |column: &Column, strict| (column.declared_type.clone(), column.collation.clone(), strict);
        pair.old(&name).is_some_and(|old| {
            old.generated == after.generated && kind(old, pair.before.strict) == kind(after, pair.after.strict)
        })
    })
}

/// An expression without its comments and line ends.
pub(crate) fn on_one_line(text: &str) -> String {
    let words = tokens(text).filter(|token| !matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment));
    let words = words.map(|token| if token.kind == TokenKind::Space { " " } else { token.text(text) });
    words.collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::Schema;
    use crate::plan::Decisions;

    /// Which of the values do not go over, in a column of the one type that gets the other.
    #[track_caller]
    fn check(from: &str, to: &str, values: &[&str], expect: &[&str]) {
        let schema = |column: &str| {
            let options = if column.starts_with("STRICT ") { " STRICT" } else { "" };
            Schema::from_sql(&format!("CREATE TABLE t (a {}){options}", column.trim_start_matches("STRICT "))).unwrap()
        };
        let (before, after) = (schema(from), schema(to));
        let (before, after) = (before.tables().next().unwrap(), after.tables().next().unwrap());
        let pair = Pair { was: before, before, after, moved: Vec::new(), decisions: &Decisions::default() };
        let asserts = asserts(&pair).unwrap_or_else(|undecided| panic!("{undecided}"));
        let connection = Connection::open_in_memory().unwrap();
        let refused = values.iter().filter(|value| {
            connection.execute_batch(&format!("{}; INSERT INTO t VALUES ({value})", before.text)).expect(value);
            let holds = |assert: &String| connection.query_row(assert, [], |row| row.get::<_, bool>(0)).expect(assert);
            let refused = !asserts.iter().all(holds);
            connection.execute_batch("DROP TABLE t").unwrap();
            refused
        });
        assert_eq!(refused.copied().collect::<Vec<_>>(), expect, "{from} -> {to}: {asserts:?}");
    }

    const VALUES: [&str; 20] = [
        "NULL",
        "1",
        "-5",
        "1.0",
        "1.5",
        "9223372036854775807",
        "9e18",
        "'x'",
        "'007'",
        "'7'",
        "'1e3'",
        "' 5 '",
        "'9223372036854775808'",
        "'12abc'",
        "'2024-01-01'",
        "'1.5'",
        "'1.50'",
        "''",
        "x'31'",
        "9e999",
    ];

    #[test]
    fn case_26_what_an_affinity_would_change_is_refused() {
        let texts = ["'x'", "'007'", "'1e3'", "' 5 '", "'9223372036854775808'", "'12abc'", "'2024-01-01'"];
        let to_integer = [&["1.5", "9e18"][1..1], &["1.5"], &texts, &["'1.5'", "'1.50'", "''", "9e999"]].concat();
        check("", "INTEGER", &VALUES, &to_integer);
        let to_real = [&["9223372036854775807"][..], &texts, &["'1.50'", "''"]].concat();
        check("", "REAL", &VALUES, &to_real);
        check("", "DECIMAL(10, 2)", &VALUES, &["'007'", "'1e3'", "' 5 '", "'9223372036854775808'", "'1.50'"]);
        check("TEXT", "INTEGER", &["'7'", "'007'", "7", "1.5"], &["'007'", "1.5"]);
        check("TEXT COLLATE RTRIM", "INTEGER", &["'7'", "'7 '"], &["'7 '"]);
        check("", "TEXT", &VALUES, &["9e999"]);
        check("REAL", "TEXT", &["1", "0.1", "0.1 + 0.2", "1e300"], &[]);
        check("INTEGER", "NUMERIC", &VALUES, &[]);
        check("NUMERIC", "INT", &VALUES, &[]);
        check("TEXT", "", &VALUES, &[]);
        check("TEXT", "VARCHAR(3)", &VALUES, &[]);
        check("REAL", "DATE", &VALUES, &[]);
    }

    #[test]
    fn case_27_what_strict_would_refuse_or_change_is_refused() {
        check("INTEGER", "STRICT INTEGER", &["1", "1.5", "'x'", "'7'", "x'31'", "NULL"], &["1.5", "'x'", "x'31'"]);
        check("TEXT", "STRICT TEXT", &["1", "1.5", "'x'", "x'31'", "NULL"], &["x'31'"]);
        check("REAL", "STRICT REAL", &["1", "1.5", "'x'", "x'31'", "NULL"], &["'x'", "x'31'"]);
        check("", "STRICT BLOB", &["1", "'x'", "x'31'", "NULL"], &["1", "'x'"]);
        check("", "STRICT ANY", &VALUES, &[]);
        check("STRICT ANY", "STRICT INTEGER", &["1", "'000123'", "x'31'"], &["'000123'", "x'31'"]);
        check("STRICT ANY", "ANY", &["'000123'", "1", "'x'"], &["'000123'"]);
        check("STRICT INTEGER", "INTEGER", &["1", "NULL"], &[]);
    }
}
