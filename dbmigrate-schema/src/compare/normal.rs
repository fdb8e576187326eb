//! The normal form of an expression, a query or a body: what texts that SQLite reads alike have in common.
//!
//! It is made of tokens, in one pass, without recursion. Nothing is ever rendered from it.

use std::collections::HashSet;

use dbmigrate_core::token::{Token, TokenKind, tokens, unquote};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::model::{Object, ROWID_NAMES, Schema, is_keyword};

/// A token without its spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Lexeme {
    /// A keyword or a name, in lower case.
    Word(String),
    /// A name in quotes that would be a keyword without them, in lower case.
    Quoted(String),
    /// A text, exactly.
    Text(String),
    /// Everything else.
    Sign(String),
}

impl Lexeme {
    fn is_sign(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(own) if own == sign)
    }

    fn is_any_word(&self, words: &[&str]) -> bool {
        matches!(self, Self::Word(own) if words.contains(&own.as_str()))
    }
}

/// Every name that a column or a table has in one of the schemas, in lower case.
///
/// A word in double quotes is a name where there is such a thing, and a text where there is none: SQLite's old
/// kindness. Which scope it looks at is not asked here. That can only hide the step from a text to a name that is not
/// in scope, which is a query that SQLite refuses to run.
pub(super) struct Known(HashSet<String>);

impl Known {
    pub(super) fn new<'a>(schemas: impl IntoIterator<Item = &'a Schema>) -> Self {
        let mut names: HashSet<_> = ROWID_NAMES.map(str::to_owned).into();
        for object in schemas.into_iter().flat_map(|schema| &schema.objects) {
            names.insert(object.name().folded());
            match object {
                Object::Table(table) => names.extend(table.columns.iter().map(|column| column.name.folded())),
                Object::View(view) => {
                    names.extend(view.columns.iter().map(crate::Name::folded));
                    let tokens: Vec<_> = tokens(&view.select).filter(|token| !token.is_blank()).collect();
                    names.extend(aliases(&view.select, &tokens));
                }
                _ => {}
            }
        }
        Self(names)
    }
}

/// The normal form of a text.
pub(super) fn normal(text: &str, known: &Known) -> Vec<Lexeme> {
    let tokens: Vec<_> = tokens(text).filter(|token| !token.is_blank()).collect();
    let aliases: HashSet<_> = aliases(text, &tokens).collect();
    let lexemes = (0..tokens.len()).map(|at| {
        let neighbour = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text(text));
        let certain = neighbour(at.checked_sub(1)) == "." || [".", "("].contains(&neighbour(Some(at + 1)));
        lexeme(text, tokens[at], |name| certain || known.0.contains(name) || aliases.contains(name))
    });
    without_needless_parentheses(lexemes.collect())
}

/// The names that a query gives to what it asks for, in lower case: what follows `AS`, and what is quoted and follows
/// a whole expression.
fn aliases<'a>(text: &'a str, tokens: &'a [Token]) -> impl Iterator<Item = String> + 'a {
    let named = tokens.windows(2).filter(|pair| {
        let before = pair[0].text(text);
        let whole = match pair[0].kind {
            TokenKind::Word => !is_keyword(before),
            kind => matches!(
                kind,
                TokenKind::QuotedName | TokenKind::RightParen | TokenKind::Number | TokenKind::String | TokenKind::Blob
            ),
        };
        before.eq_ignore_ascii_case("AS") || (pair[1].kind == TokenKind::QuotedName && whole)
    });
    named.map(|pair| unquote(pair[1].text(text)).to_ascii_lowercase())
}

fn lexeme(text: &str, token: Token, is_name: impl Fn(&str) -> bool) -> Lexeme {
    let own = token.text(text);
    match token.kind {
        TokenKind::Word => Lexeme::Word(own.to_ascii_lowercase()),
        TokenKind::QuotedName => {
            let name = unquote(own);
            let folded = name.to_ascii_lowercase();
            if own.starts_with('"') && !is_name(&folded) {
                Lexeme::Text(name)
            } else if is_keyword(&folded) && !is_bare_name(&folded) {
                Lexeme::Quoted(folded)
            } else {
                Lexeme::Word(folded)
            }
        }
        TokenKind::String => Lexeme::Text(unquote(own)),
        TokenKind::Blob => Lexeme::Sign(own.to_ascii_lowercase()),
        _ => Lexeme::Sign(match own {
            "==" => "=".to_owned(),
            "!=" => "<>".to_owned(),
            other => other.to_owned(),
        }),
    }
}

