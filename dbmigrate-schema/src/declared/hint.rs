//! Finds the hints in a file; its tokens tell to which column or table each belongs.

use dbmigrate_core::nearest::nearest;
use dbmigrate_core::statement::split;
use dbmigrate_core::token::{Token, TokenKind, tokens, unquote};
use dbmigrate_core::{Diagnostic, Location, SourceText, Span};

use crate::model::Name;

/// `-- dbmigrate: renamed from old_name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The table that was renamed, or that has the renamed column.
    pub table: Name,
    /// The renamed column, if it is about one.
    pub column: Option<Name>,
    /// The previous name.
    pub from: Name,
    /// The comment.
    pub span: Span,
}

/// Words that begin a constraint where a column could stand.
const CONSTRAINTS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];

pub(super) fn read(source: &SourceText) -> Result<Vec<Hint>, Vec<Diagnostic>> {
    let text = source.text();
    let mut found = Found::default();
    let mut faults = Vec::new();
    let mut statements = split(text).into_iter().peekable();
    let mut place = Place::default();
    // Whether anything but comments came since the line began.
    let mut behind = false;
    for token in tokens(text) {
        while statements.next_if(|statement| statement.span.end <= token.span.start).is_some() {
            place.end();
        }
        match token.kind {
            TokenKind::Space => behind &= !token.text(text).contains('\n'),
            TokenKind::LineComment | TokenKind::BlockComment => match renamed_from(token.text(text)) {
                None => {}
                Some(Err(fault)) => faults.push(fault.at(Location::new(source, token.span))),
                Some(Ok(from)) => found.hint(&place, behind, from, token.span),
            },
            _ => {
                place.feed(text, token);
                found.settle(&place);
                behind = true;
            }
        }
    }
    faults.extend(found.pending.into_iter().chain(found.nowhere).map(|(_, span)| {
        Diagnostic::error("hint", "this hint does not belong to a column or table")
            .at(Location::new(source, span))
            .help("put it on the line above the column or the `CREATE TABLE`, or behind it")
    }));
    if faults.is_empty() { Ok(found.hints) } else { Err(faults) }
}

/// The text without its hints: a line that holds nothing else goes as a whole.
pub(super) fn without(text: &str, hints: &[Hint]) -> String {
    let mut rest = String::with_capacity(text.len());
    let mut at = 0;
    for hint in hints {
        rest.push_str(&text[at..hint.span.start]);
        let line = rest.rfind('\n').map_or(0, |at| at + 1);
        at = hint.span.end;
        if rest[line..].trim().is_empty() {
            rest.truncate(line);
            at += usize::from(text[at..].starts_with('\n'));
        } else {
            rest.truncate(rest.trim_end_matches([' ', '\t']).len());
        }
    }
    rest.push_str(&text[at..]);
    rest
}

#[derive(Default)]
struct Found {
    hints: Vec<Hint>,
    /// On lines of their own, waiting for what comes next.
    pending: Vec<(Name, Span)>,
    nowhere: Vec<(Name, Span)>,
}

impl Found {
    fn hint(&mut self, place: &Place, behind: bool, from: Name, span: Span) {
        match (&place.table, behind) {
            (Some(table), true) if place.depth <= 1 => {
                self.hints.push(Hint { table: table.clone(), column: place.column.clone(), from, span });
            }
            (_, false) if place.depth <= 1 => self.pending.push((from, span)),
            _ => self.nowhere.push((from, span)),
        }
    }

    /// Gives what was waiting to the column or table that has just been named.
    fn settle(&mut self, place: &Place) {
        if let (Some(table), true) = (&place.table, place.is_new) {
            let (table, column) = (table.clone(), place.column.clone());
            let hint = |(from, span)| Hint { table: table.clone(), column: column.clone(), from, span };
            self.hints.extend(self.pending.drain(..).map(hint));
        } else if place.is_other {
            self.nowhere.append(&mut self.pending);
        }
    }
}

/// Where in a `CREATE TABLE` a token stands.
#[derive(Default)]
struct Place {
    /// The words before the name have come as far as this.
    words: Words,
    table: Option<Name>,
    /// The column that was begun last.
    column: Option<Name>,
    depth: usize,
    /// The next token begins a column or a constraint.
    begins: bool,
    /// The last token settled which table it is, or named a column.
    is_new: bool,
    /// The last token began something else.
    is_other: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Words {
    #[default]
    None,
    Create,
    Table,
    /// The name has come.
    Named,
    /// No `CREATE TABLE`.
    Other,
}

impl Place {
    fn end(&mut self) {
        // What stands behind the last line still belongs to the table.
        self.words = Words::None;
        self.depth = 0;
        self.begins = false;
        self.column = None;
    }

