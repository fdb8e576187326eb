//! Where the promises differ: what the tools do with the same files, really run.

use super::prepare::COUNTS;
use crate::Result;
use crate::figures::Figures;
use crate::programs::Place;
use crate::sets::Set;
use crate::tools::Tool;
use crate::{files, process};

/// # Errors
///
/// When a program can't be run at all.
pub fn measure(place: &Place) -> Result<Figures> {
    let mut figures = Figures::default();
    place.empty_scratch()?;
    for tool in Tool::RUNNERS {
        for set in [Set::rebuild(false), Set::rebuild(true)] {
            let database = place.scratch("rebuild.db");
            files::remove_database(&database)?;
            let path = database.to_string_lossy();
            let name = format!("{}/{}", set.name, tool.name());
            let run = process::run(&mut place.run(tool, &set.name, &["start", &path]))?;
            if !run.success {
                figures.answer(name, "refuses");
                figures.answer(format!("failed/{}/{}", set.name, tool.name()), run.stderr);
                continue;
            }
            let count = ["ask", &path, "SELECT CAST(count(*) AS TEXT) FROM children"];
            let run = process::succeeds(&mut place.run(tool, &set.name, &count))?;
            let kept = run.number("answer")?;
            figures.answer(name, if kept == 3.0 { "kept".to_owned() } else { format!("{} of 3 lost", 3.0 - kept) });
        }
        let database = place.scratch("fault.db");
        files::remove_database(&database)?;
        let run = process::run(&mut place.run(tool, "fault", &["start", &database.to_string_lossy()]))?;
        figures.answer(format!("fault/{}", tool.name()), told(&run.stderr));
        figures.answer(format!("said/{}", tool.name()), run.stderr);
        let version = ["ask", ":memory:", "SELECT sqlite_version()"];
        let run = process::succeeds(&mut place.run(tool, &COUNTS[0].to_string(), &version))?;
        figures.answer(format!("sqlite/{}", tool.name()), *run.values().get("answer").unwrap_or(&""));
    }
    files::remove_folder(&place.scratch(""))?;
    Ok(figures)
}

/// What an error says of where the fault is: the second file of [`Set::fault`], in its fourth line.
fn told(error: &str) -> &'static str {
    let file = error.contains("faulty");
    let line = ["line 4", "sql:4"].iter().any(|wanted| {
        error
            .match_indices(wanted)
            .any(|(at, _)| !error[at + wanted.len()..].starts_with(|next: char| next.is_ascii_digit()))
    });
    match (file, line) {
        (true, true) => "file and line",
        (true, false) => "file",
        (false, true) => "line",
        (false, false) => "neither",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_judged_by_what_it_names() {
        assert_eq!(told("migrations/0002_faulty.sql:4:1: no such table"), "file and line");
        assert_eq!(told("0002_faulty, line 4"), "file and line");
        assert_eq!(told("0002_faulty, line 40"), "file");
        assert_eq!(told("while executing migration 2: no such table: nowhere"), "neither");
        assert_eq!(told("in statement at line 4: no such table"), "line");
    }
}
