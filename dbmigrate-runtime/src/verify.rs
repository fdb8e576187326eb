//! Compares the whole history with the program, row by row. It changes nothing.

use std::fmt;

use crate::adoption::OldHistory;
use crate::compare::{Found, KnownHistory, look};
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::notes::{self, Note};
use crate::options::Options;
use crate::records::Recorded;
use crate::repeatable::{self, RepeatableEntry};
use crate::requires;
use crate::session::Session;
use crate::set::{Migration, NewerDatabase, Set};
use crate::squash;
use crate::status::State;
use crate::up::{existing_schema, is_empty};

/// At most this many notes and as many helps stand in one error about many problems.
const MOST: usize = 8;

/// The result of `verify`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The number of rows of the history that were compared.
    pub checked: usize,
    /// The state of the repeatables. One that `up` would run, or whose file no longer exists, is not a problem.
    pub repeatables: Vec<RepeatableEntry>,
    /// Differences that the rules of the set do not allow; empty if the history agrees with the program.
    pub problems: Vec<Problem>,
    /// Remarks that are not differences.
    pub notes: Vec<Note>,
    /// The history of another tool that was compared, if it has not been taken over yet.
    pub old: Option<OldHistory>,
}

impl Verification {
    /// Whether nothing differs. A pending migration is not a difference.
    #[must_use]
    #[inline]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

/// One difference between the history and the program.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of difference.
    pub kind: ErrorKind,
    /// The migration, if it is about one.
    pub migration: Option<String>,
    /// Its file, if the program has one.
    pub file: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Additional facts, such as what an edit changed.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

impl Problem {
    /// One with a migration, of which is still to be said what it is.
    pub(crate) fn about(name: &str, file: Option<&str>) -> Self {
        Self {
            kind: ErrorKind::History,
            migration: Some(name.to_owned()),
            file: file.map(str::to_owned),
            message: String::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn say(&mut self, kind: ErrorKind, message: impl fmt::Display) {
        self.say_dyn(kind, &message);
    }

    #[cold]
    #[inline(never)]
    fn say_dyn(&mut self, kind: ErrorKind, message: &dyn fmt::Display) {
        self.kind = kind;
        self.message = format!("{message}");
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    #[inline]
    pub(crate) fn help(&mut self, help: impl fmt::Display) {
        self.help_dyn(&help);
    }

    #[cold]
    #[inline(never)]
    fn help_dyn(&mut self, help: &dyn fmt::Display) {
        self.help.push(format!("{help}"));
    }

    /// What an error says, which may be about one migration.
    #[inline]
    pub(crate) fn of(error: &Error, migration: Option<&str>) -> Self {
        Self {
            kind: error.kind(),
            migration: migration.map(str::to_owned),
            file: error.file().map(str::to_owned),
            message: error.message(),
            notes: error.notes().to_vec(),
            help: error.help().to_vec(),
        }
    }
}

/// All problems as one error; nothing if there are none.
pub(crate) fn as_error(headline: &str, problems: &[Problem]) -> Result<(), Error> {
    let Some(first) = problems.first() else { return Ok(()) };
    let mut error = Error::new(first.kind, ProblemList(headline, problems));
    for problem in problems {
        error = error.also(problem.kind);
        for note in problem.notes.iter() {
            if is_new(error.notes(), note) {
                error = error.note(note);
            }
        }
        for help in problem.help.iter() {
            if is_new(error.help(), help) {
                error = error.hint(help);
            }
        }
    }
    Err(error)
}

/// Whether a text was not said before, and enough was not.
fn is_new(said: &[String], text: &String) -> bool {
    said.len() < MOST && !said.contains(text)
}

/// The messages of problems: the only one, or all below a headline.
struct ProblemList<'p>(&'p str, &'p [Problem]);

impl fmt::Display for ProblemList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(headline, problems) = self;
        let mut before = "";
        if problems.len() > 1 {
            write!(f, "{headline}:")?;
            before = "\n  ";
        }
        for Problem { message, file, .. } in *problems {
            write!(f, "{before}{message}")?;
            if let Some(file) = file {
                write!(f, " ({file})")?;
            }
        }
        Ok(())
    }
}

/// Compares every row. It changes nothing.
#[inline]
pub(crate) fn verify(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Verification, Error> {
    squash::with(session, set, options, |session, set| each(session, set, options))
}

#[inline]
fn each(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Verification, Error> {
    let set = &set.with_all_parts();
    let mut db = Db::new(session, options);
    let nothing_recorded = |problems| Verification {
        checked: 0,
        repeatables: repeatable::entries(set, Recorded::NONE),
        problems,
        notes: Vec::new(),
        old: None,
    };
    let known = match look(&mut db, set) {
        // What `up` would refuse is no database of the program's.
        Ok(Found::Objects) if !options.allow_existing_schema && !is_empty(set) => {
            return Ok(nothing_recorded(vec![Problem::of(&existing_schema(&mut db, set), None)]));
        }
        Ok(Found::Fresh | Found::Objects | Found::Beside) => return Ok(nothing_recorded(Vec::new())),
        Ok(Found::History(known)) => known,
        Err(error) if matches!(error.kind(), ErrorKind::History | ErrorKind::NewerFormat | ErrorKind::Adoption) => {
            return Ok(nothing_recorded(vec![Problem::of(&error, None)]));
        }
        Err(error) => return Err(error),
    };
    let differing = known.matches.iter().filter(|matched| !matched.state.is_allowed(set.rules));
    let unknown = known.unknown_to_us().into_iter().filter(|_| set.rules.newer_database == NewerDatabase::Refuse);
    let mut problems: Vec<Problem> = unknown.chain(differing.filter_map(|matched| known.problem(matched))).collect();
    problems.extend(squash::pruned_problem(set, &known));
    if known.old.is_none() {
        problems.extend(requires::unmet_by_applied(&mut db, set, &known)?);
    }
    problems.extend(head_problem(set, &known).filter(|_| !known.is_head_empty()));
    let checked = known.newest_first().count();
    let mut notes = Vec::new();
    for (matched, messages) in known.matches.iter().zip(notes::read(&mut db, set, &known)?) {
        let Some(Migration { name, file, .. }) = matched.migration else { continue };
        let note = |message: &str| Note { name: (*name).into(), file: (*file).into(), message: message.to_owned() };
        notes.extend(messages.into_iter().map(note));
    }
    let repeatables = repeatable::entries(set, known.records());
    Ok(Verification { checked, repeatables, problems, notes, old: known.old_history() })
}

/// A head that is not what the rows say. An empty one is no lie, so that it does no harm: it says that one has to look,
/// and the next `up` writes it again. Where rows differ from the program, it is that of the program that wrote them.
#[inline]
pub(crate) fn head_problem(set: &Set<'_>, known: &KnownHistory<'_>) -> Option<Problem> {
    let has_differences = known.matches.iter().any(|matched| !matches!(matched.state, State::Applied | State::Pending));
    // Other repeatables, or the same after other migrations, are those of another version of the program.
    let is_own = known.records().len() == 0 || known.is_complete() && known.records().len() == set.repeatables.len();
    // So is one that was forgotten here, and that the program that wrote the head never had.
    let is_of_another = |head: &str| known.prefix().is_none() && set.migrations.iter().all(|it| it.chain != head);
    let is_right = |head: &str| head == known.chain() || (!is_own || is_of_another(head)) && head != set.chain();
    if has_differences || known.head.as_deref().is_some_and(is_right) {
        return None;
    }
    Some(Problem {
        kind: ErrorKind::Head,
        migration: None,
        file: None,
        message: format!("the head of the history `{}` does not match its rows", set.table),
        notes: Vec::new(),
        help: vec!["`cargo dbmigrate repair --all` (`repair_all` of the migrator) rewrites it".into()],
    })
}
