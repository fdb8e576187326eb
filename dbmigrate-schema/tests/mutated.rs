//! Schemas of odd forms, changed by a token or two wherever SQLite takes what comes out: nothing that its pragmas tell
//! apart is the same, what is dumped is read again, and what is planned leads there and keeps the rows.
//!
//! 200 by default; `DBMIGRATE_MUTATIONS=100000 cargo test -p dbmigrate-schema --test mutated` runs more.

#![allow(clippy::unwrap_used)] // Helpers of tests.

use std::collections::BTreeMap;

use dbmigrate_core::statement::split;
use dbmigrate_core::token::{Token, tokens};
use dbmigrate_schema::{
    AllowedDrops, Decisions, Fill, Hazard, Plan, ReadOptions, Schema, Undecided, compare, fill, plan,
};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

#[allow(dead_code)] // Random pairs throw more than this.
#[path = "pairs/die.rs"]
mod die;

use die::Die;

/// What stands in schemas, and in no two of them alike.
const SCHEMAS: [&str; 3] = [
    "CREATE TABLE a1 (id INTEGER PRIMARY KEY ASC AUTOINCREMENT, \"x y\" TEXT NULL DEFAULT 'a', [b c] INT DEFAULT +1,
       `d` DOUBLE PRECISION DEFAULT -1e3, CONSTRAINT u1 UNIQUE (\"x y\", [b c]) CONSTRAINT c1 CHECK (`d` < 1e9) CHECK ([b c] IS NOT 77));
     CREATE TABLE a4 (rowid TEXT, oid INT, v INT CHECK (v > 0) CHECK (v < 1000000), u TEXT UNIQUE COLLATE RTRIM, n NULL,
       y INT UNIQUE ON CONFLICT REPLACE REFERENCES a1 ON DELETE SET DEFAULT);
     CREATE INDEX i1 ON a1 (\"x y\" COLLATE NOCASE DESC, [b c]) WHERE [b c] > 0 AND \"x y\" IS NOT NULL;
     CREATE UNIQUE INDEX i2 ON a4 (lower(u), v DESC);
     CREATE VIEW v1 AS SELECT a1.id, a4.v AS \"the v\", max(a4.oid) OVER (PARTITION BY a4.v) AS m
       FROM a1 LEFT JOIN a4 ON a4.y = a1.id WHERE a1.d BETWEEN 1 AND 2 OR a1.d IS NULL;
     CREATE VIEW v2 (one, two) AS WITH RECURSIVE c(n, m) AS (VALUES (1, 'x') UNION ALL SELECT n + 1, m || 'x' FROM c WHERE n < 3)
       SELECT n, m FROM c;
     CREATE VIEW v3 AS SELECT \"the v\" + 1 AS p, m FROM v1 UNION SELECT one, two FROM v2 ORDER BY 1 DESC LIMIT 10;
     CREATE TRIGGER t2 INSTEAD OF INSERT ON v1 BEGIN
       INSERT INTO a4 (v) SELECT NEW.\"the v\" WHERE NEW.id NOT IN (SELECT id FROM a1); END;
     CREATE VIRTUAL TABLE f1 USING fts5(\"x y\", content='a1', content_rowid='id');
     CREATE TRIGGER f1_ai AFTER INSERT ON a1 BEGIN INSERT INTO f1(rowid, \"x y\") VALUES (new.id, new.\"x y\"); END;",
    "CREATE TABLE a2 (k TEXT COLLATE NOCASE PRIMARY KEY, v ANY, w INT AS (length(k)),
       z TEXT GENERATED ALWAYS AS (k || '-' || coalesce(v, '')) STORED,
       parent TEXT REFERENCES a2 (k) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID, STRICT;
     CREATE TABLE a3 (a INT NOT NULL DEFAULT 0, b INT NOT NULL ON CONFLICT REPLACE DEFAULT 1, c TEXT DEFAULT CURRENT_TIMESTAMP,
       d BLOB DEFAULT x'00', e NUMERIC DEFAULT (1+1), f BOOLEAN DEFAULT TRUE, g 'quoted type' DEFAULT \"dq\",
       PRIMARY KEY (a DESC, b), UNIQUE (b, a) ON CONFLICT IGNORE,
       FOREIGN KEY (a, b) REFERENCES a3 (b, a) MATCH FULL ON DELETE CASCADE);
     CREATE INDEX i3 ON a3 (a + b, \"c\");
     CREATE TRIGGER t1 AFTER INSERT ON a2 FOR EACH ROW WHEN NEW.w > 5 BEGIN
       INSERT INTO a3 (a, b) VALUES (NEW.w, 2) ON CONFLICT (b, a) DO UPDATE SET c = excluded.c WHERE excluded.d IS NOT NULL;
       UPDATE a3 SET f = f + 1 WHERE a = NEW.w;
       SELECT CASE WHEN NEW.k = 'no' THEN RAISE(ABORT, 'no; END') END; END;",
    "CREATE TABLE 'p' ('id' INTEGER NOT NULL PRIMARY KEY, 'n' varchar(255) NOT NULL DEFAULT '' COLLATE NOCASE,
       \"amount\" decimal(10,2) NOT NULL DEFAULT 0.0 CHECK (amount >= -1e12),
       \"at\" datetime NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), \"j\" json, UNIQUE ('n', \"amount\"));
     CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INT NOT NULL REFERENCES p ON DELETE CASCADE,
       kind TEXT NOT NULL DEFAULT 'x' CHECK (kind IN ('x', 'y', 'z')), ok BOOLEAN NOT NULL DEFAULT 0 CHECK (ok IN (0, 1)), pos REAL, -- so
       note TEXT /* free */, UNIQUE (p_id, kind));
     CREATE TABLE m (p_id INT, c_id INT, w INT DEFAULT 0x10, PRIMARY KEY (p_id, c_id),
       CONSTRAINT fk_p FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE,
       CONSTRAINT fk_c FOREIGN KEY (c_id) REFERENCES c (id) ON DELETE RESTRICT ON UPDATE CASCADE) WITHOUT ROWID;
     CREATE UNIQUE INDEX one_x ON c (p_id) WHERE kind = 'x' AND ok;
     CREATE VIEW pc AS SELECT p.*, c.kind, (SELECT count(*) FROM m WHERE m.p_id = p.id) AS n_m
       FROM p JOIN c ON (c.p_id = p.id) WHERE c.ok AND p.amount > 0;
     CREATE VIEW tot AS SELECT kind, sum(amount) AS total, group_concat(n, ', ') AS names FROM pc GROUP BY kind HAVING total > 1;
     CREATE TRIGGER pc_i INSTEAD OF UPDATE OF kind ON pc BEGIN UPDATE c SET kind = NEW.kind WHERE p_id = OLD.id; END;
     CREATE TRIGGER p_u AFTER UPDATE ON p WHEN OLD.at = NEW.at BEGIN UPDATE p SET at = CURRENT_TIMESTAMP WHERE id = NEW.id; END;",
];

/// What is put in, besides what stands there anyway.
const WORDS: [&str; 46] = [
    "NOT NULL",
    "NULL",
    "UNIQUE",
    "PRIMARY KEY",
    "DEFAULT 0",
    "DEFAULT NULL",
    "DEFAULT 'x'",
    "DEFAULT (1)",
    "DEFAULT -1",
    "DEFAULT foo",
    "DEFAULT TRUE",
    "COLLATE NOCASE",
    "COLLATE BINARY",
    "INTEGER",
    "INT",
    "TEXT",
    "BLOB",
    "ANY",
    "NUMERIC",
    "varchar(3)",
    "AUTOINCREMENT",
    "ON CONFLICT REPLACE",
    "ON CONFLICT ABORT",
    "DESC",
    "ASC",
    "STRICT",
    "WITHOUT ROWID",
    "(",
    ")",
    ",",
    "CHECK (1)",
    "AS (1)",
    "AS (1) STORED",
    "REFERENCES p (id)",
    "ON DELETE CASCADE",
    "MATCH FULL",
    "DEFERRABLE INITIALLY DEFERRED",
    "CONSTRAINT q",
    "CONSTRAINT q CHECK (2)",
    "new_col",
    ", extra INT",
    ", extra TEXT NOT NULL DEFAULT 'q'",
    ", UNIQUE (id)",
    "AND",
    "OR",
    "1",
];

fn mutated(statements: &[String], die: &mut Die) -> Vec<String> {
    let mut changed = statements.to_vec();
    let own: Vec<String> = statements
        .iter()
        .flat_map(|text| tokens(text).filter(|token| !token.is_blank()).map(|token| token.text(text).to_owned()))
        .collect();
    for _ in 0..1 + die.below(2) {
        let at = die.below(changed.len());
        let text = &changed[at];
        let all: Vec<Token> = tokens(text).collect();
        let solid: Vec<usize> = (0..all.len()).filter(|&at| !all[at].is_blank()).collect();
        let mut parts: Vec<String> = all.iter().map(|token| token.text(text).to_owned()).collect();
        let first = 2 + die.below(solid.len() - 2);
        let place = solid[first];
        let word = if die.one_in(3) { own[die.below(own.len())].clone() } else { die.pick(&WORDS).to_owned() };
        match die.below(6) {
            0 => solid[first..].iter().take(1 + die.below(3)).for_each(|&at| " ".clone_into(&mut parts[at])),
            1 => parts[place] = format!(" {word} "),
            2 => {
                let other = solid[(first + 1).min(solid.len() - 1)];
                parts.swap(place, other);
            }
            _ => parts[place] = format!("{} {word} ", parts[place]),
        }
        changed[at] = parts.join(" ");
    }
    if die.one_in(10) {
        changed.remove(die.below(changed.len()));
    }
    changed
}

fn made(statements: &[String]) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    statements.iter().try_for_each(|sql| connection.execute_batch(sql))?;
    Ok(connection)
}

fn copy(connection: &Connection) -> Connection {
    let mut to = Connection::open_in_memory().unwrap();
    rusqlite::backup::Backup::new(connection, &mut to).unwrap().step(-1).unwrap();
    to
}

fn ask(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(sql)?;
    let count = statement.column_count();
    let shown = |value: ValueRef<'_>| match value {
        ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
        other => format!("{other:?}"),
    };
    let row = |row: &rusqlite::Row<'_>| (0..count).map(|at| row.get_ref(at).map(shown)).collect::<Result<Vec<_>, _>>();
    statement.query_map([], row)?.map(|row| row.map(|row| row.join("|"))).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn names(connection: &Connection, of: &str) -> Vec<String> {
    let sql = format!(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ({of}) AND name NOT LIKE 'sqlite%'"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What the pragmas say, but for the spelling of types and defaults.
fn pragmas(connection: &Connection) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut all = BTreeMap::new();
    let views = names(connection, "'view'");
    for name in names(connection, "'table', 'view', 'virtual'") {
        let text = format!("'{}'", name.replace('\'', "''"));
        let asked = [
            format!(
                "SELECT lower(name), lower(replace(replace(type, ' ', ''), char(10), '')), \"notnull\", pk, hidden, \
                 ltrim(replace(replace(replace(nullif(upper(dflt_value), 'NULL'), ' ', ''), char(10), ''), '\"', ''''), '+') \
                 FROM pragma_table_xinfo({text})"
            ),
            format!(
                "SELECT group_concat(lower(\"table\") || lower(\"from\") || ifnull(lower(\"to\"), '') || on_update || on_delete, ',' ORDER BY seq) AS it \
                 FROM pragma_foreign_key_list({text}) GROUP BY id ORDER BY it"
            ),
            format!(
                "SELECT (SELECT group_concat(ifnull(lower(x.name), '?') || x.desc || upper(x.coll), ',' ORDER BY x.seqno) FROM pragma_index_xinfo(i.name) AS x \
                 WHERE x.key) AS it, i.\"unique\", i.origin, i.partial FROM pragma_index_list({text}) AS i ORDER BY it, 2, 3, 4"
            ),
            format!("SELECT type, wr, strict FROM pragma_table_list({text}) WHERE schema = 'main'"),
        ];
        let answers = asked.iter().map(|sql| match ask(connection, sql) {
            // One that can't be read has no columns.
            Err(_) if views.contains(&name) => Vec::new(),
            answer => answer.unwrap_or_else(|error| panic!("{error} of `{name}`: {sql}")),
        });
        all.insert(name.to_ascii_lowercase(), answers.collect());
    }
    let sql = "SELECT type, lower(name), lower(tbl_name) FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1, 2";
    all.insert("*".to_owned(), vec![ask(connection, sql).unwrap()]);
    all
}

/// Whether rows could be written at all, and be found: `(1, 2) + 1` can stand in a table for nobody to use.
fn is_of_use(connection: &Connection) -> bool {
    let uses = |name: &String| {
        let name = quoted(name);
        ask(connection, &format!("SELECT * FROM {name}")).is_ok()
            && connection.prepare(&format!("INSERT INTO {name} DEFAULT VALUES")).is_ok()
    };
    let rebuilds = |name: &String| {
        let name = quoted(name);
        connection.execute_batch(&format!("INSERT INTO {name} ({name}) VALUES ('rebuild')")).is_ok()
    };
    names(connection, "'table'").iter().all(uses) && names(connection, "'virtual'").iter().all(rebuilds)
}

fn apply(connection: &Connection, plan: &Plan) -> Result<(), String> {
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    for assert in &plan.asserts {
        let holds = connection.query_row(assert, [], |row| row.get::<_, bool>(0));
        if !holds.map_err(|error| format!("{error}: {assert}"))? {
            return Err(format!("it does not hold: {assert}"));
        }
    }
    for planned in &plan.statements {
        connection.execute_batch(&planned.sql).map_err(|error| format!("{error}: {}", planned.sql))?;
    }
    connection.execute_batch("COMMIT").map_err(|error| error.to_string())
}

/// A plan where nothing is renamed and everything may go; none where a text is not understood, which is said.
fn planned(from: &Schema, to: &Schema, min_sqlite: (u32, u32)) -> Option<Plan> {
    let mut decisions = Decisions {
        min_sqlite,
        allow: [Hazard::DropTable, Hazard::DropColumn].into(),
        drops: AllowedDrops::Anything,
        ..Decisions::default()
    };
    let undecided = match plan(from, to, &decisions) {
        Ok(plan) => return Some(plan),
        Err(undecided) => undecided,
    };
    decisions.fills.extend(undecided.into_iter().filter_map(|it| match it {
        Undecided::NotNullWithoutValue { table, column, .. } => {
            Some(Fill { table, column, expression: "4711".to_owned() })
        }
        _ => None,
    }));
    plan(from, to, &decisions).ok()
}

/// What the rows of a table hold in the columns that both have alike.
fn kept(before: &Connection, after: &Connection, table: &str) -> [Vec<String>; 2] {
    let shape = |connection: &Connection| {
        let text = format!("'{}'", table.replace('\'', "''"));
        let strict = format!("(SELECT strict FROM pragma_table_list({text}) WHERE schema = 'main')");
        ask(connection, &format!("SELECT lower(name), lower(type), \"notnull\", {strict} FROM pragma_table_xinfo({text}) WHERE hidden = 0"))
            .unwrap()
    };
    let (one, other) = (shape(before), shape(after));
    let both = one.iter().filter(|column| other.contains(column));
    let columns: Vec<_> =
        both.map(|column| quoted(column.split("'|").next().unwrap().trim_start_matches('\''))).collect();
    let sql = format!("SELECT {} FROM {}", [columns, vec!["1".to_owned()]].concat().join(", "), quoted(table));
    [before, after].map(|connection| {
        let mut rows = ask(connection, &sql).unwrap();
        rows.sort();
        rows
    })
}

/// What came of a mutation: how many plans there were, and how many kept rows.
fn tried(seed: u64) -> Result<(usize, usize), String> {
    let mut die = Die::new(seed);
    let text = die.pick(&SCHEMAS);
    let before: Vec<String> = split(text).into_iter().map(|it| text[it.span.start..it.span.end].to_owned()).collect();
    let first = made(&before).unwrap();
    let after = (0..80).map(|_| mutated(&before, &mut die)).find_map(|after| Some((made(&after).ok()?, after)));
    let Some((second, after)) = after.filter(|(connection, _)| is_of_use(connection)) else { return Ok((0, 0)) };
    let read = |connection: &Connection| Schema::read(connection, &ReadOptions::default()).unwrap();
    let (from, to) = (read(&first), read(&second));
    let told = |why: String| format!("seed {seed}: {why}\n{}", after.join(";\n"));
    let dumped = Schema::from_sql(&to.to_sql()).map_err(|error| told(format!("no dump: {error}")))?;
    if !compare(&to, &dumped).is_empty() {
        return Err(told(format!("the dump is another:\n{}", to.to_sql())));
    }
    let wanted = pragmas(&second);
    if compare(&from, &to).is_empty() {
        return if pragmas(&first) == wanted { Ok((0, 0)) } else { Err(told("a difference is not seen".to_owned())) };
    }
    let (mut plans, mut rows) = (0, 0);
    for version in [(3, 35), (3, 53)] {
        let Some(plan) = planned(&from, &to, version) else { continue };
        plans += 1;
        let told = |why: String| told(format!("{why}\n--- the plan:\n{}\n--- after:", plan.to_sql()));
        let empty = copy(&first);
        apply(&empty, &plan).map_err(told)?;
        let left = compare(&read(&empty), &to);
        if !left.is_empty() || pragmas(&empty) != wanted {
            return Err(told(format!("it leads elsewhere: {left:?}")));
        }
        let filled = copy(&first);
        fill(&filled, &from, seed).unwrap();
        let came = copy(&filled);
        // Rows that do not fit are turned away.
        if apply(&came, &plan).is_err() {
            continue;
        }
        let stays = names(&came, "'table'");
        for table in names(&filled, "'table'").iter().filter(|table| stays.contains(table)) {
            let [was, is] = kept(&filled, &came, table);
            if was != is {
                return Err(told(format!("rows of {table}:\n{}\nrather than\n{}", is.join("\n"), was.join("\n"))));
            }
            rows += was.len();
        }
    }
    Ok((plans, rows))
}

#[test]
fn what_is_planned_for_a_schema_with_another_token_leads_there() {
    let count = std::env::var("DBMIGRATE_MUTATIONS").map_or(200, |count| count.parse().expect("a number"));
    let came: Vec<_> = (0..count).map(tried).collect();
    let failures: Vec<_> = came.iter().filter_map(|it| it.as_ref().err()).map(String::as_str).collect();
    assert!(failures.is_empty(), "{}", failures[..failures.len().min(5)].join("\n\n"));
    let plans: usize = came.iter().flatten().map(|it| it.0).sum();
    let rows: usize = came.iter().flatten().map(|it| it.1).sum();
    // A test that plans little, or on few rows, says little.
    assert!(plans as u64 > count && rows > 5 * plans, "{plans} plans, {rows} rows");
}
