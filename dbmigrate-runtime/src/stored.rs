//! Down scripts as the history keeps them: the statements of a script with what a runner must know, runnable without a
//! parser. People can read it, and run it in any SQLite shell.
//!
//! ```text
//! -- dbmigrate:stored v1 transaction=1 foreign-keys=auto tolerate-existing=0 statements=2
//! -- dbmigrate:statement 34 assert
//! SELECT count(*) = 0 FROM newcomers
//! ;
//! -- dbmigrate:statement 16 drop=users
//! DROP TABLE users
//! ;
//! ```
//!
//! What is read back was in somebody's database, so it is not trusted to be whole.

use crate::diff;
use crate::error::Error;
use crate::parts::needed;
use crate::set::{Down, Effect, Migration, Script, Set, Statement, Step, StoreSql};

const HEADER: &str = "-- dbmigrate:stored v1";
const STATEMENT: &str = "-- dbmigrate:statement ";
const ASSERT: &str = "assert";

/// A script that was read back.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Stored {
    /// What messages call it.
    label: String,
    text: String,
    asserts: Vec<Statement<'static>>,
    statements: Vec<(u32, u32, Kind)>,
    transaction: bool,
    foreign_keys: Option<bool>,
    tolerate_existing: bool,
}

/// An [`Effect`] that owns its table.
#[cfg_attr(test, derive(Debug, PartialEq))]
enum Kind {
    Drop(String),
    DropColumn(String),
    Write(String),
    Other(Effect<'static>),
}

impl Kind {
    #[inline]
    fn effect(&self) -> Effect<'_> {
        match self {
            Self::Drop(table) => Effect::DropTable(table),
            Self::DropColumn(table) => Effect::DropColumn(table),
            Self::Write(table) => Effect::Write(table),
            Self::Other(effect) => *effect,
        }
    }
}

/// What the history keeps of the texts of migrations, and what it says of an edited one.
#[derive(Clone, Copy)]
pub(crate) struct TextsPart {
    /// The up script and the down script, as the history has them.
    pub(crate) kept: fn(StoreSql, &Migration<'_>) -> [Option<String>; 2],
    /// What an edit changed.
    pub(crate) difference: fn(&str, &Script<'_>) -> String,
}

impl TextsPart {
    pub(crate) const LINKED: Self = Self { kept, difference };

    /// That of a set of which the history keeps something of a migration.
    #[inline]
    pub(crate) fn of(set: &Set<'_>, migration: &Migration<'_>) -> Result<Option<Self>, Error> {
        let keeps = match set.rules.store_sql {
            StoreSql::None => false,
            StoreSql::Down => matches!(migration.down, Down::Script(_)),
            StoreSql::All => true,
        };
        keeps.then(|| needed(set.parts.texts, "keeps texts in the history")).transpose()
    }
}

#[inline]
fn kept(store: StoreSql, migration: &Migration<'_>) -> [Option<String>; 2] {
    [if store == StoreSql::All { section(&migration.up) } else { None }, down_script(&migration.down)]
}

#[inline]
fn difference(applied: &str, script: &Script<'_>) -> String {
    let lines = diff::lines(applied, &section(script).unwrap_or_default());
    if lines.is_empty() {
        "its statements are the same: a directive was changed".to_owned()
    } else {
        format!("what was applied (-) and what is there (+):\n     {}", lines.join("\n     "))
    }
}

/// The stored form of a down script. There is none for Rust, nor where no down script is.
#[inline]
pub(crate) fn down_script(down: &Down<'_>) -> Option<String> {
    match down {
        Down::Script(script) => encode(script),
        Down::Missing | Down::Irreversible(_) | Down::Empty(_) => None,
    }
}

/// The stored form of a script without Rust.
#[inline]
pub(crate) fn encode(script: &Script<'_>) -> Option<String> {
    let foreign_keys = match script.foreign_keys {
        None => "auto",
        Some(true) => "on",
        Some(false) => "off",
    };
    let (transaction, tolerate) = (u8::from(script.transaction), u8::from(script.tolerate_existing));
    let mut text = format!(
        "{HEADER} transaction={transaction} foreign-keys={foreign_keys} tolerate-existing={tolerate} statements={}\n",
        script.asserts.len() + script.steps.len()
    );
    let mut add = |statement: &Statement<'_>, effect: &str| {
        let sql = script.sql(statement)?;
        text.push_str(&format!("{STATEMENT}{} {effect}\n{sql}\n;\n", sql.len()));
        Some(())
    };
    for assert in script.asserts {
        add(assert, ASSERT)?;
    }
    for step in script.steps {
        let Step::Sql(statement) = step else { return None };
        let effect = match statement.effect {
            Effect::None => "none".to_owned(),
            Effect::DropTable(table) => format!("drop={}", escape(table)),
            Effect::DropColumn(table) => format!("drop-column={}", escape(table)),
            Effect::Write(table) => format!("write={}", escape(table)),
            Effect::Session => "session".to_owned(),
            Effect::Begin => "begin".to_owned(),
            Effect::Commit => "commit".to_owned(),
            Effect::Bare { idempotent: false } => "bare".to_owned(),
            Effect::Bare { idempotent: true } => "bare-idempotent".to_owned(),
        };
        add(statement, &effect)?;
    }
    Some(text)
}

/// The text of a script from its first statement to its last; none for Rust.
#[inline]
fn section(script: &Script<'_>) -> Option<String> {
    let first = script.statements().next()?;
    let last = script.statements().last()?;
    script.sql(&Statement { end: last.end, ..*first }).map(|text| format!("{text};\n"))
}

impl Stored {
    /// Reads a stored script; `None` if it is not whole.
    #[inline]
    pub(crate) fn decode(label: String, text: String) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let (header, mut rest) = text.split_once('\n')?;
        let mut flags = header.strip_prefix(HEADER)?.split_ascii_whitespace();
        let mut flag = |name: &str| flags.next()?.strip_prefix(name)?.strip_prefix('=');
        let transaction = boolean(flag("transaction")?)?;
        let foreign_keys = match flag("foreign-keys")? {
            "auto" => None,
            "on" => Some(true),
            "off" => Some(false),
            _ => return None,
        };
        let tolerate_existing = boolean(flag("tolerate-existing")?)?;
        let count: usize = flag("statements")?.parse().ok()?;
        let (mut asserts, mut statements) = (Vec::new(), Vec::new());
        while !rest.is_empty() {
            let (line, body) = rest.split_once('\n')?;
            let (length, effect) = line.strip_prefix(STATEMENT)?.split_once(' ')?;
            let length: usize = length.parse().ok()?;
            let start = text.len() - body.len();
            let after = body.get(length..)?.strip_prefix("\n;\n")?;
            let end = start.checked_add(length)?;
            let (start, end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
            if effect == ASSERT {
                asserts.push(Statement { start, end, effect: Effect::None });
            } else {
                statements.push((start, end, kind(effect)?));
            }
            rest = after;
        }
        if asserts.len() + statements.len() != count {
            return None;
        }
        Some(Self { label, asserts, statements, transaction, foreign_keys, tolerate_existing, text })
    }

