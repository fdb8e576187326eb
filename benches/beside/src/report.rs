//! What the figures say: the whole in benches/README.md, the short form in README.md, and in both what is slower here
//! than elsewhere.

use std::fmt::Write;

use crate::figures::Figures;
use crate::markdown::{digits, more_bytes, more_time, signed, table, time, whole as number};
use crate::row::{Row, all_slower};
use crate::stages::prepare::{COUNTS, TESTED};
use crate::tools::Tool;

/// All that was measured.
pub fn whole(figures: &Figures) -> String {
    let sections = [
        ("On a new file", fresh(figures)),
        ("Nothing is pending", pending(figures)),
        ("Eight first starts at once", at_once(figures)),
        ("What it costs to build", built(figures)),
        ("In tests", tests(figures)),
        ("What they do", behaviour(figures)),
        ("The command lines", commands(figures)),
    ];
    let mut text = measured(figures);
    let mut slower = Vec::new();
    for (title, rows) in sections {
        let rows: Vec<Row> = rows.into_iter().filter(|row| !row.is_empty()).collect();
        if rows.is_empty() {
            continue;
        }
        slower.extend(all_slower(&rows));
        let lines: Vec<Vec<String>> = rows.iter().map(Row::render).collect();
        let _ = write!(text, "\n### {title}\n\n{}", table(&head(figures, true), &lines));
    }
    text + &told(&slower)
}

/// What a reader of README.md wants to know.
pub fn short(figures: &Figures) -> String {
    let thousand = COUNTS[2];
    let [journal, wal] = ["delete", "wal"].map(|mode| failed(figures, mode));
    let mut rows = vec![
        starts(figures, thousand),
        applied(figures, thousand),
        snapshots(figures, thousand),
        journal,
        wal,
        seen(figures),
        rebuilt(figures, false),
        crates(figures),
        cold(figures),
        size(figures, COUNTS[0]),
    ];
    rows.extend(tests(figures));
    rows.push(command(figures, "status", thousand));
    let rows: Vec<Row> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    let slower = all_slower(&rows);
    let lines: Vec<Vec<String>> = rows.iter().map(Row::render).collect();
    format!("{}\n{}{}", measured(figures), table(&head(figures, false), &lines), told(&slower))
}

fn head(figures: &Figures, with_sqlite: bool) -> Vec<String> {
    let column = |tool: &Tool| {
        let version = figures.answered(&format!("version/{}", tool.name())).unwrap_or_default();
        let sqlite = figures.answered(&format!("sqlite/{}", tool.name())).filter(|_| with_sqlite);
        let sqlite = sqlite.map_or(String::new(), |sqlite| format!(" (SQLite {sqlite})"));
        format!("{} {version}{sqlite}", tool.name()).trim_end().to_owned()
    };
    std::iter::once(String::new()).chain(Tool::RUNNERS.iter().map(column)).collect()
}

/// When and where. Stages of other days say so.
fn measured(figures: &Figures) -> String {
    let mut days: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, date) in figures.answers("date/") {
        let stage = name.trim_start_matches("date/");
        let machine = figures.answered(&format!("machine/{stage}")).unwrap_or_default();
        let day = format!("{date}, {machine}");
        match days.iter_mut().find(|(known, _)| *known == day) {
            Some((_, stages)) => stages.push(stage),
            None => days.push((day, vec![stage])),
        }
    }
    match days.as_slice() {
        [] => "Nothing was measured yet.\n".to_owned(),
        [(day, _)] => format!("Measured on {day}; medians.\n"),
        several => {
            let days = several.iter().map(|(day, stages)| format!("{}: {day}", stages.join(", ")));
            format!("Measured ({}); medians.\n", days.collect::<Vec<_>>().join("; "))
        }
    }
}

fn told(slower: &[String]) -> String {
    if slower.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = slower.iter().map(|line| format!("* {line}\n")).collect();
    format!("\nWhere another tool is ahead:\n\n{}", lines.concat())
}

