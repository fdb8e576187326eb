//! A claim made, and what a proof says of it.

use dbmigrate_core::{Config, MigrationSet, SourceText};
use dbmigrate_schema::{Claim, Decisions, Failure, Proof, Schema, Step, prove};

use crate::set::set_with;

fn set(files: &[(&str, &str)]) -> MigrationSet {
    set_with(files, Config::default())
}

/// What one migration is claimed to be.
pub(crate) struct Case<'a> {
    pub(crate) before: &'a str,
    pub(crate) target: &'a str,
    pub(crate) up: &'a str,
    pub(crate) down: Option<&'a str>,
    pub(crate) decisions: Decisions,
}

impl Case<'_> {
    pub(crate) fn prove(&self) -> Result<Proof, Failure> {
        self.prove_with(&[("001_before.sql", self.before)])
    }

    pub(crate) fn prove_with(&self, files: &[(&str, &str)]) -> Result<Proof, Failure> {
        let claim = Claim {
            program: None,
            set: &set(files),
            up: SourceText::new("migrations/002_next.sql", self.up),
            down: self.down.map(|down| SourceText::new("migrations/002_next.down.sql", down)),
            target: &Schema::from_sql(self.target).unwrap(),
            decisions: &self.decisions,
        };
        prove(&claim, 1)
    }

    /// Every row of every table could be tried.
    #[track_caller]
    pub(crate) fn holds(&self) -> Proof {
        match self.prove() {
            Ok(proof) => {
                assert_eq!(proof.unfilled, [], "{proof:?}");
                proof
            }
            Err(failure) => panic!("{failure}: {}\n{}", said(&failure), self.up),
        }
    }

    #[track_caller]
    pub(crate) fn fails(&self, step: Step, filled: bool, expect: &str) {
        let failure = self.prove().expect_err(self.up);
        assert_eq!((failure.step, failure.filled), (step, filled), "{}\n{}", said(&failure), self.up);
        assert!(said(&failure).contains(expect), "{}\n{}", said(&failure), self.up);
        assert!(failure.problems.iter().all(|it| it.location.is_some() || it.file.is_some()), "{failure:?}");
    }
}

pub(crate) fn said(failure: &Failure) -> String {
    let all = failure.problems.iter().map(|it| format!("{} | {}", it.message, it.notes.join(" | ")));
    all.collect::<Vec<_>>().join("\n")
}
