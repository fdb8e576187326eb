//! The history compared with the program: what is applied, pending, and different.

use std::rc::Rc;

use crate::adoption::OldHistory;
use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::history::{History, Presence};
use crate::history_row::HistoryRow;
use crate::old_history::OldRecords;
use crate::parts::Parts;
use crate::records::Recorded;
use crate::row_state::RowState;
use crate::script::mentions;
use crate::set::{Down, Migration, NewerDatabase, Repeatable, Set};
use crate::squash::SquashPart;
use crate::status::State;
use crate::verify::{Problem, as_error};

/// What a look at a database found.
pub(crate) enum Found<'s> {
    /// Nothing at all.
    Fresh,
    /// Objects, but no history.
    Objects,
    /// Objects, and the history of another set, but none of this one.
    Beside,
    /// A history. An `Rc` drops it out of line.
    History(Rc<KnownHistory<'s>>),
}

impl<'s> Found<'s> {
    /// The history, where there is one.
    #[inline]
    pub(crate) fn known(&self) -> Option<&KnownHistory<'s>> {
        match self {
            Self::History(known) => Some(known),
            Self::Fresh | Self::Objects | Self::Beside => None,
        }
    }
}

/// A history beside its set.
pub(crate) struct KnownHistory<'s> {
    set: &'s Set<'s>,
    /// The chain that the head has.
    pub(crate) head: Option<String>,
    /// Which repeatables were run; `None` where there is no table for them.
    pub(crate) records: Option<Recorded>,
    /// By ascending number.
    pub(crate) matches: Vec<Match<'s>>,
    /// Whether the row of the squash stands for rows of what it replaces.
    pub(crate) is_recognised: bool,
    /// The history of another tool that all of this was read from, where ours does not begin yet. Behind a trait, so
    /// that a program that knows of none does not carry what drops it.
    pub(crate) old: Option<Rc<dyn AsRef<OldRecords>>>,
}

/// A migration that the program, the history, or both have.
pub(crate) struct Match<'s> {
    pub(crate) number: u64,
    /// Its place in the set.
    pub(crate) index: Option<usize>,
    pub(crate) migration: Option<&'s Migration<'s>>,
    pub(crate) row: Option<Rc<HistoryRow>>,
    pub(crate) state: State,
    /// The text that was applied, where it is another one and the history has it.
    applied_text: Option<String>,
}

/// Looks at a database. It changes nothing.
#[inline(never)]
pub(crate) fn look<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Found<'s>, Error> {
    match &set.adoption {
        Some(adoption) => (adoption.by.look)(db, set, adoption),
        None => {
            let presence = History::new(set).presence(db)?;
            found(db, set, presence)
        }
    }
}

/// Writes the head anew, as the rows say it: the last write of a transaction, as the triggers have emptied it.
#[inline]
pub(crate) fn write_head(db: &mut Db<'_>, set: &Set<'_>) -> Result<(), Error> {
    match look(db, set)?.known() {
        Some(known) => History::new(set).write_head(db, known.chain()),
        None => Ok(()),
    }
}

/// What an old history says, as if it were ours.
#[inline]
pub(crate) fn behind<'s>(set: &'s Set<'s>, rows: Vec<Rc<HistoryRow>>, old: OldRecords) -> Found<'s> {
    let matches = matches(set, &rows, "");
    let (head, records, old) = (None, None, Some(Rc::new(old) as Rc<_>));
    Found::History(Rc::new(KnownHistory { set, head, records, matches, is_recognised: false, old }))
}

/// Looks closer, at our history.
pub(crate) fn found<'s>(db: &mut Db<'_>, set: &'s Set<'s>, presence: Presence) -> Result<Found<'s>, Error> {
    let history = History::new(set);
    match presence {
        Presence::Fresh => Ok(Found::Fresh),
        Presence::Objects => Ok(Found::Objects),
        Presence::Beside => Ok(Found::Beside),
        Presence::History => {
            history.check_shape(db)?;
            let mut head = history.head(db)?.map(|head| head.chain.to_owned());
            let mut rows = history.rows(db, "number")?;
            let is_recognised = match SquashPart::of(set)? {
                Some(part) => (part.recognise)(set, &mut rows)?,
                None => false,
            };
            if let Some(head) = head.as_mut().filter(|_| is_recognised) {
                // It speaks of the rows as they are.
                head.clear();
            }
            let may_run_late = if head.is_some() { history.may_run_late(db)? } else { String::new() };
            let mut matches = matches(set, &rows, &may_run_late);
            for matched in matches.iter_mut().filter(|matched| matched.is_edited()) {
                matched.applied_text = history.stored(db, matched.number, "up_sql")?;
            }
            let records = match set.parts.repeatables {
                Some(part) => (part.read)(db, &history.records)?,
                None => None,
            };
            Ok(Found::History(Rc::new(KnownHistory { set, head, records, matches, is_recognised, old: None })))
        }
    }
}

