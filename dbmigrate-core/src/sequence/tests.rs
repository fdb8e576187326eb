//! What is said of folders that form no sequence.

use super::*;

fn arranged(names: &[&str], config: &Config) -> Sequence {
    let mut names = names.to_vec();
    names.sort_unstable();
    let files: Vec<_> = names.iter().map(|&name| (name.to_owned(), file_name::parse(name, config))).collect();
    arrange(&files, config)
}

/// Every problem as `code file: message | help`, and every migration as `up` or `up + down`.
fn say(sequence: &Sequence) -> (Vec<String>, Vec<String>) {
    let problems = sequence.diagnostics.iter().map(|it| {
        let file = it.file.as_deref().unwrap_or_default();
        format!("{} {file}: {} | {}", it.code, it.message, it.help_texts().join(" | "))
    });
    let planned = sequence.planned.iter().map(|it| match &it.down {
        Some(down) => format!("{} + {down}", it.up),
        None => it.up.clone(),
    });
    (problems.collect(), planned.collect())
}

#[track_caller]
fn sound(names: &[&str], config: &Config, expect: &[&str]) {
    let (problems, planned) = say(&arranged(names, config));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(planned, expect);
}

/// Each problem must hold the words of its line, and there are no others.
#[track_caller]
fn check(names: &[&str], config: &Config, expect: &[&[&str]]) {
    let (problems, _) = say(&arranged(names, config));
    assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    for (problem, words) in problems.iter().zip(expect) {
        for word in *words {
            assert!(problem.contains(word), "`{word}` in {problems:#?}");
        }
    }
}

#[test]
fn commands_quote_what_a_shell_would_split() {
    let config = Config { dir: "my files".to_owned(), ..Config::default() };
    check(&["001-a.sql"], &config, &[&["`mv 'my files/001-a.sql' 'my files/001_a.sql'`"]]);
    check(&["a.sql"], &config, &[&["`mv 'my files/a.sql' 'my files/001_a.sql'`"]]);
    check(&["001_a.sql", "001_b.down.sql"], &config, &[&["`mv 'my files/001_b.down.sql' 'my files/001_a.down.sql'`"]]);
}

fn reserving(numbers: &[u64]) -> Config {
    let reserved = numbers.iter().map(|&number| (number, "done in code".to_owned())).collect();
    Config { reserved, ..Config::default() }
}

