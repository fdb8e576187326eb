//! What `generate` and `test` are told: `schema = "schema.sql"`, `min-sqlite = "3.35"` and `fixtures = "fixtures/rows"`.

use super::{Checked, Reader, inside};
use crate::toml::Value;

/// `ALTER TABLE … DROP COLUMN` came with it, which every plan may use.
const OLDEST: (u32, u32) = (3, 35);

impl Reader<'_> {
    /// `"3.35"`, or `"3.35.5"`: what a release mends makes no difference here.
    pub(super) fn min_sqlite(&mut self, value: Value<'_>) -> Option<(u32, u32)> {
        let text = self.string("min-sqlite", value, |text| Ok(text.to_owned()))?;
        let help = Some("write the major and minor version, such as `min-sqlite = \"3.35\"`".to_owned());
        match version(&text) {
            Some(version) if version >= OLDEST => Some(version),
            Some(_) => {
                let message = format!("`min-sqlite` can't be older than {}.{}", OLDEST.0, OLDEST.1);
                self.error(value.span(), message, help)
            }
            None => {
                let message = format!("`min-sqlite` is `{}`, which is not a version of SQLite", text.escape_debug());
                self.error(value.span(), message, help)
            }
        }
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let numbers = text.split('.').map(|number| {
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|_| digits)
    });
    match numbers.collect::<Option<Vec<u32>>>()?[..] {
        [3, minor] | [3, minor, _] => Some((3, minor)),
        _ => None,
    }
}

/// A file of SQL inside the package.
pub(super) fn schema(text: &str) -> Checked {
    const HELP: &str = "write a path relative to the package with `/`, such as `schema.sql`";
    let path = inside(text).map_err(|why| (why, HELP))?;
    let lower = path.to_ascii_lowercase();
    if lower.strip_suffix(".sql").is_none_or(|stem| stem.is_empty() || stem.ends_with('/')) {
        return Err(("the name of an SQL file ends in `.sql`", HELP));
    }
    Ok(path)
}

/// A folder inside the package.
pub(super) fn fixtures(text: &str) -> Checked {
    const HELP: &str = "write a path relative to the package with `/`, such as `fixtures/rows`";
    match inside(text) {
        Ok(path) if path.is_empty() => Err(("the rows need a folder of their own", HELP)),
        inside => inside.map_err(|why| (why, HELP)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{package, read_alone, refused};
    use crate::config::read;
    use crate::source::SourceText;

    #[test]
    fn a_version_is_major_and_minor() {
        let of = |table: &str| read_alone(table).0.min_sqlite;
        assert_eq!(of(""), None);
        assert_eq!(of("min-sqlite = '3.53'"), Some((3, 53)));
        assert_eq!(of("min-sqlite = '3.40.1'"), Some((3, 40)));
        refused("min-sqlite = 3.35", "5:14 `min-sqlite` must be a string, not a float");
        refused("min-sqlite = '3.34'", "`min-sqlite` can't be older than 3.35");
        for odd in ["3", "4.0", "3.", "3.x", "3.40.1.2", "+3.40", "v3.40", "3.99999999999"] {
            refused(&format!("min-sqlite = '{odd}'"), "which is not a version of SQLite | write the major and minor");
        }
    }

    #[test]
    fn a_workspace_may_give_the_version() {
        let workspace = SourceText::new("../Cargo.toml", "[workspace.metadata.migrations]\nmin-sqlite = '3.45'\n");
        assert_eq!(read(&package(""), Some(&workspace)).0.min_sqlite, Some((3, 45)));
        assert_eq!(read(&package("min-sqlite = '3.40'"), Some(&workspace)).0.min_sqlite, Some((3, 40)));
    }

    #[test]
    fn the_schema_is_a_file_of_sql_inside_the_package() {
        assert_eq!(read_alone("").0.schema, "schema.sql");
        assert_eq!(read_alone("schema = './db//schema.SQL'").0.schema, "db/schema.SQL");
        refused("schema = '../schema.sql'", "it must be inside the package");
        refused("schema = '/schema.sql'", "it must be inside the package");
        refused("fixtures = '.'", "the rows need a folder of their own");
        refused("fixtures = '../rows'", "it must be inside the package");
        for odd in ["schema", ".sql", "db/.sql", "schema.db", "ä€"] {
            refused(&format!("schema = '{odd}'"), "ends in `.sql`");
        }
    }
}
