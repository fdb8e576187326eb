//! The objects of a database by their texts, as SQLite keeps them: what a fingerprint is made of, and how two databases
//! differ in them. What the history made is none of them.

use crate::db::Db;
use crate::error::Error;
use crate::excerpt::{narrow, visible};
use crate::histories::{is_one_of, their_tables};
use crate::history::History;
use crate::normal::normal;
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
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Object {
    pub(crate) kind: String,
    /// In lower case, as SQLite compares names.
    pub(crate) name: String,
    /// In normal form.
    pub(crate) text: String,
}

/// All of them, by type and name.
#[derive(Default)]
pub(crate) struct Objects(pub(crate) Vec<Object>);

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
