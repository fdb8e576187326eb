//! From the words of the command line to a [`Request`]. Nothing is opened or printed here.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::aim::flag;
use super::location::database_path;
use super::nearest::nearest;
use super::request::{Baseline, Format, RepairTarget, Request, RollbackTarget, Verb};
use super::table::{COMMANDS, COMMON, Command, DESTRUCTIVE, Flag};
use crate::{Backup, BackupWhen, Stopped};

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it may be given once")]
pub enum Invocation {
    /// To print this text and end.
    Print(String),
    /// To run a command, on this database if it names one.
    Run(Request, Option<PathBuf>),
}

/// Why a command line asks for nothing that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    message: String,
    help: String,
}

impl Usage {
    /// What to type instead.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// The first thing that makes no sense, with what was probably meant.
pub fn parse(program: &str, arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Usage> {
    let usage = |wrong: Wrong| Usage {
        message: wrong.message,
        help: wrong.help.unwrap_or_else(|| format!("for the usage: `{program} --help`")),
    };
    let words = read(arguments).map_err(usage)?;
    if words.has("help") {
        return Ok(Invocation::Print(super::help::help(program, words.command)));
    }
    if words.has("version") {
        return Ok(Invocation::Print(format!("{program} (dbmigrate-runtime {})", env!("CARGO_PKG_VERSION"))));
    }
    let (request, database) = words.request(program).map_err(usage)?;
    Ok(Invocation::Run(request, database))
}

/// What is wrong, and the help where the general one is not enough.
struct Wrong {
    message: String,
    help: Option<String>,
}

fn wrong(message: impl Into<String>) -> Wrong {
    Wrong { message: message.into(), help: None }
}

/// The words, sorted by what they are.
#[derive(Default)]
struct Words {
    command: Option<&'static Command>,
    arguments: Vec<OsString>,
    flags: Vec<(&'static str, Option<OsString>)>,
}

fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Words, Wrong> {
    let mut words = Words::default();
    let mut arguments = arguments.into_iter();
    let mut only_words = false;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if !only_words && text == "--" {
            only_words = true;
        } else if only_words || !text.starts_with('-') {
            words.word(&argument)?;
        } else {
            words.flag(&argument, &mut arguments)?;
        }
    }
    Ok(words)
}

impl Words {
    /// A word that is no flag: the verb, then its argument.
    fn word(&mut self, word: &OsStr) -> Result<(), Wrong> {
        let text = &*word.to_string_lossy();
        let Some(command) = self.command else {
            self.command = COMMANDS.iter().find(|command| command.name == text);
            return match self.command {
                Some(_) => Ok(()),
                None => Err(unknown("command", text, COMMANDS.iter().map(|command| command.name.to_owned()))),
            };
        };
        if !command.argument.as_ref().is_some_and(|argument| argument.many || self.arguments.is_empty()) {
            return Err(wrong(format!("unexpected argument `{text}`")));
        }
        self.arguments.push(word.to_owned());
        Ok(())
    }

    /// A flag, with the value that it takes from `rest` unless it stands behind a `=`.
    fn flag(&mut self, argument: &OsStr, rest: &mut impl Iterator<Item = OsString>) -> Result<(), Wrong> {
        let (name, value) = split(argument);
        let known = || self.command.map_or(&[][..], |command| command.flags).iter().chain(COMMON);
        let Some(flag) = known().find(|flag| is_called(flag, &name)) else {
            return Err(unknown("flag", &name, known().map(|flag| format!("--{}", flag.name))));
        };
        let value = match (flag.value, value) {
            (None, None) => None,
            (None, Some(_)) => return Err(wrong(format!("`--{}` takes no value", flag.name))),
            (Some(_), Some(value)) => Some(value),
            (Some(what), None) => {
                let missing = || wrong(format!("`--{}` needs a value: `--{0} <{what}>`", flag.name));
                Some(rest.next().ok_or_else(missing)?)
            }
        };
        if self.has(flag.name) {
            return Err(wrong(format!("`--{}` stands twice", flag.name)));
        }
        self.flags.push((flag.name, value));
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| *flag == name)
    }

    fn value(&self, name: &str) -> Option<&OsStr> {
        self.flags.iter().find(|(flag, _)| *flag == name).and_then(|(_, value)| value.as_deref())
    }

    /// The first argument, where it is the name of a migration.
    fn target(&self) -> Option<String> {
        self.arguments.first().map(|target| target.to_string_lossy().into_owned())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn request(&self, program: &str) -> Result<(Request, Option<PathBuf>), Wrong> {
        let Some(command) = self.command else {
            let known: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
            return Err(wrong(format!("no command was given: it is one of `{}`", known.join("`, `"))));
        };
        if command.argument.as_ref().is_some_and(|argument| argument.required) && self.arguments.is_empty() {
            return Err(wrong(format!("`{0}` needs a migration: `{0} <TARGET>`", command.name)));
        }
        let verb = match command.name {
            "status" => Verb::Status { check: self.has("check"), recover: self.has("recover") },
            "up" => Verb::Up { to: self.text("to"), existing: self.has("existing"), dry_run: self.has("dry-run") },
            "down" => Verb::Down { what: self.back()?, dry_run: self.has("dry-run") },
            "redo" => Verb::Redo,
            "reset" => Verb::Reset { yes: self.has("yes") },
            "mark" => Verb::Mark { what: self.baseline()?, force: self.has("force") },
            "forget" => Verb::Forget { target: self.target().unwrap_or_default() },
            "repair" => self.repair()?,
            "backup" => Verb::Backup { to: self.value("to").map(PathBuf::from) },
            "restore" => Verb::Restore {
                from: self.arguments.first().map(PathBuf::from),
                yes: self.has("yes"),
                force: self.has("force"),
            },
            "verify" => Verb::Verify,
            _ => Verb::History,
        };
        let format = match self.text("message-format").as_deref() {
            None | Some("human") => Format::Human,
            Some("json") => Format::Json,
            Some(other) => {
                return Err(unknown("message format", other, ["human", "json"].map(str::to_owned)));
            }
        };
        if self.has("verbose") && self.has("quiet") {
            return Err(wrong("`--verbose` can't be used with `--quiet`"));
        }
        let database = self.value("database").map(database_path).transpose();
        let database = database.map_err(|why| wrong(format!("`--database`: {why}")))?;
        let (verbose, quiet) = (self.has("verbose"), self.has("quiet"));
        let busy_timeout = self.text("busy-timeout").map(|text| seconds(&text)).transpose()?;
        let (set, backup) = (self.text("set"), self.backup()?);
        let named = self.text("database").map(|path| flag("database", &path)).unwrap_or_default();
        let program = program.to_owned();
        Ok((Request { program, named, verb, set, format, verbose, quiet, busy_timeout, backup }, database))
    }

    /// The copies to keep, as the flags say.
    fn backup(&self) -> Result<Option<Backup>, Wrong> {
        let when = match (self.has("backup"), self.has("no-backup")) {
            (true, true) => return Err(wrong("`--backup` can't be used with `--no-backup`")),
            (false, true) => return Ok(None),
            (true, false) => BackupWhen::Always,
            (false, false) => BackupWhen::Destructive,
        };
        let mut backup = Backup::new(when);
        if let Some(count) = self.text("backup-keep") {
            let number = count.parse().ok().filter(|&number| number > 0);
            backup = backup
                .keep(number.ok_or_else(|| wrong(format!("`--backup-keep` takes a number from 1, not `{count}`")))?);
        }
        Ok(Some(match self.value("backup-dir") {
            Some(dir) => backup.dir(dir),
            None => backup,
        }))
    }

    fn baseline(&self) -> Result<Baseline, Wrong> {
        let targets: Vec<String> = self.arguments.iter().map(|target| target.to_string_lossy().into_owned()).collect();
        match (targets.is_empty(), self.text("to")) {
            (true, None) => Ok(Baseline::Latest),
            (true, Some(target)) => Ok(Baseline::To(target)),
            (false, None) => Ok(Baseline::Only(targets)),
            _ => Err(wrong("a target can't be used with `--to`")),
        }
    }

    fn repair(&self) -> Result<Verb, Wrong> {
        let what = match (self.target(), self.has("all")) {
            (None, false) => RepairTarget::Explain,
            (None, true) => RepairTarget::All,
            (Some(target), false) => RepairTarget::One(target),
            _ => return Err(wrong("a target can't be used with `--all`")),
        };
        let stopped = match (self.has("retry"), self.has("done")) {
            (true, true) => return Err(wrong("`--retry` can't be used with `--done`")),
            (true, _) => Some(Stopped::Retry),
            (_, true) => Some(Stopped::Done),
            _ => None,
        };
        if stopped.is_some() && what == RepairTarget::Explain {
            return Err(wrong("`--retry` and `--done` need a migration: name it, or use `--all`"));
        }
        Ok(Verb::Repair { what, stopped })
    }

    fn back(&self) -> Result<RollbackTarget, Wrong> {
        let mut asked = Vec::new();
        if let Some(target) = self.target() {
            asked.push(RollbackTarget::One(target));
        }
        if let Some(target) = self.text("to") {
            asked.push(RollbackTarget::To(target));
        }
        if let Some(count) = self.text("count") {
            let number = count.parse().ok().filter(|&number| number > 0);
            asked.push(RollbackTarget::Count(
                number.ok_or_else(|| wrong(format!("`--count` takes a number from 1, not `{count}`")))?,
            ));
        }
        if self.has("all") {
            asked.push(RollbackTarget::All);
        }
        let back = asked.pop().unwrap_or(RollbackTarget::Newest);
        if asked.is_empty() {
            Ok(back)
        } else {
            Err(wrong("only one of a target, `--to`, `--count` and `--all` can be used"))
        }
    }
}

fn seconds(text: &str) -> Result<Duration, Wrong> {
    let seconds = text.parse().map_err(|_| wrong(format!("`--busy-timeout {text}` is not a number of seconds")))?;
    Ok(Duration::from_secs(seconds))
}

fn is_called(flag: &Flag, name: &str) -> bool {
    match name.strip_prefix("--") {
        Some(long) => long == flag.name,
        None => flag.short.is_some_and(|short| name.strip_prefix('-') == Some(short.encode_utf8(&mut [0; 4]))),
    }
}

/// `--name=value` into its two halves. A value that is not UTF-8 can only follow as a word of its own.
fn split(argument: &OsStr) -> (String, Option<OsString>) {
    match argument.to_str().and_then(|text| text.split_once('=')) {
        Some((name, value)) => (name.to_owned(), Some(value.into())),
        None => (argument.to_string_lossy().into_owned(), None),
    }
}

fn unknown(kind: &str, word: &str, known: impl IntoIterator<Item = String>) -> Wrong {
    let known: Vec<String> = known.into_iter().collect();
    let near = nearest(word, known.iter().map(String::as_str)).filter(|near| !DESTRUCTIVE.contains(near));
    Wrong { message: format!("unknown {kind} `{word}`"), help: near.map(|near| format!("did you mean `{near}`?")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Invocation, Usage> {
        parse("app", line.split_whitespace().map(OsString::from))
    }

    fn request(verb: Verb) -> Request {
        Request::new("app", verb)
    }

    #[test]
    fn every_verb_and_flag_arrives_in_the_request() {
        let up = |to: Option<&str>, existing| Verb::Up { to: to.map(str::to_owned), existing, dry_run: false };
        for (line, verb) in [
            ("status", Verb::Status { check: false, recover: false }),
            ("status --check", Verb::Status { check: true, recover: false }),
            ("status --recover", Verb::Status { check: false, recover: true }),
            ("up", up(None, false)),
            ("up --to 1.1.0", up(Some("1.1.0"), false)),
            ("up --to=003_x --existing", up(Some("003_x"), true)),
            ("down", Verb::Down { what: RollbackTarget::Newest, dry_run: false }),
            (
                "down 002_add_indexes",
                Verb::Down { what: RollbackTarget::One("002_add_indexes".into()), dry_run: false },
            ),
            ("down -- -odd", Verb::Down { what: RollbackTarget::One("-odd".into()), dry_run: false }),
            ("down --to 1", Verb::Down { what: RollbackTarget::To("1".into()), dry_run: false }),
            ("down --count 2", Verb::Down { what: RollbackTarget::Count(2), dry_run: false }),
            ("down --all", Verb::Down { what: RollbackTarget::All, dry_run: false }),
            ("redo", Verb::Redo),
            ("mark", Verb::Mark { what: Baseline::Latest, force: false }),
            ("mark --to 2 --force", Verb::Mark { what: Baseline::To("2".into()), force: true }),
            ("mark 1 002_b", Verb::Mark { what: Baseline::Only(vec!["1".into(), "002_b".into()]), force: false }),
            ("forget 002_b", Verb::Forget { target: "002_b".into() }),
            ("repair", Verb::Repair { what: RepairTarget::Explain, stopped: None }),
            ("repair 2", Verb::Repair { what: RepairTarget::One("2".into()), stopped: None }),
            ("repair 2 --done", Verb::Repair { what: RepairTarget::One("2".into()), stopped: Some(Stopped::Done) }),
            ("repair --all --retry", Verb::Repair { what: RepairTarget::All, stopped: Some(Stopped::Retry) }),
            ("reset", Verb::Reset { yes: false }),
            ("reset --yes", Verb::Reset { yes: true }),
            ("verify", Verb::Verify),
            ("history", Verb::History),
        ] {
            assert_eq!(run(line), Ok(Invocation::Run(request(verb), None)), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_arrives_as_it_is() {
        use std::os::unix::ffi::OsStringExt;
        let path = || OsString::from_vec(b"a\xff.bak".to_vec());
        for words in [vec!["restore".into(), path()], vec!["restore".into(), "--".into(), path()]] {
            let verb = Verb::Restore { from: Some(path().into()), yes: false, force: false };
            assert_eq!(parse("app", words), Ok(Invocation::Run(request(verb), None)));
        }
    }

    #[test]
    fn common_flags_stand_before_or_after_the_verb() {
        let expect = Request { format: Format::Json, verbose: true, ..request(Verb::Verify) };
        let database = Some(PathBuf::from("data/app.db"));
        for (line, named) in [
            ("verify --database data/app.db --message-format json --verbose", " --database data/app.db"),
            ("--database=sqlite://data/app.db -v --message-format=json verify", " --database 'sqlite://data/app.db'"),
        ] {
            let expect = Request { named: named.to_owned(), ..expect.clone() };
            assert_eq!(run(line), Ok(Invocation::Run(expect, database.clone())), "{line}");
        }
        let quiet = Request { quiet: true, ..request(Verb::Redo) };
        assert_eq!(run("redo -q"), Ok(Invocation::Run(quiet, None)));
    }

    #[test]
    fn help_and_version_are_text() {
        for (line, expect) in [
            ("--help", "Commands:"),
            ("-h", "Commands:"),
            ("down --help", "app down [TARGET]"),
            ("-h up", "app up [OPTIONS]"),
            ("mark --help", "app mark [TARGET]... [OPTIONS]"),
            ("forget -h", "app forget <TARGET> [OPTIONS]"),
            ("--version", env!("CARGO_PKG_VERSION")),
            ("up -V", env!("CARGO_PKG_VERSION")),
        ] {
            match run(line) {
                Ok(Invocation::Print(text)) => assert!(text.contains(expect), "{line}: {text}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_was_meant() {
        for (line, message, help) in [
            ("", "no command was given: it is one of `status`", "`app --help`"),
            ("statsu", "unknown command `statsu`", "did you mean `status`?"),
            ("frobnicate", "unknown command `frobnicate`", "`app --help`"),
            ("rest", "unknown command `rest`", "`app --help`"),
            ("up --too 1", "unknown flag `--too`", "did you mean `--to`?"),
            ("status --to 1", "unknown flag `--to`", "`app --help`"),
            ("--check status", "unknown flag `--check`", "`app --help`"),
            ("status -x", "unknown flag `-x`", "`app --help`"),
            ("status -", "unknown flag `-`", "`app --help`"),
            ("status --check=yes", "`--check` takes no value", "`app --help`"),
            ("status --database", "`--database` needs a value: `--database <PATH>`", "`app --help`"),
            ("status --database=", "`--database`: the path is empty", "`app --help`"),
            ("status --database postgres://h/d", "`--database`: `postgres:` is not", "`app --help`"),
            ("status --check --check", "`--check` stands twice", "`app --help`"),
            ("status 001", "unexpected argument `001`", "`app --help`"),
            ("down 1 2", "unexpected argument `2`", "`app --help`"),
            ("down 1 --all", "only one of", "`app --help`"),
            ("mark 1 --to 2", "can't be used with", "`app --help`"),
            ("forget", "`forget` needs a migration: `forget <TARGET>`", "`app --help`"),
            ("forget 1 2", "unexpected argument `2`", "`app --help`"),
            ("repair 1 --all", "can't be used with", "`app --help`"),
            ("repair 1 --retry --done", "can't be used with", "`app --help`"),
            ("repair --done", "need a migration", "`app --help`"),
            ("down --count 0", "`--count` takes a number from 1, not `0`", "`app --help`"),
            ("down --count -1", "`--count` takes a number from 1, not `-1`", "`app --help`"),
            ("status --message-format jsn", "unknown message format `jsn`", "did you mean `json`?"),
            ("status -v -q", "can't be used with", "`app --help`"),
        ] {
            let usage = run(line).unwrap_err();
            assert!(usage.to_string().contains(message), "{line}: {usage}");
            assert!(usage.help().contains(help), "{line}: {}", usage.help());
        }
    }
}
