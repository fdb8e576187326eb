//! Turns the files of a package, as core read them, into the runner's plain data. `dbmigrate-build` does the same as
//! text for programs.

use dbmigrate_core::adoption::{Adopted, Adoption, OldShape};
use dbmigrate_core::config::{self, Config};
use dbmigrate_core::repeatable::{Object, ObjectKind, Repeatable};
use dbmigrate_core::statement;
use dbmigrate_core::{Body, Down, MigrationSet, Script, SourceMigration, Step};
use dbmigrate_runtime as runtime;

use crate::ops::driver::at_work;

mod squash;

/// Calls `work` with the runner's view of `set`. Rust code gets ids that nobody answers to.
pub(crate) fn with_set<R>(set: &MigrationSet, work: impl FnOnce(&runtime::Set<'_>) -> R) -> R {
    at_work(set, || view_of(set, work))
}

fn view_of<R>(set: &MigrationSet, work: impl FnOnce(&runtime::Set<'_>) -> R) -> R {
    let parts: Vec<Parts<'_>> = set.migrations.iter().map(Parts::new).collect();
    let migrations: Vec<runtime::Migration<'_>> = parts.iter().map(Parts::migration).collect();
    let before_all = set.before_all.as_ref().map(|hook| (hook, steps(hook)));
    let after_all = set.after_all.as_ref().map(|hook| (hook, steps(hook)));
    let objects: Vec<Vec<_>> = set.repeatables.iter().map(|it| it.objects.iter().map(object).collect()).collect();
    let scripts: Vec<Steps<'_>> = set.repeatables.iter().map(|it| steps(&it.script)).collect();
    let repeatables = set.repeatables.iter().zip(objects.iter().zip(&scripts));
    let repeatables: Vec<_> = repeatables.map(|(it, (objects, steps))| repeatable(it, objects, steps)).collect();
    let old = set.adoption.as_ref().map(|adoption| (adoption, adoption.history(&set.config.table)));
    let old = old.as_ref().map(|(adoption, history)| {
        let shapes: Vec<_> = history.shapes.iter().map(shape).collect();
        let migrations: Vec<_> = adoption.migrations.iter().map(|entry| adopted(adoption, entry)).collect();
        (adoption, history, shapes, migrations)
    });
    let snapshot = set.snapshot.as_ref().map(|snapshot| (snapshot, steps(&snapshot.script)));
    let view = |squash: Option<&runtime::Squash<'_>>, work: &mut dyn FnMut(&runtime::Set<'_>)| {
        work(&runtime::Set {
            name: &set.config.set,
            table: &set.config.table,
            migrations: &migrations,
            before_all: before_all.as_ref().map(|(hook, steps)| sql(hook, steps)),
            after_all: after_all.as_ref().map(|(hook, steps)| sql(hook, steps)),
            repeatables: &repeatables,
            sealed: set.sealed(),
            schema: set.lock.fingerprint(set.chain()),
            squash: squash.copied(),
            snapshot: snapshot.as_ref().map(|(it, steps)| runtime::Snapshot {
                number: it.number,
                chain: it.chain(set),
                script: sql(&it.script, steps),
                by: runtime::StartsFrom::SNAPSHOT,
            }),
            adoption: old.as_ref().map(|(adoption, history, shapes, migrations)| runtime::Adoption {
                from: adoption.tool.name(),
                table: history.table.as_deref(),
                shapes,
                newest_only: history.newest_only,
                keep: adoption.keep,
                aside: history.aside.as_deref(),
                remove: &history.remove,
                migrations,
                by: runtime::TakesOver::HISTORIES,
            }),
            parts: runtime::Parts::ALL,
            rules: rules(&set.config),
        });
    };
    let name = migrations.first().map_or("", |first| first.name);
    let mut result = None;
    let mut work = Some(work);
    squash::with(name, set.replaced.as_ref(), &mut |squash| {
        view(squash, &mut |set| result = work.take().map(|work| work(set)));
    });
    result.expect("it is called once")
}

fn shape(shape: &OldShape) -> runtime::OldShape<'_> {
    let OldShape { columns, applied, forbids } = shape;
    runtime::OldShape { columns, applied, forbids }
}

