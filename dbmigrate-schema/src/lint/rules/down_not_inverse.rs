//! `down-not-inverse`: a way back leads elsewhere. The replay goes every way and says so; see `inverse.rs`.

use crate::lint::rule::{Check, Example, Group, Level, Rule};

pub(in crate::lint) const RULE: Rule = Rule {
    name: crate::inverse::CODE,
    group: Group::History,
    level: Level::Warn,
    what: "a way back does not lead back to the schema before the migration",
    why: "Whoever rolls back gets a schema that no version of the program was written for, and the way up may not run \
          again. What differs is found out on the day when something has gone wrong already.",
    instead: "Undo in the way back what the way up does, the last statement first. A column comes back in its old \
              place by a rebuild only. Where there is no way back, say so in the way up:\n\n    -- dbmigrate: \
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
    ],
    check: Check::Elsewhere,
};
