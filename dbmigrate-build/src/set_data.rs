//! The set: what the runner walks through, split and hashed at build time. What a start with nothing pending asks for
//! and what the linker has to see stands in the module; the rest is packed, in the order in which `packed/unpack.rs` of
//! the runtime reads it.

use std::fmt::Write;

use dbmigrate_core::config::{Config, ForeignKeys, NewerDatabase, OutOfOrder, StoreSql, TransactionMode};
use dbmigrate_core::lock::Sealed;
use dbmigrate_core::metadata::Metadata;
use dbmigrate_core::repeatable::{Object, ObjectKind, Repeatable};
use dbmigrate_core::rust_source::RustSource;
use dbmigrate_core::squash::{PRUNED, Replaced};
use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::{Body, Down, MigrationSet, Script, Snapshot, SourceMigration, Step, checksum};

use crate::code::{Direction, Table};
use crate::pack::{Packed, Packer, Placed};
use crate::{adoption, literal, parts};

/// The file of all texts, beside the module.
pub(crate) const TEXTS: &str = "migrations.txt";
/// The file that says what they are.
pub(crate) const DATA: &str = "migrations.bin";

/// Writes `SET`, and returns what it embeds.
pub(crate) fn render(text: &mut String, set: &MigrationSet, code: &Table<'_>) -> Packed {
    let packed = pack(set, code);
    let some =
        |is_some: bool, what: &str| if is_some { format!("Some(__dbmigrate::{what})") } else { "None".to_owned() };
    let _ = write!(
        text,
        "static SET: __dbmigrate::__private::PackedSet = __dbmigrate::__private::PackedSet::new(__dbmigrate::__private::PackedData {{
    name: {name},
    table: {table},
    chain: {chain},
    migrations: {migrations},
    repeatables: {repeatables},
    rules: __dbmigrate::Rules {{
{rules}    }},
    parts: {parts},
    snapshot: {snapshot},
    adoption: {adoption},
    texts: include_str!({texts}),
    data: include_bytes!({data}),
    seal: {seal},
}});

",
        name = literal::string(&set.config.set),
        table = literal::string(&set.config.table),
        chain = literal::string(set.chain()),
        migrations = literal::number(set.migrations.len() as u64),
        repeatables = literal::number(set.repeatables.len() as u64),
        rules = rules(&set.config),
        parts = parts::render(set),
        snapshot = some(set.snapshot.is_some(), "StartsFrom::SNAPSHOT"),
        adoption = some(set.adoption.is_some(), "TakesOver::HISTORIES"),
        texts = literal::string(TEXTS),
        data = literal::string(DATA),
        seal = literal::number(packed.seal),
    );
    packed
}

/// Writes an empty `SET`, for a set with faults.
pub(crate) fn render_stub(text: &mut String) {
    text.push_str("static SET: __dbmigrate::Set<'static> = __dbmigrate::Set::EMPTY;\n\n");
}

fn rules(config: &Config) -> String {
    let transaction = match config.transaction {
        TransactionMode::Each => "Each",
        TransactionMode::All => "All",
    };
    let foreign_keys = match config.foreign_keys {
        ForeignKeys::On => "On",
        ForeignKeys::Off => "Off",
        ForeignKeys::Connection => "Connection",
    };
    let store_sql = match config.store_sql {
        StoreSql::Down => "Down",
        StoreSql::All => "All",
        StoreSql::None => "None",
    };
    let out_of_order = match config.out_of_order {
        OutOfOrder::Error => "Error",
        OutOfOrder::Apply => "APPLY",
    };
    let newer_database = match config.newer_database {
        NewerDatabase::Refuse => "Refuse",
        NewerDatabase::Allow => "Allow",
    };
    format!(
        "        transaction: __dbmigrate::TransactionMode::{transaction},
        foreign_keys: __dbmigrate::ForeignKeys::{foreign_keys},
        store_sql: __dbmigrate::StoreSql::{store_sql},
        out_of_order: __dbmigrate::OutOfOrder::{out_of_order},
        newer_database: __dbmigrate::NewerDatabase::{newer_database},
"
    )
}

