//! The set as constants: what the runner walks through, split and hashed at build time.

use std::fmt::Write;

use dbmigrate_core::config::{Config, ForeignKeys, NewerDatabase, OutOfOrder, StoreSql, TransactionMode};
use dbmigrate_core::lock::Sealed;
use dbmigrate_core::metadata::Metadata;
use dbmigrate_core::repeatable::{Object, ObjectKind, Repeatable};
use dbmigrate_core::rust_source::RustSource;
use dbmigrate_core::squash::{PRUNED, Replaced};
use dbmigrate_core::statement::{Effect, Statement};
use dbmigrate_core::{Body, Down, MigrationSet, Script, Snapshot, SourceMigration, Step, checksum, snapshot};

use crate::code::{Direction, Table};
use crate::output::copy_name;
use crate::{adoption, literal, parts};

/// Writes `SET`.
pub(crate) fn render(text: &mut String, set: &MigrationSet, code: &Table<'_>) {
    open(text, &set.config);
    for migration in &set.migrations {
        render_migration(text, migration, code);
    }
    text.push_str("    ],\n");
    for (name, hook) in [("before_all", &set.before_all), ("after_all", &set.after_all)] {
        let _ = write!(text, "    {name}: ");
        match hook {
            None => text.push_str("None"),
            Some(hook) => {
                text.push_str("Some(");
                render_script(text, hook, &copy_name(name, "hook"), code);
                text.push(')');
            }
        }
        text.push_str(",\n");
    }
    text.push_str("    repeatables: &[\n");
    for repeatable in &set.repeatables {
        render_repeatable(text, repeatable, code);
    }
    let _ = write!(
        text,
        "    ],\n    sealed: {},\n    schema: {},\n    squash: ",
        literal::number(set.sealed() as u64),
        literal::option(set.lock.fingerprint(set.chain())),
    );
    match (&set.replaced, set.migrations.first()) {
        (Some(replaced), Some(squash)) => {
            text.push_str("Some(");
            render_squash(text, &squash.name(), replaced, code);
            text.push(')');
        }
        _ => text.push_str("None"),
    }
    text.push_str(",\n    snapshot: ");
    match &set.snapshot {
        Some(snapshot) => render_snapshot(text, set, snapshot, code),
        None => text.push_str("None"),
    }
    text.push_str(",\n    adoption: ");
    adoption::render(text, set);
    let _ = write!(text, ",\n    parts: {},\n}};\n\n", parts::render(set));
}

fn render_snapshot(text: &mut String, set: &MigrationSet, snapshot: &Snapshot, code: &Table<'_>) {
    let _ = write!(
        text,
        "Some(__dbmigrate::Snapshot {{\n        number: {},\n        chain: {},\n        script: ",
        literal::number(snapshot.number),
        literal::string(snapshot.chain(set)),
    );
    render_script(text, &snapshot.script, snapshot::FILE, code);
    text.push_str(",\n        by: __dbmigrate::StartsFrom::SNAPSHOT,\n    })");
}

fn render_squash(text: &mut String, name: &str, replaced: &Replaced, code: &Table<'_>) {
    let pruned = replaced.lock.pruned.as_deref();
    let _ = write!(
        text,
        "__dbmigrate::Squash {{\n    name: {},\n    pruned: {},\n    migrations: &[\n",
        literal::string(name),
        literal::option(pruned),
    );
    match pruned {
        None => replaced.migrations.iter().for_each(|migration| render_migration(text, migration, code)),
        Some(_) => replaced.lock.migrations.iter().for_each(|sealed| render_pruned(text, sealed)),
    }
    text.push_str("    ],\n    inner: ");
    match (&replaced.replaced, replaced.first()) {
        (Some(inner), Some(first)) => {
            text.push_str("Some(&");
            render_squash(text, &first.name, inner, code);
            text.push(')');
        }
        _ => text.push_str("None"),
    }
    text.push_str(",\n}");
}

