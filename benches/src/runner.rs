//! A set as the runner has it in a program. `dbmigrate-build` writes it as constants; here it is leaked instead.

use dbmigrate_core::statement::Effect;
use dbmigrate_core::{Body, MigrationSet, Script, SourceMigration, Step};
use dbmigrate_runtime as runtime;

/// The runner's view of a set of SQL, forward only.
///
/// # Panics
///
/// For a set with anything else in it.
#[must_use]
pub fn runner_set(set: MigrationSet) -> &'static runtime::Set<'static> {
    let set: &'static MigrationSet = Box::leak(Box::new(set));
    let migrations: Vec<runtime::Migration<'_>> = set.migrations.iter().map(migration).collect();
    Box::leak(Box::new(runtime::Set {
        table: &set.config.table,
        migrations: migrations.leak(),
        snapshot: set.snapshot.as_ref().map(|snapshot| runtime::Snapshot {
            number: snapshot.number,
            chain: snapshot.chain(set),
            script: script(&snapshot.script),
            by: runtime::StartsFrom::SNAPSHOT,
        }),
        ..runtime::Set::EMPTY
    }))
}

fn migration(source: &'static SourceMigration) -> runtime::Migration<'static> {
    let Body::Sql { up, .. } = &source.body else { panic!("`{}` is no SQL", source.name()) };
    runtime::Migration {
        number: source.number,
        name: source.name().leak(),
        file: &source.file,
        metadata: runtime::Metadata { title: None, date: None, description: None, version: None },
        checksum: &source.checksum,
        text_checksum: &source.text_checksum,
        chain: &source.chain,
        requires: &[],
        up: script(up),
        down: runtime::Down::Missing,
    }
}

fn script(script: &'static Script) -> runtime::Script<'static> {
    let position = |at: usize| u32::try_from(at).expect("the text is short");
    let step = |step: &'static Step| match step {
        Step::Sql(sql) => runtime::Step::Sql(runtime::Statement {
            start: position(sql.span.start),
            end: position(sql.span.end),
            effect: match &sql.effect {
                Effect::None => runtime::Effect::None,
                Effect::DropTable(table) => runtime::Effect::DropTable(table),
                Effect::DropColumn(table) => runtime::Effect::DropColumn(table),
                Effect::Write(table) => runtime::Effect::Write(table),
                other => panic!("{other:?} is in no measured set"),
            },
        }),
        Step::Call { name, .. } => panic!("`{name}` is no SQL"),
    };
    runtime::Script {
        file: script.source.path(),
        text: script.source.text(),
        asserts: &[],
        steps: script.steps.iter().map(step).collect::<Vec<_>>().leak(),
        transaction: script.transaction,
        foreign_keys: script.foreign_keys,
        tolerate_existing: script.tolerate_existing,
        checksum: &script.checksum,
        prefixes: &[],
    }
}
