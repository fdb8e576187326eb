//! Rust in a set: `.rs` migrations, `call` steps, and the dispatcher that runs them by id.

use std::fmt::Write;
use std::path::Path;

use dbmigrate_core::{Body, MigrationSet, SourceMigration};

use crate::literal;

/// One thing that the dispatcher can be asked for; its place in the table is its id.
enum Entry<'a> {
    /// `pub fn up` or `pub fn down` of a `.rs` file.
    Rust { migration: &'a SourceMigration, direction: &'static str },
    /// A method of the program's `Steps`.
    Call { name: &'a str },
}

/// All Rust code of a set.
pub(crate) struct Table<'a> {
    set: &'a MigrationSet,
    entries: Vec<Entry<'a>>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(set: &'a MigrationSet) -> Self {
        let mut entries = Vec::new();
        for migration in &set.migrations {
            if let Body::Rust(rust) = &migration.body {
                entries.push(Entry::Rust { migration, direction: "up" });
                if rust.has_down {
                    entries.push(Entry::Rust { migration, direction: "down" });
                }
            }
        }
        entries.extend(set.call_steps().into_iter().map(|name| Entry::Call { name }));
        Self { set, entries }
    }

    /// The id of a `.rs` file's function.
    pub(crate) fn rust(&self, number: u64, direction: &str) -> usize {
        self.id(|entry| matches!(entry, Entry::Rust { migration, direction: d } if migration.number == number && *d == direction))
    }

    /// The id of a `call` step.
    pub(crate) fn call(&self, step: &str) -> usize {
        self.id(|entry| matches!(entry, Entry::Call { name } if *name == step))
    }

    fn id(&self, is: impl Fn(&Entry<'_>) -> bool) -> usize {
        // The table was made of the same set that asks.
        self.entries.iter().position(is).unwrap_or(usize::MAX)
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
        text.push_str("    __dbmigrate::Migrator::new(&SET)");
        if !self.entries.is_empty() {
            let capture = if self.has_steps() { "move " } else { "" };
            let _ = writeln!(text, ".with_code({capture}|id: u32, db: &Connection| match id {{");
            for (id, entry) in self.entries.iter().enumerate() {
                match entry {
                    Entry::Rust { migration, direction } => {
                        let module = module_name(migration);
                        let _ = writeln!(text, "        {id} => {{");
                        let _ = writeln!(
                            text,
                            "            let run: fn(&Connection) -> ::core::result::Result<(), _> = {module}::{direction}; // `pub fn {direction}` of {}",
                            migration.file.escape_debug()
                        );
                        text.push_str("            run(db).map_err(::core::convert::Into::into)\n        }\n");
                    }
                    Entry::Call { name } => {
                        let _ = writeln!(text, "        {id} => steps.{name}(db),");
                    }
                }
            }
            text.push_str(
                "        unknown => ::core::result::Result::Err(__dbmigrate::unknown_code(unknown)),\n    })",
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
        self.entries.iter().any(|entry| matches!(entry, Entry::Call { .. }))
    }

    fn render_trait(&self, text: &mut String) {
        if !self.has_steps() {
            return;
        }
        text.push_str(
            "/// The error of a step: `?` turns any error into it.\npub type StepError = __dbmigrate::BoxError;\n\n",
        );
        text.push_str("/// The Rust steps that the migrations call. The program implements them.\npub trait Steps {\n");
        for (at, name) in self.set.call_steps().into_iter().enumerate() {
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
