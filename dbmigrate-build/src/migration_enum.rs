//! `enum Migration`: one documented variant per migration, with names and numbers both ways.

use std::fmt::Write;

use dbmigrate_core::{Body, MigrationSet, SourceMigration};
use heck::ToUpperCamelCase;

use crate::literal;

/// The most lines of a file that a variant's documentation shows.
const SHOWN_LINES: usize = 60;
/// The most bytes: a line of a data file may be as long as the file.
const SHOWN_BYTES: usize = 8_000;

/// `M` + the number as written + the name: unique, never a keyword, stable when files are added.
pub(crate) fn variant(migration: &SourceMigration) -> String {
    variant_name(&migration.digits, &migration.slug)
}

/// The variant of `Migration` that stands for `<digits>_<slug>`.
///
/// ```
/// assert_eq!(dbmigrate_build::variant_name("004", "add_teams"), "M004AddTeams");
/// ```
#[must_use]
pub fn variant_name(digits: &str, slug: &str) -> String {
    let name = slug.to_upper_camel_case();
    // `M100_3d` and `M1003d` are two migrations.
    let between = if name.as_bytes().first().is_some_and(u8::is_ascii_digit) { "_" } else { "" };
    format!("M{digits}{between}{name}")
}

/// Whether clippy may say that the variants have one word in common, or that of the enum, at their end. Their beginnings
/// differ.
fn may_end_alike(variants: &[(String, &SourceMigration)]) -> bool {
    let last = |(variant, _): &(String, _)| variant.as_bytes().last().copied();
    let is_one = variants.len() > 2 && variants.iter().all(|variant| last(variant) == last(&variants[0]));
    is_one || variants.iter().any(|(variant, _)| variant.ends_with("Migration"))
}

/// Writes the enum and its conversions.
pub(crate) fn render(text: &mut String, set: &MigrationSet) {
    // In a set with faults two files can claim one name; the stub needs it once.
    let mut variants: Vec<(String, &SourceMigration)> = Vec::with_capacity(set.migrations.len());
    for migration in &set.migrations {
        let variant = variant(migration);
        if variants.last().is_none_or(|(last, _)| *last != variant) {
            variants.push((variant, migration));
        }
    }

    text.push_str("/// The migrations of this package, in order.\n");
    text.push_str("#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]\n");
    // People name their files alike, and the variants are named after them. Who forbids the lint has no word of it where
    // it can't speak.
    if may_end_alike(&variants) {
        text.push_str("#[allow(clippy::enum_variant_names)]\n");
    }
    text.push_str("pub enum Migration {\n");
    for (variant, migration) in &variants {
        let _ = writeln!(text, "    #[doc = {}]", literal::string(&documentation(migration)));
        let _ = writeln!(text, "    {variant},");
    }
    text.push_str("}\n\n");

    text.push_str("impl Migration {\n");
    text.push_str("    /// All migrations, in order.\n    pub const ALL: &'static [Self] = &[\n");
    for (variant, _) in &variants {
        let _ = writeln!(text, "        Self::{variant},");
    }
    text.push_str("    ];\n");
    if let Some((newest, _)) = variants.last() {
        let _ = writeln!(text, "\n    /// The newest migration.\n    pub const LATEST: Self = Self::{newest};");
    }
    text.push_str(
        "
    const NAMES: &'static [(u64, &'static str)] = &[\n",
    );
    for (_, migration) in &variants {
        let _ =
            writeln!(text, "        ({}, {}),", literal::number(migration.number), literal::string(&migration.name()));
    }
    text.push_str("    ];\n");
    // A fieldless enum without variants has no discriminant to index by.
    let index = if variants.is_empty() { "match self {}" } else { "Self::NAMES[self as usize]" };
    for (what, doc, kind, field) in [
        ("number", "The number that orders it.", "u64", ".0"),
        ("name", "The full name, as the file and the history have it.", "&'static str", ".1"),
    ] {
        let field = if variants.is_empty() { "" } else { field };
        let _ = write!(
            text,
            "
    /// {doc}
    #[must_use]
    pub const fn {what}(self) -> {kind} {{
        {index}{field}
    }}
"
        );
    }
    text.push_str("}\n");
    text.push_str(CONVERSIONS);
    let latest = if variants.is_empty() { "" } else { "Migration::LATEST, " };
    let _ = writeln!(
        text,
        "\n// Uses everything once: what a program does not use is no dead code of its author's.\n\
         const _: () = {{\n    let _ = (Migration::ALL, {latest}Migration::number, Migration::name, migrator);\n}};\n"
    );
}

const CONVERSIONS: &str = "
impl ::core::fmt::Display for Migration {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.pad(self.name())
    }
}

impl ::core::str::FromStr for Migration {
    type Err = __dbmigrate::UnknownMigration;

    /// Takes the full name, such as `001_initial_schema`.
    fn from_str(name: &str) -> ::core::result::Result<Self, Self::Err> {
        let found = Self::NAMES.iter().position(|known| known.1 == name);
        found.map(|at| Self::ALL[at]).ok_or_else(|| __dbmigrate::UnknownMigration::new(name))
    }
}

impl ::core::convert::TryFrom<u64> for Migration {
    type Error = __dbmigrate::UnknownMigration;

    fn try_from(number: u64) -> ::core::result::Result<Self, Self::Error> {
        let found = Self::NAMES.iter().position(|known| known.0 == number);
        found.map(|at| Self::ALL[at]).ok_or_else(|| __dbmigrate::UnknownMigration::new(number))
    }
}

impl ::core::convert::From<Migration> for u64 {
    fn from(migration: Migration) -> Self {
        migration.number()
    }
}
";

/// What an editor shows for the variant: the file, with its header and the way up.
fn documentation(migration: &SourceMigration) -> String {
    let (source, language) = match &migration.body {
        Body::Sql { up, .. } => (up.source.slice(up.section), "sql"),
        Body::Rust(rust) => (rust.source.text(), "rust,ignore"),
    };
    let source = source.trim_end();
    let shown = beginning(source);
    let fence = fence(shown);
    let more = if shown.len() < source.len() { "\n…" } else { "" };
    let line_end = if shown.is_empty() { "" } else { "\n" };
    format!("`{}`\n\n{fence}{language}\n{shown}{more}{line_end}{fence}", migration.file)
}

/// As much of a text as is shown.
fn beginning(text: &str) -> &str {
    let mut end = text.match_indices('\n').nth(SHOWN_LINES - 1).map_or(text.len(), |(at, _)| at).min(SHOWN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A fence that is longer than any run of backticks in the text.
fn fence(text: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for byte in text.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_file_the_beginning_is_shown() {
        let lines = "x\n".repeat(100);
        assert_eq!(beginning(&lines).lines().count(), SHOWN_LINES);
        assert_eq!(beginning("x\ny"), "x\ny");
        let line = "ü".repeat(1_000_000);
        assert_eq!(beginning(&line).len(), SHOWN_BYTES);
        assert_eq!(beginning(&format!("x{line}")).len(), SHOWN_BYTES - 1);
    }

    #[test]
    fn a_fence_ends_where_the_file_does() {
        for (text, expect) in [("SELECT `a`", 3), ("```", 4), ("`` ````` ` ```", 6)] {
            assert_eq!(fence(text), "`".repeat(expect), "{text}");
        }
    }
}
