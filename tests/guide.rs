//! Pages can't rot: the one reader of the blocks of README.md and `docs/`, and the one who types what they tell people to.
//!
//! A block whose first line is a comment with a path is that file. Tables of a manifest go into `Cargo.toml`. Of a block
//! `console` every command is typed, in the order of the page: its exit code is 0 unless the block shows an `error`, or
//! `echo $?` shows another one, and every line that is shown came out, whatever the clock says. In a line of JSON, `"…"`
//! stands for any text or list that is too long for a page.
//!
//! Where a page shows `@` alone below a command, `SNAPSHOTS=overwrite` writes what came out in its place.

use std::fs;

use serde_json::Value;
use toml_edit::{DocumentMut, Item};

use crate::git::git;
use crate::support::{Project, Run, ask, checkout};

/// Where a person keeps projects, on pages that show a whole path.
const HOME: &str = "/home/ann";

/// A fenced block of a page.
pub(crate) struct Block {
    /// The page, by its path in the checkout.
    page: String,
    /// The line of its fence.
    line: usize,
    /// What stands right of the fence.
    pub(crate) language: String,
    /// What stands in it.
    pub(crate) text: String,
    /// The title of the section in which it stands.
    pub(crate) section: String,
}

/// A command of a block, and what the page shows below it.
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) shown: String,
    /// In which line of the block it stands, from 0.
    at: usize,
}

/// The text of a page, by its path in the checkout.
pub(crate) fn page(path: &str) -> String {
    fs::read_to_string(checkout().join(path)).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}

/// The fenced blocks of a page, in order.
pub(crate) fn blocks(path: &str) -> Vec<Block> {
    let (mut blocks, mut section, mut open) = (Vec::new(), String::new(), None::<Block>);
    for (at, line) in page(path).lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, Some(language)) => {
                let (page, language, section) = (path.to_owned(), language.to_owned(), section.clone());
                open = Some(Block { page, line: at + 1, language, text: String::new(), section });
            }
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut section);
                }
            }
        }
    }
    assert!(open.is_none(), "{path}: a block has no end");
    blocks
}

impl Block {
    /// The file that its first line names.
    pub(crate) fn file(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        let name = ["-- ", "// ", "# "].iter().find_map(|mark| first.strip_prefix(mark))?;
        let is_path = !name.contains(' ') && (name.contains('/') || name.contains('.')) && !name.ends_with('.');
        is_path.then_some(name)
    }

    /// What is typed in it.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (at, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), shown: String::new(), at }),
                (None, Some(step)) => step.shown.extend([line, "\n"]),
                (None, None) => panic!("{self}: `{line}` comes before any command"),
            }
        }
        steps
    }
}

impl std::fmt::Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.page, self.line)
    }
}

/// Does what the blocks say, one after the other, and says how many commands of the tool or of cargo ran.
pub(crate) fn play(blocks: &[Block], project: Project) -> usize {
    let mut story = Story { project, ran: 0, fills: Vec::new() };
    for block in blocks {
        story.play(block);
    }
    if let (false, Some(block)) = (story.fills.is_empty(), blocks.first()) {
        let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|it| it == "overwrite");
        assert!(overwrite, "{}: SNAPSHOTS=overwrite writes what comes out in the place of each `@`", block.page);
        let fill = |line: usize| story.fills.iter().find(|(at, _)| *at == line).map(|(_, lines)| lines.join("\n"));
        let text = page(&block.page);
        let lines = text.lines().enumerate().map(|(at, line)| fill(at + 1).unwrap_or_else(|| line.to_owned()) + "\n");
        fs::write(checkout().join(&block.page), lines.collect::<String>()).unwrap();
    }
    story.ran
}

/// What stands for everything that comes out.
const FILL: &str = "@\n";

struct Story {
    project: Project,
    ran: usize,
    /// What belongs into which line of the page.
    fills: Vec<(usize, Vec<String>)>,
}

