//! What one statement does, as far as a runner must know: read from its first tokens, never guessed from its text.

use crate::token::{Token, TokenKind, Tokens, is_word, tokens, unquote};

/// What a runner without a parser must know about a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// It drops this table of the main database.
    DropTable(String),
    /// It drops a column of this table of the main database.
    DropColumn(String),
    /// It updates, deletes or replaces rows of this table of the main database; cascades would follow.
    Write(String),
    /// It sets the state of the connection: a PRAGMA with a value, or ATTACH. It is run again when a script without
    /// a transaction resumes.
    Session,
    /// It begins the script's own transaction.
    Begin,
    /// It commits the script's own transaction.
    Commit,
    /// It can't run inside a transaction.
    Bare {
        /// Whether running it twice is the same as running it once.
        idempotent: bool,
    },
}

impl Effect {
    /// The effect of `statement`, the text of one statement.
    pub(super) fn of(statement: &str) -> Self {
        let mut reader = Reader::new(statement);
        if reader.word("DROP") {
            let table = if reader.word("TABLE") { reader.if_exists().table() } else { None };
            table.map_or(Self::None, Self::DropTable)
        } else if reader.words(&["ALTER", "TABLE"]) {
            table_losing_column(reader).map_or(Self::None, Self::DropColumn)
        } else if reader.word("PRAGMA") {
            Pragma::read(reader).map_or(Self::None, |pragma| pragma.effect())
        } else if reader.word("VACUUM") {
            Self::Bare { idempotent: reader.seek(&["INTO"]).is_none() }
        } else if reader.word("ATTACH") {
            Self::Session
        } else if reader.word("DETACH") {
            // What dies in it has detached everything; who resumes attaches that again before.
            Self::Bare { idempotent: true }
        } else if reader.word("BEGIN") {
            let _ = reader.word("DEFERRED") || reader.word("IMMEDIATE") || reader.word("EXCLUSIVE");
            if reader.transaction_end() { Self::Begin } else { Self::None }
        } else if reader.word("COMMIT") || reader.word("END") {
            if reader.transaction_end() { Self::Commit } else { Self::None }
        } else {
            written_table(reader).map_or(Self::None, Self::Write)
        }
    }
}

/// The table that an `ALTER TABLE` drops a column of. `DROP CONSTRAINT` takes no values away.
fn table_losing_column(mut reader: Reader<'_>) -> Option<String> {
    let table = reader.table()?;
    if !reader.word("DROP") || reader.word("CONSTRAINT") {
        return None;
    }
    reader.word("COLUMN");
    reader.name().map(|_| table)
}

/// The table whose rows a statement updates, deletes or replaces.
fn written_table(mut reader: Reader<'_>) -> Option<String> {
    if reader.word("WITH") {
        reader.common_table_expressions();
    }
    if reader.word("UPDATE") {
        if reader.word("OR") {
            reader.skip();
        }
        reader.table()
    } else if reader.words(&["DELETE", "FROM"])
        || reader.words(&["REPLACE", "INTO"])
        || reader.words(&["INSERT", "OR", "REPLACE", "INTO"])
    {
        reader.table()
    } else if reader.word("INSERT") {
        if reader.word("OR") {
            reader.skip();
        }
        let table = if reader.word("INTO") { reader.table() } else { None };
        // An upsert updates.
        table.filter(|_| reader.seek(&["DO", "UPDATE"]).is_some())
    } else {
        None
    }
}

/// A PRAGMA: its name, and the value that it sets or asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pragma {
    /// In lower case, without its schema.
    pub(crate) name: String,
    /// Without quotes.
    pub(crate) value: Option<String>,
}

impl Pragma {
    /// The PRAGMA that `statement` is, if it is one.
    pub(crate) fn of(statement: &str) -> Option<Self> {
        let mut reader = Reader::new(statement);
        if reader.word("PRAGMA") { Self::read(reader) } else { None }
    }