/// What is left of a migration whose file was pruned.
fn render_pruned(text: &mut String, sealed: &Sealed) {
    let _ = write!(
        text,
        "        __dbmigrate::Migration {{
            number: {number},
            name: {name},
            file: \"\",
            metadata: __dbmigrate::Metadata {{ title: None, date: None, description: None, version: None }},
            checksum: {checksum},
            text_checksum: \"\",
            chain: {chain},
            requires: &[],
            up: __dbmigrate::Script {{
                file: \"\",
                text: \"\",
                transaction: true,
                foreign_keys: None,
                tolerate_existing: false,
                checksum: {checksum},
                prefixes: &[],
                asserts: &[],
                steps: &[],
            }},
            down: ",
        number = literal::number(sealed.number),
        name = literal::string(&sealed.name),
        checksum = literal::string(&sealed.checksum),
        chain = literal::string(&sealed.chain),
    );
    render_irreversible(text, PRUNED);
    text.push_str(",\n        },\n");
}

/// Writes an empty `SET`, for a set with faults.
pub(crate) fn render_stub(text: &mut String, set: &MigrationSet, code: &Table<'_>) {
    render(text, &MigrationSet::empty(set.config.clone()), code);
}

fn open(text: &mut String, config: &Config) {
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
    let _ = write!(
        text,
        "static SET: __dbmigrate::Set<'static> = __dbmigrate::Set {{
    name: {name},
    table: {table},
    rules: __dbmigrate::Rules {{
        transaction: __dbmigrate::TransactionMode::{transaction},
        foreign_keys: __dbmigrate::ForeignKeys::{foreign_keys},
        store_sql: __dbmigrate::StoreSql::{store_sql},
        out_of_order: __dbmigrate::OutOfOrder::{out_of_order},
        newer_database: __dbmigrate::NewerDatabase::{newer_database},
    }},
    migrations: &[
",
        name = literal::string(&config.set),
        table = literal::string(&config.table),
    );
}

fn render_migration(text: &mut String, migration: &SourceMigration, code: &Table<'_>) {
    let Metadata { title, date, description, version } = &migration.metadata;
    let requires: Vec<String> = migration.requires.iter().map(|required| literal::string(&required.name)).collect();
    let _ = write!(
        text,
        "        __dbmigrate::Migration {{
            number: {number},
            name: {name},
            file: {file},
            metadata: __dbmigrate::Metadata {{ title: {title}, date: {date}, description: {description}, version: {version} }},
            checksum: {checksum},
            text_checksum: {text_checksum},
            chain: {chain},
            requires: &[{requires}],
",
        number = literal::number(migration.number),
        name = literal::string(&migration.name()),
        file = literal::string(&migration.file),
        title = literal::option(title.as_deref()),
        date = literal::option(date.as_deref()),
        description = literal::option(description.as_deref()),
        version = literal::option(version.as_deref()),
        checksum = literal::string(&migration.checksum),
        text_checksum = literal::string(&migration.text_checksum),
        chain = literal::string(&migration.chain),
        requires = requires.join(", "),
    );
    match &migration.body {
        Body::Sql { up, down } => {
            let up_copy = copy_name(&migration.name(), "up");
            text.push_str("            up: ");
            render_script(text, up, &up_copy, code);
            text.push_str(",\n            down: ");
            match down {
                Down::Missing => text.push_str("__dbmigrate::Down::Missing"),
                Down::Irreversible(reason) => render_irreversible(text, reason),
                Down::Script(down) => {
                    let same_file = down.source == up.source;
                    let copy = if same_file { up_copy } else { copy_name(&migration.name(), "down") };
                    text.push_str("__dbmigrate::Down::Script(");
                    render_script(text, down, &copy, code);
                    text.push(')');
                }
            }
        }
        Body::Rust(rust) => {
            text.push_str("            up: ");
            render_rust(text, migration, rust, Direction::Up, code);
            text.push_str(",\n            down: ");
            match (&rust.irreversible, rust.has_down) {
                (Some(reason), _) => render_irreversible(text, reason),
                (None, false) => text.push_str("__dbmigrate::Down::Missing"),
                (None, true) => {
                    text.push_str("__dbmigrate::Down::Script(");
                    render_rust(text, migration, rust, Direction::Down, code);
                    text.push(')');
                }
            }
        }
    }
    text.push_str(",\n        },\n");
}

fn render_repeatable(text: &mut String, repeatable: &Repeatable, code: &Table<'_>) {
    let object = |object: &Object| {
        let kind = match object.kind {
            ObjectKind::View => "View",
            ObjectKind::Trigger => "Trigger",
        };
        format!(
            "__dbmigrate::Object {{ kind: __dbmigrate::ObjectKind::{kind}, name: {} }}",
            literal::string(&object.name)
        )
    };
    let objects: Vec<String> = repeatable.objects.iter().map(object).collect();
    let _ = write!(
        text,
        "        __dbmigrate::Repeatable {{
            name: {name},
            checksum: {checksum},
            chain: {chain},
            objects: &[{objects}],
            script: ",
        name = literal::string(&repeatable.name),
        checksum = literal::string(&repeatable.script.checksum),
        chain = literal::string(&repeatable.chain),
        objects = objects.join(", "),
    );
    render_script(text, &repeatable.script, &copy_name(&repeatable.name, "repeatable"), code);
    text.push_str(",\n        },\n");
}

fn render_irreversible(text: &mut String, reason: &str) {
    let _ = write!(text, "__dbmigrate::Down::Irreversible({})", literal::string(reason));
}

fn render_script(text: &mut String, script: &Script, copy: &str, code: &Table<'_>) {
    let prefixes: Vec<String> = script.prefixes.iter().map(|prefix| literal::string(prefix)).collect();
    let _ = write!(
        text,
        "__dbmigrate::Script {{
                file: {file},
                text: include_str!({copy}),
                transaction: {transaction},
                foreign_keys: {foreign_keys:?},
                tolerate_existing: {tolerate},
                checksum: {checksum},
                prefixes: &[{prefixes}],
                asserts: &[",
        file = literal::string(script.source.path()),
        copy = literal::string(copy),
        transaction = script.transaction,
        foreign_keys = script.foreign_keys,
        tolerate = script.tolerate_existing,
        checksum = literal::string(&script.checksum),
        prefixes = prefixes.join(", "),
    );
    for assert in &script.asserts {
        let _ = write!(text, "\n                    {},", statement(assert));
    }
    if !script.asserts.is_empty() {
        text.push_str("\n                ");
    }
    text.push_str("],\n                steps: &[");
    for step in &script.steps {
        text.push_str("\n                    ");
        match step {
            Step::Sql(sql) => {
                let _ = write!(text, "__dbmigrate::Step::Sql({}),", statement(sql));
            }
            Step::Call { name, line, .. } => render_code(text, code.step(name), name, *line),
        }
    }
    text.push_str("\n                ],\n            }");
}

fn statement(statement: &Statement) -> String {
    let effect = match &statement.effect {
        Effect::None => "None".to_owned(),
        Effect::DropTable(table) => format!("DropTable({})", literal::string(table)),
        Effect::DropColumn(table) => format!("DropColumn({})", literal::string(table)),
        Effect::Write(table) => format!("Write({})", literal::string(table)),
        Effect::Session => "Session".to_owned(),
        Effect::Begin => "Begin".to_owned(),
        Effect::Commit => "Commit".to_owned(),
        Effect::Bare { idempotent } => format!("Bare {{ idempotent: {idempotent} }}"),
    };
    format!(
        "__dbmigrate::Statement {{ start: {}, end: {}, effect: __dbmigrate::Effect::{effect} }}",
        literal::number(statement.span.start as u64),
        literal::number(statement.span.end as u64),
    )
}

fn render_rust(
    text: &mut String,
    migration: &SourceMigration,
    rust: &RustSource,
    direction: Direction,
    code: &Table<'_>,
) {
    let _ = write!(
        text,
        "__dbmigrate::Script {{
                file: {file},
                text: \"\",
                transaction: {transaction},
                foreign_keys: {foreign_keys:?},
                tolerate_existing: false,
                checksum: {checksum},
                prefixes: &[],
                asserts: &[],
                steps: &[
                    ",
        file = literal::string(&migration.file),
        transaction = rust.transaction,
        foreign_keys = rust.foreign_keys,
        checksum = literal::string(&checksum::of_rust(migration.number, &migration.name(), rust.version)),
    );
    render_code(text, code.function(migration.number, direction), direction.as_str(), 1);
    text.push_str("\n                ],\n            }");
}

fn render_code(text: &mut String, id: usize, name: &str, line: usize) {
    let _ = write!(
        text,
        "__dbmigrate::Step::Code(__dbmigrate::Code {{ id: {id}, name: {}, line: {line} }}),",
        literal::string(name)
    );
}
