//! Which parts of the runner a set needs: the program carries no others. In doubt it carries one too many.

use dbmigrate_core::config::{ForeignKeys, StoreSql};
use dbmigrate_core::squash::Replaced;
use dbmigrate_core::statement::{Effect, mentions_deferring};
use dbmigrate_core::token::{is_word, tokens};
use dbmigrate_core::{Body, MigrationSet, Script, SourceMigration, Step};

/// What was found in the scripts.
#[derive(Default)]
struct Needs {
    assertions: bool,
    code: bool,
    foreign_keys: bool,
    requirements: bool,
    settings: bool,
    down_scripts: bool,
    without_transaction: bool,
}

/// The value of `parts`. Down scripts count for nothing: what runs them carries all parts.
pub(crate) fn render(set: &MigrationSet) -> String {
    let config = &set.config;
    let mut needs = Needs { foreign_keys: config.foreign_keys != ForeignKeys::On, ..Needs::default() };
    let hooks = [&set.before_all, &set.after_all].into_iter().flatten();
    let repeatables = set.repeatables.iter().map(|repeatable| &repeatable.script);
    let snapshot = set.snapshot.as_ref().map(|snapshot| &snapshot.script);
    hooks.chain(repeatables).chain(snapshot).for_each(|script| needs.script(script));
    set.migrations.iter().for_each(|migration| needs.migration(migration));
    needs.replaced(set.replaced.as_ref());
    let texts = match config.store_sql {
        StoreSql::Down => needs.down_scripts,
        StoreSql::All => true,
        StoreSql::None => false,
    };
    let parts = [
        ("assertions", needs.assertions),
        ("code", needs.code),
        ("foreign_keys", needs.foreign_keys),
        ("repeatables", !set.repeatables.is_empty()),
        ("requirements", needs.requirements),
        ("settings", needs.settings),
        ("squash", set.replaced.is_some()),
        ("texts", texts),
        ("without_transaction", needs.without_transaction),
    ];
    let parts = parts.into_iter().filter(|(_, is_needed)| *is_needed);
    parts.fold("__dbmigrate::Parts::NONE".to_owned(), |text, (part, _)| text + "." + part + "()")
}

impl Needs {
    fn replaced(&mut self, replaced: Option<&Replaced>) {
        let mut next = replaced;
        while let Some(replaced) = next {
            replaced.migrations.iter().for_each(|migration| self.migration(migration));
            next = replaced.replaced.as_deref();
        }
    }

    fn migration(&mut self, migration: &SourceMigration) {
        self.requirements |= !migration.requires.is_empty();
        match &migration.body {
            Body::Sql { up, .. } => {
                self.script(up);
                self.down_scripts |= migration.body.down_script().is_some();
            }
            Body::Rust(rust) => {
                self.rust();
                self.down_scripts |= rust.has_down;
                self.without_transaction |= !rust.transaction;
            }
        }
    }

    fn script(&mut self, script: &Script) {
        self.assertions |= !script.asserts.is_empty();
        self.without_transaction |= !script.transaction;
        self.foreign_keys |= script.foreign_keys == Some(false) || mentions_deferring(script.source.text());
        for step in &script.steps {
            match step {
                Step::Sql(statement) => {
                    let sql = script.source.slice(statement.span);
                    self.foreign_keys |= drops_table(sql);
                    self.settings |= matches!(statement.effect, Effect::Session | Effect::Bare { .. });
                }
                Step::Call { .. } => self.rust(),
            }
        }
    }

    fn rust(&mut self) {
        self.code = true;
        self.foreign_keys = true;
        self.settings = true;
    }
}

/// Whether a statement drops a table, be it one of an attached database.
fn drops_table(sql: &str) -> bool {
    let mut words = tokens(sql).filter(|token| !token.is_blank());
    ["DROP", "TABLE"].into_iter().all(|keyword| words.next().is_some_and(|token| is_word(sql, token, keyword)))
}

