//! Numbers of other tools that are timestamps.

use crate::file_name::{exists, parts};

/// The first moment there is.
pub(super) const FIRST_MOMENT: u64 = 10_101_000_000;

/// The last one.
pub(super) const LAST_MOMENT: u64 = 99_991_231_235_959;

/// The years that a number has to lie in to be taken for a timestamp that was meant as one.
const YEARS: std::ops::RangeInclusive<u64> = 1900..=9999;

/// The timestamp that a number is: `YYYYMMDDHHMMSS`, or without the seconds, or without the time.
pub(super) fn moment(number: u64) -> Option<u64> {
    let number = match number.checked_ilog10()? {
        7 => number * 1_000_000,
        11 => number * 100,
        13 => number,
        _ => return None,
    };
    (YEARS.contains(&parts(number)[0]) && exists(number)).then_some(number)
}

/// A timestamp whose time of the day does not exist, such as 21:66:51, at the last moment that it could mean.
pub(super) fn moment_near(number: u64) -> Option<u64> {
    let [_, _, _, hour, minute, second] = parts(number);
    let day = number / 1_000_000;
    moment(((day * 100 + hour.min(23)) * 100 + minute.min(59)) * 100 + second.min(59))
}
