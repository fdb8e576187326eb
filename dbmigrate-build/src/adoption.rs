//! The history of another tool that installed databases may still have, as packed data.

use dbmigrate_core::MigrationSet;
use dbmigrate_core::adoption::{Adopted, OldHistory, OldShape};

use crate::pack::Packer;

/// Writes what the set says of it, if it does.
pub(crate) fn pack(packer: &mut Packer, set: &MigrationSet) {
    let Some(adoption) = &set.adoption else { return };
    let OldHistory { table, aside, shapes, newest_only, remove } = adoption.history(&set.config.table);
    packer.string(adoption.tool.name());
    packer.optional(table.as_deref());
    packer.list(shapes.iter(), |packer, OldShape { columns, applied, forbids }| {
        packer.strings(columns);
        packer.string(applied);
        packer.string(forbids);
    });
    packer.flag(newest_only);
    packer.flag(adoption.keep);
    packer.optional(aside.as_deref());
    packer.string(&remove);
    packer.list(adoption.migrations.iter(), |packer, Adopted { number, key, checksum, .. }| {
        packer.string(adoption.asked(key));
        packer.optional(checksum.as_deref());
        packer.number(*number);
    });
}