    /// Whether it is this script. What a runner knows of its statements does not count: a later version knows more.
    #[inline]
    pub(crate) fn is(&self, script: &Script<'_>) -> bool {
        let steps = self.steps();
        let own = self.script(&steps);
        let flags = |script: &Script<'_>| (script.transaction, script.foreign_keys, script.tolerate_existing);
        flags(&own) == flags(script) && statements(&own).zip(statements(script)).is_some_and(|(own, its)| own == its)
    }

    /// The steps, for [`Stored::script`].
    #[inline]
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let steps = self.statements.iter();
        steps
            .map(|(start, end, kind)| Step::Sql(Statement { start: *start, end: *end, effect: kind.effect() }))
            .collect()
    }

    /// The script over its steps.
    #[inline]
    pub(crate) fn script<'a>(&'a self, steps: &'a [Step<'a>]) -> Script<'a> {
        Script {
            file: &self.label,
            text: &self.text,
            asserts: &self.asserts,
            steps,
            transaction: self.transaction,
            foreign_keys: self.foreign_keys,
            tolerate_existing: self.tolerate_existing,
            checksum: "",
            prefixes: &[],
        }
    }
}

/// What a script asserts, and its statements; none where there is Rust in it.
#[inline]
fn statements<'a>(script: &Script<'a>) -> Option<[Vec<&'a str>; 2]> {
    if script.has_code() {
        return None;
    }
    let asserts = script.asserts.iter().map(|assert| script.sql(assert)).collect::<Option<_>>()?;
    let steps = script.statements().map(|statement| script.sql(statement)).collect::<Option<_>>()?;
    Some([asserts, steps])
}

#[inline]
fn kind(effect: &str) -> Option<Kind> {
    if let Some(table) = effect.strip_prefix("drop=") {
        return unescape(table).map(Kind::Drop);
    }
    if let Some(table) = effect.strip_prefix("drop-column=") {
        return unescape(table).map(Kind::DropColumn);
    }
    if let Some(table) = effect.strip_prefix("write=") {
        return unescape(table).map(Kind::Write);
    }
    Some(Kind::Other(match effect {
        "none" => Effect::None,
        "session" => Effect::Session,
        "begin" => Effect::Begin,
        "commit" => Effect::Commit,
        "bare" => Effect::Bare { idempotent: false },
        "bare-idempotent" => Effect::Bare { idempotent: true },
        _ => return None,
    }))
}

