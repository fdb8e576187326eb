//! Splits a script into statements, with what a runner without a parser has to know about each.
//!
//! The splits are those of `sqlite3_complete`: at every `;`, except in the body of a trigger. Nothing is validated
//! here: a statement that makes no sense to SQLite is still a statement, and SQLite reports it.

mod effect;

pub use effect::Effect;
pub(crate) use effect::{Pragma, Reader};

use crate::source::Span;
use crate::token::{Token, TokenKind, is_word, tokens};

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// From its first token to its last, without the final `;` and without comments around it.
    pub span: Span,
    /// What the runner has to know about it.
    pub effect: Effect,
}

/// The statements of `text`, in order, without empty ones.
#[must_use]
pub fn split(text: &str) -> Vec<Statement> {
    let mut splitter = Splitter::default();
    let mut statements: Vec<_> = tokens(text).filter_map(|token| splitter.feed(text, token)).collect();
    statements.extend(splitter.finish(text));
    statements
}

/// Whether a text may defer the check of a foreign key until the commit. This is a conservative guess from its words,
/// and the runner makes the same one.
#[must_use]
pub fn mentions_deferring(text: &str) -> bool {
    text.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"defer"))
}

/// Cuts a stream of tokens into statements.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    state: State,
    span: Option<Span>,
}

/// The states of `sqlite3_complete`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between statements.
    #[default]
    Start,
    /// In a statement that ends at the next `;`.
    Normal,
    /// After `EXPLAIN`, and perhaps `QUERY PLAN`.
    Explain,
    /// After `CREATE`, and perhaps `TEMP`.
    Create,
    /// In a trigger.
    Trigger,
    /// In a trigger, after `;`.
    TriggerSemicolon,
    /// In a trigger, after `; END`: the next `;` ends it.
    TriggerEnd,
}

impl Splitter {
    /// Whether a statement has begun and not ended.
    pub(crate) fn is_open(&self) -> bool {
        self.span.is_some()
    }

    /// Takes the next token, and gives the statement that it ends.
    pub(crate) fn feed(&mut self, text: &str, token: Token) -> Option<Statement> {
        if token.is_blank() {
            return None;
        }
        let word = |keyword| is_word(text, token, keyword);
        let semicolon = token.kind == TokenKind::Semicolon;
        self.state = match self.state {
            State::Trigger | State::TriggerSemicolon if semicolon => State::TriggerSemicolon,
            _ if semicolon => return self.finish(text),
            State::Start if word("EXPLAIN") => State::Explain,
            State::Start | State::Explain if word("CREATE") => State::Create,
            State::Explain if !["EXPLAIN", "TEMP", "TEMPORARY", "TRIGGER", "END"].into_iter().any(word) => {
                State::Explain
            }
            State::Create if word("TEMP") || word("TEMPORARY") => State::Create,
            State::Create if word("TRIGGER") => State::Trigger,
            State::Start | State::Normal | State::Explain | State::Create => State::Normal,
            State::TriggerSemicolon if word("END") => State::TriggerEnd,
            State::Trigger | State::TriggerSemicolon | State::TriggerEnd => State::Trigger,
        };
        let start = self.span.map_or(token.span.start, |span| span.start);
        self.span = Some(Span::new(start, token.span.end));
        None
    }

