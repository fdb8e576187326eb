//! What a squash replaces, in the runner's view.

use dbmigrate_core::lock::Sealed;
use dbmigrate_core::squash::{PRUNED, Replaced};
use dbmigrate_runtime as runtime;

use super::Parts;

/// Calls `work` with what the migration of this name replaces.
pub(super) fn with(name: &str, replaced: Option<&Replaced>, work: &mut dyn FnMut(Option<&runtime::Squash<'_>>)) {
    let Some(replaced) = replaced else { return work(None) };
    let first = replaced.first().map_or("", |first| first.name.as_str());
    with(first, replaced.replaced.as_deref(), &mut |inner| {
        let parts: Vec<Parts<'_>> = replaced.migrations.iter().map(Parts::new).collect();
        let pruned = replaced.lock.pruned.as_deref();
        let migrations: Vec<runtime::Migration<'_>> = match pruned {
            None => parts.iter().map(Parts::migration).collect(),
            Some(_) => replaced.lock.migrations.iter().map(known).collect(),
        };
        work(Some(&runtime::Squash { name, migrations: &migrations, inner, pruned }));
    });
}

/// What is left of a migration whose file was pruned.
fn known(sealed: &Sealed) -> runtime::Migration<'_> {
    let up = runtime::Script {
        file: "",
        text: "",
        asserts: &[],
        steps: &[],
        transaction: true,
        foreign_keys: None,
        tolerate_existing: false,
        checksum: &sealed.checksum,
        prefixes: &[],
    };
    runtime::Migration {
        number: sealed.number,
        name: &sealed.name,
        file: "",
        metadata: runtime::Metadata { title: None, date: None, description: None, version: None },
        checksum: &sealed.checksum,
        text_checksum: "",
        chain: &sealed.chain,
        requires: &[],
        up,
        down: runtime::Down::Irreversible(PRUNED),
    }
}
