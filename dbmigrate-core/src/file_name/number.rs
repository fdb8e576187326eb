//! The numbers in file names, sequential or as timestamps, and the next one.

use super::Stem;
use crate::config::{Config, Numbering, TIMESTAMP_DIGITS};

/// The greatest number: SQLite's integers are signed.
pub const MAX_NUMBER: u64 = i64::MAX as u64;

/// The number and name of the next migration, which `highest` precedes; `now` is `YYYYMMDDHHMMSS` and is used where
/// numbers are timestamps. None where `now` is no such moment or no number is left.
#[must_use]
pub fn next(config: &Config, highest: Option<u64>, now: &str, slug: &str) -> Option<Stem> {
    let number = match config.numbering {
        Numbering::Sequential => {
            let mut number = highest.map_or(config.start, |highest| highest.saturating_add(1).max(config.start));
            while config.reserved.contains_key(&number) {
                number = number.checked_add(1)?;
            }
            number
        }
        Numbering::Timestamp => {
            let now = timestamp(now).ok()?;
            let number = highest.map_or(now, |highest| now.max(second_after(highest.min(MAX_NUMBER))));
            Some(number).filter(|&number| exists(number))?
        }
    };
    (number <= MAX_NUMBER).then(|| Stem { number, digits: config.digits(number), slug: slug.to_owned() })
}

/// The number that the digits mean in this set.
pub(super) fn read_number(digits: &str, config: &Config) -> Result<u64, &'static str> {
    match config.numbering {
        Numbering::Sequential => {
            let number = digits.parse().ok().filter(|&number| number <= MAX_NUMBER);
            number.ok_or("its number does not fit into a SQLite integer")
        }
        // A date alone, or a time without seconds, means its first moment.
        Numbering::Timestamp if matches!(digits.len(), 8 | 12) => timestamp(&format!("{digits:0<TIMESTAMP_DIGITS$}")),
        Numbering::Timestamp => timestamp(digits),
    }
}

/// The number of a timestamp that exists in the calendar.
fn timestamp(digits: &str) -> Result<u64, &'static str> {
    let plain = digits.len() == TIMESTAMP_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|&number| plain && exists(number));
    number.ok_or("its number is not a valid time, written `YYYYMMDDHHMMSS`")
}

/// Whether a timestamp is one of the calendar.
pub(crate) fn exists(number: u64) -> bool {
    let [year, month, day, hour, minute, second] = parts(number);
    year <= 9999
        && (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
}

/// The parts of a timestamp, from the year to the second.
pub(crate) fn parts(number: u64) -> [u64; 6] {
    let part = |unit: u64| number / unit % 100;
    [number / 10_000_000_000, part(100_000_000), part(1_000_000), part(10_000), part(100), part(1)]
}

fn days(year: u64, month: u64) -> u64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The timestamp one second later.
pub(crate) fn second_after(number: u64) -> u64 {
    let [mut year, mut month, mut day, mut hour, mut minute, mut second] = parts(number);
    second += 1;
    if second > 59 {
        (second, minute) = (0, minute + 1);
    }
    if minute > 59 {
        (minute, hour) = (0, hour + 1);
    }
    if hour > 23 {
        (hour, day) = (0, day + 1);
    }
    if day > days(year, month) {
        (day, month) = (1, month + 1);
    }
    if month > 12 {
        (month, year) = (1, year + 1);
    }
    [month, day, hour, minute, second].iter().fold(year, |number, part| number * 100 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamps() -> Config {
        Config { numbering: Numbering::Timestamp, ..Config::default() }
    }

    #[test]
    fn the_next_number_follows_the_highest_and_leaves_out_reserved_ones() {
        let mut config = Config::default();
        let next_of = |config: &Config, highest| next(config, highest, "", "x").map(|stem| stem.to_string());
        assert_eq!(next_of(&config, None).unwrap(), "001_x");
        assert_eq!(next_of(&config, Some(9)).unwrap(), "010_x");
        assert_eq!(next_of(&config, Some(999)).unwrap(), "1000_x");
        assert_eq!(next_of(&config, Some(MAX_NUMBER)), None);
        assert_eq!(next_of(&config, Some(u64::MAX)), None);
        config.reserved = [1, 5, 6].map(|number| (number, "in code".to_owned())).into();
        assert_eq!(next_of(&config, None).unwrap(), "002_x");
        assert_eq!(next_of(&config, Some(4)).unwrap(), "007_x");
        config.start = 100;
        assert_eq!(next_of(&config, Some(4)).unwrap(), "100_x");
    }

    #[test]
    fn the_next_timestamp_is_now_or_a_second_after_the_newest() {
        let after = |highest, now| next(&timestamps(), highest, now, "x").map(|stem| stem.digits);
        assert_eq!(after(None, "20240115103022").unwrap(), "20240115103022");
        assert_eq!(after(Some(20240115103021), "20240115103022").unwrap(), "20240115103022");
        for (highest, expect) in [
            (20240115103022, "20240115103023"),
            (20240115235959, "20240116000000"),
            (20240228235959, "20240229000000"),
            (20230228235959, "20230301000000"),
            (20231231235959, "20240101000000"),
        ] {
            assert_eq!(after(Some(highest), "20200101000000").unwrap(), expect);
        }
        assert_eq!(after(None, "2024-01-15"), None);
        assert_eq!(after(Some(99991231235959), "20240101000000"), None);
        assert_eq!(after(Some(u64::MAX), "20240101000000"), None);
    }
}
