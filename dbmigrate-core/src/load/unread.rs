//! The folder of another tool, without the feature that reads it.

use super::package::MANIFEST;
use super::{Loaded, MigrationSet, watch};
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::files::Files;

pub(super) fn read<F: Files + ?Sized>(root: &F, config: Config) -> Loaded {
    let layout = config.layout.name();
    let message = format!("`layout = \"{layout}\"` needs the feature `layouts` of `dbmigrate-build`, which is off");
    let fault = Diagnostic::error("layouts-off", message).in_file(MANIFEST);
    let fault = fault.help("turn it on: `cargo add --build dbmigrate-build --features layouts`");
    let watch = watch(root, &config);
    Loaded { set: MigrationSet::empty(config), diagnostics: vec![fault], watch, highest: None, notes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use crate::load::tests::{Package, check};

    #[test]
    fn the_feature_is_named() {
        let package = Package::new("layout = 'sqlx'", &[("migrations/1_a.sql", "SELECT 1;")]);
        check(
            &package,
            &[&["layouts-off Cargo.toml", "`layout = \"sqlx\"`", "--build dbmigrate-build --features layouts"]],
        );
        assert_eq!(package.load().watch, ["Cargo.toml", "migrations"]);
    }
}
