//! Things in the order of their numbers.
//!
//! The sort of the standard library is recreated for each type and key, at 13 KB each, for which every build of a
//! program pays. Here it sorts numbers and places alone.

/// Those things, where those with one number stay as they came.
#[inline]
pub(crate) fn sorted<T>(things: Vec<T>, number: fn(&T) -> u64) -> Vec<T> {
    let mut places: Vec<(u64, usize)> = things.iter().map(number).zip(0..).collect();
    places.sort_unstable();
    let mut things: Vec<Option<T>> = things.into_iter().map(Some).collect();
    places.into_iter().filter_map(|(_, at)| things[at].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_stay_as_they_came() {
        let things = vec![(2, "a"), (1, "b"), (2, "c"), (1, "d")];
        assert_eq!(sorted(things, |(number, _)| *number), [(1, "b"), (1, "d"), (2, "a"), (2, "c")]);
    }
}
