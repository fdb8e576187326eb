//! Every way to rebuild a table that others refer to, with every sort of reference: no row is lost silently. Either
//! all rows of all tables are what they were, and the references with them, or it fails and nothing has changed.
//!
//! The files go through core and the command line's own conversion into the runner; only the database is in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dbmigrate_core::config::TransactionMode;
use dbmigrate_core::{MigrationSet, load};
use dbmigrate_runtime::{Error, Migrator};
use rusqlite::Connection;

use crate::ops::driver::Rusqlite;
use crate::ops::runtime_set::with_set;
use crate::support::ask;

/// A parent, what refers to it, and rows. `{on}` is the action.
struct Shape {
    name: &'static str,
    /// The parent's definition, after its name.
    parent: &'static str,
    others: &'static [&'static str],
    rows: &'static str,
}

const SHAPES: [Shape; 9] = [
    Shape {
        name: "plain",
        parent: "(id INTEGER PRIMARY KEY, name TEXT)",
        others: &["CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER DEFAULT 1 REFERENCES parent (id) {on})"],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 1), (20, 2), (30, NULL);",
    },
    Shape {
        name: "no column named",
        parent: "(id INTEGER PRIMARY KEY, name TEXT)",
        others: &["CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER DEFAULT 1 REFERENCES parent {on})"],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 1), (20, 2);",
    },
    Shape {
        name: "another case",
        parent: "(id INTEGER PRIMARY KEY, name TEXT)",
        others: &["CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER DEFAULT 1 REFERENCES \"PARENT\" (ID) {on})"],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 1), (20, 2);",
    },
    Shape {
        name: "a unique column",
        parent: "(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE)",
        others: &["CREATE TABLE child (id INTEGER PRIMARY KEY, p TEXT DEFAULT 'a' REFERENCES parent (code) {on})"],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 'a'), (20, 'b');",
    },
    Shape {
        name: "a composite key",
        parent: "(a INTEGER, b TEXT, name TEXT, PRIMARY KEY (a, b))",
        others: &[
            "CREATE TABLE child (x DEFAULT 1, y DEFAULT 'a', z, FOREIGN KEY (x, y) REFERENCES parent (a, b) {on})",
        ],
        rows: "INSERT INTO parent VALUES (1, 'a', 'aa'), (2, 'b', 'bb'); \
               INSERT INTO child VALUES (1, 'a', 1), (2, 'b', 2), (3, NULL, 3);",
    },
    Shape {
        name: "without rowid",
        parent: "(a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID",
        others: &["CREATE TABLE child (x DEFAULT 1, y DEFAULT 'a', z PRIMARY KEY, \
                   FOREIGN KEY (x, y) REFERENCES parent {on}) WITHOUT ROWID"],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (1, 'a', 1), (2, 'b', 2);",
    },
    Shape {
        name: "itself",
        parent: "(id INTEGER PRIMARY KEY, up INTEGER DEFAULT 1 REFERENCES parent (id) {on})",
        others: &[],
        rows: "INSERT INTO parent VALUES (1, NULL), (2, 1), (3, 2), (4, 4);",
    },
    Shape {
        name: "each other",
        parent: "(id INTEGER PRIMARY KEY, c INTEGER REFERENCES child (id) {on})",
        others: &["CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER DEFAULT 1 REFERENCES parent (id) {on})"],
        rows: "INSERT INTO parent VALUES (1, NULL), (2, NULL); INSERT INTO child VALUES (10, 1), (20, 2); \
               UPDATE parent SET c = id * 10;",
    },
    Shape {
        name: "a grandchild",
        parent: "(id INTEGER PRIMARY KEY, name TEXT)",
        others: &[
            "CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER DEFAULT 1 REFERENCES parent (id) {on})",
            "CREATE TABLE grandchild (id INTEGER PRIMARY KEY, c INTEGER DEFAULT 10 REFERENCES child (id) {on})",
        ],
        rows: "INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 1), (20, 2); \
               INSERT INTO grandchild VALUES (100, 10), (200, 20);",
    },
];

const ACTIONS: [&str; 7] = [
    "ON DELETE CASCADE",
    "ON DELETE SET NULL",
    "ON DELETE SET DEFAULT",
    "ON DELETE RESTRICT",
    "ON DELETE NO ACTION",
    "DEFERRABLE INITIALLY DEFERRED",
    "ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
];