    fn read(mut reader: Reader<'_>) -> Option<Self> {
        let mut name = reader.name()?;
        if reader.symbol(".") {
            name = reader.name()?;
        }
        let parenthesis = reader.symbol("(");
        let value = if parenthesis || reader.symbol("=") {
            let sign = if reader.symbol("-") { "-" } else { "" };
            reader.symbol("+");
            Some(format!("{sign}{}", unquote(reader.skip()?.text(reader.text))))
        } else {
            None
        };
        // What does not end here is for SQLite to refuse.
        if parenthesis && !reader.symbol(")") || reader.next.is_some() {
            return None;
        }
        Some(Self { name: name.to_ascii_lowercase(), value })
    }

    /// Whether it can't run inside a transaction, or does nothing there.
    pub(crate) fn is_bare(&self) -> bool {
        match self.name.as_str() {
            "journal_mode" | "page_size" | "auto_vacuum" | "synchronous" => self.value.is_some(),
            "wal_checkpoint" => true,
            _ => false,
        }
    }

    /// Whether the value means on, as SQLite reads a switch: anything that it does not know is off.
    pub(crate) fn is_on(&self) -> bool {
        let value = self.value.as_deref().unwrap_or("").to_ascii_lowercase();
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        // Only the last byte of a number counts.
        matches!(value.as_str(), "on" | "yes" | "true") || value[..digits].parse::<i32>().is_ok_and(|n| n % 256 != 0)
    }

    fn effect(&self) -> Effect {
        match (self.name.as_str(), &self.value) {
            _ if self.is_bare() => Effect::Bare { idempotent: true },
            (_, None) => Effect::None,
            // These are written into the database file, once.
            ("user_version" | "application_id" | "schema_version", _) => Effect::None,
            // Others that only ask, such as `table_info(t)`, do no harm when they run again.
            _ => Effect::Session,
        }
    }
}

/// Reads the tokens of one statement, past blank space and comments.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    next: Option<Token>,
}

impl<'a> Reader<'a> {
    /// Before the first token of `statement`.
    pub(crate) fn new(statement: &'a str) -> Self {
        let mut reader = Self { text: statement, tokens: tokens(statement), next: None };
        reader.skip();
        reader
    }

    /// Takes the next token, whatever it is.
    pub(crate) fn skip(&mut self) -> Option<Token> {
        let token = self.next;
        self.next = self.tokens.find(|token| !token.is_blank());
        token
    }

    /// Takes the next token if it is this keyword.
    pub(crate) fn word(&mut self, keyword: &str) -> bool {
        let found = self.next.is_some_and(|token| is_word(self.text, token, keyword));
        if found {
            self.skip();
        }
        found
    }

    /// Takes all of these keywords, or none.
    pub(crate) fn words(&mut self, keywords: &[&str]) -> bool {
        let mut ahead = self.clone();
        let found = keywords.iter().all(|keyword| ahead.word(keyword));
        if found {
            *self = ahead;
        }
        found
    }

    /// Takes `IF EXISTS` or `IF NOT EXISTS`, where it stands.
    pub(crate) fn if_exists(&mut self) -> &mut Self {
        let _ = self.words(&["IF", "EXISTS"]) || self.words(&["IF", "NOT", "EXISTS"]);
        self
    }

