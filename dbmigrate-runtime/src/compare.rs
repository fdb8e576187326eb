//! The history compared with the program: what is applied, pending, and different.

use crate::db::Db;
use crate::error::{Error, ErrorKind};
use crate::history::{Head, History, HistoryRow, Presence};
use crate::options::Options;
use crate::session::Session;
use crate::set::{Down, Migration, NewerDatabase, OutOfOrder, Set};
use crate::status::{Entry, State, Status};
use crate::verify::Problem;

/// What a look at a database found.
pub(crate) enum Found<'s> {
    /// Nothing at all.
    Fresh,
    /// Objects, but no history.
    Objects,
    /// A history.
    History(Known<'s>),
}

/// A history beside its set.
pub(crate) struct Known<'s> {
    set: &'s Set<'s>,
    pub(crate) head: Option<Head>,
    /// By ascending number.
    pub(crate) matches: Vec<Match<'s>>,
}

/// A migration that the program, the history, or both have.
pub(crate) struct Match<'s> {
    pub(crate) number: u64,
    /// Its place in the set.
    pub(crate) index: Option<usize>,
    pub(crate) migration: Option<&'s Migration<'s>>,
    pub(crate) row: Option<HistoryRow>,
    pub(crate) state: State,
}

/// Looks at a database. It changes nothing.
pub(crate) fn look<'s>(db: &mut Db<'_>, set: &'s Set<'s>) -> Result<Found<'s>, Error> {
    let history = History::new(set);
    match history.presence(db)? {
        Presence::Fresh => Ok(Found::Fresh),
        Presence::Objects => Ok(Found::Objects),
        Presence::History => {
            history.check_shape(db)?;
            let head = history.head(db)?;
            let rows = history.rows(db)?;
            Ok(Found::History(Known { set, head, matches: matches(set, rows)? }))
        }
    }
}

/// The state of every migration.
pub(crate) fn status(session: &mut dyn Session, set: &Set<'_>, options: &Options) -> Result<Status, Error> {
    let matches = match look(&mut Db::new(session, options), set)? {
        Found::History(known) => known.matches,
        Found::Fresh | Found::Objects => matches(set, Vec::new())?,
    };
    Ok(Status { entries: matches.into_iter().map(entry).collect() })
}

fn entry(matched: Match<'_>) -> Entry {
    let Match { number, migration, row, state, .. } = matched;
    let own = |text: Option<&str>| text.map(str::to_owned);
    let metadata = migration.map(|migration| migration.metadata);
    let differs = !matches!(state, State::Applied | State::Pending | State::Late);
    let reversible = match migration {
        Some(migration) if !differs => matches!(migration.down, Down::Script(_)),
        _ => row.as_ref().is_some_and(|row| row.has_down),
    };
    let (name, applied_at, duration) = match row {
        Some(row) => (row.name, Some(row.applied_at), row.duration),
        None => (String::new(), None, None),
    };
    Entry {
        number,
        name: migration.map_or(name, |migration| migration.name.to_owned()),
        file: migration.map(|migration| migration.file.to_owned()),
        applied_at: applied_at.filter(|_| state.is_applied()),
        duration,
        title: own(metadata.and_then(|metadata| metadata.title)),
        date: own(metadata.and_then(|metadata| metadata.date)),
        description: own(metadata.and_then(|metadata| metadata.description)),
        version: own(metadata.and_then(|metadata| metadata.version)),
        reversible,
        state,
    }
}

/// Merges the two, each by ascending number.
fn matches<'s>(set: &'s Set<'s>, mut rows: Vec<HistoryRow>) -> Result<Vec<Match<'s>>, Error> {
    rows.sort_by_key(|row| row.number);
    let newest = rows.iter().rev().find(|row| row.state == "applied").map_or(0, |row| row.number);
    let last = set.migrations.last().map(|migration| migration.number);
    let mut matches = Vec::with_capacity(set.migrations.len().max(rows.len()));
    let mut rows = rows.into_iter().peekable();
    let mut known = set.migrations.iter().enumerate().peekable();
    loop {
        let migration = match (known.peek(), rows.peek()) {
            (None, None) => return Ok(matches),
            (Some((_, migration)), Some(row)) if row.number < migration.number => None,
            (None, Some(_)) => None,
            _ => known.next(),
        };
        let number = match (migration, rows.peek()) {
            (Some((_, migration)), _) => migration.number,
            (None, Some(row)) => row.number,
            (None, None) => return Ok(matches),
        };
        let row = rows.next_if(|row| row.number == number);
        let (index, migration) = migration.unzip();
        let state = match (&row, migration) {
            (Some(row), _) => row_state(row, migration, last)?,
            (None, _) if number < newest => State::Late,
            (None, _) => State::Pending,
        };
        matches.push(Match { number, index, migration, row, state });
    }
}

