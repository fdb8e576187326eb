//! The text of a script.
//!
//! A semicolon stands at the beginning of the line after its statement, so that a shell which reads line by line sees
//! a whole transaction as one piece: after an error it leaves the rest of the piece out, the `COMMIT` as well, and the
//! next piece fails at its `BEGIN`. Such shells go on after an error otherwise.

use dbmigrate_core::statement::{self, Statement};
use rusqlite::Connection;

use super::block::{Block, Item, begins_with};
use super::guard::{Condition, Guard};

/// What the first line of a script begins with.
pub(super) const MARK: &str = "-- dbmigrate script";

/// Comments at the top, then the pieces.
pub(super) struct Text(String);

impl Text {
    pub(super) fn new(title: &str, lines: &[String]) -> Self {
        let mut text = format!("{MARK}: {}\n", one_line(title));
        for line in lines {
            text.push_str(&format!("-- {}\n", one_line(line)));
        }
        Self(text)
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// One transaction, or what runs outside of any.
    pub(super) fn piece(&mut self, block: &Block, statements: &[String]) {
        self.0.push_str(&format!("\n-- {}\n", one_line(&block.labels.join(", "))));
        let mut lines: Vec<&str> = Vec::with_capacity(statements.len() + 3);
        let switch = if block.enforced { "PRAGMA foreign_keys = ON" } else { "PRAGMA foreign_keys = OFF" };
        if block.transaction {
            lines.extend([switch, "BEGIN IMMEDIATE"]);
        }
        lines.extend(statements.iter().map(String::as_str));
        if block.transaction {
            lines.push("COMMIT");
            if !block.enforced {
                lines.push("PRAGMA foreign_keys = ON");
            }
        }
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            self.0.push_str(line);
            self.0.push_str(if keeps_blanks(line) { "; " } else { "\n;" });
        }
        self.0.push_str(last);
        self.0.push_str("\n;\n");
    }
}

/// Whether SQLite keeps the blanks between a statement and its semicolon, as if they were part of it.
fn keeps_blanks(sql: &str) -> bool {
    begins_with(sql, &["CREATE"])
}

/// All statements of a transaction, with what has to be true before and after them.
pub(super) fn guarded(guard: &Guard<'_>, block: &Block, first: Vec<Condition>, ways: &[String]) -> Vec<String> {
    let is_first_own =
        |item: &Item| matches!(item, Item::Own(sql) if sql.starts_with("CREATE ") || sql.ends_with(" SET chain = ''"));
    // The history has to be there before it can be asked.
    let start = block.items.iter().take_while(|item| is_first_own(item)).count();
    let (creates, items) = block.items.split_at(start);
    let mut conditions = first;
    let mut body: Vec<String> = conditions.iter().enumerate().map(|(at, it)| guard.ask(at, it)).collect();
    body.extend(ways.iter().cloned());
    if !block.enforced {
        body.push(guard.keep_orphans());
    }
    let mut asserted = 0;
    for item in items {
        body.push(match item {
            Item::Own(sql) => sql.clone(),
            Item::User(user) => user.sql.clone(),
            Item::Assert(user) => {
                asserted += 1;
                let condition = guard.asserts(&user.script, &user.sql, asserted);
                let sql = guard.ask(conditions.len(), &condition);
                conditions.push(condition);
                sql
            }
        });
    }
    if !block.enforced {
        let condition = guard.no_new_orphans();
        body.push(guard.ask(conditions.len(), &condition));
        conditions.push(condition);
        body.push(guard.drop_orphans());
    }
    let table = guard.open(&conditions.iter().collect::<Vec<_>>());
    let creates = creates.iter().filter_map(|item| match item {
        Item::Own(sql) => Some(sql.clone()),
        _ => None,
    });
    creates.chain([table]).chain(body).chain([guard.close()]).collect()
}

/// Runs a text, statement by statement: SQLite copies what it is given for each, so all of it at once takes a time in the square
/// of its size.
pub(super) fn run(text: &str, database: &Connection) -> rusqlite::Result<()> {
    let mut start = 0;
    // What stands between two of them, the semicolon and comments, goes with the first.
    for Statement { span, .. } in statement::split(text).iter().skip(1) {
        database.execute_batch(&text[start..span.start])?;
        start = span.start;
    }
    database.execute_batch(&text[start..])
}

/// Nothing that ends a comment.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
