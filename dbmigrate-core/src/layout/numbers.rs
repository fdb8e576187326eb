//! The numbers that migrations of another tool get in the house: their own wherever those rise.

use std::collections::BTreeSet;

use crate::config::{Config, MAX_WIDTH, Numbering};
use crate::file_name::{self, MAX_NUMBER};

use super::moment::{FIRST_MOMENT, LAST_MOMENT, moment, moment_near};
use super::reader::Found;

/// How many numbers that a tool left out are kept free.
const MOST_RESERVED: u64 = 20;

/// What the numbers of a set are.
pub(super) struct Numbers {
    pub(super) numbering: Numbering,
    pub(super) width: usize,
    pub(super) start: u64,
    pub(super) reserved: Vec<u64>,
    /// One for each migration, in order; they rise.
    pub(super) numbers: Vec<u64>,
}

/// A number as files write it.
pub(super) fn digits(numbering: Numbering, width: usize, number: u64) -> String {
    Config { numbering, width, ..Config::default() }.digits(number)
}

/// Numbers for these, in their order.
pub(super) fn assign(found: &[Found]) -> Numbers {
    let versions: Vec<Option<u64>> = found.iter().map(|it| it.version).collect();
    moments(&versions).unwrap_or_else(|| sequence(found, &versions))
}

/// Timestamps, where the versions are that. A few that are no moment, such as zeros before the first, get one between
/// their neighbours.
fn moments(versions: &[Option<u64>]) -> Option<Numbers> {
    let known: Vec<Option<u64>> = versions.iter().map(|version| moment((*version)?)).collect();
    let count = known.iter().flatten().count();
    if count == 0 || count * 2 < known.len() || !rises(known.iter().copied().flatten()) {
        return None;
    }
    let mut next = u64::MAX;
    let mut limits = Vec::with_capacity(known.len());
    for known in known.iter().rev() {
        next = known.unwrap_or(next);
        limits.push(next);
    }
    let mut numbers: Vec<u64> = Vec::with_capacity(known.len());
    for ((known, before), version) in known.iter().zip(limits.into_iter().rev()).zip(versions) {
        let after = numbers.last().map_or(FIRST_MOMENT, |&last| file_name::second_after(last));
        let near = version.and_then(moment_near);
        let number = known.or(near.filter(|near| (after..before).contains(near))).unwrap_or(after);
        if number < after || number > LAST_MOMENT {
            return None;
        }
        numbers.push(number);
    }
    Some(Numbers {
        numbering: Numbering::Timestamp,
        width: Config::default().width,
        start: Config::default().start,
        reserved: Vec::new(),
        numbers,
    })
}

/// Their own numbers where those rise and leave out few, else one after the other.
fn sequence(found: &[Found], versions: &[Option<u64>]) -> Numbers {
    let default = Config::default();
    let own: Option<Vec<u64>> = versions.iter().copied().collect();
    if let Some(own) = own.filter(|own| !own.is_empty() && rises(own.iter().copied())) {
        let (first, last) = (own[0], own[own.len() - 1]);
        let missing = (last - first).saturating_sub(own.len() as u64 - 1);
        if missing <= MOST_RESERVED && last <= MAX_NUMBER {
            let taken: BTreeSet<u64> = own.iter().copied().collect();
            let reserved = (first..=last).filter(|number| !taken.contains(number)).collect();
            return Numbers {
                numbering: Numbering::Sequential,
                width: width(found, last),
                start: first,
                reserved,
                numbers: own,
            };
        }
    }
    let start = if versions.first() == Some(&Some(0)) { 0 } else { default.start };
    let numbers: Vec<u64> = (start..).take(found.len()).collect();
    let width = width(found, numbers.last().copied().unwrap_or(start));
    Numbers { numbering: Numbering::Sequential, width, start, reserved: Vec::new(), numbers }
}

/// The width that all versions are written with, if it is one that pads, else that of the house.
fn width(found: &[Found], last: u64) -> usize {
    let mut widths = found.iter().map(|it| it.written.len());
    let first = widths.next().unwrap_or(0);
    let padded = found.iter().any(|it| it.written.len() > 1 && it.written.starts_with('0'));
    let fits = (1..=MAX_WIDTH).contains(&first) && widths.all(|width| width == first);
    let default = Config::default().width;
    if fits && padded && last.checked_ilog10().map_or(1, |it| it as usize + 1) <= first { first } else { default }
}

fn rises(numbers: impl Iterator<Item = u64>) -> bool {
    let mut last = None;
    for number in numbers {
        if last.is_some_and(|last| number <= last) {
            return false;
        }
        last = Some(number);
    }
    true
}
