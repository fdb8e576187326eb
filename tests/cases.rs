//! Case folders: `cases/NAME/in/` is a project, `cmd` what is typed there, `expected` what came out.
//!
//! `cmd` holds the words of one `cargo dbmigrate` call per line. `expected` holds for each call the exit code, stdout
//! and stderr; `out/`, where it exists, the files afterwards. `SNAPSHOTS=overwrite` writes what came out instead.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use snapbox::data::Data;
use snapbox::{Assert, Redactions, assert::DEFAULT_ACTION_ENV};

use crate::support::{Project, checkout};

#[test]
fn every_case_folder_comes_out_as_expected() {
    let pattern = checkout().join("tests/cases/*/cmd");
    let cases: Vec<_> = glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap).collect();
    assert!(!cases.is_empty(), "no case folder was found");
    for cmd in cases {
        run(cmd.parent().unwrap());
    }
}

fn run(case: &Path) {
    let name = case.file_name().unwrap().to_str().unwrap();
    let project = Project::case(&case.join("in"), name);
    let mut came_out = String::new();
    for line in fs::read_to_string(case.join("cmd")).unwrap().lines() {
        let run = project.dbmigrate(line.split_whitespace());
        let _ = writeln!(came_out, "$ cargo dbmigrate {line}\nexit {}", run.code);
        for (channel, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            if !text.is_empty() {
                let _ = writeln!(came_out, "--- {channel}\n{}", text.trim_end());
            }
        }
        came_out.push('\n');
    }
    let mut redactions = Redactions::new();
    redactions.insert("[ROOT]", project.root.clone()).unwrap();
    redactions.insert("[TIME]", regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").unwrap()).unwrap();
    redactions.insert("[DATE]", regex::Regex::new(r"-- Date: (?<redacted>\d{4}-\d\d-\d\d)").unwrap()).unwrap();
    redactions.insert("[DURATION]", regex::Regex::new(r"\d+(\.\d+)? ?(µs|ms|s)\b").unwrap()).unwrap();
    redactions.insert("[MICROS]", regex::Regex::new(r#""duration_us":(?<redacted>\d+)"#).unwrap()).unwrap();
    redactions.insert("[STEPS]", regex::Regex::new(r#""steps_us":\[(?<redacted>\d[\d,]*)\]"#).unwrap()).unwrap();
    let assert = Assert::new().action_env(DEFAULT_ACTION_ENV).redact_with(redactions);
    assert.eq(came_out, Data::read_from(&case.join("expected"), None));
    if case.join("out").exists() {
        assert.subset_eq(case.join("out"), &project.root);
    }
}
