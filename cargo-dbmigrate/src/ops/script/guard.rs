//! What a script asks before it changes anything, in SQL that every SQLite understands: rows of a table whose checks
//! fail by a name that says what is wrong. The table is gone with the transaction, however that ends.

use dbmigrate_core::repeatable::ObjectKind;
use dbmigrate_core::{MigrationSet, SourceMigration};
use dbmigrate_runtime::quote_identifier;

use super::run::{Bench, Range};
use super::value::text;

/// The tables of a set, and what a database at one of its versions has in them.
pub(super) struct Guard<'s> {
    set: &'s MigrationSet,
    others: &'s [MigrationSet],
    is_alone: bool,
    /// The name of the set, as statements have it.
    name: String,
    /// The tables as statements have them.
    rows: String,
    table: String,
    orphans: String,
    repeatables: String,
}

/// What has to be true, and what is said otherwise.
pub(super) struct Condition {
    pub(super) says: String,
    pub(super) sql: String,
}

/// What the history holds between two transactions of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// How many migrations are applied.
    pub(super) applied: usize,
    /// The one that is under way.
    pub(super) stage: Option<Stage>,
}

/// How far a migration has come, where it is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) number: u64,
    pub(super) state: String,
    pub(super) done: u64,
}

impl<'s> Guard<'s> {
    pub(super) fn new(bench: Bench<'s>) -> Self {
        let Bench { source: set, others, is_alone, .. } = bench;
        let table = &set.config.table;
        let named = |suffix: &str| format!("main.{}", quote_identifier(&format!("{table}{suffix}")));
        let [rows, table, orphans, repeatables] = ["", "_guard", "_orphans", "_repeatable"].map(named);
        Self { set, others, is_alone, name: text(bench.set.name), rows, table, orphans, repeatables }
    }

    /// The database has exactly the first migrations of the set, as they are, and no objects where it has none.
    pub(super) fn is_at(&self, count: usize) -> Condition {
        let (rows, set) = (&self.rows, &self.name);
        let total = format!("(SELECT count(*) FROM {rows} WHERE set_name = {set}) = {count}");
        let Some(last) = self.set.migrations.get(..count).and_then(|them| them.last()) else {
            let (says, sql) = if self.is_alone() {
                ("an empty database", format!("{total} AND {}", self.no_objects()))
            } else {
                ("a database without a history", total)
            };
            return Condition { says: format!("this script starts from {says}"), sql };
        };
        let known: Vec<String> = self.set.migrations[..count]
            .iter()
            .map(|it| format!("({}, {}, {})", it.number, text(&it.name()), text(&it.checksum)))
            .collect();
        let sql = format!(
            "{total}\n  AND (SELECT count(*) FROM {rows} WHERE set_name = {set} AND state = 'applied' AND (number, name, checksum) IN \
             (VALUES\n    {}\n  )) = {count}",
            known.join(",\n    ")
        );
        Condition { says: format!("this script starts from {}", last.name()), sql }
    }

    /// The database has as many migrations, the last of them as it is, and one is under way as far as that: what the
    /// script has led to so far.
    pub(super) fn goes_on_at(&self, State { applied, stage }: &State) -> Condition {
        let (rows, set) = (&self.rows, &self.name);
        let has = |number: u64, more: &str| {
            format!("EXISTS (SELECT 1 FROM {rows} WHERE set_name = {set} AND number = {number} AND {more})")
        };
        let total = applied + usize::from(stage.is_some());
        let mut parts = vec![format!("(SELECT count(*) FROM {rows} WHERE set_name = {set}) = {total}")];
        let mut place = "an empty history".to_owned();
        if let Some(last) = self.set.migrations.get(..*applied).and_then(|them| them.last()) {
            place = last.name();
            let more = format!("name = {} AND checksum = {} AND state = 'applied'", text(&place), text(&last.checksum));
            parts.push(has(last.number, &more));
        }
        if let Some(Stage { number, state, done }) = stage {
            parts.push(has(*number, &format!("state = {} AND statements_done = {done}", text(state))));
            place = format!("step {} of the migration {number}", done + 1);
        }
        Condition { says: format!("this script continues at {place}"), sql: parts.join("\n  AND ") }
    }

    /// The database has at least `applied` of the first migrations, or for a down script at most as many: what a script
    /// that can be run again may find.
    pub(super) fn goes_on_within(&self, range: Range, applied: usize) -> Condition {
        let (low, high) = Self::bounds(range, applied);
        let sql =
            format!("(SELECT count(*) FROM {} WHERE set_name = {}) BETWEEN {low} AND {high}", self.rows, self.name);
        Condition { says: self.between(low, high), sql }
    }

    fn bounds(Range { from, to }: Range, applied: usize) -> (usize, usize) {
        if to > from { (applied, to) } else { (to, applied) }
    }