    /// The statement that the end of the script ends.
    pub(crate) fn finish(&mut self, text: &str) -> Option<Statement> {
        self.state = State::Start;
        let span = self.span.take()?;
        Some(Statement { span, effect: Effect::of(text.get(span.start..span.end)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let found: Vec<_> =
            split(text).iter().map(|statement| &text[statement.span.start..statement.span.end]).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_statement_ends_at_its_semicolon_or_with_the_text() {
        check("SELECT 1; SELECT 2;", &["SELECT 1", "SELECT 2"]);
        check("SELECT 1;\nSELECT 2", &["SELECT 1", "SELECT 2"]);
        check("", &[]);
        check(" ;;\n; -- nothing\n /* at all */ ;", &[]);
        check("-- before\nSELECT /* in */ 1 -- after\n;", &["SELECT /* in */ 1"]);
        check("\u{feff}SELECT 1", &["SELECT 1"]);
        check("SELECT ';' , \";\" , `;` , [;] -- ;\n/* ; */;", &["SELECT ';' , \";\" , `;` , [;]"]);
        check("SELECT '--'; SELECT '/*'; SELECT '*/'", &["SELECT '--'", "SELECT '/*'", "SELECT '*/'"]);
        check("SELECT 'it''s; -- so'; SELECT 2", &["SELECT 'it''s; -- so'", "SELECT 2"]);
        check("PRAGMA user_version = 3; PRAGMA x;", &["PRAGMA user_version = 3", "PRAGMA x"]);
        check("SELECT 'never ends; SELECT 2;", &["SELECT 'never ends; SELECT 2;"]);
    }

    #[test]
    fn a_trigger_ends_at_its_end() {
        let plain = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END";
        let case = "create temp trigger if not exists t AFTER UPDATE ON a WHEN CASE WHEN 1 THEN 2 END BEGIN\n\
                    UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; -- ; END;\n\
                    UPDATE a SET b = case when c then 'end;' end;\nend";
        let names = "CREATE TEMPORARY TRIGGER \"begin\" AFTER DELETE ON [end] BEGIN DELETE FROM \"end\"; /* ; */ END";
        for trigger in [plain, case, names] {
            check(trigger, &[trigger]);
            check(&format!("{trigger};"), &[trigger]);
            check(&format!("{trigger} /* so */ ;;SELECT 3"), &[trigger, "SELECT 3"]);
            check(&format!("SELECT 0;{trigger};SELECT 3;"), &["SELECT 0", trigger, "SELECT 3"]);
            let explain = format!("EXPLAIN QUERY PLAN {trigger}");
            check(&format!("{explain};SELECT 3;"), &[&explain, "SELECT 3"]);
        }
        check(
            "CREATE TRIGGER t BEGIN SELECT 1; END more; END; SELECT 2",
            &["CREATE TRIGGER t BEGIN SELECT 1; END more; END", "SELECT 2"],
        );
    }

    #[test]
    fn words_of_triggers_elsewhere_begin_none() {
        check("CREATE TABLE trigger(a); SELECT 1", &["CREATE TABLE trigger(a)", "SELECT 1"]);
        check("CREATE \"TRIGGER\" t; END; SELECT 1", &["CREATE \"TRIGGER\" t", "END", "SELECT 1"]);
        check("BEGIN; END; SELECT 1", &["BEGIN", "END", "SELECT 1"]);
        check("DROP TRIGGER t; SELECT 1", &["DROP TRIGGER t", "SELECT 1"]);
        check(
            "EXPLAIN SELECT 1; EXPLAIN EXPLAIN CREATE TRIGGER; x",
            &["EXPLAIN SELECT 1", "EXPLAIN EXPLAIN CREATE TRIGGER", "x"],
        );
    }

    #[test]
    fn a_statement_alone_is_the_same_statement() {
        let mut soup = crate::testing::Soup::new(2);
        let mut count = 0;
        for _ in 0..3_000 {
            let text = soup.text(40);
            let mut end = 0;
            for Statement { span, effect } in split(&text) {
                assert!(span.start >= end && span.end > span.start, "{text:?}");
                end = span.end;
                count += 1;
                let alone = &text[span.start..span.end];
                let whole = Statement { span: Span::new(0, alone.len()), effect };
                assert_eq!(split(alone), [whole], "{alone:?}");
            }
        }
        assert!(count > 1_000, "{count}");
    }

    #[test]
    fn a_long_script_takes_time_in_proportion() {
        let text = "INSERT INTO a SELECT ((((1)))) WHERE 'x' ON CONFLICT DO NOTHING;".repeat(20_000);
        assert_eq!(split(&text).len(), 20_000);
        let open = format!("WITH {}", "a AS (".repeat(200_000));
        assert_eq!(split(&open).len(), 1);
    }
}
