//! Statements said so that they can run again: SQLite knows no IF, but many statements do.

use dbmigrate_core::token::{Token, TokenKind, is_word, tokens};

/// PRAGMAs that say the same each time.
const PRAGMAS: [&str; 6] = [
    "user_version",
    "application_id",
    "foreign_keys",
    "defer_foreign_keys",
    "legacy_alter_table",
    "recursive_triggers",
];

/// What a statement makes or takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// `table`, `index`, `view` or `trigger`.
    pub(super) kind: String,
    /// Its name, in lower case.
    pub(super) name: String,
}

/// A statement that can be run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Once {
    pub(super) sql: String,
    /// What it takes away whenever it runs.
    pub(super) dropped: Option<Object>,
    /// What it makes in the file of the database, and nothing by that name may be there before.
    pub(super) made: Option<Object>,
}

/// The statement as it does nothing unless `condition` holds, or what it makes is missing, or what it takes away is
/// there; or why there is no such statement.
pub(super) fn once(sql: &str, condition: &str) -> Result<Once, &'static str> {
    let statement = Statement { sql, tokens: tokens(sql).filter(|token| !token.is_blank()).collect() };
    let same = |sql: String| Ok(Once { sql, dropped: None, made: None });
    match statement.word(0).as_str() {
        "CREATE" => statement.create(),
        "DROP" => statement.drop(),
        "INSERT" | "REPLACE" => same(statement.insert(condition)?),
        "UPDATE" | "DELETE" => same(statement.change(condition)?),
        "PRAGMA" if statement.is_steady_pragma() => same(sql.to_owned()),
        "ANALYZE" | "REINDEX" | "SELECT" | "VALUES" => same(sql.to_owned()),
        "ALTER" => Err("`ALTER TABLE` has no IF"),
        "WITH" => Err("a statement with `WITH` can't get a condition"),
        _ => Err("it can't be run again"),
    }
}

struct Statement<'s> {
    sql: &'s str,
    tokens: Vec<Token>,
}

