//! What the tests share: sets made by hand, with the effects that core would find, and questions to a database.

// Each test file uses some of it; older versions of rusqlite return other types.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::useless_conversion)]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_runtime::{Code, Down, Effect, Metadata, Migration, Migrator, Rules, Script, Set, Statement, Step};
use rusqlite::Connection;

pub mod fault;
pub mod package;
pub mod probe;

/// The driver under test, as a program has it.
pub mod driver {
    dbmigrate_runtime::rusqlite_driver!(::rusqlite, backup);
}

pub type Runner = Migrator<'static, driver::Rusqlite>;

/// A migration from statements; `rust:7` is a call of code with that id, and `assert:SELECT 1` an assertion.
pub fn file(name: &'static str, statements: &[&'static str]) -> File {
    let up = script(format!("migrations/{name}.sql"), statements);
    File { name, up, down: Down::Missing, requires: &[] }
}

#[derive(Clone)]
pub struct File {
    name: &'static str,
    up: Script<'static>,
    down: Down<'static>,
    requires: &'static [&'static str],
}

impl File {
    pub fn down(mut self, statements: &[&'static str]) -> Self {
        self.down = Down::Script(script(format!("migrations/{}.down.sql", self.name), statements));
        self
    }

    pub fn irreversible(mut self, reason: &'static str) -> Self {
        self.down = Down::Irreversible(reason);
        self
    }

    pub fn requires(mut self, names: &'static [&'static str]) -> Self {
        self.requires = names;
        self
    }

    pub fn foreign_keys(mut self, on: bool) -> Self {
        self.up.foreign_keys = Some(on);
        self
    }

    pub fn tolerate(mut self) -> Self {
        self.up.tolerate_existing = true;
        self
    }

    /// Both directions.
    pub fn no_transaction(mut self) -> Self {
        bare(&mut self.up);
        if let Down::Script(down) = &mut self.down {
            bare(down);
        }
        self
    }

    /// Both directions, if that is asked.
    pub fn no_transaction_if(self, bare: bool) -> Self {
        if bare { self.no_transaction() } else { self }
    }

    /// The same with a comment more.
    pub fn comment(mut self, text: &str) -> Self {
        self.up.text = format!("{}-- {text}\n", self.up.text).leak();
        self
    }
}

fn bare(script: &mut Script<'static>) {
    script.transaction = false;
    script.checksum = hash(&(script.checksum, "no-transaction"));
    let mut prefixes = vec![hash(&"")];
    for step in script.steps {
        let text = match step {
            Step::Sql(statement) => &script.text[statement.start as usize..statement.end as usize],
            Step::Code(code) => code.name,
        };
        prefixes.push(hash(&(prefixes.last(), text)));
    }
    script.prefixes = prefixes.leak();
}

fn hash(value: &impl Hash) -> &'static str {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    format!("t1:{:016x}", hasher.finish()).leak()
}