fn fresh(figures: &Figures) -> Vec<Row> {
    let mut rows = Vec::new();
    for count in COUNTS {
        let floor = move |tool: &str| figures.median(&floor_of(count, tool));
        rows.push(
            Row::new(format!("{} by the driver alone, one transaction", number(count as f64)), floor, time).aside(),
        );
        rows.push(applied(figures, count));
        let grouped = |tool: &str| figures.median(&format!("grouped/{count}/{tool}/ns"));
        rows.push(Row::with_cells("… in one transaction, on request", grouped, over_floor(figures, count)).aside());
        rows.push(snapshots(figures, count).aside());
    }
    for count in COUNTS {
        let cpu = |tool: &str| figures.median(&format!("fresh/{count}/{tool}/cpu"));
        let label = format!("CPU time for {}, whole program (relative to the driver alone)", number(count as f64));
        rows.push(Row::with_cells(label, cpu, |tool, ns| {
            let floor = figures.median(&floor_of(count, tool).replace("/ns", "/cpu"));
            floor.map_or_else(|| time(ns), |floor| format!("{} ({:.2}×)", time(ns), ns / floor))
        }));
    }
    for count in COUNTS {
        let memory = move |tool: &str| Some(figures.median(&format!("fresh/{count}/{tool}/kib"))? * 1024.0);
        let more = move |tool: &str| {
            Some(memory(tool)? - figures.median(&floor_of(count, tool).replace("/ns", "/kib"))? * 1024.0)
        };
        let label = format!("peak memory, {} migrations, in addition to the driver alone", number(count as f64));
        rows.push(Row::with_cells(label, more, move |tool, more| {
            format!("{} of {}", more_bytes(more), more_bytes(memory(tool).unwrap_or_default()).trim_start_matches('+'))
        }));
    }
    rows
}

/// Where the same SQL by the same driver was measured; this project's is the plain program's.
fn floor_of(count: usize, tool: &str) -> String {
    let tool = if tool == Tool::Dbmigrate.name() { Tool::Plain.name() } else { tool };
    format!("floor/{count}/{tool}/ns")
}

fn over_floor(figures: &Figures, count: usize) -> impl Fn(&str, f64) -> String {
    move |tool, ns| {
        let floor = figures.median(&floor_of(count, tool));
        floor.map_or_else(|| time(ns), |floor| format!("{} ({:.2}×)", time(ns), ns / floor))
    }
}

fn applied(figures: &Figures, count: usize) -> Row {
    let fresh = |tool: &str| figures.median(&format!("fresh/{count}/{tool}/ns"));
    let label = format!("{} migrations on a new file (relative to the driver alone)", number(count as f64));
    Row::with_cells(label, fresh, over_floor(figures, count))
}

fn snapshots(figures: &Figures, count: usize) -> Row {
    let snapshot = |tool: &str| figures.median(&format!("snapshot/{count}/{tool}/ns"));
    Row::with_cells("… from a sealed snapshot", snapshot, over_floor(figures, count))
}

fn pending(figures: &Figures) -> Vec<Row> {
    let mut rows: Vec<Row> = COUNTS.iter().map(|count| starts(figures, *count)).collect();
    for count in COUNTS {
        let query = |tool: &str| figures.median(&format!("first-query/{count}/{tool}/ns"));
        rows.push(Row::new(format!("… opening and first query alone, {}", number(count as f64)), query, time).aside());
    }
    for (what, unit) in [("ns", "time"), ("cpu", "CPU time")] {
        for count in COUNTS {
            let of = |kind: &str, tool: &str| figures.median(&format!("{kind}/{count}/{tool}/{what}"));
            let more = move |tool: &str| Some(of("process", tool)? - of("plain-process", tool)?);
            let label = format!(
                "{unit} of a whole program, {} applied (in addition to the one without migrations)",
                number(count as f64)
            );
            let cells = |tool: &str, more: f64| {
                format!("{} ({})", time(of("process", tool).unwrap_or_default()), more_time(more))
            };
            rows.push(Row::with_cells(label, more, cells));
        }
    }
    let memory = |tool: &str| Some(figures.median(&format!("process/{}/{tool}/kib", COUNTS[2]))? * 1024.0);
    let label = format!("peak memory of it, {} applied", number(COUNTS[2] as f64));
    rows.push(Row::new(label, memory, |bytes| more_bytes(bytes).trim_start_matches('+').to_owned()));
    rows
}

fn starts(figures: &Figures, count: usize) -> Row {
    let more = |tool: &str| figures.median(&format!("starts/{count}/{tool}/ns"));
    Row::new(
        format!("{} applied migrations: time that a start adds to opening and first query", number(count as f64)),
        more,
        more_time,
    )
}

fn at_once(figures: &Figures) -> Vec<Row> {
    let mut rows = Vec::new();
    for mode in ["delete", "wal"] {
        rows.push(failed(figures, mode));
        let stuck = |tool: &str| figures.sum(&format!("at-once/{mode}/{tool}/stuck"));
        let rounds = |tool: &str| figures.count(&format!("at-once/{mode}/{tool}/stuck"));
        rows.push(Row::with_cells("… of which the next start failed, too", stuck, |tool, stuck| {
            format!("{} of {}", number(stuck), rounds(tool))
        }));
    }
    rows
}

