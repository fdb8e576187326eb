//! Parses the text in `sqlite_schema` to the model.
//!
//! `sqlite3-parser` provides the tree: which columns and clauses there are. Its tree has no positions, so everything
//! that has to stay as its author wrote it (expressions, queries, bodies, types) is cut out with core's tokens, in the
//! order that the tree gives. The two must agree. If they do not, or if the text cannot be parsed at all, the object is
//! [`Opaque`] and says why. No text makes this fail.

mod constraint;
mod index;
mod piece;
mod table;
mod trigger;
mod view;

use dbmigrate_core::token::{TokenKind, unquote};
use sqlite3_parser::ast::{Cmd, Expr, Literal, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::model::{Index, Kind, Name, Object, Opaque, Table, Trigger, View, VirtualTable};
use piece::Piece;

/// A row of `sqlite_schema`.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) name: Name,
    pub(crate) table: Name,
    pub(crate) text: String,
}

impl Row {
    /// The object as its text alone, and why.
    pub(crate) fn opaque(self, why: impl Into<String>) -> Object {
        let table = matches!(self.kind, Kind::Index | Kind::Trigger).then_some(self.table);
        Object::Opaque(Opaque { kind: self.kind, name: self.name, table, text: self.text, why: why.into() })
    }
}

/// Why a text can't be read: lower case, no final period.
type Reason = String;

/// Reads one object.
pub(crate) fn object(row: Row) -> Object {
    match read(&row) {
        Ok(object) => object,
        Err(why) => row.opaque(why),
    }
}

fn read(row: &Row) -> Result<Object, Reason> {
    let text = &row.text;
    let (name, table) = (row.name.clone(), row.table.clone());
    let tokens = piece::tokens(text);
    let piece = Piece::new(text, &tokens);
    if piece.longest_run_of_names() > LONGEST_RUN_OF_NAMES {
        return Err("it is not a normal statement".to_owned());
    }
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, text.as_bytes());
    let Some(Cmd::Stmt(statement)) = parser.next().map_err(|error| error.to_string())? else {
        return Err("it is not a statement".to_owned());
    };
    let object = match statement {
        Stmt::CreateTable { body, .. } => {
            let table::Parts { columns, constraints, strict, without_rowid } = table::parts(body, piece)?;
            let columns = columns.into();
            Object::Table(Table { name, columns, constraints, strict, without_rowid, text: text.clone() })
        }
        Stmt::CreateIndex { unique, columns, where_clause, .. } => {
            let (columns, filter) = index::parts(columns, where_clause.is_some(), piece)?;
            Object::Index(Index { name, table, unique, columns, filter, text: text.clone() })
        }
        Stmt::CreateView { columns, .. } => {
            let columns = columns.unwrap_or_default().iter().map(|column| name_of(column.col_name.0)).collect();
            Object::View(View { name, columns, select: view::select(piece)?, text: text.clone() })
        }
        Stmt::CreateTrigger { time, event, when_clause, .. } => {
            let (when, body) = trigger::parts(when_clause.is_some(), piece)?;
            let (timing, event) = (trigger::timing(time), trigger::event(event));
            Object::Trigger(Trigger { name, table, timing, event, when, body, text: text.clone() })
        }
        Stmt::CreateVirtualTable { module_name, args, .. } => {
            let arguments = args.unwrap_or_default().iter().map(|argument| (*argument).to_owned()).collect();
            Object::VirtualTable(VirtualTable { name, module: name_of(module_name.0), arguments, text: text.clone() })
        }
        _ => return Err("it creates nothing".to_owned()),
    };
    if object.kind() == row.kind { Ok(object) } else { Err(format!("its text creates a {}", object.kind())) }
}

/// More names in a row than any statement has: the parser joins the words of a type in quadratic time.
const LONGEST_RUN_OF_NAMES: usize = 1_000;

/// Whether reading a text would take longer than any text is worth.
pub(crate) fn is_unreadable(text: &str) -> bool {
    Piece::new(text, &piece::tokens(text)).longest_run_of_names() > LONGEST_RUN_OF_NAMES
}

/// The name that a word of the tree spells.
fn name_of(word: &str) -> Name {
    Name::new(unquote(word))
}

/// The name that an expression is, where it is no more than a name; SQLite takes a text in quotes for one here.
fn name_in(expr: &Expr<'_>) -> Option<Name> {
    match expr {
        Expr::Id(id) => Some(name_of(id.0)),
        Expr::Name(name) => Some(name_of(name.0)),
        Expr::Literal(Literal::String(text)) => Some(name_of(text)),
        _ => None,
    }
}

