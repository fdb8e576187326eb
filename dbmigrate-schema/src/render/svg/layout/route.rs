//! The tracks of the trunks in their channels, and the lines that come of it.

use super::graph::Point;
use super::grid::{Grid, NEAR, Segment};
use super::{BETWEEN_LINES, CHANNEL, EDGE};

/// Above that many trunks in one channel their order is taken as it is: finding a better one takes the square.
const MANY: usize = 300;

/// What two lines on top of each other cost, in crossings.
const COVERED: usize = 10;

/// Where everything is from left to right.
pub(super) struct Tracks {
    /// The left end of each column.
    pub(super) columns: Vec<i32>,
    /// The right end of each column.
    ends: Vec<i32>,
    /// Where the first track of each channel is.
    first: Vec<i32>,
    trunks: Vec<Trunks>,
}

/// What is asked of a segment to tell how it gets along with others.
struct Reach {
    net: usize,
    left: Vec<i32>,
    right: Vec<i32>,
    top: i32,
    bottom: i32,
}

impl Reach {
    fn new(grid: &Grid, segment: &Segment) -> Self {
        let ys = |ports: &[super::grid::Port]| {
            let mut ys: Vec<i32> = ports.iter().map(|port| grid.y(*port) as i32).collect();
            ys.sort_unstable();
            ys.dedup();
            ys
        };
        let (left, right) = (ys(&segment.left), ys(&segment.right));
        let all = || left.iter().chain(&right).copied();
        let (top, bottom) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
        Self { net: segment.net, left, right, top, bottom }
    }

    fn is_straight(&self) -> bool {
        self.top == self.bottom
    }

    /// How much is in the way if the trunk of this is to the left of the other's.
    fn before(&self, other: &Self) -> usize {
        let within = |ys: &[i32], of: &Self| ys.iter().filter(|&&y| of.top <= y && y <= of.bottom).count();
        let crossings = within(&other.left, self) + within(&self.right, other);
        let covered = self.right.iter().flat_map(|own| other.left.iter().map(move |its| (own - its).abs()));
        crossings + COVERED * covered.filter(|distance| *distance < 4).count()
    }

    fn meets(&self, other: &Self) -> bool {
        self.top <= other.bottom + BETWEEN_LINES && other.top <= self.bottom + BETWEEN_LINES
    }
}

/// Which track the trunk of each net has in one channel.
pub(super) struct Trunks {
    /// Sorted by net; those without a bend need no track.
    tracks: Vec<(usize, i32)>,
    count: i32,
}

impl Trunks {
    pub(super) fn new(grid: &Grid, channel: usize) -> Self {
        let reaches: Vec<Reach> = grid.channels[channel].iter().map(|segment| Reach::new(grid, segment)).collect();
        let bent: Vec<&Reach> = reaches.iter().filter(|reach| !reach.is_straight()).collect();
        let mut placed: Vec<(usize, i32)> = Vec::new();
        for own in sorted(&bent) {
            let near = placed.iter().filter(|(other, _)| bent[own].meets(bent[*other]));
            let track = near.map(|(_, track)| track + 1).max().unwrap_or(0);
            placed.push((own, track));
        }
        let count = placed.iter().map(|(_, track)| track + 1).max().unwrap_or(0);
        let mut tracks: Vec<(usize, i32)> = placed.into_iter().map(|(own, track)| (bent[own].net, track)).collect();
        tracks.sort_unstable();
        Self { tracks, count }
    }

    fn of(&self, net: usize) -> Option<i32> {
        self.tracks.binary_search_by_key(&net, |trunk| trunk.0).ok().map(|at| self.tracks[at].1)
    }
}

impl Tracks {
    pub(super) fn new(trunks: Vec<Trunks>, widths: &[i32]) -> Self {
        let mut tracks = Self { columns: Vec::new(), ends: Vec::new(), first: Vec::new(), trunks };
        let mut x = 0;
        for (channel, Trunks { count, .. }) in tracks.trunks.iter().enumerate() {
            let is_outer = channel == 0 || channel == widths.len();
            let width = match (*count, is_outer) {
                (0, true) => 0,
                (0, false) => CHANNEL,
                (count, _) => (2 * EDGE + (count - 1) * BETWEEN_LINES).max(if is_outer { 0 } else { CHANNEL }),
            };
            tracks.first.push(x + (width - (count - 1).max(0) * BETWEEN_LINES) / 2);
            x += width;
            if let Some(own) = widths.get(channel) {
                tracks.columns.push(x);
                x += own;
                tracks.ends.push(x);
            }
        }
        tracks
    }