fn row_state(row: &HistoryRow, migration: Option<&Migration<'_>>, last: Option<u64>) -> Result<State, Error> {
    let steps = match (row.state.as_str(), migration) {
        ("applied", None) if last.is_some_and(|last| row.number < last) => return Ok(State::Missing),
        ("applied", None) => return Ok(State::Newer),
        ("applied", Some(migration)) if row.name != migration.name => {
            return Ok(State::Renamed { recorded: row.name.clone() });
        }
        ("applied", Some(migration)) if row.checksum != migration.checksum => return Ok(State::Edited),
        ("applied", Some(_)) => return Ok(State::Applied),
        ("running" | "started" | "reverting" | "reverting-started", None) => 0,
        ("running" | "started", Some(migration)) => migration.up.steps.len(),
        ("reverting" | "reverting-started", Some(migration)) => match migration.down {
            Down::Script(script) => script.steps.len(),
            Down::Missing | Down::Irreversible(_) => 0,
        },
        (other, _) => {
            let message =
                format!("the history has `{}` in the state `{other}`, which this program does not know", row.name);
            return Err(
                Error::new(ErrorKind::History, message).hint("build the program with a newer `dbmigrate-runtime`")
            );
        }
    };
    Ok(State::Interrupted { done: row.statements_done, of: steps as u64 })
}

impl<'s> Known<'s> {
    /// How many of the program's first migrations the history holds, if it holds exactly those, as they are.
    pub(crate) fn prefix(&self) -> Option<usize> {
        let is_applied = |matched: &&Match<'_>| matched.index.is_some() && matched.state == State::Applied;
        let applied = self.matches.iter().take_while(is_applied).count();
        self.matches[applied..].iter().all(|matched| matched.row.is_none()).then_some(applied)
    }

    /// What the head should say.
    pub(crate) fn chain(&self) -> &'s str {
        chain(self.set, self.prefix())
    }

    /// The rows' side, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = (&Match<'s>, &HistoryRow)> {
        self.matches.iter().rev().filter_map(|matched| matched.row.as_ref().map(|row| (matched, row)))
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
        let problems = self.matches.iter().filter(|matched| Some(matched.number) != except);
        let problems = problems.filter(|matched| match matched.state {
            State::Late => rules.out_of_order == OutOfOrder::Error,
            State::Newer => rules.newer_database == NewerDatabase::Refuse,
            State::Interrupted { .. } => !matched.can_resume(),
            _ => true,
        });
        let problems = problems.filter_map(|matched| self.problem(matched)).collect();
        as_error("the history and the program differ", problems)
    }

    /// What is wrong with one migration.
    pub(crate) fn problem(&self, matched: &Match<'_>) -> Option<Problem> {
        let name = match (matched.migration, &matched.row) {
            (Some(migration), _) => migration.name,
            (None, Some(row)) => row.name.as_str(),
            (None, None) => return None,
        };
        let is_newest = self.newest_first().next().is_some_and(|(newest, _)| newest.number == matched.number);
        let (kind, message, help) = match &matched.state {
            State::Applied | State::Pending => return None,
            State::Edited => (
                ErrorKind::Edited,
                format!("`{name}` was edited after it was applied"),
                ["restore the file, and put the change into a new one: `cargo dbmigrate create NAME`"]
                    .into_iter()
                    .chain(
                        is_newest
                            .then_some("in development: `cargo dbmigrate redo` rolls it back and applies the new text"),
                    )
                    .map(str::to_owned)
                    .collect(),
            ),
            State::Renamed { recorded } => (
                ErrorKind::Renamed,
                format!("`{name}` has the number of `{recorded}`, which is applied"),
                vec![format!(
                    "if it is the same migration, name the file `{recorded}` again, else give it another number"
                )],
            ),
            State::Missing => (
                ErrorKind::Missing,
                format!("`{name}` is applied, but the program does not have it"),
                vec![format!("bring the file of `{name}` back, and build the program again")],
            ),
            State::Newer => (
                ErrorKind::NewerDatabase,
                format!("`{name}` is applied, and newer than all that this program has"),
                vec![
                    "run the newer version of the program that applied it, or restore its file if it was removed"
                        .into(),
                    "to run all the same: `newer-database = \"allow\"` in `[package.metadata.migrations]`".into(),
                ],
            ),
            State::Late => (
                ErrorKind::Late,
                format!("`{name}` is not applied, but a later one is"),
                vec![
                    "give it a number above all that are applied".into(),
                    "to apply it all the same: `out-of-order = \"apply\"` in `[package.metadata.migrations]`".into(),
                ],
            ),
            State::Interrupted { .. } => self.interrupted(name, matched)?,
        };
        let file = matched.migration.map(|migration| migration.file.to_owned());
        Some(Problem { kind, migration: Some(name.to_owned()), file, message, help })
    }

    fn interrupted(&self, name: &str, matched: &Match<'_>) -> Option<(ErrorKind, String, Vec<String>)> {
        let row = matched.row.as_ref()?;
        let done = row.statements_done;
        let history = History::new(self.set);
        if row.state.starts_with("reverting") {
            let message = format!("the way back of `{name}` was stopped after {done} steps");
            return Some((ErrorKind::Interrupted, message, vec!["`cargo dbmigrate down` goes on with it".into()]));
        }
        let Some(migration) = matched.migration.filter(|migration| migration.checksum != row.checksum) else {
            let message = format!("`{name}` was stopped after {done} steps");
            return Some((ErrorKind::Interrupted, message, vec!["`cargo dbmigrate up` goes on with it".into()]));
        };
        let checksum = format!("checksum = {}", crate::quote::literal(migration.checksum));
        let go_on = history.settle_sql(row.number, &checksum);
        let start = history.settle_sql(row.number, &format!("{checksum}, state = 'running', statements_done = 0"));
        Some((
            ErrorKind::Interrupted,
            format!("`{name}` was stopped after {done} steps, and edited since"),
            vec![
                "restore the file and run `up`: it goes on where it was stopped".into(),
                format!("if the first {done} steps are unchanged, this goes on after them: `{go_on}`"),
                format!("if you have undone what they did, this starts anew: `{start}`"),
            ],
        ))
    }
}

