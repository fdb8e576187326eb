//! Expressions whose only difference are parentheses: those that compare equal have equal values in SQLite.
//!
//! `PROPTEST_CASES=100000 cargo test -p dbmigrate-schema --test parentheses` runs more. The seed is fixed.

use std::cell::Cell;

use dbmigrate_schema::{Schema, compare};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusqlite::Connection;
use rusqlite::types::Value;

const ROWS: &str =
    "INSERT INTO t (a, b, c) VALUES (1, 2, 3), (0, 1, 'x'), (NULL, 0, 1), (-1, 'X', 2), (5, 5, 5), ('1', 0, NULL)";

/// An expression with parentheses around each of its parts, as `{` and `}`.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "c", "0", "1", "2", "'x'", "NULL"]).prop_map(str::to_owned);
    let leaf = leaf.prop_map(|leaf| format!("{{{leaf}}}"));
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators =
            ["+", "-", "*", "/", "||", "=", "<>", "<", ">=", "AND", "OR", "IS", "IS NOT", "LIKE", "&", "<<"];
        prop_oneof![
            6 => (inner.clone(), prop::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(left, operator, right)| format!("{{{left} {operator} {right}}}")),
            4 => (inner.clone(), prop::sample::select(vec!["AND", "OR"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("{{{left} {operator} {right}}}")),
            2 => (prop::sample::select(vec!["NOT", "-", "~"]), inner.clone())
                .prop_map(|(operator, right)| format!("{{{operator} {right}}}")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(it, low, high)| format!("{{{it} BETWEEN {low} AND {high}}}")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(it, one, two)| format!("{{{it} NOT IN ({one}, {two})}}")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(it, one, two)| format!("{{CASE WHEN {it} THEN {one} ELSE {two} END}}")),
            1 => inner.clone().prop_map(|it| format!("{{coalesce({it}, 7)}}")),
            1 => inner.prop_map(|it| format!("{{{it} COLLATE NOCASE}}")),
        ]
    })
}

/// The expression with those pairs of parentheses that are kept, in the order in which they open.
fn with_parentheses(expression: &str, kept: &[bool]) -> String {
    let (mut text, mut open, mut kept) = (String::new(), Vec::new(), kept.iter());
    for letter in expression.chars() {
        match letter {
            '{' => {
                open.push(kept.next() == Some(&true));
                text.push_str(if open.last() == Some(&true) { "(" } else { " " });
            }
            '}' => text.push_str(if open.pop() == Some(true) { ")" } else { " " }),
            other => text.push(other),
        }
    }
    text
}

/// The schema with a column that is computed so, and its values; none where SQLite does not take it.
fn computed(expression: &str) -> Option<(Schema, Vec<Value>)> {
    let sql = format!("CREATE TABLE t (a, b, c, x AS ({expression}))");
    let connection = Connection::open_in_memory().ok()?;
    connection.execute_batch(&format!("{sql}; {ROWS}")).ok()?;
    let mut statement = connection.prepare("SELECT x FROM t").ok()?;
    let values = statement.query_map([], |row| row.get(0)).ok()?.collect::<Result<_, _>>().ok()?;
    Some((Schema::from_sql(&sql).ok()?, values))
}

#[test]
fn what_compares_equal_has_equal_values() {
    let config = Config { failure_persistence: None, cases: 2_000.max(Config::default().cases), ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let equal = Cell::new(0);
    let cases = (expression(), any::<u64>(), 1..5_u64, any::<prop::sample::Index>());
    runner
        .run(&cases, |(expression, seed, rarity, place)| {
            let mut state = seed | 1;
            let mut kept: Vec<bool> = expression
                .matches('{')
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state % (rarity + 1) > 0
                })
                .collect();
            let one = with_parentheses(&expression, &kept);
            // One pair more or less.
            let place = place.index(kept.len());
            kept[place] = !kept[place];
            let two = with_parentheses(&expression, &kept);
            let (Some((from, values)), Some((to, others))) = (computed(&one), computed(&two)) else { return Ok(()) };
            if compare(&from, &to).is_empty() {
                prop_assert_eq!(values, others, "{}\n{}", one, two);
                equal.set(equal.get() + 1);
            }
            Ok(())
        })
        .unwrap();
    assert!(equal.get() > 200, "only {} were equal, which says little", equal.get());
}
