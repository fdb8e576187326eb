//! Plans of random pairs proved as `generate` proves them; and wrong ones, which no proof may let through.

use dbmigrate_core::{Config, MigrationSet, SourceText};
use dbmigrate_schema::{Claim, Decisions, Failure, Plan, Planned, Proof, ReadOptions, Schema, Step, fill, plan, prove};

use crate::Case;
use crate::database::{self, apply};
use crate::die::Die;
use crate::model::Table;
use crate::set::set_with;
use crate::step::{Side, decisions, is_untouched, wants_fill};

/// A set of one migration.
fn set(statements: &[String]) -> MigrationSet {
    set_with(&[("001_before.sql", &format!("{};\n", statements.join(";\n")))], Config::default())
}

fn said(failure: &Failure) -> String {
    let all = failure.problems.iter().map(|it| format!("{} | {}", it.message, it.notes.join(" | ")));
    format!("{failure}: {}", all.collect::<Vec<_>>().join("\n"))
}

/// What is to be proved of a pair.
pub(crate) struct Pair<'a> {
    from: Side<'a>,
    to: Side<'a>,
    set: MigrationSet,
    decisions: Decisions,
    up: Plan,
    down: Plan,
    /// Whether the way up drops something that rows held.
    loses: bool,
    seed: u64,
}

impl<'a> Pair<'a> {
    /// None where nothing is planned.
    pub(crate) fn new(case: &Case, models: &'a (crate::Model, crate::Model)) -> Result<Option<Self>, String> {
        let (before, after) = models;
        let mut die = Die::new(case.seed ^ 0x5eed);
        let (from, to) = (Side::new(before, &mut die)?, Side::new(after, &mut die)?);
        let there = decisions(before, after, (3, 53));
        let back = decisions(after, before, (3, 53));
        let plans = (plan(&from.schema, &to.schema, &there), plan(&to.schema, &from.schema, &back));
        let (Ok(up), Ok(down)) = plans else { return Ok(None) };
        // What is filled in has to refer to something, which is for who says it to see to.
        let refers = |table: &Table, id| table.references.iter().any(|key| key.columns.contains(&id));
        let filled = |(before, after): (&Table, &Table)| {
            after.columns.iter().any(|column| refers(after, column.id) && wants_fill(before, after, column))
        };
        let kept = after.tables.iter().filter_map(|table| Some((before.table(table.id)?, table)));
        let missing = after.tables.iter().flat_map(|table| &table.references).any(|key| key.parent == 0);
        // Nor does what is computed from now on go on being what others refer to.
        let computed = |(old, new): (&Table, &Table)| {
            new.columns.iter().any(|column| {
                let was_plain = old.column(column.id).is_some_and(|old| old.generated.is_none());
                column.generated.is_some() && was_plain
            }) && after.tables.iter().flat_map(|table| &table.references).any(|key| key.parent == new.id)
        };
        let unfair = |pair| filled(pair) || computed(pair);
        // A view that makes no sense and is new does not prove right, as it should not.
        let broken = after.others.iter().any(|other| !before.others.contains(other));
        if missing || broken || kept.clone().any(unfair) || kept.map(|(old, new)| (new, old)).any(unfair) {
            return Ok(None);
        }
        let set = set(&from.statements);
        let loses = before.tables.iter().any(|table| match after.table(table.id) {
            None => true,
            Some(new) => table
                .columns
                .iter()
                .filter(|column| column.generated.is_none())
                .any(|column| new.column(column.id).is_none_or(|column| column.generated.is_some())),
        });
        Ok((!up.is_empty()).then_some(Self { from, to, set, decisions: there, up, down, loses, seed: case.seed }))
    }

    fn prove(&self, up: &Plan, down: Option<&Plan>) -> Result<Proof, Failure> {
        let claim = Claim {
            program: None,
            set: &self.set,
            up: SourceText::new("migrations/002_next.sql", &up.to_sql()),
            down: down.map(|down| SourceText::new("migrations/002_next.down.sql", &down.to_sql())),
            target: &self.to.schema,
            decisions: &self.decisions,
        };
        prove(&claim, self.seed)
    }

    /// The proof of what was planned.
    pub(crate) fn holds(&self) -> Result<Proof, String> {
        let both = self.prove(&self.up, Some(&self.down));
        // What was dropped does not come back, and something may have needed it.
        let result = match both {
            Err(Failure { step: Step::Down, filled: true, .. }) if self.loses => self.prove(&self.up, None),
            both => both,
        };
        result.map_err(|failure| {
            format!("{}\n--- up:\n{}\n--- down:\n{}", said(&failure), self.up.to_sql(), self.down.to_sql())
        })
    }

