//! What `dbmigrate-build` packs, the runtime unpacks to the set that is built here from the same files: so the two places
//! that know core's types and the runtime's say the same. And whatever else the packed bytes are, nothing panics.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use dbmigrate_build::Builder;
use dbmigrate_core::lock::{Lock, SealedSchema, SealedSnapshot};
use dbmigrate_core::{MigrationSet, SourceText, snapshot};
use dbmigrate_runtime::__private::{PackedData, PackedSet};
use dbmigrate_runtime::{Parts, Set, StartsFrom, TakesOver};

use crate::ops::runtime_set::with_set;
use crate::ops::squash::tests::{TEXTS, originals, pruned, squashed};

type Files = BTreeMap<String, String>;

/// A folder that goes away with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &Files) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("dbmigrate-packed-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        for (path, text) in files {
            let path = folder.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(folder.0.join("out")).unwrap();
        folder
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a build wrote for a set.
#[derive(Clone)]
struct Written {
    texts: String,
    data: Vec<u8>,
    seal: u64,
}

impl Written {
    fn read(folder: &Path) -> Self {
        let module = fs::read_to_string(folder.join("migrations.rs")).unwrap();
        let seal = module.lines().find_map(|line| line.trim().strip_prefix("seal: "));
        let seal = seal.unwrap_or_else(|| panic!("{module}")).replace(['_', ','], "").parse().unwrap();
        let texts = fs::read_to_string(folder.join("migrations.txt")).unwrap();
        Self { texts, data: fs::read(folder.join("migrations.bin")).unwrap(), seal }
    }

