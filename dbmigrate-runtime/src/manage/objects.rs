//! The fingerprint of a schema, and what a database has otherwise than its migrations make.

use crate::objects::{Maker, Objects};
use crate::repeatable::word;
use crate::set::Repeatable;

impl Objects {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Leaves out what these make.
    pub(crate) fn remove(&mut self, repeatable: &Repeatable<'_>) {
        for made in repeatable.objects {
            self.0.retain(|object| object.kind != word(made.kind) || !object.name.eq_ignore_ascii_case(made.name));
        }
    }

    /// A short value that two databases share if they have the same objects: `s1:` and FNV-1a in hexadecimal digits.
    /// Another rule is another version: sealed sets hold the results.
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
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        self.differences_from(expected, &Maker { makes: "the migrations make", makes_not: "no migration makes" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::normal;
    use crate::objects::Object;

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