/// Whether a token can be a name.
fn is_name(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;

    fn row(kind: Kind, text: &str) -> Row {
        Row { kind, name: Name::new("n"), table: Name::new("t"), text: text.to_owned() }
    }

    fn why(kind: Kind, text: &str) -> String {
        match object(row(kind, text)) {
            Object::Opaque(opaque) => opaque.why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        for (kind, text, expect) in [
            (Kind::Table, "", "it is not a statement"),
            (Kind::Table, "-- nothing", "it is not a statement"),
            (Kind::Table, "DROP TABLE t", "it creates nothing"),
            (Kind::Table, "CREATE TABLE t AS SELECT 1", "it has a query instead of columns"),
            (Kind::Table, "CREATE VIEW n AS SELECT 1", "its text creates a view"),
            (
                Kind::Table,
                "CREATE TABLE n (a CONSTRAINT lost, b NOT NULL)",
                "the parser and the tokens disagree about the constraints of `a`",
            ),
            (Kind::Index, "CREATE TABLE n (a", "unexpected end of input"),
        ] {
            assert!(why(kind, text).starts_with(expect), "{}", why(kind, text));
        }
    }

    /// Deeper than SQLite itself goes: what was written into `sqlite_schema` by hand is no reason to fall over.
    #[test]
    fn depth_is_no_danger() {
        for depth in [10_000, 50_000] {
            let (open, close) = ("(".repeat(depth), ")".repeat(depth));
            let table =
                format!("CREATE TABLE n (a DEFAULT {open}1{close} CHECK ({open}a{close}), b AS ({open}a{close}))");
            for (kind, text) in [
                (Kind::Table, table),
                (Kind::Table, format!("CREATE TABLE n (a CHECK ({open}a")),
                (Kind::Index, format!("CREATE INDEX n ON t ({open}a{close})")),
                (Kind::View, format!("CREATE VIEW n AS SELECT {}1", "- ".repeat(depth))),
                (Kind::View, format!("CREATE VIEW n AS SELECT {}1", "a + ".repeat(depth))),
                (Kind::View, format!("CREATE VIEW n AS {open}SELECT 1{close}")),
                (Kind::View, format!("CREATE VIEW n AS SELECT {}1", "CASE WHEN 1 THEN ".repeat(depth))),
            ] {
                let from = Schema { objects: vec![object(row(kind, &text))] };
                let to = Schema { objects: vec![object(row(kind, &text.replace('(', "( ")))] };
                // Not `assert_eq`, which would print all of it.
                assert!(crate::compare(&from, &to).is_empty(), "{}", &text[..40]);
            }
        }
    }

    #[test]
    fn words_without_end_are_no_type() {
        let text = format!("CREATE TABLE n (a {})", "x ".repeat(100_000));
        assert_eq!(why(Kind::Table, &text), "it is not a normal statement");
    }

    /// Every text that is nearly a statement is read or degrades, is equal to itself, and can be written.
    #[test]
    fn no_text_makes_it_fail() {
        let everything = include_str!("../tests/everything.sql");
        let statements: Vec<_> = dbmigrate_core::statement::split(everything)
            .iter()
            .map(|statement| &everything[statement.span.start..statement.span.end])
            .collect();
        let pieces = [
            "(",
            ")",
            ",",
            "'",
            "\"",
            "[",
            "`",
            "--",
            "/*",
            ";",
            "AS",
            "CHECK",
            "CONSTRAINT",
            "BEGIN",
            "END",
            "WHEN",
            "WHERE",
            "DEFAULT",
            "COLLATE",
            "GENERATED",
            "x'0",
            "\u{0}",
            "🦀",
            "'a",
            "\"\"",
            "[]",
            "''",
            ".",
        ];
        let mut state = 88_172_645_463_325_252_u64;
        let mut die = |sides: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % sides as u64).unwrap_or(0)
        };
        for _ in 0..5_000 {
            let mut text: Vec<char> = statements[die(statements.len())].chars().collect();
            for _ in 0..=die(4) {
                let (at, to) = (die(text.len() + 1), die(text.len() + 1));
                match die(3) {
                    0 => drop(text.drain(at.min(to)..at.max(to).min(at.min(to) + 12))),
                    1 => {
                        text =
                            [&text[..at], &pieces[die(pieces.len())].chars().collect::<Vec<_>>(), &text[at..]].concat()
                    }
                    _ => text = [&text[..at], &text[at.min(to)..at.max(to)], &text[at..]].concat(),
                }
            }
            let text: String = text.into_iter().collect();
            for kind in [Kind::Table, Kind::Index, Kind::View, Kind::Trigger, Kind::VirtualTable] {
                let schema = Schema { objects: vec![object(row(kind, &text))] };
                let spaced = Schema { objects: vec![object(row(kind, &format!("{text} ")))] };
                assert_eq!(crate::compare(&schema, &schema), []);
                let _ = (crate::compare(&schema, &spaced), schema.to_sql(), schema.to_json());
            }
        }
    }
}
