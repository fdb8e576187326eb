//! From packed data to a set: in the order of its types, and in that of `set_data.rs` of `dbmigrate-build`, which writes
//! them. Nothing is copied but what stands in fewer bytes there: checksums, numbers, flags.

use super::PackedData;
use super::reader::{Reader, seal};
use crate::adoption::{Adopted, Adoption, OldShape, TakesOver};
use crate::set::{
    Code, Down, Effect, Metadata, Migration, Object, ObjectKind, Repeatable, Script, Set, Squash, Statement, Step,
};
use crate::snapshot::{Snapshot, StartsFrom};

/// `None` where anything is not as the build wrote it.
pub(super) fn unpack(packed: &PackedData) -> Option<&'static Set<'static>> {
    let PackedData { name, table, chain, migrations, repeatables, rules, parts, texts, data, .. } = *packed;
    if seal(texts, data) != packed.seal {
        return None;
    }
    let reader = &mut Reader::new(texts, data);
    let set: &Set<'static> = Box::leak(Box::new(Set {
        name,
        table,
        rules,
        parts,
        migrations: reader.list(MIGRATION, migration),
        before_all: hook(reader),
        after_all: hook(reader),
        repeatables: parts.repeatables.filter(|_| repeatables > 0).map_or(&[], |part| (part.unpack)(reader)),
        sealed: reader.size(),
        schema: reader.optional(),
        squash: parts.squash.and_then(|part| (part.unpack)(reader)),
        snapshot: packed.snapshot.map(|by| (by.unpack)(reader, by)),
        adoption: packed.adoption.map(|by| (by.unpack)(reader, by)),
    }));
    let is_whole = reader.is_done()
        && set.chain() == chain
        && (set.migrations.len(), set.repeatables.len()) == (migrations, repeatables);
    is_whole.then_some(set)
}

/// The bytes that each takes at least.
const MIGRATION: usize = 20;
const REPEATABLE: usize = 14;
const STATEMENT: usize = 3;

#[inline(never)]
fn migration(reader: &mut Reader) -> Migration<'static> {
    Migration {
        number: reader.number(),
        name: reader.string(),
        file: reader.string(),
        metadata: Metadata {
            title: reader.optional(),
            date: reader.optional(),
            description: reader.optional(),
            version: reader.optional(),
        },
        checksum: reader.string(),
        text_checksum: reader.string(),
        chain: reader.string(),
        requires: reader.strings(),
        up: script(reader),
        down: match reader.number() {
            0 => Down::Missing,
            1 => Down::Irreversible(reader.string()),
            2 => Down::Script(script(reader)),
            3 => Down::Empty(reader.string()),
            _ => reader.fail(Down::Missing),
        },
    }
}

/// Hangs on [`Parts::repeatables`](crate::Parts::repeatables).
#[inline]
pub(crate) fn repeatables(reader: &mut Reader) -> &'static [Repeatable<'static>] {
    reader.list(REPEATABLE, |reader| Repeatable {
        name: reader.string(),
        checksum: reader.string(),
        chain: reader.string(),
        objects: reader.list(3, |reader| {
            let kind = if reader.flag() { ObjectKind::Trigger } else { ObjectKind::View };
            Object { kind, name: reader.string(), table: reader.optional() }
        }),
        script: script(reader),
    })
}

#[inline(never)]
fn hook(reader: &mut Reader) -> Option<Script<'static>> {
    reader.option(script)
}

#[inline(never)]
fn script(reader: &mut Reader) -> Script<'static> {
    let mut at = 0;
    Script {
        file: reader.string(),
        text: reader.string(),
        transaction: reader.flag(),
        foreign_keys: reader.option(Reader::flag),
        tolerate_existing: reader.flag(),
        checksum: reader.string(),
        prefixes: reader.strings(),
        asserts: reader.list(STATEMENT, |reader| statement(reader, &mut at)),
        steps: {
            at = 0;
            reader.list(STATEMENT, |reader| {
                if reader.flag() {
                    Step::Code(Code { id: reader.number32(), name: reader.string(), line: reader.number32() })
                } else {
                    Step::Sql(statement(reader, &mut at))
                }
            })
        },
    }
}

/// A statement counts from the end of the one before, which is `at`.
#[inline(never)]
fn statement(reader: &mut Reader, at: &mut u32) -> Statement<'static> {
    let start = at.wrapping_add(reader.number32());
    let end = start.saturating_add(reader.number32());
    *at = end;
    let effect = match reader.number() {
        0 => Effect::None,
        1 => Effect::DropTable(reader.string()),
        2 => Effect::DropColumn(reader.string()),
        3 => Effect::Write(reader.string()),
        4 => Effect::Session,
        5 => Effect::Begin,
        6 => Effect::Commit,
        7 => Effect::Bare { idempotent: false },
        8 => Effect::Bare { idempotent: true },
        _ => reader.fail(Effect::None),
    };
    Statement { start, end, effect }
}

/// Hangs on [`Parts::squash`](crate::Parts::squash). The innermost level stands first.
#[inline]
pub(crate) fn squash(reader: &mut Reader) -> Option<Squash<'static>> {
    let mut squash: Option<Squash<'static>> = None;
    let levels = reader.list(4, |reader| {
        let inner = squash.map(|squash| &*Box::leak(Box::new(squash)));
        let (name, pruned, migrations) = (reader.string(), reader.optional(), reader.list(MIGRATION, migration));
        squash = Some(Squash { name, migrations, inner, pruned });
    });
    squash.filter(|_| !levels.is_empty())
}

/// Hangs on [`StartsFrom`].
#[inline]
pub(crate) fn snapshot(reader: &mut Reader, by: StartsFrom) -> Snapshot<'static> {
    Snapshot { number: reader.number(), chain: reader.string(), script: script(reader), by }
}

/// Hangs on [`TakesOver`].
#[inline]
pub(crate) fn adoption(reader: &mut Reader, by: TakesOver) -> Adoption<'static> {
    Adoption {
        from: reader.string(),
        table: reader.optional(),
        shapes: reader.list(5, |reader| OldShape {
            columns: reader.strings(),
            applied: reader.string(),
            forbids: reader.string(),
        }),
        newest_only: reader.flag(),
        keep: reader.flag(),
        aside: reader.optional(),
        remove: reader.string(),
        migrations: reader.list(3, |reader| Adopted {
            key: reader.string(),
            checksum: reader.optional(),
            number: reader.number(),
        }),
        by,
    }
}
