//! Reads the history of another tool, and says what it means for the set. It changes nothing.

use std::rc::Rc;

use crate::adoption::{Adopted, Adoption, OldShape};
use crate::compare::{Found, KnownHistory, Match, behind, found};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::excerpt::visible;
use crate::history::History;
use crate::history_row::HistoryRow;
use crate::row_state::RowState;
use crate::rows::Rows;
use crate::set::Set;
use crate::sorted::sorted;
use crate::status::State;
use crate::value::{Row, into_text, text};
use crate::verify::{Problem, as_error};

/// At most this many records stand in an error.
const SHOWN: usize = 30;

/// Reads it; none where the database has none, or ours has begun.
pub(crate) type ReadFn = fn(&mut Db<'_>, &Set<'_>, &Adoption<'_>) -> Result<Option<OldRecords>, Error>;

/// Looks at a database that may have one.
pub(crate) type LookFn = for<'s> fn(&mut Db<'_>, &'s Set<'s>, &Adoption<'s>) -> Result<Found<'s>, Error>;

/// What it has and we don't know, each as a problem.
pub(crate) type UnknownFn = fn(&OldRecords) -> Vec<Problem>;

/// Says what is wrong with a migration that was edited before it was adopted. False where it was not.
pub(crate) type EditedFn = fn(&OldRecords, &Match<'_>, &str, &mut Problem) -> bool;

/// What an old history says.
pub(crate) struct OldRecords {
    /// The tool.
    pub(crate) from: String,
    /// What is applied, in the order in which it was, each once.
    pub(crate) rows: Vec<OldRecord>,
    /// The keys that mean no migration of the set.
    pub(crate) unknown: Vec<String>,
}

/// A migration that is applied.
pub(crate) struct OldRecord {
    pub(crate) number: u64,
    pub(crate) applied_at: Option<String>,
    /// The checksum that was recorded, where it is not the one that the file had when it was adopted, and that one.
    pub(crate) differs: Option<[String; 2]>,
}

impl AsRef<Self> for OldRecords {
    #[inline]
    fn as_ref(&self) -> &Self {
        self
    }
}

#[inline]
pub(crate) fn look<'s>(db: &mut Db<'_>, set: &'s Set<'s>, adoption: &Adoption<'s>) -> Result<Found<'s>, Error> {
    // Somebody may be taking it over right now.
    db.reading(|db| {
        let presence = History::new(set).presence(db)?;
        match read(db, set, adoption)? {
            Some(old) => Ok(behind(set, rows(&old, set), old)),
            None => found(db, set, presence),
        }
    })
}

#[inline]
pub(crate) fn read(db: &mut Db<'_>, set: &Set<'_>, adoption: &Adoption<'_>) -> Result<Option<OldRecords>, Error> {
    if History::new(set).has_begun(db)? {
        return Ok(None);
    }
    let Some(shape) = shape(db, adoption)? else { return Ok(None) };
    let what = format!("could not read the history of {}", adoption.from);
    if !shape.forbids.is_empty() {
        refuse(adoption, db.query(&what, shape.forbids, &[])?)?;
    }
    let records = db.query(&what, shape.applied, &[])?;
    if records.is_empty() && adoption.table.is_none() {
        return Ok(None);
    }
    let mut old = OldRecords { from: adoption.from.to_owned(), rows: Vec::new(), unknown: Vec::new() };
    // The numbers, which come in order as a rule.
    let mut taken = Vec::new();
    for record in records {
        let [key, checksum, applied_at] = words(record);
        let key = key.unwrap_or_default();
        let Some(at) = find(adoption, &key, checksum.as_deref()) else {
            old.unknown.push(visible(&key));
            continue;
        };
        let from = if adoption.newest_only { 0 } else { at };
        for Adopted { checksum: expected, number, .. } in &adoption.migrations[from..=at] {
            match taken.binary_search(number) {
                Ok(_) => continue,
                Err(place) => taken.insert(place, *number),
            }
            let differs = match (expected, &checksum) {
                (Some(expected), Some(found)) if !found.eq_ignore_ascii_case(expected) => {
                    Some([found.clone(), (*expected).to_owned()])
                }
                _ => None,
            };
            old.rows.push(OldRecord { number: *number, applied_at: applied_at.clone(), differs });
        }
    }
    Ok(Some(old))
}

/// What a key means: the one with the same checksum, where a tool gave it twice.
#[inline]
fn find(adoption: &Adoption<'_>, key: &str, checksum: Option<&str>) -> Option<usize> {
    let mut same = adoption.migrations.iter().enumerate().filter(|(_, adopted)| adopted.key == key);
    let (first, _) = same.next()?;
    let exact = same.find(|(_, adopted)| checksum.is_some() && adopted.checksum == checksum);
    let is_first = adoption.migrations[first].checksum == checksum;
    Some(exact.filter(|_| !is_first).map_or(first, |(index, _)| index))
}

/// How the table looks; none where there is no table.
#[inline]
fn shape<'a>(db: &mut Db<'_>, adoption: &Adoption<'a>) -> Result<Option<&'a OldShape<'a>>, Error> {
    let Some(table) = adoption.table else { return Ok(adoption.shapes.first()) };
    let sql = "SELECT lower(name) FROM pragma_table_info(?1, 'main')";
    let rows = db.query("could not read the schema", sql, &[text(table)])?;
    let found: Vec<String> = rows.into_iter().filter_map(|row| row.into_iter().next().and_then(into_text)).collect();
    if found.is_empty() {
        return Ok(None);
    }
    let fits = |shape: &&OldShape<'_>| shape.columns.iter().all(|column| found.iter().any(|name| name == column));
    match adoption.shapes.iter().find(fits) {
        Some(shape) => Ok(Some(shape)),
        None => Err(Error::new(
            ErrorKind::Adoption,
            format_args!("the table `{table}` is not a history of {}: it has the columns `{}`", adoption.from, {
                found.join("`, `")
            }),
        )
        .hint("name the table of the old tool: `table` in `adopted.toml`")),
    }
}

/// Refuses what was not finished: nobody knows what the database has of it.
#[inline]
fn refuse(adoption: &Adoption<'_>, rows: Rows) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let message = format!("the history of {} can't be taken over as it is", adoption.from);
    let mut error = Error::new(ErrorKind::Adoption, message);
    let more = rows.len().saturating_sub(SHOWN);
    for row in rows.into_iter().take(SHOWN) {
        let [key, reason, _] = words(row).map(Option::unwrap_or_default);
        error = error.note(format_args!("`{}` {}", visible(&key), visible(&reason)));
    }
    if more > 0 {
        error = error.note(format_args!("and {more} more"));
    }
    Err(error
        .note("nothing was changed")
        .hint(format_args!("check which of its changes the database has, and settle it with {} first", adoption.from)))
}

/// The three values of a record.
#[inline]
fn words(row: Row) -> [Option<String>; 3] {
    let mut values = row.into_iter().map(into_text);
    std::array::from_fn(|_| values.next().flatten())
}

/// The rows that ours would have, by ascending number.
#[inline]
fn rows(old: &OldRecords, set: &Set<'_>) -> Vec<Rc<HistoryRow>> {
    let row = |(id, row): (usize, &OldRecord)| {
        let at = set.migrations.binary_search_by_key(&row.number, |migration| migration.number).ok()?;
        let migration = &set.migrations[at];
        Some(Rc::new(HistoryRow {
            id: i64::try_from(id).unwrap_or(i64::MAX),
            name: migration.name.to_owned(),
            applied_at: row.applied_at.clone().unwrap_or_default(),
            set_name: set.name.to_owned(),
            number: row.number,
            // No checksum of ours is empty.
            checksum: if row.differs.is_some() { String::new() } else { migration.checksum.to_owned() },
            state: RowState::Applied,
            statements_done: migration.up.steps.len() as u64,
            duration: None,
            steps: Vec::new(),
            steps_us: None,
            tool: Some(old.from.clone()),
            has_down: false,
            text_checksum: None,
            prefix_checksum: None,
        }))
    };
    sorted(old.rows.iter().enumerate().filter_map(row).collect(), |row| row.number)
}

#[inline]
pub(crate) fn unknown(old: &OldRecords) -> Vec<Problem> {
    let problem = |key: &String| Problem {
        kind: ErrorKind::NewerDatabase,
        migration: None,
        file: None,
        message: format!("{} has applied `{key}`, which this program does not know", old.from),
        notes: Vec::new(),
        help: vec!["run the newer version of the program that applied it".into()],
    };
    old.unknown.iter().map(problem).collect()
}

#[inline]
pub(crate) fn edited(old: &OldRecords, matched: &Match<'_>, name: &str, problem: &mut Problem) -> bool {
    let row = old.rows.iter().find(|row| row.number == matched.number);
    let Some([found, expected]) = row.and_then(|row| row.differs.as_ref()) else { return false };
    problem.say(
        ErrorKind::Edited,
        format_args!("`{name}` is not what {} applied: its file was edited before it was adopted", old.from),
    );
    problem.note(&format!("its checksum in the history is `{}`, not `{expected}`", visible(found)));
    problem.help(
        "if the database has what the file makes, take it over: `cargo dbmigrate adopt --force` (`allow_mismatch()` \
         of the migrator)",
    );
    true
}

impl KnownHistory<'_> {
    /// Refuses what forbids to take an old history over: what we don't know, and what was edited since it was adopted.
    #[inline]
    pub(crate) fn refuse_unadoptable(&self, allow_mismatch: bool) -> Result<(), Error> {
        let edited = self.matches.iter().filter(|matched| !allow_mismatch && matched.state == State::Edited);
        let problems: Vec<Problem> =
            self.unknown_to_us().into_iter().chain(edited.filter_map(|matched| self.problem(matched))).collect();
        as_error("the old history and the program differ", &problems).map_err(|error| error.also(ErrorKind::Adoption))
    }
}