fn pack(set: &MigrationSet, code: &Table<'_>) -> Packed {
    let mut packer = Packer::default();
    packer.list(set.migrations.iter(), |packer, it| pack_migration(packer, it, code));
    for hook in [&set.before_all, &set.after_all] {
        packer.option(hook.as_ref(), |packer, hook| pack_script(packer, hook, code));
    }
    if !set.repeatables.is_empty() {
        packer.list(set.repeatables.iter(), |packer, it| pack_repeatable(packer, it, code));
    }
    packer.number(set.sealed() as u64);
    packer.optional(set.lock.fingerprint(set.chain()));
    if let Some(replaced) = &set.replaced {
        let squash = set.migrations.first().map(|squash| (squash.name(), replaced));
        pack_squash(&mut packer, squash, code);
    }
    if let Some(snapshot) = &set.snapshot {
        pack_snapshot(&mut packer, set, snapshot, code);
    }
    adoption::pack(&mut packer, set);
    packer.finish()
}

fn pack_snapshot(packer: &mut Packer, set: &MigrationSet, snapshot: &Snapshot, code: &Table<'_>) {
    packer.number(snapshot.number);
    packer.string(snapshot.chain(set));
    pack_script(packer, &snapshot.script, code);
}

/// The innermost level comes first.
fn pack_squash(packer: &mut Packer, squash: Option<(String, &Replaced)>, code: &Table<'_>) {
    let mut levels = Vec::new();
    let mut next = squash;
    while let Some((name, level)) = next {
        let inner = level.first().zip(level.replaced.as_deref());
        next = inner.map(|(first, inner)| (first.name.clone(), inner));
        levels.push((name, level));
    }
    packer.list(levels.iter().rev(), |packer, (name, level)| {
        let pruned = level.lock.pruned.as_deref();
        packer.string(name);
        packer.optional(pruned);
        match pruned {
            None => packer.list(level.migrations.iter(), |packer, it| pack_migration(packer, it, code)),
            Some(_) => packer.list(level.lock.migrations.iter(), pack_pruned),
        }
    });
}

/// What is left of a migration whose file was pruned.
fn pack_pruned(packer: &mut Packer, sealed: &Sealed) {
    packer.number(sealed.number);
    packer.string(&sealed.name);
    packer.string("");
    pack_metadata(packer, &Metadata::default(), Placed::default());
    packer.string(&sealed.checksum);
    packer.string("");
    packer.string(&sealed.chain);
    packer.strings::<&str>(&[]);
    pack_head(packer, ("", ""), (true, None, false), &sealed.checksum);
    packer.strings::<&str>(&[]);
    packer.number(0);
    packer.number(0);
    pack_irreversible(packer, PRUNED);
}

fn pack_migration(packer: &mut Packer, migration: &SourceMigration, code: &Table<'_>) {
    let name = migration.name();
    let text = match &migration.body {
        Body::Sql { up, .. } => up.source.text(),
        Body::Rust(_) => "",
    };
    packer.number(migration.number);
    let file = packer.place(&migration.file);
    packer.string_in(&name, file);
    packer.string(&migration.file);
    let text = packer.place(text);
    pack_metadata(packer, &migration.metadata, text);
    packer.string(&migration.checksum);
    packer.string(&migration.text_checksum);
    packer.string(&migration.chain);
    packer.list(migration.requires.iter(), |packer, required| packer.string(&required.name));
    match &migration.body {
        Body::Sql { up, down } => {
            pack_script(packer, up, code);
            match (down, migration.body.down_script()) {
                (Down::Irreversible(reason), _) => pack_irreversible(packer, reason),
                (Down::Script(empty), None) => {
                    packer.number(3);
                    packer.string(empty.source.path());
                }
                (Down::Missing, _) => packer.number(0),
                (_, Some(down)) => {
                    packer.number(2);
                    pack_script(packer, down, code);
                }
            }
        }
        Body::Rust(rust) => {
            pack_rust(packer, migration, rust, Direction::Up, code);
            match (&rust.irreversible, rust.has_down) {
                (Some(reason), _) => pack_irreversible(packer, reason),
                (None, false) => packer.number(0),
                (None, true) => {
                    packer.number(2);
                    pack_rust(packer, migration, rust, Direction::Down, code);
                }
            }
        }
    }
}