#[cfg(test)]
mod tests {
    use crate::Builder;

    fn check(files: &[(&str, &str)], expect: &str) {
        let folder = std::env::temp_dir().join(format!("dbmigrate-parts-{}-{:p}", std::process::id(), files));
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let module = Builder::new().root(&folder).plan().unwrap().module().to_owned();
        std::fs::remove_dir_all(&folder).unwrap();
        let line = module.lines().find_map(|line| line.strip_prefix("    parts: __dbmigrate::Parts::NONE"));
        assert_eq!(line, Some(format!("{expect},").as_str()), "{files:?}");
    }

    #[test]
    fn a_program_carries_what_its_files_need() {
        let manifest = "[package]\nname = \"p\"\n";
        let check = |text, expect| check(&[("Cargo.toml", manifest), ("migrations/001_a.sql", text)], expect);
        check("CREATE TABLE a (x);", "");
        check("-- dbmigrate: assert SELECT 1\nCREATE TABLE a (x);", ".assertions()");
        check("-- dbmigrate: call fill\n", ".code().foreign_keys().settings()");
        check("DROP TABLE a;", ".foreign_keys()");
        check("ATTACH 'o.db' AS o; drop /* so */ table o.a;", ".foreign_keys().settings()");
        check("DROP INDEX o.a;", "");
        check("-- dbmigrate: foreign-keys off\nCREATE TABLE a (x);", ".foreign_keys()");
        check("CREATE TABLE a (x REFERENCES b Deferrable INITIALLY DEFERRED);", ".foreign_keys()");
        check("-- dbmigrate: no-transaction\nCREATE TABLE a (x);", ".without_transaction()");
        check("-- dbmigrate: no-transaction\nPRAGMA synchronous = OFF;", ".settings().without_transaction()");
        check("PRAGMA legacy_alter_table = ON;", ".settings()");
        check("PRAGMA foreign_keys = ON;", "");
        check("CREATE TABLE a (x);\n-- dbmigrate: down\nDROP TABLE a;", ".texts()");
        // Nothing to run, and nothing is kept.
        check("CREATE TABLE a (x);\n-- dbmigrate: down\n-- to do\n", "");
    }

    #[test]
    fn so_it_does_for_its_configuration_and_what_lies_beside() {
        let with = |key: &str| format!("[package]\nname = \"p\"\n[package.metadata.migrations]\n{key}\n");
        let table = ("migrations/001_a.sql", "CREATE TABLE a (x);");
        check(&[("Cargo.toml", &with("store-sql = \"all\"")), table], ".texts()");
        check(&[("Cargo.toml", &with("foreign-keys = \"connection\"")), table], ".foreign_keys()");
        let view = ("migrations/repeatable/v.sql", "CREATE VIEW v AS SELECT 1;");
        check(&[("Cargo.toml", &with("")), table, view], ".repeatables()");
        let hook = ("migrations/hooks/after_all.sql", "-- dbmigrate: assert SELECT 1\nPRAGMA legacy_alter_table = ON;");
        check(&[("Cargo.toml", &with("")), table, hook], ".assertions().settings()");
        let up = "pub fn up(db: &rusqlite::Connection) -> rusqlite::Result<()> { Ok(()) }\n";
        let rust = format!("// dbmigrate: no-transaction\n{up}{}", up.replace("up", "down"));
        let parts = ".code().foreign_keys().settings()";
        check(&[("Cargo.toml", &with("")), table, ("migrations/002_b.rs", up)], parts);
        let parts = format!("{parts}.texts().without_transaction()");
        check(&[("Cargo.toml", &with("")), table, ("migrations/002_b.rs", &rust)], &parts);
        let next = ("migrations/002_b.sql", "-- dbmigrate: requires 001_a\nCREATE TABLE b (x);");
        check(&[("Cargo.toml", &with("")), table, next], ".requirements()");
    }
}
