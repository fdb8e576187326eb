//! The migrations that every tool is given, in the layout of its own files.

use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::tools::Tool;

/// The same SQL for every tool.
#[derive(Debug)]
pub struct Set {
    /// Its folder.
    pub name: String,
    /// Name and SQL of each migration, in order.
    pub migrations: Vec<(String, String)>,
}

impl Set {
    /// So many migrations: tables, columns, indexes, rows and triggers in turns.
    pub fn of(count: usize) -> Self {
        Self { name: count.to_string(), migrations: (0..count).map(migration).collect() }
    }

    /// A table that others refer to is made anew, as SQLite's documentation says for what `ALTER` can't do; with its
    /// `PRAGMA` lines or without.
    pub fn rebuild(pragma: bool) -> Self {
        let rebuild = "CREATE TABLE parents_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
INSERT INTO parents_new SELECT id, name FROM parents;
DROP TABLE parents;
ALTER TABLE parents_new RENAME TO parents;
";
        let (name, rebuild) = if pragma {
            ("rebuild-pragma", format!("PRAGMA foreign_keys = OFF;\n{rebuild}PRAGMA foreign_keys = ON;\n"))
        } else {
            ("rebuild", rebuild.to_owned())
        };
        let parents = "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE children (
  id INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE
);
INSERT INTO parents (id, name) VALUES (1, 'ann'), (2, 'bob');
INSERT INTO children (parent) VALUES (1), (1), (2);
";
        let migrations = [migration(0), ("parents".to_owned(), parents.to_owned()), ("rebuild".to_owned(), rebuild)];
        Self { name: name.to_owned(), migrations: migrations.into() }
    }

    /// The second one fails, in its fourth line.
    pub fn fault() -> Self {
        let fault = "CREATE TABLE notes (id INTEGER PRIMARY KEY);\n\nINSERT INTO notes (id) VALUES (1);\nINSERT INTO nowhere (id) VALUES (1);\n";
        let migrations = [migration(0), ("faulty".to_owned(), fault.to_owned())];
        Self { name: "fault".to_owned(), migrations: migrations.into() }
    }

    /// All of it as one script.
    pub fn sql(&self) -> String {
        self.migrations.iter().map(|(_, sql)| sql.as_str()).collect()
    }

    /// Writes the files, and no others. Tells whether that changed anything.
    ///
    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&self, tool: Tool, folder: &Path) -> io::Result<bool> {
        let files =
            self.migrations.iter().enumerate().map(|(at, (name, sql))| (file(tool, at + 1, name), sql.as_str()));
        files::write_folder(folder, files)
    }
}

/// Where a tool wants a migration. All numbers have four digits.
pub fn file(tool: Tool, number: usize, name: &str) -> PathBuf {
    match tool {
        Tool::Plain | Tool::Dbmigrate | Tool::Sqlx => format!("{number:04}_{name}.sql"),
        Tool::RusqliteMigration => format!("{number:04}-{name}/up.sql"),
        Tool::Refinery => format!("V{number:04}__{name}.sql"),
        Tool::Diesel => format!("{number:04}_{name}/up.sql"),
    }
    .into()
}

/// The migration at this place. Five of them are a round, with a table of its own.
fn migration(at: usize) -> (String, String) {
    let (round, step) = (at / 5, at % 5);
    let before = round.saturating_sub(1);
    let (name, sql) = match step {
        0 => (
            "create_account",
            format!(
                "CREATE TABLE account_{round} (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT UNIQUE,
  parent INTEGER REFERENCES account_{before} (id),
  touched INTEGER NOT NULL DEFAULT 0
);
"
            ),
        ),
        1 => (
            "add_balance",
            format!("ALTER TABLE account_{round} ADD COLUMN balance INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0);\n"),
        ),
        2 => (
            "index_name",
            format!("CREATE INDEX account_{round}_by_name ON account_{round} (name, balance) WHERE balance > 0;\n"),
        ),
        3 => (
            "fill",
            format!(
                "INSERT INTO account_{round} (id, name, email, parent) VALUES (1, 'ann', 'ann@x', NULL), (2, 'bob', 'bob@x', 1), (3, 'cy', NULL, 1);
UPDATE account_{round} SET balance = 10 * id WHERE email IS NOT NULL;
"
            ),
        ),
        _ => (
            "touch",
            format!(
                "CREATE TRIGGER account_{round}_touched AFTER UPDATE OF name ON account_{round} BEGIN
  UPDATE account_{round} SET touched = touched + 1 WHERE id = new.id;
END;
"
            ),
        ),
    };
    (format!("{name}_{round}"), sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_at_their_end_and_every_tool_gets_the_same_sql() {
        let (ten, hundred) = (Set::of(10), Set::of(100));
        assert_eq!(ten.migrations, hundred.migrations[..10]);
        let folder = std::env::temp_dir().join(format!("dbmigrate-beside-{}", std::process::id()));
        for tool in Tool::ALL {
            assert!(hundred.write(tool, &folder.join(tool.name())).unwrap());
            // What is no longer in the set goes.
            assert!(ten.write(tool, &folder.join(tool.name())).unwrap());
            assert!(!ten.write(tool, &folder.join(tool.name())).unwrap());
            let mut written: Vec<PathBuf> = files::below(&folder.join(tool.name())).unwrap();
            written.sort();
            let texts: Vec<String> = written.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
            assert_eq!(texts.concat(), ten.sql(), "{}", tool.name());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_fault_is_in_the_fourth_line() {
        let set = Set::fault();
        let line = set.migrations[1].1.lines().position(|line| line.contains("nowhere"));
        assert_eq!(line, Some(3));
    }
}
