//! Projects to try things on, and what came out of it. The only place where tests touch processes and files.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Child;
use std::process::{Command, Output};

use toml_edit::{Array, DocumentMut, Item, value};

/// The checkout that is tested.
pub(crate) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A package of its own, in a folder of its own, under a name of its own.
pub(crate) struct Project {
    /// The folder of its Cargo.toml.
    pub(crate) root: PathBuf,
    /// Its package name, and that of its main binary.
    pub(crate) name: String,
}

impl Project {
    /// A copy of `fixtures/<fixture>`, for the test of that name.
    pub(crate) fn fixture(fixture: &str, test: &str) -> Self {
        let project = Self::folder(&format!("{fixture}-{test}"));
        let from = checkout().join("fixtures").join(fixture);
        copy(&from, &project.root);
        fs::copy(checkout().join("fixtures/Cargo.lock"), project.root.join("Cargo.lock")).unwrap();
        project.edit_manifest(|manifest| {
            for table in ["dependencies", "build-dependencies", "dev-dependencies"] {
                absolute_paths(manifest, table, &from);
            }
            // Every name of a binary, wherever it stands, gets the name of the test.
            let rename = |item: &mut Item| {
                if let Some(name) = item.as_str() {
                    *item = value(format!("{name}-{test}"));
                }
            };
            let bins = manifest.get_mut("bin").and_then(Item::as_array_of_tables_mut);
            bins.into_iter().flat_map(|bins| bins.iter_mut()).for_each(|bin| rename(&mut bin["name"]));
            let package = &mut manifest["package"];
            package.get_mut("default-run").map(rename);
            package.get_mut("metadata").and_then(|it| it.get_mut("migrations")?.get_mut("runner")).map(rename);
        });
        project
    }

    /// What `cargo new` makes: a binary that says hello.
    pub(crate) fn new(test: &str) -> Self {
        let project = Self::folder(test);
        project.write(
            "Cargo.toml",
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n",
        );
        project.write("src/main.rs", "fn main() {\n    println!(\"Hello, world!\");\n}\n");
        project.write(".gitignore", "/target\n");
        fs::copy(checkout().join("fixtures/Cargo.lock"), project.root.join("Cargo.lock")).unwrap();
        project.edit_manifest(|_| {});
        project
    }

    /// The names of what lies in its folder of migrations, which need not be there.
    pub(crate) fn migration_files(&self) -> Vec<String> {
        let folder = fs::read_dir(self.root.join("migrations")).into_iter().flatten();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The same, wired by `cargo dbmigrate init`, with the migrations `(file name, SQL)` instead of the scaffold's.
    pub(crate) fn wired(test: &str, migrations: &[(&str, &str)]) -> Self {
        let project = Self::new(test);
        project.init(&[]).succeeds();
        project.edit_manifest(|manifest| manifest["package"]["metadata"]["migrations"]["database"] = value("app.db"));
        project.remove("migrations/001_initial_schema.sql");
        for (name, text) in migrations {
            project.write(&format!("migrations/{name}"), text);
        }
        project
    }

    /// Turns on what `testing()` of a migrator needs, for tests alone: as `cargo add --dev` does.
    pub(crate) fn add_testing(&self) {
        self.edit_manifest(|manifest| {
            let mut runtime = manifest["dependencies"]["dbmigrate-runtime"].clone();
            runtime["features"] = value(["testing"].into_iter().collect::<Array>());
            manifest["dev-dependencies"]["dbmigrate-runtime"] = runtime;
        });
    }

    /// Turns on what takes a database back or maintains it: as `cargo add` does.
    pub(crate) fn add_manage(&self) {
        self.edit_manifest(|manifest| {
            manifest["dependencies"]["dbmigrate-runtime"]["features"] =
                value(["manage"].into_iter().collect::<Array>());
        });
    }

    /// A copy of a case folder's `in/`, which is a package called `app`, if any.
    pub(crate) fn case(from: &Path, case: &str) -> Self {
        let has_manifest = from.join("Cargo.toml").exists();
        // The scratch folder lies in the checkout, whose own manifest would be found from a folder without one.
        let parent = if has_manifest { scratch().join("projects") } else { std::env::temp_dir() };
        let project = Self { root: parent.join(format!("dbmigrate-case-{case}")), name: "app".to_owned() };
        let _ = fs::remove_dir_all(&project.root);
        copy(from, &project.root);
        if has_manifest {
            project.edit_manifest(|_| {});
        }
        project
    }

    fn folder(name: &str) -> Self {
        let root = scratch().join("projects").join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        Self { root, name: name.to_owned() }
    }

    /// Changes the manifest; the package keeps its own name and stays outside the checkout's workspace.
    pub(crate) fn edit_manifest(&self, edit: impl FnOnce(&mut DocumentMut)) {
        let path = self.root.join("Cargo.toml");
        let mut manifest: DocumentMut = fs::read_to_string(&path).unwrap().parse().unwrap();
        edit(&mut manifest);
        manifest["package"]["name"] = value(&self.name);
        if manifest.get("workspace").is_none() {
            manifest["workspace"] = toml_edit::table();
        }
        fs::write(path, manifest.to_string()).unwrap();
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file as text.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// Whether a file is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Runs `cargo dbmigrate …` in the project.
    pub(crate) fn dbmigrate<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        let run = Run::of(command.arg("dbmigrate").args(args));
        crate::json::conforms(&run.stdout);
        run
    }

    /// Runs `cargo dbmigrate init`, for the crates of this checkout.
    pub(crate) fn init(&self, flags: &[&str]) -> Run {
        let checkout = checkout().to_string_lossy().into_owned();
        self.dbmigrate(["init", "--path", &checkout].iter().chain(flags))
    }

    /// Runs `cargo …` in the project.
    pub(crate) fn cargo<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        Run::of(self.command(env!("CARGO")).args(args))
    }

