//! This project beside the other migration tools for SQLite in Rust: the same migrations, the same questions, in one run.
//!
//! `cargo run --release -- [STAGE…] [--rounds N] [--work DIR] [--clis DIR] [--write]`; benches/README.md says more.

mod figures;
mod files;
mod machine;
mod markdown;
mod process;
mod programs;
mod report;
mod row;
mod sets;
mod stages;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use figures::Figures;
use programs::Place;
use stages::{behaviour, builds, commands, prepare, runtime};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What is done if no stage is named: all but what takes long and changes little.
const DEFAULT: [&str; 4] = ["prepare", "runtime", "behaviour", "commands"];

/// Whose figures the tables are made from.
const MEASURED: [&str; 5] = ["sizes", "runtime", "behaviour", "commands", "builds"];

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: impl Iterator<Item = String>) -> Result<()> {
    let Call { stages, rounds, work, clis, write } = Call::read(words)?;
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let work = std::path::absolute(work.unwrap_or_else(|| checkout.join("benches/beside/target/beside")))?;
    let commands = Some(std::path::absolute(clis.unwrap_or_else(|| work.join("clis")))?);
    let place = Place { checkout, work, commands };
    for stage in stages {
        match stage.as_str() {
            "clis" => prepare::commands(&place)?,
            "prepare" => {
                prepare::programs(&place)?;
                keep(&place, "sizes", builds::sizes(&place)?)?;
            }
            "runtime" => keep(&place, &stage, runtime::measure(&place, rounds)?)?,
            "behaviour" => keep(&place, &stage, behaviour::measure(&place)?)?,
            "commands" => keep(&place, &stage, commands::measure(&place, rounds)?)?,
            "builds" => builds::builds(&place, |figures| keep(&place, &stage, figures))?,
            "table" => {}
            other => return Err(format!("no such stage: `{other}`").into()),
        }
    }
    let mut figures = Figures::default();
    for stage in MEASURED {
        let path = kept(&place, stage);
        if path.is_file() {
            figures.extend(Figures::read(&path)?);
        }
    }
    for (name, said) in figures.answers("failed/") {
        eprintln!("{name}: {said}");
    }
    let whole = report::whole(&figures);
    if write {
        for (path, block) in [("benches/README.md", &whole), ("README.md", &report::short(&figures))] {
            let path = place.checkout.join(path);
            let text = markdown::with_block(&std::fs::read_to_string(&path)?, block)
                .ok_or_else(|| format!("{} has no place for the table", path.display()))?;
            files::write(&path, &text)?;
        }
    }
    println!("{whole}");
    Ok(())
}

/// What was asked for.
struct Call {
    stages: Vec<String>,
    rounds: usize,
    work: Option<PathBuf>,
    clis: Option<PathBuf>,
    write: bool,
}

impl Call {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut call = Self { stages: Vec::new(), rounds: 9, work: None, clis: None, write: false };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` wants a value"));
            match word.as_str() {
                "--rounds" => call.rounds = value()?.parse()?,
                "--work" => call.work = Some(value()?.into()),
                "--clis" => call.clis = Some(value()?.into()),
                "--write" => call.write = true,
                flag if flag.starts_with('-') => return Err(format!("no such flag: `{flag}`").into()),
                _ => call.stages.push(word),
            }
        }
        if call.stages.is_empty() {
            call.stages = DEFAULT.map(str::to_owned).into();
        }
        Ok(call)
    }
}

fn kept(place: &Place, stage: &str) -> PathBuf {
    place.work.join("figures").join(stage).with_extension("tsv")
}

fn keep(place: &Place, stage: &str, mut figures: Figures) -> Result<()> {
    figures.answer(format!("date/{stage}"), machine::today());
    figures.answer(format!("machine/{stage}"), machine::name());
    figures.write(&kept(place, stage))
}