/// Merges the two, which are each by ascending number. `late` has the numbers that may come late.
fn matches<'s>(set: &'s Set<'s>, mut rows: &[Rc<HistoryRow>], late: &str) -> Vec<Match<'s>> {
    let newest = rows.iter().rev().find(|row| row.state == RowState::Applied).map_or(0, |row| row.number);
    let last = set.migrations.last().map(|migration| migration.number);
    let mut matches = Vec::with_capacity(set.migrations.len().max(rows.len()));
    let mut next = 0;
    loop {
        let known = set.migrations.get(next);
        let recorded = rows.first().map(|row| row.number);
        let number = match (known.map(|migration| migration.number), recorded) {
            (None, None) => return matches,
            (Some(known), Some(recorded)) => known.min(recorded),
            (Some(number), None) | (None, Some(number)) => number,
        };
        let migration = known.filter(|migration| migration.number == number);
        let index = migration.map(|_| next);
        next += usize::from(index.is_some());
        let mut row = None;
        if let (Some((first, rest)), true) = (rows.split_first(), recorded == Some(number)) {
            (row, rows) = (Some(Rc::clone(first)), rest);
        }
        let state = match (&row, migration) {
            (Some(row), _) => state_of(row, migration, last),
            (None, _) if number < newest && !mentions(late, &format!("{number}"), true) => State::Late,
            (None, _) => State::Pending,
        };
        matches.push(Match { number, index, migration, row, state, applied_text: None });
    }
}

#[inline(never)]
fn state_of(row: &HistoryRow, migration: Option<&Migration<'_>>, last: Option<u64>) -> State {
    let (steps, edited) = match (row.state, migration) {
        (RowState::Applied, None) if last.is_some_and(|last| row.number < last) => return State::Missing,
        (RowState::Applied, None) => return State::Newer,
        (RowState::Applied, Some(migration)) if row.name != migration.name => {
            return State::Renamed { recorded: row.name.clone() };
        }
        (RowState::Applied, Some(migration)) if row.checksum != migration.checksum => return State::Edited,
        (RowState::Applied, Some(_)) => return State::Applied,
        (_, None) => (0, false),
        (RowState::Running | RowState::Started, Some(migration)) => {
            let edited = row.name == migration.name && !row.goes_on(migration);
            (migration.up.steps.len(), edited)
        }
        (RowState::Reverting | RowState::RevertingStarted, Some(migration)) => match migration.down {
            Down::Script(script) => (script.steps.len(), false),
            Down::Missing | Down::Irreversible(_) | Down::Empty(_) => (0, false),
        },
    };
    State::Interrupted { done: row.statements_done, of: steps as u64, edited }
}

impl<'s> KnownHistory<'s> {
    /// A history of nothing.
    #[inline]
    pub(crate) fn nothing(set: &'s Set<'s>) -> Rc<Self> {
        let (matches, head, records, old) = (matches(set, &[], ""), None, None, None);
        Rc::new(Self { set, head, records, matches, is_recognised: false, old })
    }

    /// How many of the program's first migrations the history holds, if it holds exactly those, as they are.
    pub(crate) fn prefix(&self) -> Option<usize> {
        let is_applied = |matched: &&Match<'_>| matched.index.is_some() && matched.state == State::Applied;
        let applied = self.matches.iter().take_while(is_applied).count();
        self.matches.iter().skip(applied).all(|matched| matched.row.is_none()).then_some(applied)
    }

