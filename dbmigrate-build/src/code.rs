//! Rust in a set: `.rs` migrations, `call` steps, and the dispatcher that runs them by id.

use std::fmt::Write;
use std::path::Path;

use dbmigrate_core::{Body, MigrationSet, SourceMigration};

use crate::literal;

/// How long the dispatcher may be without a word to clippy, whose limit is 100 unless it is told another.
const FEW_LINES: usize = 40;

/// One function of a `.rs` file.
struct Function<'a> {
    migration: &'a SourceMigration,
    direction: Direction,
}

/// Which way a function leads; the order is that of the ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Up,
    Down,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// All Rust code of a set. The ids number the functions, then the steps; both are sorted.
pub(crate) struct Table<'a> {
    set: &'a MigrationSet,
    functions: Vec<Function<'a>>,
    steps: Vec<&'a str>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(set: &'a MigrationSet) -> Self {
        let mut functions = Vec::new();
        for migration in &set.migrations {
            if let Body::Rust(rust) = &migration.body {
                functions.push(Function { migration, direction: Direction::Up });
                if rust.has_down {
                    functions.push(Function { migration, direction: Direction::Down });
                }
            }
        }
        Self { set, functions, steps: set.call_steps() }
    }

    /// The id of a `.rs` file's function. The table was made of the same set that asks.
    pub(crate) fn function(&self, number: u64, direction: Direction) -> usize {
        let before = |function: &Function<'_>| (function.migration.number, function.direction) < (number, direction);
        self.functions.partition_point(before)
    }

    /// The id of a `call` step.
    pub(crate) fn step(&self, name: &str) -> usize {
        self.functions.len() + self.steps.partition_point(|&step| step < name)
    }

    /// Writes the modules, the trait, the dispatcher and `migrator`.
    pub(crate) fn render(&self, text: &mut String, root: &Path) {
        for migration in &self.set.migrations {
            if matches!(migration.body, Body::Rust(_)) {
                let path = root.join(&migration.file);
                // Hidden rather than private: the functions in it are public, and lints look at that.
                let _ = writeln!(
                    text,
                    "#[doc(hidden)]\n#[path = {}]\npub mod {};\n",
                    literal::string(&path.to_string_lossy()),
                    module_name(migration)
                );
            }
        }
        self.render_trait(text);
        self.open_migrator(text);
        text.push_str("    __dbmigrate::Migrator::packed(&SET)");
        if !self.functions.is_empty() || self.has_steps() {
            let capture = if self.has_steps() { "move " } else { "" };
            let _ = writeln!(text, ".with_code({capture}|id: u32, db: &Connection| match id {{");
            for (id, Function { migration, direction }) in self.functions.iter().enumerate() {
                let (module, direction) = (module_name(migration), direction.as_str());
                let _ = writeln!(text, "        {id} => {{");
                // Each line that rustc may complain of names the file.
                let file = migration.file.escape_debug();
                let _ = writeln!(
                    text,
                    "            let run: fn(&Connection) -> ::core::result::Result<(), _> = {module}::{direction}; // `pub fn {direction}` of {file}"
                );
                let _ = writeln!(
                    text,
                    "            run(db).map_err(::core::convert::Into::into) // the error of `pub fn {direction}` of {file}"
                );
                text.push_str("        }\n");
            }
            for (id, name) in (self.functions.len()..).zip(&self.steps) {
                let _ = writeln!(text, "        {id} => steps.{name}(db),");
            }
            text.push_str(
                "        unknown => ::core::result::Result::Err(__dbmigrate::__private::unknown_code(unknown)),\n    })",
            );
        }
        text.push_str("\n}\n");
    }

    /// Writes the trait and a `migrator` that runs nothing, for a set with faults.
    pub(crate) fn render_stub(&self, text: &mut String) {
        self.render_trait(text);
        self.open_migrator(text);
        if self.has_steps() {
            text.push_str("    let _ = steps;\n");
        }
        text.push_str("    __dbmigrate::Migrator::new(&SET)\n}\n");
    }

    fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    fn render_trait(&self, text: &mut String) {
        if !self.has_steps() {
            return;
        }
        text.push_str(
            "/// The error of a step: `?` turns any error into it.\npub type StepError = __dbmigrate::BoxError;\n\n",
        );
        text.push_str("/// The Rust steps that the migrations call. The program implements them.\npub trait Steps {\n");
        for (at, name) in self.steps.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            let _ = write!(
                text,
                "    /// Runs where a migration says `-- dbmigrate: call {name}`.
    ///
    /// # Errors
    ///
    /// What the step returns rolls its migration back.
    fn {name}(&self, db: &Connection) -> ::core::result::Result<(), StepError>;
"
            );
        }
        text.push_str("}\n\n");
    }

    fn open_migrator(&self, text: &mut String) {
        text.push_str("/// The runner over the migrations of this package.\n#[must_use]\n");
        // One arm for each function, and nobody reads it. Who forbids the lint has it allowed only where there are many.
        if 5 * self.functions.len() + self.steps.len() > FEW_LINES {
            text.push_str("#[allow(clippy::too_many_lines)]\n");
        }
        if self.has_steps() {
            text.push_str("pub fn migrator(steps: &dyn Steps) -> __dbmigrate::Migrator<'_, __Backend> {\n");
        } else {
            text.push_str("pub fn migrator() -> __dbmigrate::Migrator<'static, __Backend> {\n");
        }
    }
}

fn module_name(migration: &SourceMigration) -> String {
    format!("m{}", migration.name())
}