#[inline]
fn boolean(flag: &str) -> Option<bool> {
    match flag {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Control characters and `%` as `%0a`, so that any name fits on its line.
#[inline]
pub(crate) fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter == '%' || letter.is_ascii_control() {
            out.push_str(&format!("%{:02x}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}

/// What [`escape`] made of a name.
#[inline]
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let code = u8::from_str_radix(part.get(..2)?, 16).ok().filter(u8::is_ascii)?;
        out.push(char::from(code));
        out.push_str(&part[2..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "DROP TABLE \"a%\nb\" ; VACUUM; UPDATE t SET x = '\n;\n'";
    const STEPS: [Step<'_>; 3] = [
        Step::Sql(Statement { start: 0, end: 17, effect: Effect::DropTable("a%\nb") }),
        Step::Sql(Statement { start: 20, end: 26, effect: Effect::Bare { idempotent: true } }),
        Step::Sql(Statement { start: 28, end: 50, effect: Effect::Write("t") }),
    ];

    fn script() -> Script<'static> {
        Script {
            file: "f",
            text: TEXT,
            asserts: &[Statement { start: 45, end: 46, effect: Effect::None }],
            steps: &STEPS,
            transaction: false,
            foreign_keys: Some(false),
            tolerate_existing: true,
            checksum: "c",
            prefixes: &[],
        }
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let text = encode(&script()).unwrap();
        let stored = Stored::decode("label".into(), text.clone()).unwrap();
        let steps = stored.steps();
        let read = stored.script(&steps);
        assert_eq!((read.transaction, read.foreign_keys, read.tolerate_existing), (false, Some(false), true));
        for (step, expect) in read.steps.iter().zip(STEPS) {
            let (Step::Sql(step), Step::Sql(expect)) = (step, expect) else { panic!("a statement") };
            assert_eq!(step.effect, expect.effect);
            assert_eq!(
                read.text[step.start as usize..step.end as usize],
                TEXT[expect.start as usize..expect.end as usize]
            );
        }
        let asserts: Vec<&str> = read.asserts.iter().map(|it| &read.text[it.start as usize..it.end as usize]).collect();
        assert_eq!(asserts, [&TEXT[45..46]]);
        assert_eq!(encode(&read).unwrap(), text);
        assert!(stored.is(&script()));
        assert!(Stored::decode(String::new(), text.replace("bare-idempotent", "none")).unwrap().is(&script()));
        for other in [
            Script { steps: &STEPS[..2], ..script() },
            Script { asserts: &[], ..script() },
            Script { transaction: true, ..script() },
            Script { foreign_keys: None, ..script() },
            Script { tolerate_existing: false, ..script() },
        ] {
            assert!(!stored.is(&other), "{other:?}");
        }
    }

    #[test]
    fn every_effect_and_every_choice_is_read_back() {
        let effects = [
            Effect::None,
            Effect::DropTable("a"),
            Effect::DropColumn("b"),
            Effect::Write("c"),
            Effect::Session,
            Effect::Begin,
            Effect::Commit,
            Effect::Bare { idempotent: false },
            Effect::Bare { idempotent: true },
        ];
        let steps = effects.map(|effect| Step::Sql(Statement { start: 20, end: 26, effect }));
        for foreign_keys in [None, Some(false), Some(true)] {
            let script = Script { steps: &steps, foreign_keys, ..script() };
            let stored = Stored::decode("label".into(), encode(&script).unwrap()).unwrap();
            assert!(stored.is(&script));
            let steps = stored.steps();
            let read = stored.script(&steps).statements().map(|statement| statement.effect).collect::<Vec<_>>();
            assert_eq!(read, effects);
        }
        let code = [Step::Code(crate::set::Code { id: 0, name: "fill", line: 1 })];
        let code = Script { steps: &code, ..script() };
        assert_eq!(encode(&code), None);
        assert!(!Stored::decode(String::new(), encode(&script()).unwrap()).unwrap().is(&code));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let text = encode(&script()).unwrap();
        for end in 0..text.len() {
            let cut = &text[..end];
            assert_eq!(Stored::decode(String::new(), cut.to_owned()), None, "{cut}");
        }
        let check = |text: &str| assert_eq!(Stored::decode(String::new(), text.to_owned()), None, "{text}");
        check("DROP TABLE t;");
        check(&text.replace("v1", "v2"));
        check(&text.replace("statement 17", "statement 18446744073709551615"));
        check(&text.replace("bare-idempotent", "magic"));
        check(&text.replace("%25", "%zz"));
        check(&text.replace("%25", "%ä"));
    }

    #[test]
    fn the_section_is_from_the_first_statement_to_the_last() {
        assert_eq!(section(&script()).unwrap(), format!("{TEXT};\n"));
        assert_eq!(section(&Script { steps: &STEPS[1..2], ..script() }).unwrap(), "VACUUM;\n");
        assert_eq!(section(&Script { steps: &[], ..script() }), None);
    }
}