    /// What the head should say.
    pub(crate) fn chain(&self) -> &'s str {
        let prefix = self.prefix();
        if self.is_whole(prefix) { self.set.chain() } else { chain(self.set, prefix) }
    }

    /// Whether the database holds exactly the program's migrations, and its repeatables as they are.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_whole(self.prefix())
    }

    fn is_whole(&self, prefix: Option<usize>) -> bool {
        prefix == Some(self.set.migrations.len()) && self.due().is_empty()
    }

    /// The repeatables that have to run although no migration does.
    pub(crate) fn due(&self) -> Vec<&'s Repeatable<'s>> {
        match self.set.parts.repeatables {
            Some(part) => (part.due)(self.set, self.records()),
            None => all_repeatables(self.set),
        }
    }

    /// Whether the history has a row of it.
    pub(crate) fn has(&self, number: u64) -> bool {
        let at = self.matches.binary_search_by_key(&number, |matched| matched.number);
        at.is_ok_and(|at| self.matches.get(at).is_some_and(|matched| matched.row.is_some()))
    }

    /// Whether a newer program has applied more than this one has.
    pub(crate) fn is_newer(&self) -> bool {
        self.matches.last().is_some_and(|matched| matched.state == State::Newer)
    }

    /// The history of another tool that all of this was read from.
    pub(crate) fn old(&self) -> Option<&OldRecords> {
        self.old.as_deref().map(AsRef::as_ref)
    }

    /// The same, for people.
    #[inline]
    pub(crate) fn old_history(&self) -> Option<OldHistory> {
        self.old().map(|OldRecords { from, unknown, .. }| OldHistory { from: from.clone(), unknown: unknown.clone() })
    }

    /// Which repeatables were run.
    pub(crate) fn records(&self) -> &Recorded {
        self.records.as_ref().unwrap_or(Recorded::NONE)
    }

    /// The rows' side, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&Match<'s>, &HistoryRow)> {
        self.matches.iter().rev().filter_map(|matched| matched.row.as_deref().map(|row| (matched, row)))
    }

    /// The program's migrations that are applied.
    #[inline]
    pub(crate) fn applied(&self) -> impl Iterator<Item = &'s Migration<'s>> {
        self.matches.iter().filter(|matched| matched.state.is_applied()).filter_map(|matched| matched.migration)
    }

    /// The migrations that `up` would run among the first `goal` of the set.
    pub(crate) fn pending(&self, goal: usize) -> impl Iterator<Item = (usize, &'s Migration<'s>)> {
        self.matches.iter().filter(|matched| !matched.state.is_applied()).filter_map(move |matched| {
            let index = matched.index.filter(|index| *index < goal)?;
            Some((index, matched.migration?))
        })
    }

    /// Everything that forbids `up`, as one error. `except` is about to be replaced.
    pub(crate) fn refuse_differences(&self, except: Option<u64>) -> Result<(), Error> {
        let rules = self.set.rules;
        let is_fine = |matched: &Match<'_>| {
            Some(matched.number) == except || matched.state.is_allowed(rules) || matched.can_resume()
        };
        let is_newer = rules.newer_database == NewerDatabase::Refuse;
        let problems = if is_newer { self.unknown_to_us() } else { Vec::new() };
        self.refuse(&|matched| !is_fine(matched), problems)
    }

    /// What an old history has and we don't know, each as a problem.
    pub(crate) fn unknown_to_us(&self) -> Vec<Problem> {
        let old = self.old().zip(self.set.adoption.as_ref());
        old.map_or_else(Vec::new, |(old, adoption)| (adoption.by.unknown)(old))
    }

    /// Everything because of which nobody knows what a database should look like, as one error.
    #[inline]
    pub(crate) fn refuse_unclear(&self) -> Result<(), Error> {
        let is_clear = |matched: &Match<'_>| matches!(matched.state, State::Applied | State::Pending | State::Late);
        self.refuse(&|matched| !is_clear(matched), Vec::new())
    }

    #[inline(never)]
    fn refuse(&self, is_problem: &dyn Fn(&Match<'_>) -> bool, mut problems: Vec<Problem>) -> Result<(), Error> {
        for matched in &self.matches {
            if is_problem(matched) {
                self.add_problem(matched, &mut problems);
            }
        }
        as_error("the history and the program differ", &problems)
    }

    /// What is wrong with one migration.
    #[inline]
    pub(crate) fn problem(&self, matched: &Match<'_>) -> Option<Problem> {
        let mut problems = Vec::new();
        self.add_problem(matched, &mut problems);
        problems.pop()
    }

    /// Adds what is wrong with one migration, if anything is.
    #[cold]
    #[inline(never)]
    fn add_problem(&self, matched: &Match<'_>, problems: &mut Vec<Problem>) {
        let name = match (matched.migration, &matched.row) {
            (Some(migration), _) => migration.name,
            (None, Some(row)) => row.name.as_str(),
            (None, None) => return,
        };
        problems.push(Problem::about(name, matched.migration.map(|migration| migration.file)));
        if !problems.last_mut().is_some_and(|problem| self.describe(matched, name, problem)) {
            problems.pop();
        }
    }

    // The problem is the caller's, so that nothing has to be dropped between its many texts.
    #[inline(never)]
    fn describe(&self, matched: &Match<'_>, name: &str, problem: &mut Problem) -> bool {
        let is_newest = self.newest_first().next().is_some_and(|(newest, _)| newest.number == matched.number);
        match &matched.state {
            State::Applied | State::Pending => return false,
            State::Edited => {
                let old = self.old().zip(self.set.adoption.as_ref());
                if old.is_some_and(|(old, adoption)| (adoption.by.edited)(old, matched, name, problem)) {
                    return true;
                }
                problem.say(ErrorKind::Edited, format_args!("`{name}` was edited after it was applied"));
                problem.help("restore the file, and put the change into a new one: `cargo dbmigrate create NAME`");
                problem.help(if is_newest && matched.has_down() {
                    "in development: `cargo dbmigrate redo` rolls it back and applies the new text"
                } else {
                    "in development: `cargo dbmigrate reset` empties the database, and keeps a copy"
                });
                problem.help(format_args!("if the database has what the new text makes: {}", accept_help(name)));
            }
            State::Renamed { recorded } => {
                problem
                    .say(ErrorKind::Renamed, format_args!("`{name}` has the number of `{recorded}`, which is applied"));
                problem.help(format_args!(
                    "if it is the same migration, rename the file back to `{recorded}`, else give it another number"
                ));
                if matched.has_same_text() {
                    problem.help(format_args!("to keep the new name: {}", accept_help(name)))
                } else {
                    problem.help(format_args!("to run the new one as well: {}", forget_help(recorded)))
                }
            }
            State::Missing => {
                problem.say(ErrorKind::Missing, format_args!("`{name}` is applied, but the program does not have it"));
                problem.help(format_args!("restore the file of `{name}`, and build the program again"));
                problem.help(format_args!("if it was deleted on purpose: {}", forget_help(name)));
            }
            State::Newer => {
                problem.say(
                    ErrorKind::NewerDatabase,
                    format_args!("`{name}` is applied, and newer than all migrations of this program"),
                );
                problem.help(
                    "run the newer version of the program that applied it, or restore its file if it was removed",
                );
                problem.help("to run anyway: `newer-database = \"allow\"` in `[package.metadata.migrations]`");
                problem.help(format_args!("if its file was deleted on purpose: {}", forget_help(name)));
            }
            State::Late => {
                problem.say(ErrorKind::Late, format_args!("`{name}` is not applied, but a later one is"));
                problem.help("give it a number above all applied ones");
                problem.help("to apply it anyway: `out-of-order = \"apply\"` in `[package.metadata.migrations]`");
                problem.help(format_args!("if the database has what it makes: `cargo dbmigrate mark {name}`"));
            }
            State::Interrupted { .. } => {
                let Some(row) = &matched.row else { return false };
                match self.set.parts.without_transaction {
                    Some(part) => (part.explain)(name, matched, row, problem),
                    None => {
                        let name = &row.name;
                        problem.say(
                            ErrorKind::Interrupted,
                            format_args!("`{name}` was interrupted, and the program does not have it"),
                        );
                        problem.help("to see how to continue: `cargo dbmigrate status`");
                    }
                }
            }
        }
        matched.note_difference(&self.set.parts, problem);
        true
    }

    /// Whether there is no head, or one that only says that one has to look at the rows.
    pub(crate) fn is_head_empty(&self) -> bool {
        self.head.as_ref().is_none_or(String::is_empty)
    }
}

