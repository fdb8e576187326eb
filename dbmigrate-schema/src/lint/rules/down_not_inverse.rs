//! `down-not-inverse`: a down script leads elsewhere. The replay goes every way and says so; see `inverse.rs`.

use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(in crate::lint) const RULE: Rule = Rule {
    name: crate::inverse::CODE,
    group: Group::History,
    level: Level::Warn,
    what: "a down script does not restore the schema from before the migration",
    why: "Rolling back leads to a schema for which no version of the program was written, and the migration may not \
          run again. This comes to light on a day when something else has already gone wrong.",
    instead: "Undo in the down script what the migration does, the last statement first. Only a rebuild puts a \
              column back in its old position. If the migration cannot be undone, say so in it:\n\n    -- dbmigrate: \
              irreversible the old prices are gone",
    fails: &[
        Example { before: "", now: "CREATE TABLE a (x);\nCREATE TABLE b (x);\n-- dbmigrate: down\nDROP TABLE b;" },
        Example {
            before: "CREATE TABLE t (a, b, c);",
            now: "ALTER TABLE t DROP COLUMN b;\n-- dbmigrate: down\nALTER TABLE t ADD COLUMN b;",
        },
        Example {
            before: "CREATE TABLE t (a UNIQUE);",
            now: "INSERT INTO t VALUES (1);\n-- dbmigrate: down\nSELECT 1;",
        },
    ],
    passes: &[Example {
        before: "",
        now: "CREATE TABLE a (x);\nCREATE TABLE b (x);\n-- dbmigrate: down\nDROP TABLE b;\nDROP TABLE a;",
    }],
    quiet: &[
        Example {
            before: "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);",
            now: "ALTER TABLE t RENAME TO u;\n-- dbmigrate: down\nALTER TABLE u RENAME TO t;",
        },
        Example {
            before: "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT a FROM t;",
            now: "DROP VIEW v;\n-- dbmigrate: down\ncreate view V as select \"a\" from [t];",
        },
        // An empty one counts as none.
        Example {
            before: "CREATE TABLE t (id INTEGER PRIMARY KEY);",
            now: "INSERT INTO t VALUES (1);\n-- dbmigrate: down\n-- Still to be written.",
        },
    ],
    check: Check::Elsewhere,
};