    fn between(&self, low: usize, high: usize) -> String {
        let name = |count: usize| {
            let last = count.checked_sub(1).and_then(|last| self.set.migrations.get(last));
            last.map_or("nothing".to_owned(), SourceMigration::name)
        };
        format!("this script accepts versions between {} and {}", name(low), name(high))
    }

    /// As [`Guard::goes_on_within`] from the first version on, and the migrations are those of the set, as they are.
    pub(super) fn is_within(&self, range: Range) -> Condition {
        let (rows, set) = (&self.rows, &self.name);
        let (low, high) = Self::bounds(range, range.from);
        let Condition { says, sql } = self.goes_on_within(range, range.from);
        let known: Vec<String> = self
            .set
            .migrations
            .iter()
            .take(high)
            .map(|it| format!("({}, {}, {})", it.number, text(&it.name()), text(&it.checksum)))
            .collect();
        let total = format!("(SELECT count(*) FROM {rows} WHERE set_name = {set})");
        let mut parts = vec![sql];
        if !known.is_empty() {
            parts.push(format!(
                "{total} = (WITH known (number, name, checksum) AS (VALUES\n    {}\n  ) SELECT count(*) FROM known \
                 WHERE number <= (SELECT max(number) FROM {rows} WHERE set_name = {set})\n    AND EXISTS (SELECT 1 FROM {rows} AS \
                 it WHERE it.set_name = {set} AND it.state = 'applied' AND it.number = known.number AND it.name = \
                 known.name AND it.checksum = known.checksum))",
                known.join(",\n    ")
            ));
        }
        if low == 0 && range.is_up() && self.is_alone() {
            parts.push(format!("({total} > 0 OR {})", self.no_objects()));
        }
        Condition { says, sql: parts.join("\n  AND ") }
    }

    /// A migration is still to be applied, or to be taken back.
    pub(super) fn is_due(&self, number: u64, up: bool) -> String {
        let not = if up { "NOT " } else { "" };
        format!("{not}EXISTS (SELECT 1 FROM {} WHERE set_name = {} AND number = {number})", self.rows, self.name)
    }

    /// Where a migration is due, nobody else has made what it makes: by `IF NOT EXISTS` it would be taken for its own.
    pub(super) fn is_free(&self, number: u64, up: bool, kind: &str, name: &str) -> Condition {
        let sql = format!(
            "NOT ({}) OR NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = {} AND lower(name) = {})",
            self.is_due(number, up),
            text(kind),
            text(name)
        );
        let by = self.set.migrations.iter().find(|it| it.number == number).map(SourceMigration::name);
        Condition { says: format!("{} makes the {kind} {name}, which exists", by.unwrap_or_default()), sql }
    }

    /// Whether a statement of the runner's writes the head of the history.
    pub(super) fn writes_head(&self, sql: &str) -> bool {
        let head = quote_identifier(&format!("{}_head", self.set.config.table));
        sql.starts_with(&format!("INSERT INTO main.{head} "))
    }

    /// Whether a statement of the runner's records a migration.
    pub(super) fn records(&self, sql: &str) -> bool {
        sql.starts_with(&format!("INSERT INTO {} ", self.rows))
    }

    /// What migrations require of other sets of the history.
    pub(super) fn requirements(&self, migrations: &[&SourceMigration]) -> Vec<Condition> {
        let requires = migrations.iter().flat_map(|it| it.requires.iter().map(|required| (it.name(), &required.name)));
        let elsewhere = requires.filter_map(|(name, required)| Some((name, required.split_once('/')?)));
        let condition = |(name, (set, other)): (String, (&str, &str))| {
            let table = self.others.iter().find(|it| it.config.set == set).map_or("", |it| it.config.table.as_str());
            let is_there = Condition {
                says: format!("{name} requires {set}/{other}, and the history {table} does not exist"),
                sql: format!(
                    "EXISTS (SELECT 1 FROM main.sqlite_master WHERE type = 'table' AND lower(name) = {})",
                    text(&table.to_ascii_lowercase())
                ),
            };
            let is_applied = Condition {
                says: format!("{name} requires {set}/{other}"),
                sql: format!(
                    "EXISTS (SELECT 1 FROM main.{} WHERE set_name = {} AND name = {} AND state = 'applied')",
                    quote_identifier(table),
                    text(set),
                    text(other)
                ),
            };
            [is_there, is_applied]
        };
        elsewhere.flat_map(condition).collect()
    }

    /// What a file asserts.
    pub(super) fn asserts(&self, script: &str, sql: &str, nth: usize) -> Condition {
        let says = if nth == 1 {
            format!("an assertion of {script} does not hold")
        } else {
            format!("an assertion of {script} does not hold ({nth})")
        };
        // A comment may end the query.
        Condition { says, sql: format!("(SELECT count(*) FROM (\n{sql}\n)) = 1 AND (\n{sql}\n)") }
    }