#[test]
fn a_sound_folder_is_put_in_order() {
    let config = Config::default();
    sound(&[], &config, &[]);
    sound(
        &["002_b.up.sql", "001_a.sql", "003_c.rs", "002_b.down.sql", "001_a.down.sql", "README.md"],
        &config,
        &["001_a.sql + 001_a.down.sql", "002_b.up.sql + 002_b.down.sql", "003_c.rs"],
    );
    let config = Config { width: 1, ..Config::default() };
    let names: Vec<String> = (1..=12).map(|number| format!("{number}_x.sql")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    sound(&names, &config, &names);
    let config = Config { start: 5, ..Config::default() };
    sound(&["005_a.sql", "006_b.sql"], &config, &["005_a.sql", "006_b.sql"]);
    assert_eq!(arranged(&["005_a.sql", "9_b.sql"], &config).highest, Some(9));
}

#[test]
fn a_gap_says_what_is_missing_and_what_to_do() {
    let config = Config::default();
    check(
        &["001_a.sql", "003_c.sql"],
        &config,
        &[&[
            "gap migrations/003_c.sql: migration 002 is missing: `003_c.sql` follows `001_a.sql`",
            "restore `migrations/002_….sql`, or rename the later files",
            "write `reserved = { 2 = \"why\" }` in `[package.metadata.migrations]`",
        ]],
    );
    check(
        &["001_a.sql", "004_d.sql", "008_h.sql"],
        &config,
        &[
            &["migrations 002 and 003 are missing", "`reserved = { 2 = \"why\", 3 = \"why\" }`"],
            &["migrations 005 to 007 are missing", "`reserved = { 5 = \"why\", … }`"],
        ],
    );
    check(&["001_a.sql", "9223372036854775807_z.sql"], &config, &[&["002 to 9223372036854775806 are missing"]]);
}

#[test]
fn reserved_numbers_are_not_missing_and_have_no_file() {
    let names = ["004_d.sql", "007_g.sql"];
    let config = Config { start: 4, ..reserving(&[5, 6]) };
    sound(&names, &config, &names);
    sound(&["002_b.sql"], &reserving(&[1]), &["002_b.sql"]);
    sound(&["001_b.sql"], &reserving(&[2, 3]), &["001_b.sql"]);
    check(
        &["001_a.sql", "007_g.sql"],
        &reserving(&[4]),
        &[&["migrations 002 and 003 are missing"], &["migrations 005 and 006 are missing"]],
    );
    check(
        &["001_a.sql", "002_b.sql"],
        &reserving(&[2]),
        &[&["reserved-number migrations/002_b.sql: `002_b.sql` has the reserved number 2 (`done in code`)"]],
    );
}

#[test]
fn the_first_number_is_the_start() {
    let config = Config::default();
    check(&["000_a.sql", "001_b.sql"], &config, &[&["wrong-start migrations/000_a.sql", "`start = 0`"]]);
    check(
        &["005_a.sql"],
        &config,
        &[&["wrong-start", "migrations 001 to 004 are missing: `005_a.sql` is the first file", "`start = 5`"]],
    );
    check(
        &["20240115103022_a.sql", "20240116103022_b.sql"],
        &config,
        &[&["wrong-start", "`numbering = \"timestamp\"`"], &["gap"]],
    );
}

#[test]
fn timestamps_have_no_gaps() {
    let config = Config { numbering: Numbering::Timestamp, ..Config::default() };
    let names = ["20240115103022_a.sql", "20260115103022_b.sql"];
    sound(&names, &config, &names);
    check(
        &["20240115103022_a.sql", "20240115103022_b.sql", "x.sql"],
        &config,
        &[
            &["stray-file", "`mv migrations/x.sql migrations/YYYYMMDDHHMMSS_x.sql`"],
            &["duplicate-number", "| give one of them another number"],
        ],
    );
}

#[test]
fn two_files_with_one_number_are_named_both() {
    let config = Config::default();
    check(
        &["001_a.sql", "001_b.sql", "001_c.sql", "002_d.sql"],
        &config,
        &[
            &[
                "duplicate-number migrations/001_b.sql: `001_b.sql` has the same number as `001_a.sql`",
                "is 003",
                "`cargo dbmigrate renumber`",
            ],
            &["duplicate-number migrations/001_c.sql", "is 004"],
        ],
    );
    check(&["001_a.sql", "001_a.up.sql"], &config, &[&["`001_a.up.sql`", "`001_a.sql`", "delete one of them, or"]]);
    check(&["001_a.sql", "001_a.rs"], &config, &[&["`001_a.rs`", "`001_a.sql`"]]);
    check(&["001_a.sql", "001_b.sql", "001_b.down.sql", "001_a.down.sql"], &config, &[&["duplicate-number"]]);
}

#[test]
fn a_down_script_belongs_to_a_way_up() {
    let config = Config::default();
    check(
        &["001_a.sql", "002_b.down.sql"],
        &config,
        &[&["down-without-up migrations/002_b.down.sql", "restore `migrations/002_b.sql`"]],
    );
    check(
        &["001_a.sql", "001_b.down.sql"],
        &config,
        &[&["down-of-other-name", "`mv migrations/001_b.down.sql migrations/001_a.down.sql`"]],
    );
    check(
        &["001_a.sql", "001_a.down.sql", "001_b.down.sql"],
        &config,
        &[&["down-of-other-name", "`001_a.down.sql` exists as well"]],
    );
    check(&["001_a.rs", "001_a.down.sql"], &config, &[&["down-beside-rust", "`pub fn down` in `migrations/001_a.rs`"]]);
}

#[test]
fn a_misnamed_file_is_one_problem_and_no_gap() {
    let config = Config::default();
    check(
        &["001_a.sql", "2-Add Users.sql", "003_c.sql"],
        &config,
        &[&[
            "misnamed-file migrations/2-Add Users.sql: `2-Add Users.sql` is not the name of a migration",
            "rename it: `mv 'migrations/2-Add Users.sql' migrations/002_add_users.sql`",
        ]],
    );
    check(&["001_a.sql", "1_a.sql"], &config, &[&["misnamed-file", "`001_a.sql` exists as well"]]);
    check(&["001_a.sql", "1_b.sql"], &config, &[&["`001_a.sql` has that number as well", "is 002"]]);
    check(&["1_a.sql", "1_b.sql"], &config, &[&["`mv migrations/1_a.sql"], &["`1_a.sql` has that number as well"]]);
    check(
        &["1_a.sql", "1_a.down.sql"],
        &config,
        &[&["001_a.down.sql`"], &["`mv migrations/1_a.sql migrations/001_a.sql`"]],
    );
    check(&["1_a.sql", "001_a.down.sql"], &config, &[&["misnamed-file"]]);
    check(&["001_A.sql", "001_a.sql"], &config, &[&["misnamed-file", "`001_a.sql` exists as well"]]);
    check(&["002a_x.sql", "001_a.sql"], &config, &[&["misnamed-file", "a number of its own"]]);
}

#[test]
fn a_name_is_put_right_where_nothing_has_to_be_decided() {
    for (names, expect) in [
        (&["001_a.sql", "2-Add Users.sql"][..], &["2-Add Users.sql 002_add_users.sql"][..]),
        (&["1_a.sql", "1_a.down.sql"], &["1_a.down.sql 001_a.down.sql", "1_a.sql 001_a.sql"]),
        (&["001_a_up.sql", "001_a_down.sql"], &["001_a_down.sql 001_a.down.sql", "001_a_up.sql 001_a.up.sql"]),
        (&["1_a.sql", "1_b.sql"], &[]),
        (&["001_a.sql", "1_b.sql"], &[]),
        (&["001_a.sql", "1_a.sql"], &[]),
        (&["001_a.sql", "1-a.down.sql", "1_a.down.sql"], &[]),
        (&["001_a.sql", "001_b.down.sql", "b.sql"], &[]),
    ] {
        let fixes = arranged(names, &Config::default()).diagnostics.into_iter().filter_map(|it| it.fix);
        let fixes = fixes.map(|fix| match *fix {
            Fix::Rename { from, to } => format!("{from} {to}").replace("migrations/", ""),
        });
        assert_eq!(fixes.collect::<Vec<_>>(), expect, "{names:?}");
    }
}

#[test]
fn the_halves_with_underscores_are_told_apart_from_names_that_end_so() {
    let config = Config::default();
    check(
        &["001_a_up.sql", "001_a_down.sql"],
        &config,
        &[
            &["`mv migrations/001_a_down.sql migrations/001_a.down.sql`"],
            &["`mv migrations/001_a_up.sql migrations/001_a.up.sql`"],
        ],
    );
    sound(&["001_clean_up.sql"], &config, &["001_clean_up.sql"]);
}

#[test]
fn a_file_without_a_number_gets_the_next_free_one() {
    check(
        &["001_a.sql", "add_x.sql", "add_y.down.sql", "add_y.up.sql", "ü.sql"],
        &reserving(&[2]),
        &[
            &["stray-file migrations/add_x.sql", "`mv migrations/add_x.sql migrations/003_add_x.sql`", "move it out"],
            &["migrations/004_add_y.down.sql"],
            &["migrations/004_add_y.up.sql"],
            &["it has no number | if it is not a migration, move it out of the folder"],
        ],
    );
}

#[test]
fn paths_are_quoted_for_a_shell() {
    for (path, expect) in [("a/b_1.sql", "a/b_1.sql"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$(x)", "'$(x)'")] {
        assert_eq!(quoted(path), expect);
    }
}

#[test]
fn what_is_looked_up_is_what_a_walk_finds() {
    let config = Config { width: 1, ..Config::default() };
    let endings = [".sql", ".up.sql", ".down.sql", ".rs", ".md", ""];
    // Numbers by chance, many of them twice.
    let mut chance = 1_u64;
    let mut next = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    for count in 0..60 {
        let mut names: Vec<String> = Vec::new();
        for _ in 0..count {
            let (number, slug, ending) = (next(24), ["a", "b", "-"][next(3) as usize], endings[next(6) as usize]);
            names.push(format!("{number}_{slug}{ending}"));
        }
        names.sort();
        names.dedup();
        let files: Vec<_> = names.iter().map(|name| (name.clone(), file_name::parse(name, &config))).collect();
        let claims = claims(&files);
        for number in 0..25 {
            let found: Vec<usize> = of_number(&claims, number).iter().map(|&(_, at)| at).collect();
            let walked: Vec<usize> = (0..files.len()).filter(|&at| files[at].1.number() == Some(number)).collect();
            assert_eq!(found, walked, "{number} in {names:?}");
        }
        for (at, name) in names.iter().enumerate() {
            assert_eq!(find(&files, name), Some(at));
            assert_eq!(find(&files, &format!("{name}x")), None);
        }
    }
}
