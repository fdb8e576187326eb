//! The objects of a database by their texts, as SQLite keeps them: what a fingerprint is made of, and how two databases
//! differ in them. What the history made is none of them.

use std::collections::BTreeMap;

use crate::db::Db;
use crate::error::Error;
use crate::excerpt::{narrow, visible};
use crate::history::History;
use crate::normal::normal;
use crate::repeatable::word;
use crate::set::Repeatable;
use crate::value::{Row, Value};

/// The rows of the schema but for the history's own: type, name, text, and the table that it belongs to. Indexes come
/// last, and those that a table makes by itself are none.
pub(crate) fn rows(db: &mut Db<'_>, history: &History<'_>) -> Result<Vec<Row>, Error> {
    let own = history.tables().map(Value::Text);
    let sql = "SELECT type, name, sql, tbl_name FROM main.sqlite_master WHERE sql IS NOT NULL \
               AND lower(substr(name, 1, 7)) <> 'sqlite_' AND tbl_name <> ?1 COLLATE NOCASE \
               AND tbl_name <> ?2 COLLATE NOCASE AND tbl_name <> ?3 COLLATE NOCASE \
               ORDER BY type = 'index', name";
    db.query("could not read the schema", sql, &own)
}

/// All of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects {
    /// By type and name in lower case, as SQLite compares names, each in normal form.
    texts: BTreeMap<(String, String), String>,
}

impl Objects {
    /// Reads them from `main`: one query.
    pub(crate) fn read(db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let object = |row: Row| match <[Value; 4]>::try_from(row) {
            Ok([Value::Text(kind), Value::Text(name), Value::Text(text), _]) => {
                Some(((kind, name.to_ascii_lowercase()), normal(&text)))
            }
            _ => None,
        };
        Ok(Self { texts: rows(db, history)?.into_iter().filter_map(object).collect() })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Leaves out what these make.
    pub(crate) fn remove(&mut self, repeatable: &Repeatable<'_>) {
        for object in repeatable.objects {
            self.texts.remove(&(word(object.kind).to_owned(), object.name.to_ascii_lowercase()));
        }
    }

    /// A short value that two databases share if they have the same objects: `s1:` and FNV-1a in hexadecimal digits.
    /// Another rule is another version: sealed sets hold the results.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for ((kind, _), text) in &self.texts {
            // No text has that byte.
            for byte in kind.bytes().chain([0]).chain(text.bytes()).chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        format!("s1:{hash:016x}")
    }

    /// What this database has otherwise than what the migrations make, one sentence for each object.
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        let say = |(kind, name): &(String, String), what: &str| visible(&format!("the {kind} `{name}` {what}"));
        let mut out = Vec::new();
        for (key, there) in &expected.texts {
            match self.texts.get(key) {
                None => out.push(say(key, "is missing")),
                Some(here) if here != there => out.push(say(key, &difference(here, there))),
                Some(_) => {}
            }
        }
        let alone = self.texts.keys().filter(|key| !expected.texts.contains_key(*key));
        out.extend(alone.map(|(kind, name)| visible(&format!("no migration makes the {kind} `{name}`"))));
        out
    }
}

/// What stands between the common beginning and the common end of two texts.
fn difference(here: &str, there: &str) -> String {
    let [here, there]: [Vec<&str>; 2] = [here, there].map(|text| text.split(' ').collect());
    let start = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let end = here[start..].iter().rev().zip(there[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let [here, there] = [here, there].map(|words| words[start..words.len() - end].join(" "));
    // The comma that comes with a column or a constraint says nothing.
    let shown = |text: &str| narrow(text.trim_matches([' ', ',']));
    match (here.as_str(), there.as_str()) {
        ("", there) => format!("lacks `{}`", shown(there)),
        (here, "") => format!("has `{}`, which no migration makes", shown(here)),
        (here, there) => format!("has `{}` where the migrations make `{}`", shown(here), shown(there)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(texts: &[&str]) -> Objects {
        let object = |text: &&str| {
            let text = normal(text);
            let mut words = text.split(' ').skip(1);
            let key = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
            (key, text)
        };
        Objects { texts: texts.iter().map(object).collect() }
    }

    #[test]
    fn the_fingerprint_is_frozen() {
        assert_eq!(objects(&[]).fingerprint(), "s1:cbf29ce484222325");
        let set = objects(&["CREATE TABLE t (a)", "CREATE VIEW v AS SELECT 'x' FROM \"T\""]);
        assert_eq!(set.fingerprint(), "s1:6c42c514af376925");
    }

    #[test]
    fn it_tells_what_differs() {
        let base = ["CREATE TABLE t (a)", "CREATE VIEW v AS SELECT 1"];
        let fingerprint = objects(&base).fingerprint();
        assert_eq!(objects(&["create view V as select 1", "create table [T](A)"]).fingerprint(), fingerprint);
        for other in [
            &["CREATE TABLE t (a)"][..],
            &["CREATE TABLE t (b)", "CREATE VIEW v AS SELECT 1"],
            &["CREATE TABLE t (a)", "CREATE VIEW v AS SELECT 1", "CREATE TABLE u (a)"],
        ] {
            assert_ne!(objects(other).fingerprint(), fingerprint, "{other:?}");
        }
    }

    #[test]
    fn each_object_is_one_sentence() {
        let here = ["CREATE TABLE a (x CHECK (x > 0))", "CREATE TABLE b (x DEFAULT 1)", "CREATE TABLE c (x)"];
        let there = ["CREATE TABLE a (x)", "CREATE TABLE b (x DEFAULT 2, y)", "CREATE VIEW v AS SELECT 1"];
        assert_eq!(
            objects(&here).differences(&objects(&there)),
            [
                "the table `a` has `check ( x > 0 )`, which no migration makes",
                "the table `b` has `1` where the migrations make `2 , y`",
                "the view `v` is missing",
                "no migration makes the table `c`",
            ]
        );
        assert_eq!(objects(&there[..1]).differences(&objects(&here[..1])), ["the table `a` lacks `check ( x > 0 )`"]);
    }
}
