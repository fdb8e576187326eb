//! Sets of any length, as they come to be over the years: about three statements a file, of all sorts.

use dbmigrate_core::files::InMemory;
use dbmigrate_core::{Body, MigrationSet, Snapshot, load};
use rusqlite::Connection;

/// A set of so many migrations, forward only.
///
/// # Panics
///
/// When a file is not taken.
#[must_use]
pub fn set(migrations: usize) -> MigrationSet {
    let texts = (0..migrations).map(migration);
    loaded(texts.enumerate().map(|(at, text)| (format!("migrations/{:03}_step.sql", at + 1), text)))
}

/// As [`set`], without the moment, which no snapshot can hold; and the same with its snapshot.
///
/// # Panics
///
/// When no snapshot can be taken.
#[must_use]
pub fn with_snapshot(migrations: usize) -> [MigrationSet; 2] {
    let texts = (0..migrations).map(|at| migration(at).replace("(unixepoch())", "0"));
    let set = loaded(texts.enumerate().map(|(at, text)| (format!("migrations/{:03}_step.sql", at + 1), text)));
    let taken = dbmigrate_schema::snapshot_file(&set, migrations, "migrations/snapshot.sql");
    let script = taken.unwrap_or_else(|problems| panic!("{problems:?}")).script;
    let snapshot = Some(Snapshot { number: migrations as u64, script });
    [set.clone(), MigrationSet { snapshot, ..set }]
}

/// One migration of so many statements.
///
/// # Panics
///
/// When the file is not taken.
#[must_use]
pub fn one_file(statements: usize) -> MigrationSet {
    let all: Vec<String> = (0..).map(migration).take(statements.div_ceil(2)).collect();
    let all: String = all.concat();
    let ends = dbmigrate_core::statement::split(&all).into_iter().map(|statement| statement.span.end);
    let end = ends.take(statements).next_back().unwrap_or(0);
    loaded([("migrations/001_all.sql".to_owned(), format!("{};\n", &all[..end]))])
}

fn loaded(files: impl IntoIterator<Item = (String, String)>) -> MigrationSet {
    let manifest = ("Cargo.toml".to_owned(), "[package]\nname = \"app\"\n".to_owned());
    let loaded = load::load_from(&InMemory::new([manifest].into_iter().chain(files)));
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics.first());
    loaded.set
}

/// What SQLite alone takes: one `execute_batch` for each migration, in a transaction of its own.
///
/// # Panics
///
/// When SQLite refuses a statement.
#[must_use]
pub fn run(set: &MigrationSet) -> Connection {
    let connection = Connection::open_in_memory().expect("SQLite opens a database in memory");
    for migration in &set.migrations {
        let Body::Sql { up, .. } = &migration.body else { continue };
        let batch = format!("BEGIN; {}; COMMIT", up.source.slice(up.section));
        connection.execute_batch(&batch).expect("SQLite takes the statements");
    }
    connection
}

/// All statements of a set, in one transaction.
#[must_use]
pub fn batch(set: &MigrationSet) -> String {
    let texts = set.migrations.iter().filter_map(|migration| match &migration.body {
        Body::Sql { up, .. } => Some(format!("{};", up.source.slice(up.section))),
        Body::Rust(_) => None,
    });
    format!("BEGIN; {} COMMIT", texts.collect::<String>())
}

