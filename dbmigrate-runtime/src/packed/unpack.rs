//! From packed data to a set: in the order of its types, and in that of `set_data.rs` of `dbmigrate-build`, which writes
//! them. Nothing is copied but what stands in fewer bytes there: checksums, numbers, flags.

use super::PackedData;
use super::reader::{Reader, seal};
use crate::adoption::{Adopted, Adoption, OldShape, TakesOver};
use crate::set::{
    Code, Down, Effect, Metadata, Migration, Object, ObjectKind, Repeatable, Script, Set, Squash, Statement, Step,
};
use crate::snapshot::Snapshot;

/// `None` where anything is not as the build wrote it.
pub(super) fn unpack(contents: &PackedData) -> Option<Set<'static>> {
    let PackedData { name, table, chain, migrations, repeatables, rules, parts, texts, data, .. } = *contents;
    if seal(texts, data) != contents.seal {
        return None;
    }
    let mut reader = Reader::new(texts, data)?;
    let reader = &mut reader;
    let set = Set {
        name,
        table,
        rules,
        parts,
        migrations: reader.list(migration)?,
        before_all: reader.option(script)?,
        after_all: reader.option(script)?,
        repeatables: reader.list(repeatable)?,
        sealed: reader.number()?,
        schema: reader.optional()?,
        squash: match parts.squash {
            Some(part) => reader.option(part.unpack)?,
            None => None,
        },
        snapshot: match contents.snapshot {
            Some(by) => {
                Some(Snapshot { number: reader.number64()?, chain: reader.string()?, script: script(reader)?, by })
            }
            None => None,
        },
        adoption: match contents.adoption {
            Some(by) => Some((by.unpack)(reader, by)?),
            None => None,
        },
    };
    let is_whole = reader.is_at_end()
        && set.chain() == chain
        && (set.migrations.len(), set.repeatables.len()) == (migrations, repeatables);
    is_whole.then_some(set)
}

fn migration(reader: &mut Reader) -> Option<Migration<'static>> {
    Some(Migration {
        number: reader.number64()?,
        name: reader.string()?,
        file: reader.string()?,
        metadata: Metadata {
            title: reader.optional()?,
            date: reader.optional()?,
            description: reader.optional()?,
            version: reader.optional()?,
        },
        checksum: reader.string()?,
        text_checksum: reader.string()?,
        chain: reader.string()?,
        requires: reader.strings()?,
        up: script(reader)?,
        down: match reader.number()? {
            0 => Down::Missing,
            1 => Down::Irreversible(reader.string()?),
            2 => Down::Script(script(reader)?),
            _ => return None,
        },
    })
}

fn repeatable(reader: &mut Reader) -> Option<Repeatable<'static>> {
    Some(Repeatable {
        name: reader.string()?,
        checksum: reader.string()?,
        chain: reader.string()?,
        objects: reader.list(|reader| {
            let kind = if reader.flag()? { ObjectKind::Trigger } else { ObjectKind::View };
            Some(Object { kind, name: reader.string()? })
        })?,
        script: script(reader)?,
    })
}

fn script(reader: &mut Reader) -> Option<Script<'static>> {
    let (file, text, mut at) = (reader.string()?, reader.string()?, 0);
    Some(Script {
        file,
        text,
        transaction: reader.flag()?,
        foreign_keys: reader.option(Reader::flag)?,
        tolerate_existing: reader.flag()?,
        checksum: reader.string()?,
        prefixes: reader.strings()?,
        asserts: reader.list(|reader| statement(reader, &mut at))?,
        steps: {
            at = 0;
            reader.list(|reader| {
                if reader.flag()? {
                    let (id, name, line) = (reader.number32()?, reader.string()?, reader.number32()?);
                    return Some(Step::Code(Code { id, name, line }));
                }
                statement(reader, &mut at).map(Step::Sql)
            })?
        },
    })
}

/// A statement counts from the end of the one before, which is `at`.
fn statement(reader: &mut Reader, at: &mut u32) -> Option<Statement<'static>> {
    let start = at.wrapping_add(reader.number32()?);
    let end = start.checked_add(reader.number32()?)?;
    *at = end;
    let effect = match reader.number()? {
        0 => Effect::None,
        1 => Effect::DropTable(reader.string()?),
        2 => Effect::DropColumn(reader.string()?),
        3 => Effect::Write(reader.string()?),
        4 => Effect::Session,
        5 => Effect::Begin,
        6 => Effect::Commit,
        7 => Effect::Bare { idempotent: false },
        8 => Effect::Bare { idempotent: true },
        _ => return None,
    };
    Some(Statement { start, end, effect })
}

/// Hangs on [`Parts::squash`](crate::Parts::squash). The innermost level stands first.
pub(crate) fn squash(reader: &mut Reader) -> Option<Squash<'static>> {
    let mut squash = None;
    for _ in 0..reader.number()? {
        let inner = squash.map(|squash| &*Box::leak(Box::new(squash)));
        let (name, pruned, migrations) = (reader.string()?, reader.optional()?, reader.list(migration)?);
        squash = Some(Squash { name, migrations, inner, pruned });
    }
    squash
}

/// Hangs on [`TakesOver`].
pub(crate) fn adoption(reader: &mut Reader, by: TakesOver) -> Option<Adoption<'static>> {
    Some(Adoption {
        from: reader.string()?,
        table: reader.optional()?,
        shapes: reader.list(|reader| {
            Some(OldShape { columns: reader.strings()?, applied: reader.string()?, forbids: reader.string()? })
        })?,
        newest_only: reader.flag()?,
        keep: reader.flag()?,
        aside: reader.optional()?,
        remove: reader.string()?,
        migrations: reader.list(|reader| {
            Some(Adopted { key: reader.string()?, checksum: reader.optional()?, number: reader.number64()? })
        })?,
        by,
    })
}