/// How to take what the program has for what was applied.
#[cold]
#[inline(never)]
pub(crate) fn accept_help(name: &str) -> String {
    format!("`cargo dbmigrate repair {name}` (`repair` of the migrator) accepts it, and runs nothing")
}

/// How to take a migration out of the history.
#[cold]
#[inline(never)]
pub(crate) fn forget_help(name: &str) -> String {
    format!("`cargo dbmigrate forget {name}` (`forget` of the migrator) removes it from the history")
}

impl Match<'_> {
    /// Whether `up` can go on with it.
    pub(crate) fn can_resume(&self) -> bool {
        self.migration.zip(self.row.as_ref()).is_some_and(|(migration, row)| row.goes_on(migration))
    }

    /// Whether the program has a down script, as the text that was applied most likely had.
    fn has_down(&self) -> bool {
        self.migration.is_some_and(|migration| matches!(migration.down, Down::Script(_)))
    }

    /// Whether the program's text is the one in the history.
    pub(crate) fn has_same_text(&self) -> bool {
        self.migration.zip(self.row.as_ref()).is_some_and(|(migration, row)| row.checksum == migration.checksum)
    }

    /// Whether it was edited since it was applied, or what has run of it was.
    fn is_edited(&self) -> bool {
        matches!(self.state, State::Edited | State::Interrupted { edited: true, .. })
    }

    /// Says what an edit changed.
    fn note_difference(&self, parts: &Parts, problem: &mut Problem) {
        let Some(migration) = self.migration.filter(|_| self.is_edited()) else { return };
        match (&self.applied_text, parts.texts) {
            (Some(applied), Some(part)) => problem.note(&(part.difference)(applied, &migration.up)),
            (Some(_), None) => {}
            (None, _) => problem.note(
                "the text that was applied was not stored: `store-sql = \"all\"` in `[package.metadata.migrations]` \
                 stores it from now on",
            ),
        }
    }
}