impl Story {
    fn play(&mut self, block: &Block) {
        match (block.language.as_str(), block.file()) {
            // For the eye alone: what could be typed stands in `console`.
            ("text" | "mermaid", _) => {}
            ("rust", Some(file)) if ["examples/", "fixtures/"].iter().any(|folder| file.starts_with(folder)) => {
                is_part_of(block, file);
            }
            ("sql" | "rust" | "toml" | "json", Some(file)) => self.project.write(file, &block.text),
            ("toml", None) => self.declare(&block.text),
            ("console", _) => {
                let steps = block.steps();
                for (at, step) in steps.iter().enumerate() {
                    let next = steps.get(at + 1).filter(|next| next.command == "echo $?");
                    let code = next.map(|next| next.shown.trim().parse().unwrap());
                    self.step(step, code, block);
                }
            }
            (language, _) => panic!("{block}: nobody knows what to do with `{language}`"),
        }
    }

    /// Puts tables of the manifest into that of the project, key by key.
    fn declare(&self, tables: &str) {
        let shown: DocumentMut = tables.parse().unwrap();
        let Some(shown) = shown["package"]["metadata"]["migrations"].as_table() else { panic!("no keys in {tables}") };
        self.project.edit_manifest(|manifest| {
            let metadata = manifest["package"].as_table_mut().unwrap().entry("metadata").or_insert(toml_edit::table());
            let own = metadata.as_table_mut().unwrap().entry("migrations").or_insert(toml_edit::table());
            for (key, item) in shown {
                own[key] = Item::clone(item);
            }
        });
    }

    fn step(&mut self, step: &Step, code: Option<i32>, place: &Block) {
        let (typed, into) = match step.command.rsplit_once(" > ") {
            Some((typed, file)) => (typed, Some(file)),
            None => (step.command.as_str(), None),
        };
        let words = words(typed);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let project = &self.project;
        let path = |name: &str| project.root.join(name);
        let run = match words.as_slice() {
            ["cargo", "new", flags @ .., name] => {
                self.project = Project::new(name);
                if flags.contains(&"--lib") {
                    self.project.remove("src/main.rs");
                    self.project.write("src/lib.rs", "");
                }
                return;
            }
            ["cd", _] | ["echo", "$?"] => return,
            ["mv", from, to] => return fs::rename(path(from), path(to)).unwrap(),
            ["cp", from, to] => {
                fs::copy(path(from), path(to)).unwrap();
                return;
            }
            ["mkdir", name] => return fs::create_dir(path(name)).unwrap(),
            ["rm", name] => return fs::remove_file(path(name)).unwrap(),
            ["cat", name] => said(typed, project.read(name)),
            ["ls", name] => {
                let mut names: Vec<_> = fs::read_dir(path(name)).unwrap().map(|it| it.unwrap().file_name()).collect();
                names.sort();
                said(typed, names.iter().map(|name| name.to_string_lossy().into_owned() + "\n").collect())
            }
            // As the shell of SQLite answers, which not every machine has.
            ["sqlite3", database, sql] => {
                let connection = rusqlite::Connection::open(path(database)).unwrap();
                connection.pragma_update(None, "foreign_keys", false).unwrap();
                // Several statements are no question.
                let is_question = connection.prepare(sql).is_ok_and(|it| it.column_count() > 0);
                if is_question {
                    said(typed, ask(&connection, sql).iter().map(|row| format!("{row}\n")).collect())
                } else {
                    connection.execute_batch(sql).unwrap();
                    said(typed, String::new())
                }
            }
            ["sqlite3", "-bail", database, "<", script] => {
                let has_shell = Run::can_be(project.command("sqlite3").arg("--version"));
                assert!(has_shell || std::env::var_os("CI").is_none(), "CI has the shell of SQLite");
                if has_shell {
                    Run::of(project.command("sh").args(["-c", typed]))
                } else {
                    project.execute(database, &project.read(script));
                    said(typed, String::new())
                }
            }
            ["git", arguments @ ..] => git(project, arguments),
            ["cargo", "dbmigrate", "init", flags @ ..] => project.init(flags),
            ["cargo", "dbmigrate", rest @ ..] => project.dbmigrate(rest),
            ["cargo", rest @ ..] => project.cargo(rest),
            _ => panic!("{place}: nobody knows how to type `{typed}`"),
        };
        self.ran += usize::from(words[0] == "cargo");
        let fails =
            step.shown.lines().any(|line| line.starts_with("error") || line.starts_with("{\"reason\":\"error\""));
        match code {
            Some(code) => assert_eq!(run.code, code, "{place}: {run}"),
            None if step.shown == FILL => {}
            None => assert_eq!(run.code != 0, fails, "{place}: {run}"),
        }
        match into {
            Some(file) => self.project.write(file, &run.stdout),
            None if step.shown == FILL => self.fills.push((place.line + step.at + 2, came_out(&self.project, &run))),
            None => shows(&self.project, &run, step, place),
        }
    }
}