    /// A command in the project's folder, with the shared target folder and nothing of the caller's environment that
    /// would change what a user sees.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            // Cargo's own variables of the test run; where cargo and its registry live stays.
            let keep =
                ["CARGO_HOME"].contains(&&*text) || text.starts_with("CARGO_NET") || text.starts_with("CARGO_REG");
            if text.starts_with("CARGO") && !keep || text == "DATABASE_URL" || text.starts_with("RUSTFLAGS") {
                command.env_remove(&name);
            }
        }
        command
            .env("CARGO_TARGET_DIR", scratch().join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env("RUST_BACKTRACE", "0");
        // What the person who runs the tests lets git ignore everywhere, it would ignore here.
        command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "core.excludesFile")
            .env("GIT_CONFIG_VALUE_0", "/dev/null");
        command
    }

    /// The program, after a build.
    pub(crate) fn program(&self) -> PathBuf {
        scratch().join("target/debug").join(&self.name)
    }

    /// Asks a database of the project; a row's columns are joined by `|`.
    pub(crate) fn query(&self, database: &str, sql: &str) -> Vec<String> {
        query(&self.root.join(database), sql)
    }

    /// Runs statements on a database of the project.
    pub(crate) fn execute(&self, database: &str, sql: &str) {
        rusqlite::Connection::open(self.root.join(database)).unwrap().execute_batch(sql).unwrap();
    }
}

/// Asks a database file; a row's columns are joined by `|`.
pub(crate) fn query(database: &Path, sql: &str) -> Vec<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    ask(&rusqlite::Connection::open_with_flags(database, flags).unwrap(), sql)
}

/// Asks a connection, in the same form.
pub(crate) fn ask(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    use rusqlite::types::ValueRef;
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(value) => String::from_utf8_lossy(value).into_owned(),
        ValueRef::Blob(value) => format!("{} bytes", value.len()),
    };
    let rows = statement
        .query_map([], |row| Ok((0..columns).map(|at| text(row.get_ref_unwrap(at))).collect::<Vec<_>>().join("|")))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// What a process did.
pub(crate) struct Run {
    /// The whole command, for messages.
    pub(crate) command: String,
    /// The exit code; -1 for a signal.
    pub(crate) code: i32,
    /// What it wrote as data.
    pub(crate) stdout: String,
    /// What it said to people.
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.stdin(std::process::Stdio::null()).output().unwrap();
        Self {
            command: format!("{command:?}"),
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Whether there is such a program on this machine, and it does as it is told.
    pub(crate) fn can_be(command: &mut Command) -> bool {
        command.output().is_ok_and(|output| output.status.success())
    }

    /// Exit code 0, or the test fails with everything that was said.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// This exit code, or the test fails with everything that was said.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// The text stands somewhere in what it wrote.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text) || self.stderr.contains(text), "`{text}` is not in:\n{self}");
        self
    }

    /// The text stands nowhere.
    #[track_caller]
    pub(crate) fn says_not(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "`{text}` is in:\n{self}");
        self
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\nexit {}\nstdout:\n{}\nstderr:\n{}", self.command, self.code, self.stdout, self.stderr)
    }
}

/// What Ctrl-C in a terminal sends.
#[cfg(unix)]
pub(crate) fn interrupt(project: &Project, child: &Child) {
    Run::of(project.command("kill").args(["-INT", &child.id().to_string()])).succeeds();
}

/// Copies a folder over another.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if name.to_string_lossy().contains(".db") {
            // What somebody's run of the program left behind is no part of it.
        } else if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

fn absolute_paths(manifest: &mut DocumentMut, table: &str, from: &Path) {
    let Some(dependencies) = manifest.get_mut(table).and_then(Item::as_table_like_mut) else { return };
    for (_, item) in dependencies.iter_mut() {
        if let Some(path) = item.get("path").and_then(Item::as_str) {
            let path = from.join(path).canonicalize().unwrap();
            item["path"] = value(path.to_string_lossy().into_owned());
        }
    }
}