/// As SQLite's documentation has it, as people write it, and as other tools do.
const NEW: &str = "CREATE TABLE parent_new {parent};
INSERT INTO parent_new SELECT * FROM parent;
DROP TABLE parent;
ALTER TABLE parent_new RENAME TO parent;
";
const QUOTED: &str = "CREATE TABLE \"parent_new\" {parent};
INSERT INTO \"parent_new\" SELECT * FROM \"parent\";
DROP TABLE IF EXISTS main.\"Parent\";
ALTER TABLE \"parent_new\" RENAME TO \"parent\";
";
const OLD: &str = "ALTER TABLE parent RENAME TO parent_old;
CREATE TABLE parent {parent};
INSERT INTO parent SELECT * FROM parent_old;
DROP TABLE parent_old;
";
const TWICE: &str = "CREATE TEMP TABLE copy AS SELECT * FROM parent;
DROP TABLE parent;
CREATE TABLE parent {parent};
INSERT INTO parent SELECT * FROM copy;
DROP TABLE temp.copy;
";
const TWICE_IN_MAIN: &str = "CREATE TABLE copy AS SELECT * FROM parent;
DROP TABLE parent;
CREATE TABLE parent {parent};
INSERT INTO parent SELECT * FROM copy;
DROP TABLE copy;
";

/// Where the statements stand.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In a file, between these.
    Sql(&'static [&'static str], &'static [&'static str]),
    /// In a step of Rust that a file calls.
    Call(&'static str),
    /// In a migration in Rust.
    Rust(&'static str),
}

/// What has to come of a way, whatever the shape.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Keeps,
    Refused,
    /// One or the other, by the shape or by how many migrations share a transaction.
    Either,
}
use Outcome::{Either, Keeps, Refused};

const OFF: &str = "PRAGMA foreign_keys = OFF;\n";
const ON: &str = "PRAGMA foreign_keys = ON;\n";
const DEFER: &str = "PRAGMA defer_foreign_keys = ON;\n";
const LEGACY: &str = "PRAGMA legacy_alter_table = ON;\n";
const SAYS_OFF: &str = "-- dbmigrate: foreign-keys off\n";
const SAYS_ON: &str = "-- dbmigrate: foreign-keys on\n";
const STEPS: &str = "-- dbmigrate: no-transaction\n";

/// The ways to write a rebuild.
const WAYS: &[(&str, Place, &str, Outcome)] = &[
    ("plain", Place::Sql(&[], &[]), NEW, Keeps),
    ("quoted", Place::Sql(&[], &[]), QUOTED, Keeps),
    ("pragmas around", Place::Sql(&[OFF], &[ON]), NEW, Keeps),
    ("pragmas outside of its transaction", Place::Sql(&[OFF, "BEGIN;\n"], &["COMMIT;\n", ON]), NEW, Keeps),
    ("pragmas inside of its transaction", Place::Sql(&["BEGIN;\n", OFF], &[ON, "COMMIT;\n"]), NEW, Keeps),
    ("a transaction of its own", Place::Sql(&["BEGIN TRANSACTION;\n"], &["END;\n"]), NEW, Keeps),
    ("from an earlier commit", Place::Sql(&["BEGIN;\nCOMMIT;\n"], &[]), NEW, Refused),
    ("deferred", Place::Sql(&[DEFER], &[]), NEW, Keeps),
    ("legacy", Place::Sql(&[LEGACY], &[]), NEW, Keeps),
    ("directive off", Place::Sql(&[SAYS_OFF], &[]), NEW, Keeps),
    ("directive on", Place::Sql(&[SAYS_ON], &[]), NEW, Refused),
    ("old first", Place::Sql(&[], &[]), OLD, Either),
    ("old first, deferred", Place::Sql(&[DEFER], &[]), OLD, Either),
    ("old first, pragmas", Place::Sql(&[OFF], &[ON]), OLD, Either),
    ("old first, legacy", Place::Sql(&[LEGACY], &[]), OLD, Keeps),
    ("old first, legacy, pragmas", Place::Sql(&[OFF, LEGACY, "BEGIN;\n"], &["COMMIT;\n", ON]), OLD, Keeps),
    ("old first, directive on", Place::Sql(&[SAYS_ON], &[]), OLD, Either),
    ("old first, legacy, directive on", Place::Sql(&[SAYS_ON, LEGACY], &[]), OLD, Either),
    ("twice", Place::Sql(&[], &[]), TWICE, Keeps),
    ("twice, deferred", Place::Sql(&[DEFER], &[]), TWICE, Keeps),
    ("twice, directive on", Place::Sql(&[SAYS_ON], &[]), TWICE, Either),
    ("twice in main", Place::Sql(&[], &[]), TWICE_IN_MAIN, Keeps),
    ("steps", Place::Sql(&[STEPS], &[]), NEW, Either),
    ("steps, pragmas", Place::Sql(&[STEPS, OFF], &[ON]), NEW, Either),
    ("steps, a pragma that is on", Place::Sql(&[STEPS, ON], &[]), NEW, Either),
    ("steps, a group", Place::Sql(&[STEPS, "BEGIN IMMEDIATE;\n"], &["COMMIT;\n"]), NEW, Either),
    ("steps, a group with pragmas", Place::Sql(&[STEPS, OFF, "BEGIN;\n"], &["COMMIT;\n", ON]), NEW, Either),
    ("steps, directive on", Place::Sql(&[STEPS, SAYS_ON], &[]), NEW, Refused),
    ("steps, old first", Place::Sql(&[STEPS], &[]), OLD, Either),
    ("steps, old first, legacy", Place::Sql(&[STEPS, LEGACY], &[]), OLD, Either),
    ("steps, twice in main", Place::Sql(&[STEPS], &[]), TWICE_IN_MAIN, Either),
    ("call", Place::Call(""), NEW, Keeps),
    ("call, directive on", Place::Call(SAYS_ON), NEW, Refused),
    ("call, steps", Place::Call(STEPS), NEW, Either),
    ("call, old first", Place::Call(""), OLD, Either),
    ("call, twice", Place::Call(""), TWICE, Keeps),
    ("call, twice, directive on", Place::Call(SAYS_ON), TWICE, Refused),
    ("rust", Place::Rust(""), NEW, Keeps),
    ("rust, directive on", Place::Rust("// dbmigrate: foreign-keys on\n"), NEW, Refused),
    ("rust, steps", Place::Rust("// dbmigrate: no-transaction\n"), NEW, Either),
    ("rust, old first", Place::Rust(""), OLD, Either),
    ("rust, twice, directive on", Place::Rust("// dbmigrate: foreign-keys on\n"), TWICE, Refused),
];