/// The repeatables of a set.
#[inline(never)]
pub(crate) fn all_repeatables<'s>(set: &'s Set<'s>) -> Vec<&'s Repeatable<'s>> {
    set.repeatables.iter().collect()
}

/// The chain after the first migrations of a set; empty where there is none.
pub(crate) fn chain<'s>(set: &Set<'s>, prefix: Option<usize>) -> &'s str {
    let last = prefix.and_then(|count| count.checked_sub(1)).and_then(|last| set.migrations.get(last));
    last.map_or("", |migration| migration.chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::{Metadata, Script};

    const SCRIPT: Script<'_> = Script {
        file: "f",
        text: "",
        asserts: &[],
        steps: &[],
        transaction: false,
        foreign_keys: None,
        tolerate_existing: false,
        checksum: "c",
        prefixes: &[],
    };

    fn migration(number: u64, name: &'static str) -> Migration<'static> {
        let metadata = Metadata { title: None, date: None, description: None, version: None };
        Migration {
            number,
            name,
            file: "f",
            metadata,
            checksum: "c",
            text_checksum: "",
            chain: name,
            requires: &[],
            up: SCRIPT,
            down: Down::Missing,
        }
    }

    fn row(text: &str) -> Rc<HistoryRow> {
        let mut words = text.split(' ');
        Rc::new(HistoryRow {
            id: 1,
            number: words.next().unwrap().parse().unwrap(),
            name: words.next().unwrap().into(),
            checksum: words.next().unwrap().into(),
            state: words.next().map_or(RowState::Applied, |word| RowState::parse(word).unwrap()),
            applied_at: String::new(),
            set_name: String::new(),
            statements_done: 0,
            duration: None,
            steps: Vec::new(),
            steps_us: None,
            tool: None,
            has_down: false,
            text_checksum: None,
            prefix_checksum: None,
        })
    }

    /// The states of the program's `a`, `b`, `d` (1, 2, 4) and the history's rows, and the chain.
    fn check(rows: &[&str], expect: &str, chain: &str) {
        let migrations = [migration(1, "a"), migration(2, "b"), migration(4, "d")];
        let set = Set { table: "t", migrations: &migrations, ..Set::EMPTY };
        let mut rows: Vec<Rc<HistoryRow>> = rows.iter().map(|text| row(text)).collect();
        rows.sort_by_key(|row| row.number);
        let matches = matches(&set, &rows, "");
        let states: Vec<String> =
            matches.iter().map(|matched| format!("{} {:?}", matched.number, matched.state)).collect();
        assert_eq!(states.join(", "), expect);
        let (head, records, old) = (None, None, None);
        let known = KnownHistory { set: &set, head, records, matches, is_recognised: false, old };
        assert_eq!(known.chain(), chain);
    }

    #[test]
    fn every_state_is_told_from_the_others() {
        check(&[], "1 Pending, 2 Pending, 4 Pending", "");
        check(&["1 a c"], "1 Applied, 2 Pending, 4 Pending", "a");
        check(&["4 d c", "2 b c", "1 a c"], "1 Applied, 2 Applied, 4 Applied", "d");
        check(&["2 b c"], "1 Late, 2 Applied, 4 Pending", "");
        check(&["1 a x"], "1 Edited, 2 Pending, 4 Pending", "");
        check(&["1 z c"], "1 Renamed { recorded: \"z\" }, 2 Pending, 4 Pending", "");
        check(&["1 a c", "3 c c"], "1 Applied, 2 Late, 3 Missing, 4 Pending", "");
        check(&["5 e c"], "1 Late, 2 Late, 4 Late, 5 Newer", "");
        check(&["1 a c", "2 b c", "4 d c", "5 e c"], "1 Applied, 2 Applied, 4 Applied, 5 Newer", "");
        check(&["1 a c started"], "1 Interrupted { done: 0, of: 0, edited: false }, 2 Pending, 4 Pending", "");
        check(
            &["1 a c", "2 b c reverting"],
            "1 Applied, 2 Interrupted { done: 0, of: 0, edited: false }, 4 Pending",
            "",
        );
    }
}