/// Whether a bare word is a value where a name could stand, too.
pub(super) fn has_value(word: &str) -> bool {
    let values = ["null", "true", "false", "current_date", "current_time", "current_timestamp"];
    values.iter().any(|value| word.eq_ignore_ascii_case(value))
}

/// Whether a keyword means a name where a name can stand, such as `key`; the parser knows.
fn is_bare_name(keyword: &str) -> bool {
    let text = format!("SELECT 1 {keyword}");
    let bump = Bump::new();
    !has_value(keyword) && Parser::new(&bump, text.as_bytes()).next().is_ok()
}

/// A pair of parentheses that is open, or the whole text.
struct Group {
    /// Where it opens.
    start: usize,
    /// How many lexemes stand in it, parentheses within left out.
    length: usize,
    /// Whether it holds a comma, or a word that binds less than `NOT` or could be anything.
    loose: bool,
    comma: bool,
    /// `BETWEEN … AND` makes another thing of what follows an `AND`.
    between: bool,
}

impl Group {
    fn new(start: usize) -> Self {
        Self { start, length: 0, loose: false, comma: false, between: false }
    }
}

/// Words that a comparison may hold.
const TIGHT: [&str; 14] = [
    "is",
    "not",
    "null",
    "like",
    "glob",
    "in",
    "isnull",
    "notnull",
    "collate",
    "true",
    "false",
    "current_date",
    "current_time",
    "current_timestamp",
];

/// Words beside which a comparison needs no parentheses.
const BESIDE: [&str; 7] = ["and", "or", "when", "then", "else", "end", "where"];

/// Operators after which a single operand needs no parentheses.
const OPERATORS: [&str; 11] = ["=", "<>", "<", ">", "<=", ">=", "+", "*", "/", "%", "||"];

/// Takes off the parentheses that change nothing: doubled ones, those around the whole, around a single operand, and
/// around a comparison beside `AND` and `OR`.
fn without_needless_parentheses(lexemes: Vec<Lexeme>) -> Vec<Lexeme> {
    let mut needless = vec![false; lexemes.len()];
    let mut open: Vec<Group> = Vec::new();
    let mut whole = Group::new(0);
    for (at, lexeme) in lexemes.iter().enumerate() {
        if lexeme.is_sign("(") {
            open.push(Group::new(at));
            continue;
        }
        if !lexeme.is_sign(")") {
            let group = open.last_mut().unwrap_or(&mut whole);
            group.length += 1;
            group.comma |= lexeme.is_sign(",");
            group.between |= lexeme.is_any_word(&["between"]);
            group.loose |= matches!(lexeme, Lexeme::Word(word) if is_keyword(word) && !TIGHT.contains(&word.as_str()));
            continue;
        }
        let Some(group) = open.pop() else { continue };
        let parent = open.last_mut().unwrap_or(&mut whole);
        if is_needless(&lexemes, &group, at, parent) {
            needless[group.start] = true;
            needless[at] = true;
            parent.length += group.length;
            parent.comma |= group.comma;
            parent.between |= group.between;
            parent.loose |= group.loose;
        } else {
            parent.length += 1;
        }
    }
    let mut needless = needless.into_iter();
    lexemes.into_iter().filter(|_| needless.next() != Some(true)).collect()
}