/// The migration at this place. Twenty of them are a round, which begins with tables of its own and comes back to those
/// of the round before.
fn migration(at: usize) -> String {
    let (round, step) = (at / 20, at % 20);
    let before = round.saturating_sub(1);
    let text = match step {
        0 => "CREATE TABLE users_R (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, created INTEGER NOT NULL DEFAULT 0);
              CREATE UNIQUE INDEX users_R_email ON users_R (email);
              INSERT INTO users_R (id, name, email) VALUES (1, 'ann', 'ann@x'), (2, 'bob', 'bob@x'), (3, 'cy', NULL);",
        1 => "CREATE TABLE posts_R (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users_R (id), title TEXT, body TEXT);
              CREATE INDEX posts_R_user ON posts_R (user);
              INSERT INTO posts_R (user, title) SELECT id, name FROM users_R WHERE id < 3;",
        2 => "ALTER TABLE users_R ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1));
              UPDATE users_R SET active = 0 WHERE email IS NULL;
              CREATE INDEX users_R_active ON users_R (active) WHERE active = 1;",
        3 => "CREATE VIEW authors_R AS SELECT users_R.id, users_R.name, count(*) AS posts FROM users_R JOIN posts_R ON posts_R.user = users_R.id GROUP BY users_R.id;
              CREATE TRIGGER posts_R_touch AFTER UPDATE OF title ON posts_R BEGIN
                UPDATE users_R SET created = created + 1 WHERE id = new.user;
              END;",
        4 => "CREATE TABLE tags_R (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
              CREATE TABLE post_tags_R (post INTEGER NOT NULL REFERENCES posts_R (id) ON DELETE CASCADE, tag INTEGER NOT NULL REFERENCES tags_R (id), PRIMARY KEY (post, tag)) WITHOUT ROWID;
              CREATE INDEX post_tags_R_tag ON post_tags_R (tag);
              INSERT INTO tags_R (name) VALUES ('rust'), ('sql');",
        5 => "ALTER TABLE posts_R ADD COLUMN slug TEXT;
              UPDATE posts_R SET slug = lower(title) WHERE slug IS NULL AND title IS NOT NULL;
              CREATE INDEX posts_R_slug ON posts_R (slug);",
        6 => "INSERT INTO post_tags_R (post, tag) SELECT posts_R.id, tags_R.id FROM posts_R, tags_R WHERE posts_R.id < 9;
              UPDATE tags_R SET name = 'sqlite' WHERE name = 'sql';
              DELETE FROM post_tags_R WHERE tag = 1 AND post > 2;",
        7 => "ALTER TABLE users_P ADD COLUMN seen_R INTEGER;
              UPDATE users_P SET seen_R = created WHERE created > 0;
              CREATE INDEX users_P_seen_R ON users_P (seen_R);",
        8 => "CREATE TABLE settings_R (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;
              INSERT INTO settings_R VALUES ('theme', 'dark'), ('size', 12);
              UPDATE settings_R SET value = 14 WHERE name = 'size';",
        9 => "CREATE TABLE new_post_tags_R (post INTEGER NOT NULL REFERENCES posts_R (id) ON DELETE CASCADE, tag INTEGER NOT NULL REFERENCES tags_R (id), rank REAL NOT NULL DEFAULT 0.0, PRIMARY KEY (post, tag)) WITHOUT ROWID;
              INSERT INTO new_post_tags_R (post, tag) SELECT post, tag FROM post_tags_R;
              DROP TABLE post_tags_R;
              ALTER TABLE new_post_tags_R RENAME TO post_tags_R;
              CREATE INDEX post_tags_R_tag ON post_tags_R (tag);",
        10 => "DROP VIEW authors_R;
               CREATE VIEW authors_R AS SELECT users_R.id, users_R.name, users_R.active, count(*) AS posts FROM users_R JOIN posts_R ON posts_R.user = users_R.id GROUP BY users_R.id;
               CREATE VIEW active_authors_R AS SELECT id, name FROM authors_R WHERE active;",
        11 => "CREATE TABLE log_R (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, at INTEGER NOT NULL DEFAULT (unixepoch()));
               CREATE TRIGGER users_R_log AFTER DELETE ON users_R BEGIN
                 INSERT INTO log_R (what) VALUES ('gone: ' || old.name);
               END;
               DELETE FROM users_R WHERE id = 3;",
        12 => "ALTER TABLE posts_R RENAME COLUMN body TO content;
               UPDATE posts_R SET content = '' WHERE content IS NULL;",
        13 => "INSERT INTO users_R (name, email) VALUES ('dee', 'dee@x');
               UPDATE users_R SET name = 'Dee' WHERE email = 'dee@x';
               INSERT INTO settings_R SELECT 'language', 'en' WHERE NOT EXISTS (SELECT 1 FROM settings_R WHERE name = 'language');",
        14 => "CREATE TABLE drafts_R (id INTEGER PRIMARY KEY, post INTEGER REFERENCES posts_R (id), \"text\" TEXT);
               CREATE INDEX drafts_R_post ON drafts_R (post);
               INSERT INTO drafts_R (post, \"text\") SELECT id, content FROM posts_R WHERE slug IS NOT NULL;",
        15 => "DROP INDEX posts_R_slug;
               CREATE UNIQUE INDEX posts_R_user_slug ON posts_R (user, slug);
               UPDATE posts_R SET slug = slug || '-' || id WHERE slug IS NOT NULL;",
        16 => "ALTER TABLE log_R RENAME TO events_R;
               CREATE INDEX events_R_at ON events_R (at);",
        17 => "DROP TABLE IF EXISTS drafts_P;
               DELETE FROM settings_P WHERE name = 'language';",
        18 => "ALTER TABLE users_R ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
               CREATE VIEW locales_R AS SELECT locale, count(*) AS users FROM users_R GROUP BY locale;
               UPDATE users_R SET locale = 'de' WHERE name = 'ann';",
        _ => "DROP TRIGGER posts_R_touch;
              CREATE TRIGGER posts_R_touch AFTER UPDATE OF title, slug ON posts_R BEGIN
                UPDATE users_R SET created = created + 1 WHERE id = new.user;
              END;
              ALTER TABLE tags_R ADD COLUMN color TEXT;",
    };
    text.replace("_R", &format!("_{round}")).replace("_P", &format!("_{before}")) + "\n"
}