fn pack_metadata(packer: &mut Packer, metadata: &Metadata, text: Placed<'_>) {
    let Metadata { title, date, description, version } = metadata;
    for field in [title, date, description, version] {
        packer.optional_in(field.as_deref(), text);
    }
}

fn pack_repeatable(packer: &mut Packer, repeatable: &Repeatable, code: &Table<'_>) {
    let Repeatable { name, chain, objects, script, .. } = repeatable;
    let path = packer.place(script.source.path());
    packer.string_in(name, path);
    packer.string(&script.checksum);
    packer.string(chain);
    let text = packer.place(script.source.text());
    packer.list(objects.iter(), |packer, Object { kind, name, table, statement, .. }| {
        let statement = text.part(statement.start..statement.end);
        packer.flag(matches!(kind, ObjectKind::Trigger));
        packer.string_in(name, statement);
        packer.optional_in(table.as_deref(), statement);
    });
    pack_script(packer, script, code);
}

fn pack_irreversible(packer: &mut Packer, reason: &str) {
    packer.number(1);
    packer.string(reason);
}

fn pack_script(packer: &mut Packer, script: &Script, code: &Table<'_>) {
    let text = script.source.text();
    let how = (script.transaction, script.foreign_keys, script.tolerate_existing);
    pack_head(packer, (script.source.path(), text), how, &script.checksum);
    packer.strings(&script.prefixes);
    let text = packer.place(text);
    let mut at = 0;
    packer.list(script.asserts.iter(), |packer, assert| pack_statement(packer, assert, text, &mut at));
    at = 0;
    packer.list(script.steps.iter(), |packer, step| match step {
        Step::Sql(sql) => {
            packer.flag(false);
            pack_statement(packer, sql, text, &mut at);
        }
        Step::Call { name, line, .. } => pack_code(packer, code.step(name), name, *line),
    });
}

/// What stands before the lists of a script.
fn pack_head(
    packer: &mut Packer,
    (file, text): (&str, &str),
    (transaction, foreign_keys, tolerate_existing): (bool, Option<bool>, bool),
    checksum: &str,
) {
    packer.string(file);
    packer.string(text);
    packer.flag(transaction);
    packer.option(foreign_keys, Packer::flag);
    packer.flag(tolerate_existing);
    packer.string(checksum);
}

/// A statement counts from the end of the one before, which is `at`.
fn pack_statement(packer: &mut Packer, statement: &Statement, text: Placed<'_>, at: &mut u32) {
    let (start, end) = (narrow(statement.span.start), narrow(statement.span.end));
    packer.number(u64::from(start.wrapping_sub(*at)));
    packer.number(u64::from(end.saturating_sub(start)));
    *at = end;
    let (kind, table) = match &statement.effect {
        Effect::None => (0, None),
        Effect::DropTable(table) => (1, Some(table)),
        Effect::DropColumn(table) => (2, Some(table)),
        Effect::Write(table) => (3, Some(table)),
        Effect::Session => (4, None),
        Effect::Begin => (5, None),
        Effect::Commit => (6, None),
        Effect::Bare { idempotent: false } => (7, None),
        Effect::Bare { idempotent: true } => (8, None),
    };
    packer.number(kind);
    if let Some(table) = table {
        packer.string_in(table, text.part(statement.span.start..statement.span.end));
    }
}

/// A position past 4 GiB lies in no text, and the runner says so.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn pack_rust(
    packer: &mut Packer,
    migration: &SourceMigration,
    rust: &RustSource,
    direction: Direction,
    code: &Table<'_>,
) {
    let checksum = checksum::of_rust(migration.number, &migration.name(), rust.version);
    pack_head(packer, (&migration.file, ""), (rust.transaction, rust.foreign_keys, false), &checksum);
    packer.strings::<&str>(&[]);
    packer.number(0);
    packer.number(1);
    pack_code(packer, code.function(migration.number, direction), direction.as_str(), 1);
}

fn pack_code(packer: &mut Packer, id: usize, name: &str, line: usize) {
    packer.flag(true);
    packer.number(id as u64);
    packer.string(name);
    packer.number(u64::from(narrow(line)));
}