fn adopted<'a>(adoption: &'a Adoption, entry: &'a Adopted) -> runtime::Adopted<'a> {
    let checksum = entry.checksum.as_deref();
    runtime::Adopted { key: adoption.asked(&entry.key), checksum, number: entry.number }
}

fn rules(config: &Config) -> runtime::Rules {
    runtime::Rules {
        transaction: match config.transaction {
            config::TransactionMode::Each => runtime::TransactionMode::Each,
            config::TransactionMode::All => runtime::TransactionMode::All,
        },
        foreign_keys: match config.foreign_keys {
            config::ForeignKeys::On => runtime::ForeignKeys::On,
            config::ForeignKeys::Off => runtime::ForeignKeys::Off,
            config::ForeignKeys::Connection => runtime::ForeignKeys::Connection,
        },
        store_sql: match config.store_sql {
            config::StoreSql::Down => runtime::StoreSql::Down,
            config::StoreSql::All => runtime::StoreSql::All,
            config::StoreSql::None => runtime::StoreSql::None,
        },
        out_of_order: match config.out_of_order {
            config::OutOfOrder::Error => runtime::OutOfOrder::Error,
            config::OutOfOrder::Apply => runtime::OutOfOrder::APPLY,
        },
        newer_database: match config.newer_database {
            config::NewerDatabase::Refuse => runtime::NewerDatabase::Refuse,
            config::NewerDatabase::Allow => runtime::NewerDatabase::Allow,
        },
    }
}

/// What the runner's view of a migration borrows and core does not hold.
struct Parts<'m> {
    source: &'m SourceMigration,
    name: String,
    requires: Vec<&'m str>,
    up: Steps<'m>,
    down: Steps<'m>,
}

/// What the runner's view of a script borrows.
#[derive(Default)]
struct Steps<'m> {
    asserts: Vec<runtime::Statement<'m>>,
    steps: Vec<runtime::Step<'m>>,
    prefixes: Vec<&'m str>,
}

impl<'m> Parts<'m> {
    fn new(source: &'m SourceMigration) -> Self {
        let (up, down) = match &source.body {
            Body::Sql { up, down: Down::Script(down) } => (steps(up), steps(down)),
            Body::Sql { up, .. } => (steps(up), Steps::default()),
            Body::Rust(_) => {
                let whole = |name| Steps { steps: vec![code(name, 1)], ..Steps::default() };
                (whole("up"), whole("down"))
            }
        };
        let requires = source.requires.iter().map(|required| required.name.as_str()).collect();
        Self { source, name: source.name(), requires, up, down }
    }

    fn migration(&self) -> runtime::Migration<'_> {
        let Self { source, name, requires, up, down } = self;
        let (up, down) = match &source.body {
            Body::Sql { up: script, down: down_script } => {
                let down_script = match (down_script, source.body.down_script()) {
                    (Down::Irreversible(reason), _) => runtime::Down::Irreversible(reason),
                    (Down::Script(empty), None) => runtime::Down::Empty(empty.source.path()),
                    (Down::Missing, _) => runtime::Down::Missing,
                    (_, Some(script)) => runtime::Down::Script(sql(script, down)),
                };
                (sql(script, up), down_script)
            }
            Body::Rust(rust) => {
                let whole = |steps| runtime::Script {
                    file: &source.file,
                    text: "",
                    asserts: &[],
                    steps,
                    transaction: rust.transaction,
                    foreign_keys: rust.foreign_keys,
                    tolerate_existing: false,
                    checksum: &source.checksum,
                    prefixes: &[],
                };
                let down_script = match &rust.irreversible {
                    Some(reason) => runtime::Down::Irreversible(reason),
                    None if rust.has_down => runtime::Down::Script(whole(&down.steps)),
                    None => runtime::Down::Missing,
                };
                (whole(&up.steps), down_script)
            }
        };
        let metadata = &source.metadata;
        runtime::Migration {
            number: source.number,
            name,
            file: &source.file,
            metadata: runtime::Metadata {
                title: metadata.title.as_deref(),
                date: metadata.date.as_deref(),
                description: metadata.description.as_deref(),
                version: metadata.version.as_deref(),
            },
            checksum: &source.checksum,
            text_checksum: &source.text_checksum,
            chain: &source.chain,
            requires,
            up,
            down,
        }
    }
}