    /// Whether a plan does to rows of ours what the right one does.
    fn is_as_good(&self, wrong: &Plan) -> bool {
        (0..3).all(|seed| {
            let right = database::new(&self.from.statements).expect("a database");
            let schema = Schema::read(&right, &ReadOptions::default()).expect("a schema");
            fill(&right, &schema, seed).expect("rows");
            let other = database::copy(&right);
            match (apply(&right, &self.up), apply(&other, wrong)) {
                (Ok(()), Ok(())) => is_untouched(&right, &other).is_ok(),
                // What rows of ours are refused by both says nothing.
                (Err(_), Err(_)) => true,
                _ => false,
            }
        })
    }

    /// The wrong plans that were refused, each by its fault, and those that were not.
    pub(crate) fn wrong_ones_fail(&self, proof: &Proof, die: &mut Die) -> (Vec<&'static str>, Vec<String>) {
        let (mut refused, mut proved) = (Vec::new(), Vec::new());
        for (what, wrong) in wrong(&self.up, die) {
            match self.prove(&wrong, None) {
                Err(_) => refused.push(what),
                // Nothing was seen, and that is said.
                Ok(_) if !proof.unfilled.is_empty() => {}
                // There is nothing to see.
                Ok(_) if self.is_as_good(&wrong) => {}
                Ok(_) => proved.push(format!("proved, in spite of this: {what}\n{}", wrong.to_sql())),
            }
        }
        (refused, proved)
    }
}

/// Plans with one fault each.
fn wrong(plan: &Plan, die: &mut Die) -> Vec<(&'static str, Plan)> {
    let mut found = Vec::new();
    let words = |planned: &Planned| planned.sql.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (at, planned) in plan.statements.iter().enumerate() {
        let words = words(planned);
        let begins = |with: &[&str]| words.len() >= with.len() && with.iter().zip(&words).all(|(it, word)| it == word);
        let kept = if begins(&["CREATE", "TRIGGER"]) {
            "a trigger is not made"
        } else if begins(&["CREATE", "VIEW"]) {
            "a view is not made"
        } else if begins(&["CREATE", "INDEX"]) || begins(&["CREATE", "UNIQUE", "INDEX"]) {
            "an index is not made"
        } else if begins(&["INSERT", "INTO", "sqlite_sequence"]) {
            "a sequence is not handed on"
        } else if begins(&["INSERT", "OR", "ABORT"]) {
            for (what, sql) in wrong_copies(&planned.sql, die) {
                let mut wrong = plan.clone();
                wrong.statements[at].sql = sql;
                found.push((what, wrong));
            }
            "the rows are not copied"
        } else {
            continue;
        };
        let mut wrong = plan.clone();
        wrong.statements.remove(at);
        if kept == "a sequence is not handed on" {
            // Nor is what the copy itself has left there taken away.
            wrong.statements.remove(at - 1);
        }
        found.push((kept, wrong));
    }
    found
}

fn wrong_copies(copy: &str, die: &mut Die) -> Vec<(&'static str, String)> {
    let Some((head, rest)) = copy.split_once(" (") else { return Vec::new() };
    let Some((names, rest)) = rest.split_once(")\nSELECT ") else { return Vec::new() };
    let Some((values, tail)) = rest.rsplit_once("\nFROM ") else { return Vec::new() };
    let names: Vec<&str> = names.split(", ").collect();
    let values: Vec<&str> = values.split(", ").collect();
    // Where a fill or a name has a comma in it, this is left to other pairs.
    if names.len() != values.len() || names.len() < 2 {
        return Vec::new();
    }
    let written = |names: &[&str], values: &[&str]| {
        format!("{head} ({})\nSELECT {}\nFROM {tail}", names.join(", "), values.join(", "))
    };
    let (one, other) = (die.below(names.len()), die.below(names.len()));
    let (mut less, mut less_values) = (names.clone(), values.clone());
    less.remove(one);
    less_values.remove(one);
    let mut found = vec![("a column is not copied", written(&less, &less_values))];
    if one != other {
        let mut swapped = values.clone();
        swapped.swap(one, other);
        found.push(("two columns are swapped", written(&names, &swapped)));
    }
    found
}