    /// Takes a name, in quotes or not.
    pub(crate) fn name(&mut self) -> Option<String> {
        let token = self
            .next
            .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))?;
        self.skip();
        Some(unquote(token.text(self.text)))
    }

    /// Takes `[schema.]name`.
    pub(crate) fn qualified(&mut self) -> Option<(Option<String>, String)> {
        let name = self.name()?;
        if self.symbol(".") { Some((Some(name), self.name()?)) } else { Some((None, name)) }
    }

    /// Takes `[schema.]name` and gives the name, unless it lies in a database other than `main`.
    fn table(&mut self) -> Option<String> {
        let (schema, name) = self.qualified()?;
        schema.is_none_or(|schema| schema.eq_ignore_ascii_case("main")).then_some(name)
    }

    /// Takes the next token if it is this operator or parenthesis.
    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.next.is_some_and(|token| token.text(self.text) == symbol);
        if found {
            self.skip();
        }
        found
    }

    /// Takes `TRANSACTION`, its name, and whether the statement ends there.
    fn transaction_end(&mut self) -> bool {
        if self.word("TRANSACTION") {
            self.name();
        }
        self.next.is_none()
    }

    /// Whether what stands here is a query: SELECT or VALUES, perhaps after WITH.
    pub(crate) fn is_select(&mut self) -> bool {
        if self.word("WITH") {
            self.common_table_expressions();
        }
        self.word("SELECT") || self.word("VALUES")
    }

    /// Reads on until these keywords follow outside parentheses, and gives the place of the first.
    pub(crate) fn seek(&mut self, keywords: &[&str]) -> Option<usize> {
        loop {
            let start = self.next?.span.start;
            if self.words(keywords) {
                return Some(start);
            }
            if !self.parentheses() {
                self.skip();
            }
        }
    }

    /// Takes a group in parentheses, if one stands here.
    fn parentheses(&mut self) -> bool {
        if !self.symbol("(") {
            return false;
        }
        let mut depth = 1_usize;
        while depth > 0 {
            match self.skip().map(|token| token.kind) {
                Some(TokenKind::LeftParen) => depth += 1,
                Some(TokenKind::RightParen) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
        true
    }

    /// Takes what stands between `WITH` and the statement proper.
    fn common_table_expressions(&mut self) {
        self.word("RECURSIVE");
        loop {
            self.name();
            self.parentheses();
            self.word("AS");
            self.word("NOT");
            self.word("MATERIALIZED");
            self.parentheses();
            if !self.symbol(",") {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statement: &str, expect: &Effect) {
        assert_eq!(Effect::of(statement), *expect, "{statement}");
    }

    fn drops(table: &str) -> Effect {
        Effect::DropTable(table.to_owned())
    }

    fn writes(table: &str) -> Effect {
        Effect::Write(table.to_owned())
    }

    #[test]
    fn a_dropped_table_is_named_as_it_is_called() {
        check("DROP TABLE a", &drops("a"));
        check("drop /* so */ table if exists main.\"a\"\"b\"", &drops("a\"b"));
        check("DROP TABLE \"MAIN\".[a b]", &drops("a b"));
        check("DROP TABLE 'a'", &drops("a"));
        check("DROP TABLE `if`", &drops("if"));
        check("DROP TABLE if", &drops("if"));
        check("DROP TABLE temp.a", &Effect::None);
        check("DROP TABLE other.a", &Effect::None);
        check("DROP TABLE", &Effect::None);
        check("DROP VIEW a", &Effect::None);
        check("EXPLAIN DROP TABLE a", &Effect::None);
    }

    #[test]
    fn a_dropped_column_is_known_by_its_table() {
        let drops = Effect::DropColumn("a".to_owned());
        for statement in [
            "ALTER TABLE a DROP COLUMN b",
            "alter table main.\"a\" drop b",
            "ALTER TABLE [a] DROP /* so */ COLUMN \"constraint\"",
            "ALTER TABLE a DROP 'constraint'",
        ] {
            check(statement, &drops);
        }
        for statement in [
            "ALTER TABLE a DROP CONSTRAINT b",
            "ALTER TABLE a DROP",
            "ALTER TABLE a DROP COLUMN",
            "ALTER TABLE a ALTER COLUMN b DROP NOT NULL",
            "ALTER TABLE a ADD COLUMN \"DROP\" DEFAULT 'DROP COLUMN c'",
            "ALTER TABLE a RENAME COLUMN b TO \"drop\"",
            "ALTER TABLE temp.a DROP COLUMN b",
            "ALTER TABLE other.a DROP COLUMN b",
            "EXPLAIN ALTER TABLE a DROP COLUMN b",
            "ALTER",
        ] {
            check(statement, &Effect::None);
        }
    }

    #[test]
    fn a_table_whose_rows_change_or_go_is_named() {
        for statement in [
            "UPDATE t SET a = 1",
            "update or replace main.t set a = 1",
            "UPDATE \"t\" AS x SET a = 1",
            "DELETE FROM t",
            "DELETE FROM [main].[t] WHERE 1",
            "REPLACE INTO t VALUES (1)",
            "INSERT OR REPLACE INTO t(a) VALUES (1)",
            "INSERT INTO t(a) VALUES (1) ON CONFLICT(a) DO UPDATE SET a = 2",
            "INSERT OR FAIL INTO t(a) VALUES (1) ON CONFLICT(a) DO UPDATE SET a = 2",
            "WITH x AS (SELECT 1) UPDATE t SET a = 1",
            "WITH RECURSIVE x(n) AS NOT MATERIALIZED (SELECT 1 UNION SELECT n FROM x), replace AS (VALUES(')')) DELETE FROM t",
            "WITH \"update\" AS MATERIALIZED (SELECT (1)) INSERT OR REPLACE INTO t SELECT 1",
        ] {
            check(statement, &writes("t"));
        }
        for statement in [
            "INSERT INTO t VALUES (1)",
            "INSERT OR IGNORE INTO t VALUES (1)",
            "INSERT INTO t VALUES ('DO UPDATE') ON CONFLICT DO NOTHING",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT 1",
            "UPDATE temp.t SET a = 1",
            "DELETE FROM other.t",
            "SELECT replace(a, 'UPDATE', 'b') FROM t",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END",
            "EXPLAIN DELETE FROM t",
            "WITH",
            "WITH x AS (",
            "UPDATE",
            "REPLACE",
        ] {
            check(statement, &Effect::None);
        }
    }

    #[test]
    fn what_a_transaction_and_a_connection_have_to_do_with() {
        let again = &Effect::Bare { idempotent: true };
        let once = &Effect::Bare { idempotent: false };
        for (statement, expect) in [
            ("VACUUM", again),
            ("vacuum main", again),
            ("VACUUM INTO 'into'", once),
            ("VACUUM main INTO 'x'", once),
            ("DETACH x", again),
            ("DETACH DATABASE x", again),
            ("ATTACH 'x.db' AS x", &Effect::Session),
            ("PRAGMA journal_mode = WAL", again),
            ("PRAGMA main.journal_mode(WAL)", again),
            ("PRAGMA page_size=8192", again),
            ("PRAGMA \"auto_vacuum\" = 2", again),
            ("PRAGMA synchronous = NORMAL", again),
            ("PRAGMA wal_checkpoint", again),
            ("PRAGMA journal_mode", &Effect::None),
            ("PRAGMA synchronous", &Effect::None),
            ("PRAGMA foreign_keys = OFF", &Effect::Session),
            ("PRAGMA cache_size = -2000", &Effect::Session),
            ("PRAGMA foreign_keys", &Effect::None),
            ("PRAGMA user_version = 5", &Effect::None),
            ("PRAGMA", &Effect::None),
            ("PRAGMA journal_mode WAL", &Effect::None),
            ("PRAGMA journal_mode = ", &Effect::None),
            ("PRAGMA journal_mode(WAL", &Effect::None),
            ("PRAGMA journal_mode = WAL so", &Effect::None),
            ("BEGIN", &Effect::Begin),
            ("begin immediate transaction", &Effect::Begin),
            ("BEGIN DEFERRED", &Effect::Begin),
            ("BEGIN EXCLUSIVE TRANSACTION", &Effect::Begin),
            ("BEGIN TRANSACTION 'x'", &Effect::Begin),
            ("BEGIN SOMETHING", &Effect::None),
            ("COMMIT", &Effect::Commit),
            ("COMMIT TRANSACTION", &Effect::Commit),
            ("end transaction", &Effect::Commit),
            ("END x", &Effect::None),
            ("SELECT 1", &Effect::None),
            ("\"DROP\" TABLE a", &Effect::None),
        ] {
            check(statement, expect);
        }
    }

    #[test]
    fn a_switch_is_on_for_the_words_that_sqlite_knows() {
        for (value, expect) in [
            ("= ON", true),
            ("= 1", true),
            ("(yes)", true),
            ("= 'true'", true),
            ("= 010", true),
            ("= +1", true),
            ("= OFF", false),
            ("= 0", false),
            ("(false)", false),
            ("= \"no\"", false),
            ("= banana", false),
            ("= 256", false),
            ("= -1", false),
        ] {
            let pragma = Pragma::of(&format!("PRAGMA foreign_keys {value}")).unwrap();
            assert_eq!((pragma.name.as_str(), pragma.is_on()), ("foreign_keys", expect), "{value}");
        }
        assert_eq!(Pragma::of("SELECT 1"), None);
    }
}