fn script(file: String, statements: &[&'static str]) -> Script<'static> {
    let mut text = String::from("-- A migration.\n");
    let (mut asserts, mut steps) = (Vec::new(), Vec::new());
    for (at, sql) in statements.iter().enumerate() {
        if let Some(id) = sql.strip_prefix("rust:") {
            steps.push(Step::Code(Code { id: id.parse().unwrap(), name: "step", line: 2 }));
            continue;
        }
        if let Some(query) = sql.strip_prefix("assert:") {
            let start = text.len() as u32 + 21;
            text.push_str(&format!("-- dbmigrate: assert {query}\n"));
            asserts.push(Statement { start, end: text.len() as u32 - 1, effect: Effect::None });
            continue;
        }
        let start = text.len() as u32;
        text.push_str(sql);
        steps.push(Step::Sql(Statement { start, end: text.len() as u32, effect: effect(sql) }));
        text.push_str(&format!(";{}\n", if at % 2 == 0 { " -- so it is" } else { "" }));
    }
    Script {
        file: file.leak(),
        text: text.leak(),
        asserts: asserts.leak(),
        steps: steps.leak(),
        transaction: true,
        foreign_keys: None,
        tolerate_existing: false,
        checksum: hash(&statements),
        prefixes: &[],
    }
}

/// What core would say of a statement, as far as these tests go.
fn effect(sql: &'static str) -> Effect<'static> {
    let words: Vec<&'static str> = sql.split([' ', '(']).filter(|word| !word.is_empty()).collect();
    let name = |at: usize| words[at].trim_matches('"').trim_start_matches("main.");
    let effect = match words.as_slice() {
        ["DROP", "TABLE", "IF", "EXISTS", ..] => Effect::DropTable(name(4)),
        ["DROP", "TABLE", ..] => Effect::DropTable(name(2)),
        ["ALTER", "TABLE", _, "DROP", ..] => Effect::DropColumn(name(2)),
        ["UPDATE", ..] => Effect::Write(name(1)),
        ["DELETE", "FROM", ..] | ["REPLACE", "INTO", ..] => Effect::Write(name(2)),
        ["VACUUM", "INTO", ..] => Effect::Bare { idempotent: false },
        ["VACUUM"] | ["DETACH", ..] | ["PRAGMA", "journal_mode", ..] => Effect::Bare { idempotent: true },
        ["PRAGMA" | "ATTACH", ..] => Effect::Session,
        ["BEGIN", ..] => Effect::Begin,
        ["COMMIT", ..] => Effect::Commit,
        _ => Effect::None,
    };
    match effect {
        Effect::DropTable(name) | Effect::DropColumn(name) | Effect::Write(name) if name.contains('.') => Effect::None,
        effect => effect,
    }
}

pub fn set(files: Vec<File>) -> &'static Set<'static> {
    set_with(files, Rules::DEFAULT)
}

pub fn set_with(files: Vec<File>, rules: Rules) -> &'static Set<'static> {
    let mut chain = 0_u64;
    let migration = |file: File| {
        let number = file.name.split('_').next().unwrap().parse().unwrap();
        let mut hasher = DefaultHasher::new();
        (chain, file.name, file.up.checksum).hash(&mut hasher);
        chain = hasher.finish();
        Migration {
            number,
            name: file.name,
            file: file.up.file,
            metadata: Metadata { title: None, date: None, description: None, version: None },
            checksum: file.up.checksum,
            text_checksum: if file.up.steps.iter().any(|step| matches!(step, Step::Sql(_))) {
                hash(&file.up.text)
            } else {
                ""
            },
            chain: format!("c1:{chain:016x}").leak(),
            requires: file.requires,
            up: file.up,
            down: file.down,
        }
    };
    let migrations: Vec<Migration<'static>> = files.into_iter().map(migration).collect();
    Box::leak(Box::new(Set { migrations: migrations.leak(), rules, ..Set::EMPTY }))
}

pub fn runner(files: Vec<File>) -> Runner {
    Migrator::new(set(files))
}

/// A database in memory, with foreign keys on, which is the default of rusqlite's own SQLite only.
pub fn memory() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    run(&db, "PRAGMA foreign_keys = 1");
    db
}

/// Whether this rusqlite says where in a statement an error is.
pub fn tells_offsets() -> bool {
    memory().prepare("SELECT nowhere").unwrap_err().to_string().contains(" at offset ")
}

/// A folder that is gone at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("dbmigrate-runtime-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs statements by hand.
pub fn run(db: &Connection, sql: &str) {
    db.execute_batch(sql).unwrap();
}

/// One value as text.
pub fn ask(db: &Connection, sql: &str) -> String {
    let value: rusqlite::types::Value = db.query_row(sql, [], |row| row.get(0)).unwrap();
    match value {
        rusqlite::types::Value::Null => "NULL".into(),
        rusqlite::types::Value::Integer(value) => value.to_string(),
        rusqlite::types::Value::Text(value) => value,
        other => format!("{other:?}"),
    }
}

/// The user's tables and indexes.
pub fn objects(db: &Connection) -> String {
    ask(
        db,
        "SELECT coalesce(group_concat(name, ' '), '') FROM (SELECT name FROM sqlite_master \
         WHERE name NOT LIKE '\\_migrations%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name)",
    )
}

/// The history: names and states, by id.
pub fn history(db: &Connection) -> String {
    ask(
        db,
        "SELECT coalesce(group_concat(name || CASE state WHEN 'applied' THEN '' ELSE ':' || state || statements_done \
         END, ' '), '') FROM (SELECT * FROM _migrations ORDER BY id)",
    )
}

/// Everything that a database holds, as text, but for what differs from run to run: times, and how often a row of the
/// history was written.
pub fn dump(db: &Connection) -> String {
    let mut out = String::new();
    let mut statement = db.prepare("SELECT name, coalesce(sql, '') FROM sqlite_master ORDER BY name").unwrap();
    let entries: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for (name, sql) in entries {
        out.push_str(&format!("{name}: {sql}\n"));
        if !sql.starts_with("CREATE TABLE") || name == "sqlite_sequence" {
            continue;
        }
        let mut statement = db.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (at, column) in columns.iter().enumerate() {
                let differs = match name.as_str() {
                    "_migrations" => &["id", "applied_at", "duration_us", "steps_us"][..],
                    "_migrations_repeatable" => &["applied_at", "duration_us"],
                    _ => &[],
                }
                .contains(&column.as_str());
                if !differs {
                    out.push_str(&format!("  {:?}", row.get::<_, rusqlite::types::Value>(at).unwrap()));
                }
            }
            out.push('\n');
        }
    }
    out
}

/// Parents and children, with rows, that every rebuild can lose.
pub fn family(on_delete: &'static str) -> File {
    let child: &'static str = format!(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER DEFAULT 1 REFERENCES parent (id) {on_delete})"
    )
    .leak();
    file(
        "001_family",
        &[
            "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT)",
            child,
            "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
            "INSERT INTO child VALUES (10, 1), (20, 2)",
        ],
    )
}

/// The rebuild of `parent` as SQLite's documentation writes it.
pub fn rebuild(name: &'static str) -> File {
    file(
        name,
        &[
            "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
            "INSERT INTO parent_new SELECT id, name FROM parent",
            "DROP TABLE parent",
            "ALTER TABLE parent_new RENAME TO parent",
        ],
    )
}

/// A database in memory that enforces foreign keys, or does not.
pub fn enforcing(on: bool) -> Connection {
    let db = memory();
    run(&db, &format!("PRAGMA foreign_keys = {on}"));
    db
}

/// The children of [`family`] and their parents.
pub fn children(db: &Connection) -> String {
    ask(db, "SELECT group_concat(id || ':' || coalesce(parent, 'NULL'), ' ') FROM child")
}
