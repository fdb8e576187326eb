//! Records migrations as applied without running them, for a database that has what they make.
//!
//! Before anything is recorded, the migrations that the history would then hold run on a database in memory, and the
//! two schemas are compared. Rows are not.

use crate::compare::{Found, Known, look};
use crate::db::Db;
use crate::difference::{SchemaDifference, unreadable};
use crate::error::{Error, ErrorKind};
use crate::excerpt::visible;
use crate::history::History;
use crate::neighbours;
use crate::options::Options;
use crate::repeatable::word;
use crate::replay::alone;
use crate::schema::{COMPARED, Schema};
use crate::session::Session;
use crate::set::{Migration, OutOfOrder, Set};
use crate::squash;
use crate::up;

/// At most this many differences stand in an error.
const SHOWN: usize = 30;

/// Which migrations are to be recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal<'g> {
    /// All that are pending.
    Latest,
    /// All that are pending, up to and including this number.
    To(u64),
    /// These.
    Only(&'g [u64]),
}

/// What `mark` recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marked {
    /// The numbers and full names of the migrations that count as applied now.
    pub recorded: Vec<(u64, String)>,
    /// How the database compares with what the migrations make.
    pub comparison: Comparison,
    /// What is compared, in words.
    pub covers: &'static str,
}

/// How a database compares with what its migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// There was nothing to record, and so nothing to compare.
    Nothing,
    /// They are the same: this many objects, in what [`Marked::covers`] says.
    Same(usize),
    /// These are the differences.
    Different(Vec<String>),
    /// They could not be compared, for this reason.
    Impossible(String),
}

impl Comparison {
    /// Its word, the differences, and why there was no comparison.
    #[cfg(feature = "cli")]
    #[inline]
    pub(crate) fn parts(&self) -> (&'static str, &[String], Option<&str>) {
        match self {
            Self::Nothing => ("nothing", &[], None),
            Self::Same(_) => ("same", &[], None),
            Self::Different(differences) => ("different", differences, None),
            Self::Impossible(why) => ("impossible", &[], Some(why)),
        }
    }
}

/// What a reader covers that understands the whole text of a schema, in words.
const WHOLE: &str = "every column, constraint, index, view and trigger";

/// Runs sets on a database in memory and reads the schema of that, also by [`Migrator::schema_reader`].
///
/// [`Migrator::schema_reader`]: crate::Migrator::schema_reader
pub(crate) type Replay<'r> = dyn Fn(&mut Db<'_>, &[Set<'_>]) -> Result<Schema, String> + 'r;

/// Records migrations without running them.
#[inline]
pub(crate) fn mark(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    goal: Goal<'_>,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<Marked, Error> {
    squash::settled(session, set, options, beside, |session, set, beside| {
        record(session, set, options, goal, beside, replay)
    })
}

#[inline]
fn record(
    session: &mut dyn Session,
    set: &Set<'_>,
    options: &Options,
    goal: Goal<'_>,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<Marked, Error> {
    let mut db = Db::new(session, options);
    db.refuse_open_transaction()?;
    let found = look(&mut db, set)?;
    known_of(&found).map_or(Ok(()), Known::refuse_old)?;
    if wanted(set, known_of(&found), goal)?.is_empty() {
        return Ok(Marked { recorded: Vec::new(), comparison: Comparison::Nothing, covers: covers(&mut db) });
    }
    db.transaction(|db| {
        let history = History::new(set);
        let found = look(db, set)?;
        let known = known_of(&found);
        known.map_or(Ok(()), Known::refuse_old)?;
        let wanted = wanted(set, known, goal)?;
        let is_held = |migration: &&Migration<'_>| {
            known.is_some_and(|known| known.has(migration.number))
                || wanted.binary_search_by_key(&migration.number, |wanted| wanted.number).is_ok()
        };
        let held: Vec<Migration<'_>> = set.migrations.iter().filter(is_held).copied().collect();
        let (comparison, covers) = compare(db, set, &held, false, beside, replay)?;
        if !options.allow_mismatch {
            refuse(&comparison, &wanted, goal, covers)?;
        }
        if known.is_none_or(|known| known.head.is_none()) {
            history.create(db)?;
        }
        for migration in &wanted {
            history.insert(db, options, migration, "applied", None)?;
        }
        if let Found::History(now) = look(db, set)? {
            history.write_head(db, now.chain())?;
        }
        let recorded = wanted.iter().map(|migration| (migration.number, migration.name.to_owned())).collect();
        Ok(Marked { recorded, comparison, covers })
    })
}

#[inline]
fn known_of<'f, 's>(found: &'f Found<'s>) -> Option<&'f Known<'s>> {
    match found {
        Found::History(known) => Some(known),
        Found::Fresh | Found::Objects | Found::Beside => None,
    }
}