    /// As the generated module holds it, which says what else is there.
    fn packed(self, like: &Set<'_>) -> &'static PackedSet {
        let own = |text: &str| -> &'static str { text.to_owned().leak() };
        let chain = match (like.repeatables.last(), like.migrations.last()) {
            (Some(last), _) => last.chain,
            (None, last) => last.map_or("", |last| last.chain),
        };
        Box::leak(Box::new(PackedSet::new(PackedData {
            name: own(like.name),
            table: own(like.table),
            chain: own(chain),
            migrations: like.migrations.len(),
            repeatables: like.repeatables.len(),
            rules: like.rules,
            parts: match (like.squash, like.repeatables) {
                (Some(_), _) => Parts::ALL,
                (None, []) => Parts::NONE,
                (None, _) => Parts::NONE.repeatables(),
            },
            snapshot: like.snapshot.map(|_| StartsFrom::SNAPSHOT),
            adoption: like.adoption.map(|_| TakesOver::HISTORIES),
            texts: self.texts.leak(),
            data: self.data.leak(),
            seal: self.seal,
        })))
    }

    /// Sealed again, as if the build had written it.
    fn sealed(mut self) -> Self {
        let add = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        self.seal = [self.texts.as_bytes(), &self.data].into_iter().fold(0, |hash, bytes| {
            let (words, rest) = bytes.as_chunks();
            let hash = words.iter().fold(add(hash, bytes.len() as u64), |hash, it| add(hash, u64::from_le_bytes(*it)));
            rest.iter().fold(hash, |hash, byte| add(hash, u64::from(*byte)))
        });
        self
    }
}

/// A set in words. The ids of Rust are the generated module's own.
fn told(set: &Set<'_>) -> String {
    let text = format!("{set:#?}");
    let lines = text.lines().map(|line| if line.trim_start().starts_with("id: ") { "id: _," } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// Builds a package, and compares. Returns how many migrations its sets have.
fn check_package(root: &Path, out: &Path) -> usize {
    Builder::new().root(root).out_dir(out).generate().unwrap();
    let sets = dbmigrate_core::load_sets(root);
    for loaded in &sets {
        assert!(!loaded.has_errors(), "{}: {:#?}", root.display(), loaded.diagnostics);
        let folder = match loaded.set.config.set.as_str() {
            "" => out.join("dbmigrate"),
            name => out.join("dbmigrate/sets").join(name),
        };
        check_written(&loaded.set, Written::read(&folder));
    }
    sets.iter().map(|loaded| loaded.set.migrations.len()).sum()
}

fn check_written(set: &MigrationSet, written: Written) {
    with_set(set, |set| {
        assert_eq!(told(written.clone().packed(set).set().unwrap()), told(set));
        assert_eq!(written.clone().sealed().seal, written.seal);
    });
}

fn check(files: &Files) {
    let folder = Folder::new(files);
    check_package(&folder.0, &folder.out());
}

fn files(files: &[(&str, &str)]) -> Files {
    let manifest = ("Cargo.toml", "[package]\nname = \"app\"\n");
    [manifest].iter().chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn an_empty_down_script_is_not_a_missing_one() {
    check(&files(&[
        ("migrations/001_a.sql", "CREATE TABLE a (b);"),
        ("migrations/001_a.down.sql", "-- to do\n"),
        ("migrations/002_b.sql", "CREATE TABLE b (c);\n-- dbmigrate: down\n"),
        ("migrations/003_c.sql", "CREATE TABLE c (d);"),
        ("migrations/004_d.sql", "-- nothing\n-- dbmigrate: down\n"),
    ]));
}

#[test]
fn whole_programs_and_a_set_with_everything_in_it() {
    let out = Folder::new(&Files::new());
    for (package, count) in [
        ("dbmigrate-build/tests/golden", 4),
        ("fixtures/cmdarr", 2),
        ("fixtures/decant", 2),
        ("fixtures/drizzle-server", 3),
        ("fixtures/monitor", 5),
        ("fixtures/scaler", 1),
    ] {
        assert_eq!(check_package(&checkout().join(package), &out.out()), count, "{package}");
    }
}

#[test]
fn nothing_at_all_and_what_is_empty() {
    check(&files(&[("migrations/README.md", "")]));
    check(&files(&[("migrations/001_a.sql", ""), ("migrations/002_b.sql", "-- dbmigrate: down\n")]));
    check(&files(&[("migrations/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;")]));
}

#[test]
fn squashes_of_squashes_pruned_and_not() {
    check(&originals(30));
    let once = squashed(&originals(30), 12);
    check(&once);
    let twice = squashed(&once, 20);
    check(&twice);
    let set = squashed(&originals(8), 8);
    check(&set);
    check(&pruned(&set));
}

#[test]
fn several_sets_with_what_they_require_and_their_configuration() {
    check(&files(&[
        (
            "Cargo.toml",
            "[package]\nname = \"app\"\n[package.metadata.migrations]\ntransaction = \"all\"\n\
             foreign-keys = \"connection\"\nstore-sql = \"all\"\nout-of-order = \"apply\"\nnewer-database = \"allow\"\n\
             [package.metadata.migrations.sets]\naccounts = {}\nbilling = { table = \"odd_name\" }\n",
        ),
        ("migrations/accounts/001_users.sql", "CREATE TABLE users (id);\n"),
        (
            "migrations/billing/001_invoices.sql",
            "-- dbmigrate: requires accounts/001_users\nCREATE TABLE invoices (id);\n",
        ),
    ]));
}

#[test]
fn a_snapshot() {
    let text = "CREATE TABLE t(a);\nINSERT INTO t VALUES ('ü');\n";
    let mut package = files(&[
        ("migrations/001_t.sql", "CREATE TABLE t(a);\nINSERT INTO t VALUES ('ü');\n"),
        ("migrations/002_u.sql", "CREATE TABLE u(a);\n"),
        ("migrations/snapshot.sql", text),
    ]);
    let set = {
        let folder = Folder::new(&package);
        dbmigrate_core::load(&folder.0).set
    };
    let checksum = snapshot::checksum(&SourceText::new("migrations/snapshot.sql", text));
    let source = snapshot::source(&set.config, &set.migrations[..1]);
    let sealed = SealedSnapshot { number: 1, chain: set.migrations[0].chain.clone(), checksum, source };
    let schema = SealedSchema { chain: set.chain().to_owned(), fingerprint: "s1:0123456789abcdef".to_owned() };
    let lock = Lock { snapshot: Some(sealed), schema: Some(schema), ..Lock::seal(&set.migrations) };
    package.insert("migrations/migrations.lock".to_owned(), lock.to_text());
    let folder = Folder::new(&package);
    let set = dbmigrate_core::load(&folder.0).set;
    assert!(set.snapshot.is_some() && set.lock.fingerprint(set.chain()).is_some());
    check_package(&folder.0, &folder.out());
}

/// Numbers that look like chance, and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn is_six(&mut self) -> bool {
        self.roll(6) == 5
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }
}

const STATEMENTS: [&str; 12] = [
    "CREATE TABLE a (x)",
    "DROP TABLE IF EXISTS \"a \"\" b\"",
    "DROP TABLE [ö]",
    "DELETE FROM a",
    "UPDATE 'it''s' SET x = '→ 日本'",
    "REPLACE INTO main.a VALUES (1)",
    "ALTER TABLE a DROP COLUMN x",
    "CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE a SET x = 1; DELETE FROM b; END",
    "/* ; */ SELECT 1 -- ;\n",
    "PRAGMA cache_size = 100",
    "INSERT INTO a VALUES (';')",
    "DROP TABLE b",
];

fn script(dice: &mut Dice, count: usize) -> String {
    let between = dice.of(&[";\n", ";  ", ";\n\n-- Ünd.\n", ";;"]);
    let statements: Vec<&str> = (0..count).map(|_| dice.of(&STATEMENTS)).collect();
    statements.join(between) + dice.of(&["", ";", ";\n", "\n-- End"])
}

/// A package like no other.
fn thrown(seed: u64) -> Files {
    let mut dice = Dice(seed);
    let mut package = files(&[]);
    for at in 1..=dice.roll(9) + 1 {
        let name = format!("{at:03}_{}", dice.of(&["a", "add_b", "2fa", "longer_than_most_of_them"]));
        if dice.is_six() {
            let top = dice.of(&["", "// dbmigrate: version 3\n", "// dbmigrate: no-transaction\n"]);
            let down = dice.of(&["", "pub fn down(_: &Connection) -> R { Ok(()) }\n"]);
            let text = format!("{top}pub fn up(_: &Connection) -> R {{ Ok(()) }}\n{down}");
            package.insert(format!("migrations/{name}.rs"), text);
            continue;
        }
        let mut text = String::new();
        for line in [
            "-- Migration: Ein Name → 日本",
            "-- Date: 2024-01-15",
            "-- Description: CREATE TABLE a (x)",
            "-- Version: 1.0.0",
            "-- dbmigrate: assert SELECT count(*) = 0 FROM a",
            "-- dbmigrate: assert SELECT 1",
            "-- dbmigrate: foreign-keys off",
            "-- dbmigrate: tolerate existing",
            "-- dbmigrate: no-transaction",
        ] {
            if dice.is_six() {
                text += line;
                text += dice.of(&["\n", "\r\n"]);
            }
        }
        let count = dice.roll(5);
        text += &script(&mut dice, count);
        if dice.is_six() && !text.contains("no-transaction") {
            text += "\n;\n-- dbmigrate: call fill\n";
        }
        let down = script(&mut dice, 2);
        match dice.roll(4) {
            0 => text += &format!("\n-- dbmigrate: down\n{down}"),
            1 => _ = package.insert(format!("migrations/{name}.down.sql"), down),
            2 => text = format!("-- dbmigrate: irreversible {down:?}\n{text}").replace("\\n", " "),
            _ => {}
        }
        package.insert(format!("migrations/{name}.sql"), text);
    }
    for (file, text) in [
        ("hooks/before_all", "SELECT 1;"),
        ("hooks/after_all", "-- dbmigrate: assert SELECT 1\nANALYZE"),
        ("repeatable/v", "CREATE VIEW \"V \"\"1\"\"\" AS SELECT 1;\nCREATE VIEW w AS SELECT 1"),
        ("repeatable/x", "CREATE VIEW x AS SELECT 1; CREATE TRIGGER x_ INSTEAD OF INSERT ON x BEGIN SELECT 1; END"),
        ("repeatable/y", "CREATE TRIGGER y AFTER UPDATE OF a ON main.\"t \"\"1\"\"\" BEGIN SELECT 1; END"),
    ] {
        if dice.is_six() {
            package.insert(format!("migrations/{file}.sql"), text.to_owned());
        }
    }
    package
}

#[test]
fn whatever_a_package_has() {
    let mut faulty = Vec::new();
    for seed in 1..=150 {
        let folder = Folder::new(&thrown(seed * 0x9e37_79b9));
        match dbmigrate_core::load(&folder.0) {
            loaded if loaded.has_errors() => faulty.extend(loaded.diagnostics),
            _ => _ = check_package(&folder.0, &folder.out()),
        }
    }
    assert!(faulty.len() < 30, "most are sound: {faulty:#?}");
}

/// What a build wrote for a set with most of everything.
fn written() -> (MigrationSet, Written) {
    let folder = Folder::new(&Files::new());
    let root = checkout().join("dbmigrate-build/tests/golden");
    Builder::new().root(&root).out_dir(folder.out()).generate().unwrap();
    (dbmigrate_core::load(&root).set, Written::read(&folder.out().join("dbmigrate")))
}

#[test]
fn a_change_of_any_bit_is_seen() {
    let (set, written) = written();
    with_set(&set, |set| {
        for bit in 0..written.data.len() * 8 {
            let mut other = written.clone();
            other.data[bit / 8] ^= 1 << (bit % 8);
            assert!(other.packed(set).set().unwrap_err().is_set());
        }
        for at in (0..written.texts.len()).filter(|at| written.texts.as_bytes()[*at].is_ascii()) {
            let mut other = written.clone();
            other.texts.replace_range(at..=at, "~");
            assert!(other.texts == written.texts || other.packed(set).set().is_err());
        }
        let shorter = Written { data: written.data[1..].to_vec(), ..written.clone() };
        assert!(shorter.packed(set).set().is_err());
        // Of another set, be it whole.
        let chain = Set { migrations: &set.migrations[..3], repeatables: &[], ..*set };
        assert!(written.packed(&chain).set().is_err());
    });
}

#[test]
fn bytes_that_no_build_has_written_are_an_error_and_no_panic() {
    let (set, written) = written();
    with_set(&set, |set| {
        let is_read = |other: Written| other.sealed().packed(set).set().is_ok();
        assert!(is_read(written.clone()));
        for at in 0..written.data.len() {
            assert!(!is_read(Written { data: written.data[..at].to_vec(), ..written.clone() }));
            for byte in [0, 1, 127, 128, 255] {
                let mut other = written.clone();
                other.data[at] = byte;
                is_read(other);
                let mut other = written.clone();
                other.data.insert(at, byte);
                is_read(other);
            }
        }
        let mut dice = Dice(7);
        for _ in 0..2_000 {
            let mut other = written.clone();
            for _ in 0..=dice.roll(8) {
                let at = dice.roll(other.data.len());
                other.data[at] = dice.roll(256) as u8;
            }
            other.texts.truncate(if dice.is_six() { 100 } else { usize::MAX });
            is_read(other);
        }
        // Counts, lengths and places that nothing could hold.
        let most = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
        assert!(!is_read(Written { data: most.to_vec(), ..written.clone() }));
        assert!(!is_read(Written { data: [&[1], &most[..], &[0]].concat(), ..written.clone() }));
        assert!(!is_read(Written { data: [&[1, 2], &most[..]].concat(), ..written.clone() }));
        assert!(!is_read(Written { data: [&[0], &most[..]].concat(), ..written }));
    });
}

#[test]
fn what_is_said_twice_is_stored_once() {
    let text = |at: usize| TEXTS[at % TEXTS.len()];
    let size = |copies: usize| {
        let files: Files = (1..=copies)
            .map(|at| (format!("migrations/{at:03}_m.sql"), text(10).to_owned()))
            .chain(files(&[]))
            .collect();
        let folder = Folder::new(&files);
        Builder::new().root(&folder.0).out_dir(folder.out()).generate().unwrap();
        let written = Written::read(&folder.out().join("dbmigrate"));
        written.texts.len() + written.data.len()
    };
    let (one, ten) = (size(1), size(10));
    assert!(one > text(10).len() && (ten - one) / 9 < 200, "{one} bytes for one, {ten} for ten");
}
