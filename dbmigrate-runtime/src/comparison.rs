//! Compares a database with what migrations make: they run on a database in memory, and the two schemas are compared. Rows
//! are not.

use crate::db::Db;
use crate::difference::{SchemaDifference, noted_differences, unreadable};
use crate::error::Error;
use crate::excerpt::visible;
use crate::history::History;
use crate::neighbours;
use crate::repeatable::word;
use crate::replay::alone;
use crate::schema::{COMPARED, Schema};
use crate::set::{Migration, Set};

/// At most this many differences stand in an error.
const SHOWN: usize = 30;

/// The result of comparing a database with what its migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// There was nothing to record, and therefore nothing to compare.
    Nothing,
    /// The schemas are the same. The number is that of the objects; `covers` says what was compared.
    Same(usize),
    /// The schemas differ.
    Different(Vec<String>),
    /// The schemas could not be compared, for this reason.
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
    let comparison =
        if differences.is_empty() { Comparison::Same(expected.len()) } else { Comparison::Different(differences) };
    Ok((comparison, covers))
}

#[inline]
pub(crate) fn covers(db: &mut Db<'_>) -> &'static str {
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

/// Names the differences.
#[inline]
pub(crate) fn noted(error: Error, differences: &[String], covers: &str) -> Error {
    noted_differences(error, differences, SHOWN)
        .note(format_args!("compared, from the migrations to the database: {covers}"))
}