/// A command that this test answers by itself.
fn said(command: &str, stdout: String) -> Run {
    Run { command: command.to_owned(), code: 0, stdout, stderr: String::new() }
}

/// The words of a command, as a shell takes quotes.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "{command}");
    words.extend(word);
    words
}

/// A line as it looks on another machine with another clock.
fn timeless(line: &str) -> String {
    let time = r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d)?|\d{8}-\d{6}(\.\d+(-\d+)?\.bak)?|[\d.]+ (µs|ms|s|KiB|MiB)\b";
    regex::Regex::new(time).unwrap().replace_all(line.trim_end(), "…").into_owned()
}

/// The lines that came out, as a person has them.
fn came_out(project: &Project, run: &Run) -> Vec<String> {
    let (root, home) = (project.root.display().to_string(), format!("{HOME}/{}", project.name));
    run.stdout.lines().chain(run.stderr.lines()).map(|line| line.trim_end().replace(&root, &home)).collect()
}

/// Every line that a page shows is in what came out.
fn shows(project: &Project, run: &Run, step: &Step, place: &Block) {
    let came_out = came_out(project, run);
    for line in step.shown.lines().filter(|line| !line.is_empty()) {
        let is_it = |one: &String| match (serde_json::from_str(one), serde_json::from_str(line)) {
            (Ok(Value::Object(came)), Ok(Value::Object(shown))) => is_as_shown(&came.into(), &shown.into()),
            _ => timeless(one) == timeless(line),
        };
        assert!(came_out.iter().any(is_it), "{place}: `{}` does not show `{line}`:\n{run}", step.command);
    }
}

/// Whether two lines of JSON differ in times alone, and in what is shown as `"…"`.
fn is_as_shown(came: &Value, shown: &Value) -> bool {
    match (came, shown) {
        (_, Value::String(text)) if text == "…" => true,
        (Value::String(came), Value::String(shown)) => timeless(came) == timeless(shown),
        (Value::Array(came), Value::Array(shown)) => {
            came.len() == shown.len() && came.iter().zip(shown).all(|(came, shown)| is_as_shown(came, shown))
        }
        (Value::Object(came), Value::Object(shown)) => {
            let varies = |key: &str| key.ends_with("_us") || key.starts_with("bytes");
            let is_same = |(key, value): (&String, &Value)| {
                came.get(key).is_some_and(|it| varies(key) && it.is_null() == value.is_null() || is_as_shown(it, value))
            };
            came.len() == shown.len() && shown.iter().all(is_same)
        }
        _ => came == shown,
    }
}

/// The lines of a text without what they are indented by, and without empty ones.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// What a block shows of a file in the checkout stands in that file.
pub(crate) fn is_part_of(block: &Block, file: &str) {
    let source = page(file);
    let (source, code) = (lines(&source), lines(block.text.split_once('\n').unwrap().1));
    assert!(source.windows(code.len()).any(|window| window == code), "{block}: not in {file}:\n{}", block.text);
}