/// What a rebuild must keep: the rows of every table, and what refers to what.
type Contents = BTreeMap<String, Vec<String>>;

fn contents(db: &Connection) -> Contents {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_migrations%' ESCAPE '\\' \
                  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut contents = Contents::new();
    for table in ask(db, tables) {
        contents.insert(format!("references of {table}"), references(db, &table));
        contents.insert(table.clone(), ask(db, &format!("SELECT * FROM \"{table}\"")));
    }
    contents
}

/// Table and columns that it refers to, and the actions: as SQLite takes them, without regard to the case.
fn references(db: &Connection, table: &str) -> Vec<String> {
    let columns = "lower(\"table\"), lower(\"from\"), lower(\"to\"), on_update, on_delete";
    ask(db, &format!("SELECT {columns} FROM pragma_foreign_key_list('{table}') ORDER BY id, seq"))
}

/// One rebuild of one shape.
struct Case<'c> {
    shape: &'c Shape,
    action: &'c str,
    place: Place,
    rebuild: &'c str,
    made: Made,
}

/// Which tables are made in the file that rebuilds the parent.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Made {
    /// None: all of them were there before.
    Before,
    /// Those that refer to the parent.
    Others,
    /// All.
    All,
}

impl Case<'_> {
    /// What is there before, and what the file makes itself.
    fn setup(&self) -> (String, String) {
        let Shape { parent, others, rows, .. } = self.shape;
        let parent = format!("CREATE TABLE parent {parent};\n").replace("{on}", self.action);
        let others: String = others.iter().map(|table| format!("{table};\n").replace("{on}", self.action)).collect();
        match self.made {
            Made::Before => (format!("{parent}{others}{rows}\n"), String::new()),
            Made::Others => (parent, format!("{others}{rows}\n")),
            Made::All => ("-- Nothing yet.\n".to_owned(), format!("{parent}{others}{rows}\n")),
        }
    }

    /// The rebuild.
    fn rebuild(&self) -> String {
        self.rebuild.replace("{parent}", self.shape.parent).replace("{on}", self.action)
    }

    /// What the Rust of the case does.
    fn code(&self) -> String {
        match self.place {
            Place::Rust(_) => self.setup().1 + &self.rebuild(),
            _ => self.rebuild(),
        }
    }

    /// The set, unless core refuses it.
    fn load(&self, root: &Path, transaction: TransactionMode) -> Option<MigrationSet> {
        let (first, setup) = self.setup();
        let (extension, second) = match self.place {
            Place::Sql(before, after) => ("sql", before.concat() + &setup + &self.rebuild() + &after.concat()),
            Place::Call(header) => ("sql", format!("{header}{setup}-- dbmigrate: call rebuild\n")),
            Place::Rust(header) => {
                ("rs", format!("{header}pub fn up(db: &Connection) -> Result<(), Error> {{ Ok(()) }}\n"))
            }
        };
        let _ = fs::remove_file(root.join("migrations/002_rebuild.sql"));
        let _ = fs::remove_file(root.join("migrations/002_rebuild.rs"));
        fs::write(root.join("migrations/001_base.sql"), first).unwrap();
        fs::write(root.join(format!("migrations/002_rebuild.{extension}")), second).unwrap();
        let mut loaded = load(root);
        loaded.set.config.transaction = transaction;
        (!loaded.has_errors()).then_some(loaded.set)
    }

    /// Nobody can see what a single piece of Rust did to tables of its own, if it wants foreign keys on meanwhile.
    fn is_out_of_sight(&self) -> bool {
        matches!(self.place, Place::Rust(header) if header.contains("foreign-keys on")) && self.made == Made::All
    }

    /// Runs it on a database of its own; whether it kept everything. Anything else than nothing is a fault.
    fn run(&self, set: &MigrationSet, existing: bool, when: &str) -> bool {
        let [first, whole] = &self.expected();
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        if existing {
            up(set, &mut db, Some(1), &self.code()).unwrap();
        }
        let result = up(set, &mut db, None, &self.code());
        let now = contents(&db);
        assert_eq!(ask(&db, "PRAGMA foreign_keys"), ["1"], "{when}");
        let Err(error) = result else {
            assert_eq!(now, *whole, "{when}");
            assert_eq!(ask(&db, "PRAGMA foreign_key_check"), Vec::<String>::new(), "{when}");
            return true;
        };
        // The first migration stays, unless all of a new database's are one.
        let has_first = existing || set.config.transaction == TransactionMode::Each;
        let before = if has_first { first } else { &Contents::new() };
        if now != *before {
            // Statements stay where the file wants it so, and it says that; all rows have to be there all the same.
            assert!(error.to_string().contains("runs without a transaction"), "{when}: {error}");
            for (table, rows) in whole.iter().filter(|(name, _)| !name.starts_with("references")) {
                let names =
                    if table == "parent" { &["parent", "parent_new", "parent_old", "copy"][..] } else { &[&**table] };
                assert!(names.iter().any(|name| now.get(*name) == Some(rows)), "{when}: {error}: {now:?}");
            }
        }
        false
    }

    /// The tables and rows that are there before, and those that are there without any rebuild.
    fn expected(&self) -> [Contents; 2] {
        let db = Connection::open_in_memory().unwrap();
        let (before, own) = self.setup();
        [before, own].map(|sql| {
            db.execute_batch(&sql).unwrap();
            contents(&db)
        })
    }
}