    fn trunk(&self, channel: usize, net: usize) -> Option<i32> {
        self.trunks[channel].of(net).map(|track| self.first[channel] + track * BETWEEN_LINES)
    }

    /// How wide everything is.
    pub(super) fn width(&self) -> i32 {
        let end = self.ends.last().copied().unwrap_or(0);
        match (self.trunks.last(), self.first.last()) {
            (Some(trunks), Some(first)) if trunks.count > 0 => first + (trunks.count - 1) * BETWEEN_LINES + EDGE,
            _ => end,
        }
    }

    /// The line of a link, from its parent to its child.
    pub(super) fn line(&self, grid: &Grid, link: usize, column: &[usize]) -> Vec<Point> {
        let branch = grid.branches[link];
        let net = &grid.nets[branch.net];
        let side = |item: usize, is_right: bool| {
            let column = column[item];
            if is_right { (self.ends[column], column + 1) } else { (self.columns[column], column) }
        };
        let (from, first) = side(net.parent.item, net.is_right);
        let (to, last) = side(branch.child.item, branch.is_right);
        let mut y = grid.y(net.parent) as i32;
        let mut points = vec![Point { x: from, y }];
        let mut turn = |channel: usize, next: i32, points: &mut Vec<Point>| {
            if next != y {
                let x = self.trunk(channel, branch.net).unwrap_or(from);
                points.extend([Point { x, y }, Point { x, y: next }]);
                y = next;
            }
        };
        let mut channel = first;
        while channel != last {
            let (crossed, next) = if channel < last { (channel, channel + 1) } else { (channel - 1, channel - 1) };
            let pass = net.passes[crossed - net.first];
            turn(channel, grid.items[pass].y as i32, &mut points);
            channel = next;
        }
        turn(channel, grid.y(branch.child) as i32, &mut points);
        points.push(Point { x: to, y });
        points
    }
}

/// What crosses a column and would lie on another line that comes from the other side of a channel.
///
/// Of each two lines, those that can be moved.
pub(super) fn covered(grid: &Grid, channel: usize, trunks: &Trunks) -> Vec<Vec<usize>> {
    let lines = |is_left: bool| {
        let ports = grid.channels[channel].iter().flat_map(move |segment| {
            let ports = if is_left { &segment.left } else { &segment.right };
            ports.iter().map(move |port| (grid.y(*port) as i32, segment.net, port.item))
        });
        let mut lines: Vec<(i32, usize, usize)> = ports.collect();
        lines.sort_unstable();
        lines
    };
    let (left, right) = (lines(true), lines(false));
    let mut found = Vec::new();
    for &(y, net, item) in &left {
        let first = right.partition_point(|other| other.0 <= y - NEAR);
        for &(_, other, other_item) in right[first..].iter().take_while(|other| other.0 < y + NEAR) {
            // A line without a bend takes up the whole width.
            let meet = trunks.of(other).is_none_or(|begin| trunks.of(net).is_none_or(|end| begin < end));
            if net != other && meet {
                found.push([item, other_item].into_iter().filter(|&item| !grid.items[item].is_box).collect());
            }
        }
    }
    found.retain(|passes: &Vec<usize>| !passes.is_empty());
    found
}

/// The segments from left to right, so that few cross: each is put where it does least harm, again and again.
fn sorted(bent: &[&Reach]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..bent.len()).collect();
    let middle = |ys: &[i32]| ys.iter().sum::<i32>() / (ys.len().max(1) as i32);
    // Lines that go down give way to those that begin below them, lines that go up to those above.
    order.sort_by_key(|&at| {
        let (left, right) = (middle(&bent[at].left), middle(&bent[at].right));
        if right >= left { (0, -left) } else { (1, left) }
    });
    if bent.len() > MANY {
        return order;
    }
    let harm: Vec<Vec<usize>> = bent.iter().map(|own| bent.iter().map(|other| own.before(other)).collect()).collect();
    for _ in 0..6 {
        let before = order.clone();
        for (own, of_own) in harm.iter().enumerate() {
            order.retain(|other| *other != own);
            // At the left end all others come after it; each step to the right puts one before it.
            let mut now: i64 = order.iter().map(|&other| of_own[other] as i64).sum();
            let mut best = (now, 0);
            for (at, &other) in order.iter().enumerate() {
                now += harm[other][own] as i64 - of_own[other] as i64;
                if now < best.0 {
                    best = (now, at + 1);
                }
            }
            order.insert(best.1, own);
        }
        if order == before {
            break;
        }
    }
    order
}