impl Statement<'_> {
    fn word(&self, at: usize) -> String {
        self.tokens.get(at).map_or(String::new(), |token| token.text(self.sql).to_ascii_uppercase())
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| is_word(self.sql, *token, word))
    }

    /// With words put in before a token, unless they stand there.
    fn with(&self, at: usize, words: &str) -> String {
        let first = words.split(' ').next().unwrap_or_default();
        match self.tokens.get(at) {
            Some(token) if !self.is(at, first) => {
                let (head, tail) = self.sql.split_at(token.span.start);
                format!("{head}{words} {tail}")
            }
            _ => self.sql.to_owned(),
        }
    }

    fn create(&self) -> Result<Once, &'static str> {
        let mut at = 1;
        let is_temp = ["TEMP", "TEMPORARY"].iter().any(|word| self.is(at, word));
        while ["TEMP", "TEMPORARY", "UNIQUE", "VIRTUAL"].iter().any(|word| self.is(at, word)) {
            at += 1;
        }
        if !["TABLE", "INDEX", "VIEW", "TRIGGER"].iter().any(|word| self.is(at, word)) {
            return Err("it can't be run again");
        }
        let sql = self.with(at + 1, "IF NOT EXISTS");
        let made = if is_temp || sql == self.sql { None } else { Some(self.object(at, at + 1)?) };
        Ok(Once { sql, dropped: None, made })
    }

    /// What is named at a place, perhaps with its schema.
    fn object(&self, kind: usize, at: usize) -> Result<Object, &'static str> {
        let dot = self.tokens.get(at + 1).is_some_and(|token| token.text(self.sql) == ".");
        let name = self.tokens.get(if dot { at + 2 } else { at }).ok_or("it has no name")?;
        let name = dbmigrate_core::token::unquote(name.text(self.sql)).to_ascii_lowercase();
        Ok(Object { kind: self.word(kind).to_ascii_lowercase(), name })
    }

    fn drop(&self) -> Result<Once, &'static str> {
        let object = self.object(1, if self.is(2, "IF") { 4 } else { 2 })?;
        Ok(Once { sql: self.with(2, "IF EXISTS"), dropped: Some(object), made: None })
    }

    /// `INSERT INTO t (…) SELECT * FROM (…) WHERE …`.
    fn insert(&self, condition: &str) -> Result<String, &'static str> {
        let outside = self.outside();
        let find = |words: &[&str]| outside.iter().position(|at| words.iter().any(|word| self.is(*at, word)));
        if find(&["RETURNING"]).is_some()
            || outside.windows(2).any(|two| self.is(two[0], "ON") && self.is(two[1], "CONFLICT"))
        {
            return Err("an `INSERT` with `ON CONFLICT` or `RETURNING` can't get a condition");
        }
        if find(&["ORDER"]).is_some() {
            return Err("rows that are inserted in an order can't get a condition");
        }
        let body = find(&["VALUES", "SELECT"]).map(|at| outside[at]).filter(|at| !self.is(at - 1, "DEFAULT"));
        let Some(body) = body else { return Err("this `INSERT` can't get a condition") };
        if find(&["WITH"]).is_some_and(|at| outside[at] < body) {
            return Err("a statement with `WITH` can't get a condition");
        }
        let (head, rows) = self.sql.split_at(self.tokens[body].span.start);
        // A comment may end the statement.
        Ok(format!("{head}SELECT * FROM (\n{rows}\n) WHERE {condition}"))
    }

    /// `UPDATE` and `DELETE`.
    fn change(&self, condition: &str) -> Result<String, &'static str> {
        let outside = self.outside();
        if outside.iter().any(|at| ["RETURNING", "ORDER", "LIMIT"].iter().any(|word| self.is(*at, word))) {
            return Err("a change with `RETURNING`, `ORDER` or `LIMIT` can't get a condition");
        }
        let found: Vec<usize> = outside.into_iter().filter(|at| self.is(*at, "WHERE")).collect();
        match found.as_slice() {
            [] => Ok(format!("{}\nWHERE {condition}", self.sql)),
            [at] => {
                let (head, tail) = self.sql.split_at(self.tokens[*at].span.end);
                Ok(format!("{head} (\n{tail}\n) AND {condition}"))
            }
            _ => Err("it has more than one `WHERE`"),
        }
    }

    fn is_steady_pragma(&self) -> bool {
        let at = if self.tokens.get(2).is_some_and(|token| token.text(self.sql) == ".") { 3 } else { 1 };
        let name = self.word(at).to_ascii_lowercase();
        self.tokens.len() > at && PRAGMAS.contains(&name.as_str())
    }

    /// The places of the tokens that stand in no parentheses.
    fn outside(&self) -> Vec<usize> {
        let mut depth = 0_usize;
        let mut out = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                _ if depth == 0 => out.push(at),
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expect: Result<&str, &str>) {
        let found = once(sql, "c").map(|once| once.sql.replace('\n', " "));
        assert_eq!(found.as_deref().map_err(|why| *why), expect, "{sql}");
    }

    #[test]
    fn what_can_be_said_so_is() {
        check("CREATE TABLE t (a)", Ok("CREATE TABLE IF NOT EXISTS t (a)"));
        check("create unique index /* so */ i ON t (a)", Ok("create unique index /* so */ IF NOT EXISTS i ON t (a)"));
        check("CREATE TEMP VIEW IF NOT EXISTS v AS SELECT 1", Ok("CREATE TEMP VIEW IF NOT EXISTS v AS SELECT 1"));
        check("CREATE VIRTUAL TABLE f USING fts5(a)", Ok("CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(a)"));
        check("CREATE TABLE \"IF\" (a)", Ok("CREATE TABLE IF NOT EXISTS \"IF\" (a)"));
        check("DROP TABLE t", Ok("DROP TABLE IF EXISTS t"));
        check("DROP INDEX IF EXISTS main.i", Ok("DROP INDEX IF EXISTS main.i"));
        check(
            "INSERT INTO t (a, b) VALUES (1, 'WHERE'), (2, 3)",
            Ok("INSERT INTO t (a, b) SELECT * FROM ( VALUES (1, 'WHERE'), (2, 3) ) WHERE c"),
        );
        check(
            "INSERT OR IGNORE INTO t SELECT a FROM u WHERE b IN (SELECT 1) -- so",
            Ok("INSERT OR IGNORE INTO t SELECT * FROM ( SELECT a FROM u WHERE b IN (SELECT 1) -- so ) WHERE c"),
        );
        check("REPLACE INTO t VALUES (1)", Ok("REPLACE INTO t SELECT * FROM ( VALUES (1) ) WHERE c"));
        check("UPDATE t SET a = (SELECT 1 WHERE 2)", Ok("UPDATE t SET a = (SELECT 1 WHERE 2) WHERE c"));
        check("UPDATE t SET a = 1 WHERE b OR d", Ok("UPDATE t SET a = 1 WHERE (  b OR d ) AND c"));
        check("DELETE FROM t", Ok("DELETE FROM t WHERE c"));
        check("PRAGMA main.user_version = 3", Ok("PRAGMA main.user_version = 3"));
    }

    #[test]
    fn what_can_not_says_why() {
        for sql in [
            "ALTER TABLE t ADD COLUMN a",
            "VACUUM",
            "PRAGMA journal_mode = wal",
            "INSERT INTO t DEFAULT VALUES",
            "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
            "INSERT INTO t VALUES (1) RETURNING a",
            "INSERT INTO t SELECT a FROM u ORDER BY b",
            "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "UPDATE t SET a = 1 WHERE b LIMIT 1",
            "DELETE FROM t RETURNING a",
            "ATTACH 'x' AS y",
        ] {
            assert!(once(sql, "c").is_err(), "{sql}");
        }
    }

    #[test]
    fn what_is_taken_away_is_named() {
        let dropped = |sql| once(sql, "c").unwrap().dropped.unwrap();
        assert_eq!(dropped("DROP TABLE IF EXISTS main.[A b]"), Object { kind: "table".into(), name: "a b".into() });
        assert_eq!(dropped("drop trigger T"), Object { kind: "trigger".into(), name: "t".into() });
    }
}
