//! What a build costs: crates, seconds from nothing, the size of what comes out, and whether a new file is seen.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::prepare::COUNTS;
use crate::figures::Figures;
use crate::programs::{BASE, Place, cargo, package_name};
use crate::sets::{self, Set};
use crate::tools::Tool;
use crate::{Result, files, process};

/// The set that gets one file more.
const GROWN: &str = "grown";

/// What needs no build: crates, and the sizes of what was built for the other stages.
///
/// # Errors
///
/// When cargo can't tell.
pub fn sizes(place: &Place) -> Result<Figures> {
    let mut figures = Figures::default();
    for tool in Tool::ALL {
        let name = tool.name();
        let builds: &[(&str, &str)] = match tool {
            Tool::Plain => &[("base", BASE)],
            Tool::Dbmigrate => &[("10", "10"), ("1000", "1000")],
            _ => &[("base", BASE), ("10", "10"), ("1000", "1000")],
        };
        for (what, set) in builds {
            let bytes = fs::metadata(place.binary(tool, set))?.len();
            figures.add(format!("size/{what}/{name}"), bytes as f64);
        }
        let package = place.package(tool, if tool == Tool::Plain { BASE } else { "10" });
        figures.add(format!("crates/all/{name}"), crates(tool, &package, &[])?);
        if tool.base() == tool && tool != Tool::Plain {
            figures.add(format!("crates/base/{name}"), crates(tool, &package, &["--no-default-features"])?);
        }
        figures.answer(format!("version/{name}"), version(&package, tool.krate())?);
    }
    Ok(figures)
}

/// How many other crates a program is built from, on this machine, those of build scripts and macros included.
fn crates(tool: Tool, package: &Path, flags: &[&str]) -> Result<f64> {
    let mut tree = cargo(tool, "tree", package);
    tree.args(["--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--format", "{p}"]).args(flags);
    let run = process::succeeds(&mut tree)?;
    let all: BTreeSet<&str> = run.stdout.lines().map(|line| line.trim_end_matches(" (proc-macro)")).collect();
    Ok(all.len() as f64 - 1.0)
}

/// What the lock file says.
fn version(package: &Path, krate: &str) -> Result<String> {
    let lock = fs::read_to_string(package.join("Cargo.lock"))?;
    version_in(&lock, krate).ok_or_else(|| format!("no `{krate}` in {}", package.display()).into())
}

fn version_in(lock: &str, krate: &str) -> Option<String> {
    let name = format!("name = \"{krate}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    Some(lines.nth(1)?.strip_prefix("version = \"")?.trim_end_matches('"').to_owned())
}

/// Development builds from nothing, and what a new file takes at 1,000 migrations. Minutes; after each tool the figures
/// are handed over to be kept.
///
/// # Errors
///
/// When one does not build.
pub fn builds(place: &Place, keep: impl Fn(Figures) -> Result<()>) -> Result<()> {
    let mut figures = Figures::default();
    let target = place.work.join("cold");
    for tool in Tool::ALL {
        if tool.base() == tool {
            eprintln!("building {} from nothing, without migrations", tool.name());
            let package = place.lay_out(tool, BASE, None)?;
            let flags: &[&str] = if tool == Tool::Plain { &[] } else { &["--no-default-features"] };
            figures.add_build(&format!("cold/base/{}", tool.name()), &cold(tool, &package, &target, flags)?);
        }
        if tool != Tool::Plain {
            eprintln!("building {} from nothing", tool.name());
            let set = Set::of(COUNTS[0]);
            let package = place.lay_out(tool, &set.name, Some(&set))?;
            figures.add_build(&format!("cold/all/{}", tool.name()), &cold(tool, &package, &target, &[])?);
            eprintln!("adding a file to the {} of {}", COUNTS[2], tool.name());
            new_file(place, &mut figures, tool, &target)?;
        }
        keep(figures.clone())?;
    }
    files::remove_folder(&target)?;
    files::remove_folder(&place.scratch(""))?;
    Ok(())
}

impl Figures {
    fn add_build(&mut self, name: &str, run: &process::Run) {
        self.add(format!("{name}/cpu"), run.cpu.as_secs_f64());
        self.add(format!("{name}/wall"), run.wall.as_secs_f64());
    }
}

fn cold(tool: Tool, package: &Path, target: &Path, flags: &[&str]) -> Result<process::Run> {
    files::remove_folder(target)?;
    // What has to be downloaded is downloaded before.
    process::succeeds(&mut cargo(tool, "fetch", package))?;
    build(tool, package, target, flags)
}

fn build(tool: Tool, package: &Path, target: &Path, flags: &[&str]) -> Result<process::Run> {
    process::succeeds(cargo(tool, "build", package).arg("--target-dir").arg(target).args(flags))
}

/// One more file, then `cargo build` alone; and where that has not seen it, once more with a source touched.
fn new_file(place: &Place, figures: &mut Figures, tool: Tool, target: &Path) -> Result<()> {
    let name = tool.name();
    let set = Set::of(COUNTS[2]);
    let package = place.lay_out(tool, GROWN, Some(&set))?;
    build(tool, &package, target, &[])?;
    let file = package.join("migrations").join(sets::file(tool, COUNTS[2] + 1, "newcomer"));
    files::write(&file, "CREATE TABLE newcomer (id INTEGER PRIMARY KEY);\n")?;
    let mut run = build(tool, &package, target, &[])?;
    let seen = has_newcomer(place, tool, target)?;
    figures.answer(format!("seen/{name}"), if seen { "yes" } else { "no" });
    if !seen {
        let main = package.join("src/main.rs");
        fs::write(&main, fs::read_to_string(&main)? + "\n")?;
        run = build(tool, &package, target, &[])?;
        if !has_newcomer(place, tool, target)? {
            figures.answer(format!("seen/{name}"), "no, nor with a source touched");
        }
    }
    figures.add_build(&format!("rebuild/{name}"), &run);
    files::remove_folder(&package)?;
    Ok(())
}

fn has_newcomer(place: &Place, tool: Tool, target: &Path) -> Result<bool> {
    place.empty_scratch()?;
    let database = place.scratch("grown.db").to_string_lossy().into_owned();
    let program = target.join("debug").join(package_name(tool, GROWN));
    process::succeeds(std::process::Command::new(&program).args(["start", &database]))?;
    let asked = "SELECT CAST(count(*) AS TEXT) FROM sqlite_schema WHERE name = 'newcomer'";
    let run = process::succeeds(std::process::Command::new(&program).args(["ask", &database, asked]))?;
    Ok(run.number("answer")? == 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"sqlx-core\"\nversion = \"0.9.1\"\n\n[[package]]\nname = \"sqlx\"\nversion = \"0.9.0\"\n";
        assert_eq!(version_in(lock, "sqlx").as_deref(), Some("0.9.0"));
        assert_eq!(version_in(lock, "diesel"), None);
    }
}