    fn feed(&mut self, text: &str, token: Token) {
        let word = token.text(text);
        let is = |keyword: &str| token.kind == TokenKind::Word && word.eq_ignore_ascii_case(keyword);
        let began = std::mem::take(&mut self.begins);
        (self.is_new, self.is_other) = (false, false);
        match self.words {
            Words::None if token.kind == TokenKind::Semicolon => {}
            Words::None => {
                self.table = None;
                self.words = if is("create") { Words::Create } else { Words::Other };
                self.is_other = self.words == Words::Other;
            }
            Words::Create if is("table") => self.words = Words::Table,
            Words::Create => (self.words, self.is_other) = (Words::Other, true),
            Words::Table if is("if") || is("not") || is("exists") => {}
            Words::Table => {
                self.table = Some(Name::new(unquote(word)));
                self.words = Words::Named;
            }
            // It was the name of a schema.
            Words::Named if self.depth == 0 && word == "." => self.words = Words::Table,
            Words::Named => match token.kind {
                TokenKind::LeftParen => {
                    self.depth += 1;
                    self.begins = self.depth == 1 && self.column.is_none();
                    self.is_new = self.begins;
                }
                _ if is("as") && self.depth == 0 => self.is_new = true,
                TokenKind::RightParen => self.depth = self.depth.saturating_sub(1),
                _ if word == "," && self.depth == 1 => self.begins = true,
                _ if began => {
                    let constraint = token.kind == TokenKind::Word
                        && CONSTRAINTS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
                    self.column = (!constraint).then(|| Name::new(unquote(word)));
                    (self.is_new, self.is_other) = (!constraint, constraint);
                }
                _ => {}
            },
            Words::Other => {}
        }
    }
}

/// The name in a hint; none in a comment that is no directive at all.
fn renamed_from(comment: &str) -> Option<Result<Name, Diagnostic>> {
    let body = comment.strip_prefix("--").or_else(|| comment.strip_prefix("/*")?.strip_suffix("*/"))?;
    let said = body.trim_start().strip_prefix("dbmigrate:")?.trim();
    let words: Vec<&str> = tokens(said).filter(|token| !token.is_blank()).map(|token| token.text(said)).collect();
    let name = match words[..] {
        [renamed, from, name] if renamed == "renamed" && from == "from" => Some(unquote(name)),
        _ => None,
    };
    Some(name.filter(|name| !name.is_empty()).map(Name::new).ok_or_else(|| {
        let first = words.first().copied().unwrap_or("");
        let fault = Diagnostic::error("hint", format!("`{}` is not a hint", comment.trim_end()));
        let fault = fault.help("write `-- dbmigrate: renamed from old_name`");
        if first == "renamed" || nearest(first, ["renamed", "rename"]).is_some() {
            fault.note("a name that is more than a word has to be in double quotes")
        } else {
            fault.note("directives have no meaning in a schema, but would have one in the migrations made from it")
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each hint as `table[.column] < old name`.
    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let hints = read(&SourceText::new("schema.sql", text)).unwrap();
        let shown = hints.iter().map(|hint| {
            let column = hint.column.as_ref().map_or(String::new(), |column| format!(".{column}"));
            format!("{}{column} < {}", hint.table, hint.from)
        });
        assert_eq!(shown.collect::<Vec<_>>(), expect, "{text}");
        assert!(!without(text, &hints).contains("dbmigrate"), "{text}");
    }

    #[test]
    fn a_hint_stands_above_or_behind() {
        check("-- dbmigrate: renamed from old\nCREATE TABLE t (a);", &["t < old"]);
        check("CREATE TABLE t ( -- dbmigrate: renamed from old\n  a\n);", &["t < old"]);
        check("CREATE TABLE t (a); -- dbmigrate: renamed from old\nCREATE TABLE u (a);", &["t < old"]);
        check("CREATE TABLE t (\n  -- dbmigrate: renamed from old\n  a,\n  b);", &["t.a < old"]);
        check("CREATE TABLE t (\n  a, -- dbmigrate: renamed from old\n  b);", &["t.a < old"]);
        check("CREATE TABLE t (\n  a,\n  b -- dbmigrate: renamed from old\n);", &["t.b < old"]);
        check(
            "CREATE TABLE t (a TEXT CHECK (a IN ('x', 'y')), -- dbmigrate: renamed from old\n\
             b DEFAULT (1, 2) /* dbmigrate: renamed from \"the b\" */);",
            &["t.a < old", "t.b < the b"],
        );
        check(
            "-- dbmigrate: renamed from s\n-- So.\nCREATE TABLE IF NOT EXISTS main.\"T t\" (\n\
             -- dbmigrate: renamed from x\n\"check\" TEXT);\n",
            &["T t < s", "T t.check < x"],
        );
        assert_eq!(read(&SourceText::new("schema.sql", "SELECT '-- dbmigrate: renamed from x';")), Ok(vec![]));
    }

    #[test]
    fn what_belongs_to_nothing_is_an_error() {
        for text in [
            "-- dbmigrate: renamed from old\nCREATE INDEX i ON t (a);",
            "-- dbmigrate: renamed from old",
            "CREATE TABLE t (a,\n-- dbmigrate: renamed from old\nCHECK (a > 0));",
            "CREATE TABLE t (a CHECK (a -- dbmigrate: renamed from old\n> 0));",
            "-- dbmigrate: renamed from\nCREATE TABLE t (a);",
            "-- dbmigrate: renamed from a b\nCREATE TABLE t (a);",
            "-- dbmigrate: rename from a\nCREATE TABLE t (a);",
            "CREATE TABLE t (a -- dbmigrate: down\n);",
        ] {
            let faults = read(&SourceText::new("schema.sql", text)).unwrap_err();
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(faults[0].location.is_some() && !faults[0].help.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_hint_is_taken_out_with_its_line() {
        let text =
            "CREATE TABLE t (\n  -- dbmigrate: renamed from x\n  a, \t-- dbmigrate: renamed from y\n  -- kept\n  b);";
        let hints = read(&SourceText::new("schema.sql", text)).unwrap();
        assert_eq!(without(text, &hints), "CREATE TABLE t (\n  a,\n  -- kept\n  b);");
    }
}