fn up(set: &MigrationSet, db: &mut Connection, target: Option<u64>, code: &str) -> Result<(), Error> {
    with_set(set, |set| {
        let run = |_, db: &Connection| db.execute_batch(code).map_err(Into::into);
        let migrator = Migrator::<Rusqlite>::new(set).with_code(run);
        match target {
            Some(number) => migrator.up_to(db, number),
            None => migrator.up(db),
        }
        .map(drop)
    })
}

#[test]
fn no_way_to_write_a_rebuild_loses_a_row_silently() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cascade");
    fs::create_dir_all(root.join("migrations")).unwrap();
    fs::write(root.join("Cargo.toml"), "[package]\nname = \"cascade\"\n").unwrap();
    // Which is prime to the sizes of all dimensions.
    let step = if std::env::var("DBMIGRATE_CASCADE").is_ok_and(|value| value == "full") { 1 } else { 11 };
    for (number, &(way, place, rebuild, expected)) in WAYS.iter().enumerate() {
        let mut kept = Vec::new();
        for (shape, action, made, transaction, existing) in combinations().skip(number % step).step_by(step) {
            let case = Case { shape, action, place, rebuild, made };
            if case.is_out_of_sight() {
                continue;
            }
            let when = format!("{way}; {}, {action}, {made:?}, {transaction:?}, existing: {existing}", shape.name);
            let set = case.load(&root, transaction);
            let keeps = set.is_some_and(|set| case.run(&set, existing, &when));
            assert!(expected == Either || keeps == (expected == Keeps), "{when}: kept: {keeps}");
            kept.push(keeps);
        }
        // No way is in the table for nothing.
        let is_either = kept.contains(&true) && kept.contains(&false);
        assert_eq!(is_either, expected == Either, "{way}");
    }
}

type Combination = (&'static Shape, &'static str, Made, TransactionMode, bool);

fn combinations() -> impl Iterator<Item = Combination> {
    let with_action = |shape| ACTIONS.iter().map(move |action| (shape, *action));
    let with_made = |(shape, action)| [Made::Before, Made::Others, Made::All].map(|made| (shape, action, made));
    let with_mode = |(shape, action, made)| {
        let (each, all) = (TransactionMode::Each, TransactionMode::All);
        [(each, false), (each, true), (all, false), (all, true)]
            .map(|(transaction, existing)| (shape, action, made, transaction, existing))
    };
    SHAPES.iter().flat_map(with_action).flat_map(with_made).flat_map(with_mode)
}