fn failed(figures: &Figures, mode: &str) -> Row {
    let name = |tool: &str| format!("at-once/{mode}/{tool}/failed");
    let label = if mode == "wal" {
        "failed starts, eight at once on a new file, WAL"
    } else {
        "failed starts, eight at once on a new file, rollback journal"
    };
    Row::with_cells(
        label,
        |tool| figures.sum(&name(tool)),
        |tool, failed| format!("{} of {}", number(failed), figures.count(&name(tool))),
    )
}

fn built(figures: &Figures) -> Vec<Row> {
    let own = |what: &str, tool: &str| {
        let base =
            if tool == Tool::Dbmigrate.name() { format!("{what}/all/plain") } else { format!("{what}/base/{tool}") };
        base.replace("cold/all/plain", "cold/base/plain")
    };
    let crates_own =
        |tool: &str| Some(figures.median(&format!("crates/all/{tool}"))? - figures.median(&own("crates", tool))?);
    let cold_own = |tool: &str| {
        let cpu = |name: &str| figures.median(&format!("{name}/cpu"));
        Some(cpu(&format!("cold/all/{tool}"))? - cpu(&own("cold", tool))?)
    };
    let size_own = |tool: &str| {
        let base =
            if tool == Tool::Dbmigrate.name() { "size/base/plain".to_owned() } else { format!("size/base/{tool}") };
        Some(figures.median(&format!("size/{}/{tool}", COUNTS[0]))? - figures.median(&base)?)
    };
    let wall =
        |tool: &str| Some(figures.median(&format!("cold/all/{tool}/wall"))? - figures.median("cold/base/plain/wall")?);
    let rebuild = |what: &str, tool: &str| Some(figures.median(&format!("rebuild/{tool}/{what}"))? * 1e9);
    vec![
        crates(figures),
        Row::new("… in addition to the same program without migrations", crates_own, |more| signed(more, number)),
        cold(figures),
        Row::new("… in addition to the same program without migrations", cold_own, |more| signed(more, digits)),
        Row::new("elapsed seconds of that build, in addition to plain rusqlite", wall, |more| signed(more, digits)),
        size(figures, COUNTS[0]),
        Row::new("… in addition to the same program without migrations", size_own, more_bytes),
        size(figures, COUNTS[2]),
        seen(figures),
        Row::new(
            format!("the build after a new file was added, {} migrations", number(COUNTS[2] as f64)),
            |tool| rebuild("wall", tool),
            time,
        ),
        Row::new("CPU time of that build", |tool| rebuild("cpu", tool), time),
    ]
}

fn crates(figures: &Figures) -> Row {
    let more = |tool: &str| Some(figures.median(&format!("crates/all/{tool}"))? - figures.median("crates/all/plain")?);
    Row::new("crates to build, in addition to plain rusqlite", more, |more| signed(more, number))
}

fn cold(figures: &Figures) -> Row {
    let more =
        |tool: &str| Some(figures.median(&format!("cold/all/{tool}/cpu"))? - figures.median("cold/base/plain/cpu")?);
    let plain = figures.median("cold/base/plain/cpu").map_or(String::new(), |plain| format!(" ({})", digits(plain)));
    Row::new(format!("CPU seconds of a first development build, in addition to plain rusqlite{plain}"), more, |more| {
        signed(more, digits)
    })
}

fn size(figures: &Figures, count: usize) -> Row {
    let more = |tool: &str| Some(figures.median(&format!("size/{count}/{tool}"))? - figures.median("size/base/plain")?);
    Row::new(
        format!("size of a stripped program with {} migrations, in addition to plain rusqlite", number(count as f64)),
        more,
        more_bytes,
    )
}

fn seen(figures: &Figures) -> Row {
    Row::words("`cargo build` alone notices a new file", |tool| {
        figures.answered(&format!("seen/{tool}")).map(str::to_owned)
    })
}

fn tests(figures: &Figures) -> Vec<Row> {
    let backup = |tool: &str| {
        let is_ours = tool == Tool::Dbmigrate.name();
        figures.median("tests/backup/ns").filter(|_| is_ours)
    };
    vec![per_test(figures), Row::new("… included with `backup`", backup, time).aside()]
}

fn per_test(figures: &Figures) -> Row {
    let each = |tool: &str| figures.median(&format!("tests/{tool}/ns"));
    Row::new(format!("a migrated database for a test, {TESTED} migrations"), each, time)
}