fn repeatable<'a>(
    source: &'a Repeatable,
    objects: &'a [runtime::Object<'a>],
    steps: &'a Steps<'a>,
) -> runtime::Repeatable<'a> {
    runtime::Repeatable {
        name: &source.name,
        checksum: &source.script.checksum,
        chain: &source.chain,
        objects,
        script: sql(&source.script, steps),
    }
}

fn object(object: &Object) -> runtime::Object<'_> {
    let kind = match object.kind {
        ObjectKind::View => runtime::ObjectKind::View,
        ObjectKind::Trigger => runtime::ObjectKind::Trigger,
    };
    runtime::Object { kind, name: &object.name, table: object.table.as_deref() }
}

fn sql<'a>(script: &'a Script, Steps { asserts, steps, prefixes }: &'a Steps<'a>) -> runtime::Script<'a> {
    runtime::Script {
        file: script.source.path(),
        text: script.source.text(),
        asserts,
        steps,
        transaction: script.transaction,
        foreign_keys: script.foreign_keys,
        tolerate_existing: script.tolerate_existing,
        checksum: &script.checksum,
        prefixes,
    }
}

fn steps(script: &Script) -> Steps<'_> {
    let steps = script.steps.iter().map(|step| match step {
        Step::Sql(sql) => runtime::Step::Sql(statement(sql)),
        Step::Call { name, line, .. } => code(name, *line),
    });
    Steps {
        asserts: script.asserts.iter().map(statement).collect(),
        steps: steps.collect(),
        prefixes: script.prefixes.iter().map(String::as_str).collect(),
    }
}

fn statement(statement: &statement::Statement) -> runtime::Statement<'_> {
    runtime::Statement {
        start: narrow(statement.span.start),
        end: narrow(statement.span.end),
        effect: effect(&statement.effect),
    }
}

fn effect(effect: &statement::Effect) -> runtime::Effect<'_> {
    match effect {
        statement::Effect::None => runtime::Effect::None,
        statement::Effect::DropTable(table) => runtime::Effect::DropTable(table),
        statement::Effect::DropColumn(table) => runtime::Effect::DropColumn(table),
        statement::Effect::Write(table) => runtime::Effect::Write(table),
        statement::Effect::Session => runtime::Effect::Session,
        statement::Effect::Begin => runtime::Effect::Begin,
        statement::Effect::Commit => runtime::Effect::Commit,
        statement::Effect::Bare { idempotent } => runtime::Effect::Bare { idempotent: *idempotent },
    }
}

fn code(name: &str, line: usize) -> runtime::Step<'_> {
    runtime::Step::Code(runtime::Code { id: u32::MAX, name, line: narrow(line) })
}