fn is_needless(lexemes: &[Lexeme], group: &Group, end: usize, parent: &Group) -> bool {
    let before = group.start.checked_sub(1).and_then(|at| lexemes.get(at));
    let after = lexemes.get(end + 1);
    let first = &lexemes[group.start + 1];
    // A list, a row value, a query: these are what they are through their parentheses.
    if group.length == 0 || group.comma || first.is_any_word(&["select", "with", "values"]) {
        return false;
    }
    let opens = before.is_none_or(|lexeme| lexeme.is_sign("("));
    let closes = after.is_none_or(|lexeme| lexeme.is_sign(")"));
    if opens && closes {
        return true;
    }
    let beside = |lexeme: &Lexeme| lexeme.is_any_word(&BESIDE) || lexeme.is_sign(",") || lexeme.is_sign(";");
    let left = opens || before.is_some_and(beside);
    let right = closes || after.is_some_and(beside);
    if left && right && !group.loose && !parent.between {
        return true;
    }
    // What follows a word may be the arguments of a function, and `-(1)` may be another number than `-1`.
    let operator = |lexeme: &Lexeme| OPERATORS.iter().any(|sign| lexeme.is_sign(sign));
    group.length == 1 && !group.loose && end == group.start + 2 && (left || before.is_some_and(operator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Vec<Lexeme> {
        let schema = Schema::from_sql("CREATE TABLE t (a, b, c)").unwrap();
        normal(text, &Known::new([&schema]))
    }

    #[test]
    fn parentheses_that_change_nothing_are_left_out() {
        for (text, plain) in [
            ("(a)", "a"),
            ("(((a = 1)))", "a = 1"),
            ("(a = 1) AND (b = 2)", "a = 1 AND b = 2"),
            ("((a = 1) AND b) OR c", "(a = 1 AND b) OR c"),
            ("a = (1)", "a = 1"),
            ("f((a), (b = 1))", "f(a, b = 1)"),
            ("CASE WHEN (a > 1) THEN (b) ELSE (c) END", "CASE WHEN a > 1 THEN b ELSE c END"),
            ("NOT ((a = 1))", "NOT (a = 1)"),
            ("(a IS NOT NULL) OR (b NOT IN (1, 2))", "a IS NOT NULL OR b NOT IN (1, 2)"),
        ] {
            assert_eq!(form(text), form(plain), "{text}");
        }
    }

    #[test]
    fn parentheses_that_change_something_stay() {
        for (text, plain) in [
            ("(a OR b) AND c", "a OR b AND c"),
            ("NOT (a = 1)", "NOT a = 1"),
            ("a - (b - c)", "a - b - c"),
            ("a = (b = c)", "a = b = c"),
            ("a IN ((1, 2))", "a IN (1, 2)"),
            ("a IN ((SELECT 1))", "a IN (SELECT 1)"),
            ("f(a)", "f a"),
            ("a BETWEEN 1 AND (b = 2)", "a BETWEEN 1 AND b = 2"),
            ("-(9223372036854775808)", "-9223372036854775808"),
        ] {
            assert_ne!(form(text), form(plain), "{text}");
        }
    }

    #[test]
    fn a_name_has_any_quotes_and_a_text_has_one_spelling() {
        assert_eq!(form("A = [a] + `a` + \"a\""), form("a == a + a + a"));
        assert_eq!(form("\"t\".\"nowhere\""), form("t.nowhere"));
        assert_eq!(form("\"Nothing\""), form("'Nothing'"));
        assert_ne!(form("\"Nothing\""), form("'nothing'"));
        assert_ne!(form("\"nothing\""), form("nothing"));
        assert_eq!(form("[key]"), form("KEY"));
        assert_ne!(form("[null]"), form("null"));
        assert_ne!(form("[distinct]"), form("distinct"));
        assert_ne!(form("1.0"), form("1"));
    }

    #[test]
    fn a_name_that_a_view_gives_is_one_in_any_quotes() {
        for given in ["a AS \"the a\"", "a \"the a\"", "(a) \"the a\""] {
            let schema = |quoted: &str| {
                let sql = format!("CREATE TABLE t (a); CREATE VIEW v AS SELECT {given} FROM t;");
                Schema::from_sql(&format!("{sql} CREATE VIEW w AS SELECT {quoted} FROM v")).unwrap()
            };
            let (one, other) = (schema("\"the a\""), schema("[the a]"));
            assert_eq!(crate::compare(&one, &other), [], "{given}");
            assert_eq!(crate::compare(&schema("'the a'"), &one).len(), 1, "{given}");
        }
    }
}