/// What is to be recorded, by ascending number: pending, and asked for.
#[inline]
fn wanted<'s>(set: &'s Set<'s>, known: Option<&Known<'_>>, goal: Goal<'_>) -> Result<Vec<&'s Migration<'s>>, Error> {
    let asked: &[u64] = match &goal {
        Goal::Latest => &[],
        Goal::To(number) => std::slice::from_ref(number),
        Goal::Only(numbers) => numbers,
    };
    for number in asked {
        // An error for a number that no migration has.
        up::goal(set, Some(*number))?;
    }
    let is_asked = |number: u64| match goal {
        Goal::Latest => true,
        Goal::To(last) => number <= last,
        Goal::Only(numbers) => numbers.contains(&number),
    };
    let has = |number: u64| known.is_some_and(|known| known.has(number));
    let mut matches = known.into_iter().flat_map(|known| &known.matches);
    if let Some(stopped) = matches.find(|matched| matched.is_interrupted() && is_asked(matched.number)) {
        let name = stopped.row.as_ref().map_or("", |row| row.name.as_str());
        return Err(Error::new(ErrorKind::Interrupted, format_args!("`{name}` was stopped on its way"))
            .hint(format_args!("`cargo dbmigrate repair {name}` says how far it came, and how to go on")));
    }
    let pending = set.migrations.iter().filter(|migration| !has(migration.number));
    let (wanted, left): (Vec<&Migration<'_>>, Vec<_>) = pending.partition(|migration| is_asked(migration.number));
    let newest = known.and_then(|known| known.newest_first().next()).map_or(0, |(matched, _)| matched.number);
    let last = wanted.last().map_or(0, |migration| migration.number);
    // Those would be late from then on.
    let skipped: Vec<&str> = left
        .into_iter()
        .filter(|migration| (newest + 1..last).contains(&migration.number))
        .map(|migration| migration.name)
        .collect();
    if !skipped.is_empty() && set.rules.out_of_order == OutOfOrder::Error {
        return Err(Error::new(
            ErrorKind::Late,
            format_args!("these would be left pending below an applied one: `{}`", skipped.join("`, `")),
        )
        .hint(format_args!("to record them too: `cargo dbmigrate mark --to {last}`"))
        .hint("or apply them first: `cargo dbmigrate up --to` each"));
    }
    Ok(wanted)
}

/// Compares a database with what these migrations make, and says what is compared, in words.
#[inline]
pub(crate) fn compare<'s>(
    db: &mut Db<'_>,
    set: &Set<'s>,
    held: &[Migration<'s>],
    runs_code: bool,
    beside: &[&Set<'_>],
    replay: &Replay<'_>,
) -> Result<(Comparison, &'static str), Error> {
    let (history, covers) = (History::new(set), covers(db));
    if let Some(why) = neighbours::unknown(db, set, beside)? {
        return Ok((Comparison::Impossible(why), covers));
    }
    let mut others: Vec<(&Set<'_>, Vec<Migration<'_>>)> = Vec::with_capacity(beside.len());
    for other in beside {
        others.push((other, neighbours::applied(db, other)?));
    }
    let mut migrations_only = vec![Set { migrations: held, ..bare(set) }];
    migrations_only.extend(others.iter().map(|(other, applied)| Set { migrations: applied, ..bare(other) }));
    let without = |schema: Schema| {
        beside.iter().fold(schema.without(set.repeatables), |schema, other| schema.without(other.repeatables))
    };
    let expected = match alone(&migrations_only, runs_code, |sets| replay(db, sets)) {
        Ok(expected) => without(expected),
        Err(why) => return Ok((Comparison::Impossible(why), covers)),
    };
    let is_made_again =
        |it: &SchemaDifference| is_made_again(set, it) || beside.iter().any(|other| is_made_again(other, it));
    let differences = match db.session().schema_differences() {
        Some(found) => found.map_err(unreadable)?.iter().filter(|it| !is_made_again(it)).map(sentence).collect(),
        None => without(Schema::read(db, &history)?).differences(&expected),
    };
    let comparison = match differences.is_empty() {
        true => Comparison::Same(expected.len()),
        false => Comparison::Different(differences),
    };
    Ok((comparison, covers))
}

#[inline]
fn covers(db: &mut Db<'_>) -> &'static str {
    if db.session().has_schema_reader() { WHOLE } else { COMPARED }
}

/// A set without what runs around its migrations.
#[inline]
fn bare<'s>(set: &Set<'s>) -> Set<'s> {
    Set { before_all: None, after_all: None, repeatables: &[], ..*set }
}

/// Whether a repeatable makes that object.
#[inline]
fn is_made_again(set: &Set<'_>, difference: &SchemaDifference) -> bool {
    let mut objects = set.repeatables.iter().flat_map(|repeatable| repeatable.objects);
    objects.any(|it| word(it.kind) == difference.kind && it.name.eq_ignore_ascii_case(&difference.name))
}

#[inline]
fn sentence(difference: &SchemaDifference) -> String {
    visible(&difference.message)
}

#[inline]
fn refuse(comparison: &Comparison, wanted: &[&Migration<'_>], goal: Goal<'_>, covers: &str) -> Result<(), Error> {
    let last = wanted.last().map_or("", |migration| migration.name);
    let which = match goal {
        Goal::Latest => String::new(),
        Goal::To(number) => format!("--to {number} "),
        Goal::Only(_) => wanted.iter().map(|migration| format!("{} ", migration.number)).collect(),
    };
    let force =
        format!("to record all the same: `cargo dbmigrate mark {which}--force` (`allow_mismatch()` of the migrator)");
    let (error, nothing) = match comparison {
        Comparison::Nothing | Comparison::Same(_) => return Ok(()),
        Comparison::Impossible(why) => {
            let message = format!("the database can't be compared with what the migrations up to `{last}` make");
            (Error::new(ErrorKind::Mismatch, message).note(why), "look whether it has what they make")
        }
        Comparison::Different(differences) => {
            let message = format!("the database does not have what the migrations up to `{last}` make");
            (
                noted(Error::new(ErrorKind::Mismatch, message), differences, covers),
                "name the last one that it has: `cargo dbmigrate mark --to TARGET`",
            )
        }
    };
    Err(error.note("nothing was recorded").hint(nothing).hint(force))
}

/// Names the differences.
#[inline]
pub(crate) fn noted(mut error: Error, differences: &[String], covers: &str) -> Error {
    for difference in differences.iter().take(SHOWN) {
        error = error.note(difference);
    }
    if let Some(more) = differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        error = error.note(format_args!("and {more} more differences"));
    }
    error.note(format_args!("compared, from the migrations to the database: {covers}"))
}
