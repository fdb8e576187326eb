//! The way from one order to another, by changing places of neighbours: which two of them make the difference.

use crate::set::Migration;

type Migrations<'s> = Vec<&'s Migration<'s>>;

/// Two orders of the same migrations.
pub(super) struct Order<'s> {
    from: Migrations<'s>,
    to: Migrations<'s>,
}

impl<'s> Order<'s> {
    #[inline]
    pub(super) fn between(from: &[&'s Migration<'s>], to: &[&'s Migration<'s>]) -> Self {
        Self { from: from.to_vec(), to: to.to_vec() }
    }

    /// The two whose change of places makes a difference that was not there before: the one that stood first, and the
    /// other. At its end the way differs, at its beginning it does not.
    #[inline]
    pub(super) fn first_that(
        &self,
        mut differs: impl FnMut(&[&'s Migration<'s>]) -> bool,
    ) -> (&'s Migration<'s>, &'s Migration<'s>) {
        let (_, _, all) = self.step(usize::MAX);
        let (mut same, mut other) = (0, all);
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            let (order, ..) = self.step(middle);
            *if differs(&order) { &mut other } else { &mut same } = middle;
        }
        let (_, pair, _) = self.step(other);
        pair
    }

    /// The order after so many changes, the two that changed places last, and how many changes there were.
    #[inline]
    fn step(&self, count: usize) -> (Migrations<'s>, (&'s Migration<'s>, &'s Migration<'s>), usize) {
        let mut order = self.from.clone();
        let mut done = 0;
        let mut pair = (self.from[0], self.from[0]);
        for (at, wanted) in self.to.iter().enumerate() {
            let mut place = order.iter().position(|it| it.number == wanted.number).unwrap_or(at);
            while place > at && done < count {
                pair = (order[place - 1], order[place]);
                order.swap(place - 1, place);
                place -= 1;
                done += 1;
            }
        }
        (order, pair, done)
    }
}