fn behaviour(figures: &Figures) -> Vec<Row> {
    let fault = |tool: &str| figures.answered(&format!("fault/{tool}")).map(str::to_owned);
    vec![rebuilt(figures, false), rebuilt(figures, true), Row::words("an error in the SQL is reported with", fault)]
}

fn rebuilt(figures: &Figures, pragma: bool) -> Row {
    let (label, set) = if pragma {
        ("… with `PRAGMA foreign_keys = OFF` in the file", "rebuild-pragma")
    } else {
        ("child rows after a rebuild of their parent table", "rebuild")
    };
    Row::words(label, |tool| figures.answered(&format!("{set}/{tool}")).map(str::to_owned))
}

fn commands(figures: &Figures) -> Vec<Row> {
    let mut rows =
        vec![Row::words("version", |tool| figures.answered(&format!("cli-version/{tool}")).map(str::to_owned))];
    rows.push(command(figures, "help", COUNTS[2]));
    for verb in ["status", "up", "up-again", "check"] {
        rows.extend(COUNTS[1..].iter().map(|count| command(figures, verb, *count)));
    }
    for count in &COUNTS[1..] {
        let floor = |tool: &str| {
            let is_ours = tool == Tool::Dbmigrate.name();
            figures.median(&format!("commands/check/{count}/floor/ns")).filter(|_| is_ours)
        };
        let label = format!("… SQLite alone for what `check` replays, {}, whole program", number(*count as f64));
        rows.push(Row::new(label, floor, time).aside());
    }
    rows
}

/// Time, and the processor's in brackets.
fn command(figures: &Figures, verb: &str, count: usize) -> Row {
    let name = |tool: &str, what: &str| format!("commands/{verb}/{count}/{tool}/{what}");
    let of = format!("{} migrations", number(count as f64));
    let label = match verb {
        "help" => "command line: `--help` (CPU time)".to_owned(),
        "status" => format!("command line: status of {of}, all applied (CPU time)"),
        "up" => format!("command line: {of} on a new file (CPU time)"),
        "up-again" => format!("command line: {of}, nothing to do (CPU time)"),
        other => format!("command line: `{other}` of {of} (CPU time)"),
    };
    Row::with_cells(
        label,
        |tool| figures.median(&name(tool, "ns")),
        |tool, ns| {
            let cpu = figures.median(&name(tool, "cpu")).map_or(String::new(), |cpu| format!(" ({})", time(cpu)));
            time(ns) + &cpu
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one run might have brought, of which this project is behind in one thing.
    fn figures() -> Figures {
        let mut figures = Figures::default();
        for (tool, fresh, start) in
            [("dbmigrate", 12e6, 4_000.0), ("rusqlite_migration", 10e6, 61_000.0), ("sqlx", 90e6, 2.6e6)]
        {
            figures.add(format!("fresh/1000/{tool}/ns"), fresh);
            figures.add(format!("starts/1000/{tool}/ns"), start);
            figures.answer(format!("version/{tool}"), "1.2.3");
        }
        figures.add("floor/1000/plain/ns", 10e6);
        for failed in [0.0, 1.0, 1.0] {
            figures.add("at-once/wal/sqlx/failed", failed);
        }
        figures.answer("date/runtime", "27 November 2026");
        figures.answer("machine/runtime", "2 cores of a machine");
        figures
    }

    #[test]
    fn what_was_measured_is_told_and_what_was_not_is_left_out() {
        let text = short(&figures());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Measured on 27 November 2026, 2 cores of a machine; medians.");
        assert_eq!(lines[2], "|  | dbmigrate 1.2.3 | rusqlite_migration 1.2.3 | refinery | sqlx 1.2.3 | diesel |");
        let start = "| 1,000 applied migrations: time that a start adds to opening and first query | +4.0 µs | +61 µs | – | +2.6 ms | – |";
        assert!(lines.contains(&start), "{text}");
        assert!(text.contains("12 ms (1.20×) | 10 ms | – | 90 ms | – |"), "{text}");
        assert!(text.contains("on a new file, WAL | – | – | – | 2 of 3 | – |"), "{text}");
        assert!(!text.contains("snapshot"), "{text}");
    }

    #[test]
    fn what_is_slower_than_a_peer_is_said() {
        for text in [short(&figures()), whole(&figures())] {
            let (_, behind) = text.split_once("Where another tool is ahead:\n\n").unwrap();
            let wanted = "* 1,000 migrations on a new file (relative to the driver alone): 12 ms (1.20×), rusqlite_migration 10 ms\n";
            assert_eq!(behind, wanted);
        }
    }
}
