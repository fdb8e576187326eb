//! The files of a set, named from where the command was called instead of from their package: for what people read.

use std::sync::Arc;

use dbmigrate_core::{Body, Down, MigrationSet, Script};

use crate::paths;

/// Names every file of the set by `way`, the folder of its package with a `/` at its end. No text is changed.
pub(crate) fn name_from(set: &mut MigrationSet, way: &str) {
    if way.is_empty() {
        return;
    }
    let here = |file: &str| paths::reached(way, file);
    let name = |script: &mut Script| script.source = Arc::new(script.source.renamed(here(script.source.path())));
    for migration in &mut set.migrations {
        migration.file = here(&migration.file);
        if let Body::Sql { up, down } = &mut migration.body {
            name(up);
            if let Down::Script(down) = down {
                name(down);
            }
        }
    }
    set.before_all.iter_mut().chain(&mut set.after_all).for_each(name);
    set.repeatables.iter_mut().map(|it| &mut it.script).for_each(name);
    set.snapshot.iter_mut().map(|it| &mut it.script).for_each(name);
}