/// A position past 4 GiB lies in no text, and the runner says so.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmigrate_core::lock::{Lock, SealedSchema};
    use dbmigrate_runtime::{Effect, Migrator, Step};

    const FILES: &[(&str, &str)] = &[
        ("Cargo.toml", "[package]\nname = \"app\"\n[package.metadata.migrations]\nout-of-order = \"apply\"\n"),
        (
            "migrations/001_a.sql",
            "-- Version: 1.0.0\nCREATE TABLE a (b, x);\nDELETE FROM a;\nALTER TABLE a DROP x;\n-- dbmigrate: down\n\
             DROP TABLE a;",
        ),
        (
            "migrations/002_c.sql",
            "-- dbmigrate: irreversible on purpose\n-- dbmigrate: no-transaction\nCREATE TABLE c (d)",
        ),
        (
            "migrations/003_e.sql",
            "-- dbmigrate: requires other/001_a\n-- dbmigrate: assert SELECT count(*) = 0 FROM a;\nSELECT 1;\n\
             -- dbmigrate: call fill\n",
        ),
        ("migrations/hooks/after_all.sql", "SELECT 2;"),
        ("migrations/repeatable/views.sql", "CREATE VIEW \"V\" AS SELECT 1;"),
        ("migrations/004_f.rs", "pub fn up(db: &rusqlite::Connection) -> Result<(), rusqlite::Error> { Ok(()) }\n"),
    ];

    fn set() -> MigrationSet {
        let root = std::env::temp_dir().join(format!("dbmigrate-set-{:?}", std::thread::current().id()));
        for folder in ["migrations/hooks", "migrations/repeatable"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (name, text) in FILES {
            std::fs::write(root.join(name), text).unwrap();
        }
        let loaded = dbmigrate_core::load(&root);
        std::fs::remove_dir_all(&root).unwrap();
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
        loaded.set
    }

    #[test]
    fn everything_that_core_read_arrives() {
        let text = |script: &runtime::Script<'_>| -> Vec<String> {
            let step = |step: &Step<'_>| match step {
                Step::Sql(sql) => {
                    format!("{} {:?}", &script.text[sql.start as usize..sql.end as usize], sql.effect)
                }
                Step::Code(code) => format!("{}:{}", code.name, code.line),
            };
            script.steps.iter().map(step).collect()
        };
        let source = set();
        with_set(&source, |set| {
            assert_eq!((set.table, set.rules.out_of_order), ("_migrations", runtime::OutOfOrder::APPLY));
            let [a, c, e, f] = set.migrations else { panic!("{set:?}") };
            assert_eq!((a.number, a.name, a.file), (1, "001_a", "migrations/001_a.sql"));
            assert_eq!(a.metadata.version, Some("1.0.0"));
            assert_eq!(
                text(&a.up),
                ["CREATE TABLE a (b, x) None", "DELETE FROM a Write(\"a\")", "ALTER TABLE a DROP x DropColumn(\"a\")"]
            );
            let runtime::Down::Script(down) = &a.down else { panic!("{a:?}") };
            assert_eq!(text(down), ["DROP TABLE a DropTable(\"a\")"]);
            assert!(matches!(c.down, runtime::Down::Irreversible("on purpose")));
            assert_eq!(text(&e.up), ["SELECT 1 None", "fill:4"]);
            let [assert] = e.up.asserts else { panic!("{e:?}") };
            assert_eq!(&e.up.text[assert.start as usize..assert.end as usize], "SELECT count(*) = 0 FROM a");
            assert_eq!((a.requires, e.requires), (&[] as &[&str], &["other/001_a"] as &[&str]));
            assert_eq!(text(&f.up), ["up:1"]);
            assert!(matches!(f.down, runtime::Down::Missing));
            for (ours, theirs) in set.migrations.iter().zip(&source.migrations) {
                assert_eq!((ours.checksum, ours.chain), (&*theirs.checksum, &*theirs.chain));
                assert_eq!(ours.text_checksum, theirs.text_checksum);
            }
            let Body::Sql { up, .. } = &source.migrations[1].body else { panic!("{source:?}") };
            assert_eq!((a.up.prefixes.len(), c.up.prefixes.len()), (0, 2));
            assert_eq!(c.up.prefixes, up.prefixes);
            let hooks = [set.before_all, set.after_all].map(|hook| hook.map(|hook| (hook.file, text(&hook))));
            assert_eq!(hooks[0], None);
            assert_eq!(hooks[1], Some(("migrations/hooks/after_all.sql", vec!["SELECT 2 None".to_owned()])));
            let [views] = set.repeatables else { panic!("{set:?}") };
            assert_eq!(
                (views.name, text(&views.script)),
                ("views", vec!["CREATE VIEW \"V\" AS SELECT 1 None".to_owned()])
            );
            assert_eq!(views.objects, [runtime::Object { kind: runtime::ObjectKind::View, name: "V", table: None }]);
            assert_eq!((views.checksum, views.chain), (views.script.checksum, &*source.repeatables[0].chain));
            assert_eq!((set.sealed, set.schema), (0, None));
        });
        let mut sealed = source.clone();
        sealed.lock = Lock::seal(&source.migrations[..2]);
        sealed.lock.schema = Some(SealedSchema { chain: source.chain().to_owned(), fingerprint: "s1:0".to_owned() });
        with_set(&sealed, |set| assert_eq!((set.sealed, set.schema), (2, Some("s1:0"))));
        assert_eq!(effect(&statement::Effect::Bare { idempotent: true }), Effect::Bare { idempotent: true });
    }

    #[test]
    fn the_runner_runs_it() {
        let mut source = set();
        source.migrations.truncate(2);
        with_set(&source, |set| {
            let mut connection = rusqlite::Connection::open_in_memory().unwrap();
            let migrator = Migrator::<crate::ops::driver::Rusqlite>::new(set);
            assert_eq!(migrator.up(&mut connection).unwrap().applied.len(), 2);
            assert!(migrator.verify(&mut connection).unwrap().is_ok());
        });
    }
}