impl Match<'_> {
    /// Whether `up` can go on with it.
    fn can_resume(&self) -> bool {
        match (self.migration, &self.row) {
            (Some(migration), Some(row)) => {
                !row.state.starts_with("reverting") && row.checksum == migration.checksum && row.name == migration.name
            }
            _ => false,
        }
    }
}

/// The chain after the first migrations of a set; empty where there is none.
pub(crate) fn chain<'s>(set: &Set<'s>, prefix: Option<usize>) -> &'s str {
    let last = prefix.and_then(|count| count.checked_sub(1)).and_then(|last| set.migrations.get(last));
    last.map_or("", |migration| migration.chain)
}

/// All problems as one error; nothing if there are none.
pub(crate) fn as_error(headline: &str, problems: Vec<Problem>) -> Result<(), Error> {
    let Some(first) = problems.first() else { return Ok(()) };
    let describe = |problem: &Problem| match &problem.file {
        Some(file) => format!("{} ({file})", problem.message),
        None => problem.message.clone(),
    };
    let message = match problems.as_slice() {
        [problem] => describe(problem),
        all => {
            let lines: Vec<String> = all.iter().map(|problem| format!("\n  {}", describe(problem))).collect();
            format!("{headline}:{}", lines.concat())
        }
    };
    let mut error = Error::new(first.kind, message);
    let mut said: Vec<&str> = Vec::new();
    for problem in &problems {
        error = error.also(problem.kind);
        for help in problem.help.iter().map(String::as_str) {
            if !said.contains(&help) && said.len() < 8 {
                said.push(help);
                error = error.hint(help);
            }
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::{Metadata, Rules, Script};

    const SCRIPT: Script<'_> = Script {
        file: "f",
        text: "",
        steps: &[],
        transaction: true,
        foreign_keys: None,
        tolerate_existing: false,
        checksum: "c",
    };

    fn migration(number: u64, name: &'static str) -> Migration<'static> {
        let metadata = Metadata { title: None, date: None, description: None, version: None };
        Migration { number, name, file: "f", metadata, checksum: "c", chain: name, up: SCRIPT, down: Down::Missing }
    }

    fn row(text: &str) -> HistoryRow {
        let mut words = text.split(' ');
        HistoryRow {
            id: 1,
            number: words.next().unwrap().parse().unwrap(),
            name: words.next().unwrap().into(),
            checksum: words.next().unwrap().into(),
            state: words.next().unwrap_or("applied").into(),
            applied_at: String::new(),
            set_name: String::new(),
            statements_done: 0,
            duration: None,
            tool: None,
            has_down: false,
        }
    }

    /// The states of the program's `a`, `b`, `d` (1, 2, 4) and the history's rows, and the chain.
    fn check(rows: &[&str], expect: &str, chain: &str) {
        let migrations = [migration(1, "a"), migration(2, "b"), migration(4, "d")];
        let set = Set { name: "", table: "t", migrations: &migrations, rules: Rules::DEFAULT };
        let matches = matches(&set, rows.iter().map(|text| row(text)).collect()).unwrap();
        let states: Vec<String> =
            matches.iter().map(|matched| format!("{} {:?}", matched.number, matched.state)).collect();
        assert_eq!(states.join(", "), expect);
        let known = Known { set: &set, head: None, matches };
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
        check(&["1 a c started"], "1 Interrupted { done: 0, of: 0 }, 2 Pending, 4 Pending", "");
        check(&["1 a c", "2 b c reverting"], "1 Applied, 2 Interrupted { done: 0, of: 0 }, 4 Pending", "");
    }
}
