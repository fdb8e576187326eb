//! The objects of a database by their texts, as SQLite keeps them: what a fingerprint is made of, and how two databases
//! differ in them. What the history made is none of them.

use crate::db::Db;
use crate::error::Error;
use crate::excerpt::{narrow, visible};
use crate::histories::{is_one_of, their_tables};
use crate::history::History;
use crate::normal::normal;
use crate::repeatable::word;
use crate::set::Repeatable;
use crate::value::{Row, Value, text};

/// The rows of the schema but for those of histories, by type and name: type, name, text, and the table that it belongs
/// to. Indexes come last, and those that a table makes by itself are none.
#[inline]
pub(crate) fn rows(db: &mut Db<'_>, history: &History<'_>) -> Result<Vec<Row>, Error> {
    let own = history.tables();
    let own = own.each_ref().map(|name| text(name));
    let sql = "SELECT type, name, sql, tbl_name FROM main.sqlite_master WHERE sql IS NOT NULL \
               AND lower(substr(name, 1, 7)) <> 'sqlite_' AND tbl_name <> ?1 COLLATE NOCASE \
               AND tbl_name <> ?2 COLLATE NOCASE AND tbl_name <> ?3 COLLATE NOCASE \
               AND tbl_name <> ?4 COLLATE NOCASE ORDER BY type = 'index', type, name COLLATE NOCASE";
    let mut rows: Vec<Row> = db.query("could not read the schema", sql, &own)?.into_iter().collect();
    let names = rows.iter().filter_map(|row| match row.get(1) {
        Some(Value::Text(name)) => Some(name.as_str()),
        _ => None,
    });
    let theirs = their_tables(db, history, names)?;
    if !theirs.is_empty() {
        rows.retain(|row| !row.get(3).is_some_and(|table| is_one_of(&theirs, table)));
    }
    Ok(rows)
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    /// In lower case, as SQLite compares names.
    name: String,
    /// In normal form.
    text: String,
}

/// All of them, by type and name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects(Vec<Object>);

impl Objects {
    /// Reads them from `main`: one query.
    #[inline]
    pub(crate) fn read(db: &mut Db<'_>, history: &History<'_>) -> Result<Self, Error> {
        let mut objects = Vec::new();
        for row in rows(db, history)? {
            if let Ok([Value::Text(kind), Value::Text(mut name), Value::Text(text), _]) = <[Value; 4]>::try_from(row) {
                name.make_ascii_lowercase();
                objects.push(Object { kind, name, text: normal(&text) });
            }
        }
        Ok(Self(objects))
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Leaves out what these make.
    #[inline]
    pub(crate) fn remove(&mut self, repeatable: &Repeatable<'_>) {
        for made in repeatable.objects {
            self.0.retain(|object| object.kind != word(made.kind) || !object.name.eq_ignore_ascii_case(made.name));
        }
    }

    /// A short value that two databases share if they have the same objects: `s1:` and FNV-1a in hexadecimal digits.
    /// Another rule is another version: sealed sets hold the results.
    #[inline]
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for part in self.0.iter().flat_map(|object| [&object.kind, &object.text]) {
            // No part has that byte.
            for byte in part.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        format!("s1:{hash:016x}")
    }

    /// What this database has otherwise than what the migrations make, one sentence for each object.
    #[inline]
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        self.differences_from(expected, &Maker { makes: "the migrations make", makes_not: "no migration makes" })
    }

    /// As [`Objects::differences`], from what `maker` makes.
    #[inline]
    pub(crate) fn differences_from(&self, expected: &Self, maker: &Maker) -> Vec<String> {
        let mut out = Vec::new();
        let mut at = 0;
        for there in &expected.0 {
            let what = match self.find(there, &mut at) {
                None => "is missing".to_owned(),
                Some(here) if here.text != there.text => difference(&here.text, &there.text, maker),
                Some(_) => continue,
            };
            out.push(visible(&format!("the {} `{}` {what}", there.kind, there.name)));
        }
        for here in &self.0 {
            if expected.find(here, &mut at).is_none() {
                out.push(visible(&format!("{} the {} `{}`", maker.makes_not, here.kind, here.name)));
            }
        }
        out
    }

    /// The same object, if it is there. Both are in order, so it most likely stands where the last one was found.
    #[inline]
    fn find(&self, object: &Object, at: &mut usize) -> Option<&Object> {
        let count = self.0.len();
        for step in 0..count {
            let place = (*at + step) % count;
            let found = &self.0[place];
            if found.name == object.name && found.kind == object.kind {
                *at = place + 1;
                return Some(found);
            }
        }
        None
    }
}

/// Who makes what is expected, in the words of a sentence.
pub(crate) struct Maker {
    pub(crate) makes: &'static str,
    pub(crate) makes_not: &'static str,
}

/// What stands between the common beginning and the common end of two texts.
#[inline]
fn difference(here: &str, there: &str, maker: &Maker) -> String {
    let [here, there]: [Vec<&str>; 2] = [here, there].map(|text| text.split(' ').collect());
    let start = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let end = here[start..].iter().rev().zip(there[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let [here, there] = [here, there].map(|words| words[start..words.len() - end].join(" "));
    // The comma that comes with a column or a constraint says nothing.
    let shown = |text: &str| narrow(text.trim_matches([' ', ',']));
    match (here.as_str(), there.as_str()) {
        ("", there) => format!("lacks `{}`", shown(there)),
        (here, "") => format!("has `{}`, which {}", shown(here), maker.makes_not),
        (here, there) => format!("has `{}` where {} `{}`", shown(here), maker.makes, shown(there)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(texts: &[&str]) -> Objects {
        let object = |text: &&str| {
            let text = normal(text);
            let mut words = text.split(' ').skip(1);
            let [kind, name] = [(); 2].map(|()| words.next().unwrap().to_owned());
            Object { kind, name, text }
        };
        Objects(texts.iter().map(object).collect())
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
        assert_eq!(objects(&["create table [T](A)", "create view V as select 1"]).fingerprint(), fingerprint);
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
