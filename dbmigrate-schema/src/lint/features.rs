//! What SQL can say only since some version of SQLite. Older than 3.35 is no case: `min-sqlite` can't be.

use dbmigrate_core::token::{TokenKind, tokens, unquote};
use sqlite3_parser::ast::{
    AlterTableBody, CreateTableBody, Expr, JoinOperator, JoinType, Literal, Operator, Stmt, TabFlags,
};

use super::walk::{Node, nodes};
use crate::plan::Version;

/// Functions, and the version that brought them.
const FUNCTIONS: &[(Version, &[&str])] = &[
    ((3, 38), &["format", "unixepoch"]),
    ((3, 41), &["unhex"]),
    ((3, 42), &["json_error_position"]),
    ((3, 43), &["octet_length", "timediff"]),
    ((3, 44), &["concat", "concat_ws", "string_agg"]),
    (
        (3, 45),
        &[
            "jsonb",
            "jsonb_array",
            "jsonb_extract",
            "jsonb_group_array",
            "jsonb_group_object",
            "jsonb_insert",
            "jsonb_object",
            "jsonb_patch",
            "jsonb_remove",
            "jsonb_replace",
            "jsonb_set",
        ],
    ),
    ((3, 46), &["json_pretty"]),
    ((3, 48), &["if"]),
    ((3, 50), &["unistr", "unistr_quote"]),
];

/// What a statement needs, each with the oldest version that knows it; in no order, and each once.
pub(crate) fn features(statement: &Stmt<'_>, sql: &str) -> Vec<(String, Version)> {
    let mut found: Vec<(String, Version)> = Vec::new();
    let mut push = |what: &str, since: Version| {
        if !found.iter().any(|(known, _)| known == what) {
            found.push((what.to_owned(), since));
        }
    };
    match statement {
        Stmt::AlterTable(_, AlterTableBody::AddConstraint(_)) => push("ADD CONSTRAINT", (3, 53)),
        Stmt::AlterTable(_, AlterTableBody::DropConstraint(_)) => push("DROP CONSTRAINT", (3, 53)),
        Stmt::AlterTable(_, AlterTableBody::SetColumnNotNull(..)) => push("ALTER COLUMN … SET NOT NULL", (3, 53)),
        Stmt::AlterTable(_, AlterTableBody::DropColumnNotNull(_)) => push("ALTER COLUMN … DROP NOT NULL", (3, 53)),
        Stmt::CreateTable { body: CreateTableBody::ColumnsAndConstraints { flags, .. }, .. }
            if flags.contains(TabFlags::Strict) =>
        {
            push("STRICT", (3, 37));
        }
        _ => {}
    }
    for node in nodes(statement) {
        match node {
            Node::Join(join) => match join.operator {
                JoinOperator::TypedJoin(Some(kind)) if kind.contains(JoinType::RIGHT) => {
                    push(if kind.contains(JoinType::LEFT) { "FULL JOIN" } else { "RIGHT JOIN" }, (3, 39));
                }
                _ => {}
            },
            Node::Expr(Expr::Binary(_, Operator::ArrowRight, _)) => push("->", (3, 38)),
            Node::Expr(Expr::Binary(_, Operator::ArrowRightShift, _)) => push("->>", (3, 38)),
            Node::Expr(Expr::Literal(Literal::Numeric(number))) if number.contains('_') => push(number, (3, 46)),
            Node::Expr(Expr::FunctionCall { name, args, order_by, .. }) => {
                let name = unquote(name.0).to_ascii_lowercase();
                let known = FUNCTIONS.iter().find(|(_, names)| names.contains(&name.as_str()));
                if let Some((since, _)) = known {
                    push(&format!("{name}()"), *since);
                }
                match args.map_or(0, <[_]>::len) {
                    2 if name == "iif" => push("iif() of two arguments", (3, 48)),
                    4.. if name == "iif" => push("iif() of many arguments", (3, 49)),
                    _ => {}
                }
                if order_by.is_some() {
                    push("ORDER BY in an aggregate", (3, 44));
                }
            }
            _ => {}
        }
    }
    if compares_distinct(sql) {
        push("IS DISTINCT FROM", (3, 39));
    }
    found
}

/// The tree has `IS` for it.
fn compares_distinct(sql: &str) -> bool {
    let words: Vec<_> = tokens(sql).filter(|token| !token.is_blank()).collect();
    let is = |at: usize, word: &str| {
        words.get(at).is_some_and(|token| token.kind == TokenKind::Word && token.text(sql).eq_ignore_ascii_case(word))
    };
    (0..words.len())
        .any(|at| is(at, "DISTINCT") && is(at + 1, "FROM") && at > 0 && (is(at - 1, "IS") || is(at - 1, "NOT")))
}
