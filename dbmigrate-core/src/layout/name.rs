//! The name that a migration of another tool gets in the house.

use crate::file_name;

/// The longest name: with a number and an ending before and after it, a file name still fits everywhere.
const LONGEST: usize = 200;

/// What a migration is called where nothing of its name can be kept.
const NAMELESS: &str = "migration";

/// A name in snake_case that a way up can have. What has no place in a name is left out.
pub(super) fn slug(name: &str) -> String {
    let kept: String = name.chars().map(|letter| if letter.is_ascii() { letter } else { ' ' }).collect();
    let mut slug = file_name::slug(&kept).unwrap_or_else(|| NAMELESS.to_owned());
    slug.truncate(LONGEST);
    slug.truncate(slug.trim_end_matches('_').len());
    // A file of that name would be read as a down script.
    if slug == "down" || slug.ends_with("_down") {
        slug.push_str("_migration");
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::file_name::FileName;

    #[test]
    fn every_name_becomes_one_that_a_way_up_can_have() {
        for (name, expect) in [
            ("create users", "create_users"),
            ("create-users", "create_users"),
            ("CreateUsers", "create_users"),
            ("2fa", "2fa"),
            ("größe", "gr_e"),
            ("", "migration"),
            ("日本", "migration"),
            ("scroll_down", "scroll_down_migration"),
            ("down", "down_migration"),
            ("clean_up", "clean_up"),
            ("a_table", "a_table"),
        ] {
            let slug = slug(name);
            assert_eq!(slug, expect, "{name}");
        }
        for name in ["x".repeat(300), "aB".repeat(150), "down".to_owned(), "a.b.down".to_owned(), "R__x".to_owned()] {
            let file = format!("001_{}.sql", slug(&name));
            assert!(file.len() < 255, "{file}");
            let parsed = crate::file_name::parse(&file, &Config::default());
            assert!(matches!(parsed, FileName::Up { explicit_up: false, .. }), "{file}: {parsed:?}");
        }
    }
}