    /// Nothing refers to what is not there that did not before; see [`Guard::keep_orphans`].
    pub(super) fn no_new_orphans(&self) -> Condition {
        let sql = format!(
            "NOT EXISTS (SELECT 1 FROM (SELECT \"table\" AS child, \"parent\", count(*) AS n FROM pragma_foreign_key_check GROUP \
             BY 1, 2) AS now\n    LEFT JOIN {} AS before ON before.child = now.child AND before.\"parent\" = now.\"parent\"\n    \
             WHERE now.n > coalesce(before.n, 0))",
            self.orphans
        );
        Condition { says: "rows refer to rows that do not exist".to_owned(), sql }
    }

    /// Looks which rows refer to what is not there, before foreign keys are not enforced.
    pub(super) fn keep_orphans(&self) -> String {
        format!(
            "CREATE TABLE {} AS SELECT \"table\" AS child, \"parent\", count(*) AS n FROM pragma_foreign_key_check GROUP BY 1, 2",
            self.orphans
        )
    }

    pub(super) fn drop_orphans(&self) -> String {
        format!("DROP TABLE {}", self.orphans)
    }

    /// The table with one column for each condition.
    pub(super) fn open(&self, conditions: &[&Condition]) -> String {
        let columns: Vec<String> = conditions
            .iter()
            .enumerate()
            .map(|(at, condition)| {
                let column = quote_identifier(&column(at));
                format!("  {column} CONSTRAINT {} CHECK ({column})", quote_identifier(&condition.says))
            })
            .collect();
        format!("CREATE TABLE {} (\n{}\n)", self.table, columns.join(",\n"))
    }

    /// Asks one of them.
    pub(super) fn ask(&self, at: usize, condition: &Condition) -> String {
        format!(
            "INSERT INTO {} ({}) SELECT CASE WHEN {} THEN 1 ELSE 0 END",
            self.table,
            quote_identifier(&column(at)),
            condition.sql
        )
    }

    pub(super) fn close(&self) -> String {
        format!("DROP TABLE {}", self.table)
    }

    /// Takes away what repeatables may have made, as a migration would.
    pub(super) fn make_way(&self) -> Vec<String> {
        let objects = self.set.repeatables.iter().flat_map(|it| &it.objects);
        let drop = |kind: &str, name: &str| format!("DROP {kind} IF EXISTS main.{}", quote_identifier(name));
        objects
            .map(|object| match object.kind {
                ObjectKind::View => drop("VIEW", &object.name),
                ObjectKind::Trigger => drop("TRIGGER", &object.name),
            })
            .collect()
    }

    /// No view that goes takes a trigger with it that nobody makes again.
    pub(super) fn loses_no_trigger(&self) -> Option<Condition> {
        let named = |wanted: ObjectKind| {
            let objects = self.set.repeatables.iter().flat_map(|it| &it.objects).filter(move |it| it.kind == wanted);
            objects.map(|it| text(&it.name.to_ascii_lowercase())).collect::<Vec<_>>().join(", ")
        };
        let (views, triggers) = (named(ObjectKind::View), named(ObjectKind::Trigger));
        if views.is_empty() {
            return None;
        }
        let sql = format!(
            "NOT EXISTS (SELECT 1 FROM main.sqlite_master AS t WHERE type = 'trigger' AND lower(tbl_name) IN ({views}) AND \
             lower(name) NOT IN ({triggers})\n    AND NOT EXISTS (SELECT 1 FROM {} WHERE set_name = {} AND \
             instr(lower(char(10) || triggers || char(10)), lower(char(10) || t.name || char(10)))))",
            self.repeatables, self.name
        );
        Some(Condition { says: "a recreated view has a trigger that no file creates".to_owned(), sql })
    }

    /// Whether an empty history means an empty database: no other set is in it, and nothing is there before the first.
    fn is_alone(&self) -> bool {
        self.is_alone && self.set.base.is_none()
    }

    fn no_objects(&self) -> String {
        let table = &self.set.config.table;
        let own: Vec<String> = ["", "_head", "_repeatable", "_guard"]
            .iter()
            .map(|suffix| text(&format!("{table}{suffix}").to_ascii_lowercase()))
            .collect();
        format!(
            "NOT EXISTS (SELECT 1 FROM main.sqlite_master WHERE lower(substr(name, 1, 7)) <> 'sqlite_' AND lower(tbl_name) NOT IN ({}))",
            own.join(", ")
        )
    }
}

fn column(at: usize) -> String {
    format!("c{}", at + 1)
}
