//! The checksums that other tools record, computed from the files as they lie there.

use std::hash::{Hash, Hasher};

use dbmigrate_core::adoption::Tool;
use dbmigrate_core::layout::{Translated, TranslatedMigration};
use rusqlite::Connection;
use sha2::{Digest, Sha256, Sha384};
use siphasher::sip::SipHasher13;

/// What a tool hashes, and how.
pub(super) struct Checksums {
    tool: Tool,
    /// Whether refinery counts its versions in 64 bits, which changes its hashes.
    wide: bool,
}

impl Checksums {
    pub(super) fn new(tool: Tool, translated: &Translated, database: Option<&Connection>) -> Self {
        let is_wide = |migration: &TranslatedMigration| migration.key.parse::<i32>().is_err();
        let wide = translated.migrations.iter().any(is_wide) || database.is_some_and(has_wide_versions);
        Self { tool, wide }
    }

    /// What the tool recorded for a migration with these files; none where it keeps no checksum.
    pub(super) fn of(&self, migration: &TranslatedMigration) -> Option<String> {
        let file = migration.original.first()?;
        match self.tool {
            Tool::Sqlx => Some(hex(&Sha384::digest(&file.bytes))),
            Tool::Drizzle | Tool::Prisma => Some(hex(&Sha256::digest(&file.bytes))),
            Tool::Refinery => self.refinery(&file.path, &migration.key, &file.bytes),
            Tool::Flyway => Some(flyway(&file.bytes).to_string()),
            _ => None,
        }
    }

    /// As refinery's own crate: the name, the version and the text, each as Rust hashes it.
    fn refinery(&self, path: &str, version: &str, bytes: &[u8]) -> Option<String> {
        let (_, name) = path.rsplit('/').next()?.split_once("__")?;
        let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
        let text = std::str::from_utf8(bytes).ok()?;
        let mut hasher = SipHasher13::new();
        name.hash(&mut hasher);
        if self.wide {
            version.parse::<i64>().ok()?.hash(&mut hasher)
        } else {
            version.parse::<i32>().ok()?.hash(&mut hasher)
        }
        text.hash(&mut hasher);
        Some(hasher.finish().to_string())
    }
}

/// Whether refinery was built with the feature for 64 bits when it made its table.
fn has_wide_versions(database: &Connection) -> bool {
    let sql = "SELECT lower(type) FROM pragma_table_info(?1, 'main') WHERE name = 'version'";
    let table = Tool::Refinery.usual_table();
    let kind = database.query_row(sql, [table], |row| row.get::<_, String>(0));
    kind.is_ok_and(|kind| kind == "int8" || kind == "bigint")
}

/// The CRC-32 of the lines, without what ends them, as a signed number.
fn flyway(bytes: &[u8]) -> i32 {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut crc = !0_u32;
    for byte in bytes.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    (!crc).cast_signed()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flyway_hashes_the_lines() {
        assert_eq!(flyway(b"123456789"), 0xcbf4_3926_u32.cast_signed());
        assert_eq!(flyway(b"\xef\xbb\xbf1234\r\n56789\n"), flyway(b"123456789"));
    }

    #[test]
    fn refinery_hashes_as_its_crate_does() {
        // From a history that refinery 0.10 has written.
        let sums = Checksums { tool: Tool::Refinery, wide: false };
        let file = include_bytes!("../../../../tests/adopt/refinery/migrations/V1__create_workshop.sql");
        let sum = sums.refinery("x/V1__create_workshop.sql", "1", file);
        assert_eq!(sum.as_deref(), Some("10797506040686018389"));
        assert_ne!(Checksums { wide: true, ..sums }.refinery("x/V1__create_workshop.sql", "1", file), sum);
    }
}
