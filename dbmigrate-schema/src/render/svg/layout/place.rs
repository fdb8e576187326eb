//! The order of the items in their columns, and their heights: lines are to be short and to cross seldom.

use std::collections::BTreeSet;

use super::grid::{Grid, NEAR, Port};

/// How often all columns are gone through, from left to right and back.
const SWEEPS: usize = 24;

/// How much higher than its highest column a picture may be, for the sake of shorter lines.
const HIGHER: f64 = 1.1;
const ROOM: f64 = 80.0;

/// A bend of a line that crosses a column is taken out if it is no higher than that.
const SMALL: f64 = 16.0;

/// Boxes stand on multiples of this, so that rows beside one another are level.
pub(super) const LEVEL: i32 = 20;

/// Orders and places all items.
pub(super) fn place(grid: &mut Grid) -> Sides {
    let sides = Sides::new(grid);
    let mut best = (cost(grid), snapshot(grid));
    for sweep in 0..SWEEPS {
        let look = if sweep % 2 == 0 { Look::Left } else { Look::Right };
        walk(grid, &sides, look, true);
        let own = cost(grid);
        if own < best.0 {
            best = (own, snapshot(grid));
        }
    }
    restore(grid, best.1);
    for _ in 0..4 {
        walk(grid, &sides, Look::Both, false);
        walk(grid, &sides, Look::Both, false);
    }
    settle(grid);
    straighten(grid);
    sides
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Left,
    Right,
    Both,
}

/// For each item, where its lines lead: the segment, by channel and index, and the height on the item.
pub(super) struct Sides {
    left: Vec<Vec<(usize, usize, i32)>>,
    right: Vec<Vec<(usize, usize, i32)>>,
}

impl Sides {
    /// The segments on both sides of an item: channel, index, and whether what lies opposite is their left.
    fn neighbours(&self, item: usize) -> impl Iterator<Item = (usize, usize, bool)> {
        let left = self.left[item].iter().map(|&(channel, at, _)| (channel, at, true));
        left.chain(self.right[item].iter().map(|&(channel, at, _)| (channel, at, false)))
    }

    fn new(grid: &Grid) -> Self {
        let mut sides = Self { left: vec![Vec::new(); grid.items.len()], right: vec![Vec::new(); grid.items.len()] };
        for (channel, segments) in grid.channels.iter().enumerate() {
            for (at, segment) in segments.iter().enumerate() {
                segment.left.iter().for_each(|port| sides.right[port.item].push((channel, at, port.at)));
                segment.right.iter().for_each(|port| sides.left[port.item].push((channel, at, port.at)));
            }
        }
        sides
    }
}

fn walk(grid: &mut Grid, sides: &Sides, look: Look, sorts: bool) {
    let count = grid.columns.len();
    let highest = (0..count).map(|column| own_height(grid, column)).fold(0.0, f64::max);
    let height = (HIGHER * highest).max(highest + ROOM);
    for step in 0..count {
        let column = if look == Look::Right { count - 1 - step } else { step };
        let means = |channel: usize, of_left: bool| -> Vec<Option<f64>> {
            let ports = |at: usize| {
                let segment = &grid.channels[channel][at];
                if of_left { &segment.left } else { &segment.right }
            };
            (0..grid.channels[channel].len()).map(|at| mean(grid, ports(at))).collect()
        };
        let (left, right) = (means(column, true), means(column + 1, false));
        let mut wishes: Vec<(usize, f64, f64)> = Vec::with_capacity(grid.columns[column].len());
        for &item in &grid.columns[column] {
            let (mut sum, mut weight) = (0.0, 0.0);
            let mut ask = |lines: &[(usize, usize, i32)], means: &[Option<f64>]| {
                for &(_, at, height) in lines {
                    if let Some(mean) = means[at] {
                        sum += mean - f64::from(height);
                        weight += 1.0;
                    }
                }
            };
            if look != Look::Right {
                ask(&sides.left[item], &left);
            }
            if look != Look::Left {
                ask(&sides.right[item], &right);
            }
            let own = &grid.items[item];
            wishes.push(match weight {
                0.0 => (item, own.y, 0.05),
                _ if own.is_box => (item, sum / weight, weight),
                // What crosses a column is straight if it can be.
                _ => (item, sum / weight, 2.0 * weight),
            });
        }
        if sorts {
            let middle = |wish: &(usize, f64, f64)| wish.1 + f64::from(grid.items[wish.0].height) / 2.0;
            wishes.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
            grid.columns[column] = wishes.iter().map(|wish| wish.0).collect();
        }
        let placed = apart(grid, &wishes, height);
        for (wish, y) in wishes.iter().zip(placed) {
            grid.items[wish.0].y = y;
        }
    }
}

fn mean(grid: &Grid, ports: &[Port]) -> Option<f64> {
    (!ports.is_empty()).then(|| ports.iter().map(|port| grid.y(*port)).sum::<f64>() / ports.len() as f64)
}

/// How high a column is if nothing in it has room to spare.
fn own_height(grid: &Grid, column: usize) -> f64 {
    let items = &grid.columns[column];
    let room: i32 = items.windows(2).map(|pair| grid.room(pair[0], pair[1])).sum();
    f64::from(room + items.last().map_or(0, |&last| grid.items[last].height))
}

/// The places nearest to what is wished, by squares, that keep the order, the room between and the height of the
/// picture: neighbours that come too near become one block, which goes where its members agree.
fn apart(grid: &Grid, wishes: &[(usize, f64, f64)], height: f64) -> Vec<f64> {
    struct Block {
        members: usize,
        sum: f64,
        weight: f64,
    }
    let mut offsets = Vec::with_capacity(wishes.len());
    let mut offset = 0.0;
    for (at, wish) in wishes.iter().enumerate() {
        if at > 0 {
            offset += f64::from(grid.room(wishes[at - 1].0, wish.0));
        }
        offsets.push(offset);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut block = Block { members: 1, sum: (wish.1 - offset) * wish.2, weight: wish.2 };
        while let Some(above) = blocks.pop_if(|above| above.sum / above.weight > block.sum / block.weight) {
            block.members += above.members;
            block.sum += above.sum;
            block.weight += above.weight;
        }
        blocks.push(block);
    }
    let last = wishes.last().map_or(0.0, |wish| f64::from(grid.items[wish.0].height));
    let room = (height - offset - last).max(0.0);
    let start = |block: &Block| (block.sum / block.weight).clamp(0.0, room);
    let starts = blocks.iter().flat_map(|block| std::iter::repeat_n(start(block), block.members));
    starts.zip(offsets).map(|(start, offset)| start + offset).collect()
}

/// How long all trunks are, from top to bottom, and how high the picture is.
fn cost(grid: &Grid) -> f64 {
    let span = |ports: &mut dyn Iterator<Item = &Port>| {
        let (mut top, mut bottom) = (f64::MAX, f64::MIN);
        for port in ports {
            top = top.min(grid.y(*port));
            bottom = bottom.max(grid.y(*port));
        }
        (bottom - top).max(0.0)
    };
    let segments = grid.channels.iter().flatten();
    let length: f64 = segments.map(|segment| span(&mut segment.left.iter().chain(&segment.right))).sum();
    let (mut top, mut bottom) = (f64::MAX, f64::MIN);
    for item in &grid.items {
        top = top.min(item.y);
        bottom = bottom.max(item.y + f64::from(item.height));
    }
    length + 4.0 * (bottom - top).max(0.0)
}

type Snapshot = (Vec<Vec<usize>>, Vec<f64>);

fn snapshot(grid: &Grid) -> Snapshot {
    (grid.columns.clone(), grid.items.iter().map(|item| item.y).collect())
}

fn restore(grid: &mut Grid, (columns, heights): Snapshot) {
    grid.columns = columns;
    for (item, y) in grid.items.iter_mut().zip(heights) {
        item.y = y;
    }
}

/// Puts boxes on levels and everything on whole points, from nought downwards.
fn settle(grid: &mut Grid) {
    let top = grid.items.iter().map(|item| item.y).fold(f64::MAX, f64::min);
    for column in 0..grid.columns.len() {
        let mut above: Option<usize> = None;
        for at in 0..grid.columns[column].len() {
            let item = grid.columns[column][at];
            let wish = (grid.items[item].y - top).round() as i32;
            let lowest = above.map_or(0, |above| grid.items[above].y as i32 + grid.room(above, item));
            let y = if grid.items[item].is_box {
                let rounded = (wish + LEVEL / 2).div_euclid(LEVEL) * LEVEL;
                rounded.max((lowest + LEVEL - 1).div_euclid(LEVEL) * LEVEL)
            } else {
                wish.max(lowest)
            };
            grid.items[item].y = f64::from(y);
            above = Some(item);
        }
    }
}

/// Takes out bends so small that they would only look like mistakes.
fn straighten(grid: &mut Grid) {
    for net in 0..grid.nets.len() {
        let mut passes = grid.nets[net].passes.clone();
        if !grid.nets[net].is_right {
            passes.reverse();
        }
        let mut y = grid.y(grid.nets[net].parent);
        for pass in passes {
            let (low, high) = room_of(grid, pass);
            if (grid.items[pass].y - y).abs() <= SMALL && low <= y && y <= high {
                grid.items[pass].y = y;
            }
            y = grid.items[pass].y;
        }
    }
    for channel in 0..grid.channels.len() {
        straighten_channel(grid, channel);
    }
}

fn straighten_channel(grid: &mut Grid, channel: usize) {
    let segments = grid.channels[channel].iter().enumerate();
    let ends =
        segments.flat_map(|(at, segment)| segment.left.iter().chain(&segment.right).map(move |port| (at, *port)));
    let mut ends: BTreeSet<(i32, usize, Port)> = ends.map(|(at, port)| (grid.y(port) as i32, at, port)).collect();
    for at in 0..grid.channels[channel].len() {
        let segment = grid.channels[channel][at].clone();
        for left in &segment.left {
            let near = |right: &&Port| (grid.y(*left) - grid.y(**right)).abs() <= 4.0;
            let Some(right) = segment.right.iter().find(near) else { continue };
            let (left_y, right_y) = (grid.y(*left) as i32, grid.y(*right) as i32);
            // What crosses a column stays: it has lines on both of its sides.
            let y = match (grid.items[left.item].is_box, grid.items[right.item].is_box) {
                (true, true) => (left_y + right_y) / 2,
                (true, false) => right_y,
                (false, true) => left_y,
                (false, false) => continue,
            };
            let moves = [(*left, left_y), (*right, right_y)];
            // Not where a line of another net comes as high, or another end at the same box.
            let around = ends.range((y - NEAR + 1, 0, Port::FIRST)..(y + NEAR, 0, Port::FIRST));
            let mut others = around.filter(|(_, _, port)| moves.iter().all(|(own, _)| own != port));
            if others.any(|(_, other, port)| *other != at || moves.iter().any(|(own, _)| own.item == port.item)) {
                continue;
            }
            for (port, from) in moves {
                ends.remove(&(from, at, port));
                grid.shift(channel, at, port, y - from);
                ends.insert((y, at, Port { at: port.at + y - from, ..port }));
            }
        }
    }
}

/// How high and how low something that crosses a column can be without another order.
fn room_of(grid: &Grid, pass: usize) -> (f64, f64) {
    let column = &grid.columns[grid.items[pass].column];
    let at = column.iter().position(|item| *item == pass).unwrap_or_default();
    let above = at.checked_sub(1).map(|above| column[above]);
    let below = column.get(at + 1);
    let low = above.map_or(0.0, |above| grid.items[above].y + f64::from(grid.room(above, pass)));
    let high = below.map_or(f64::MAX, |&below| grid.items[below].y - f64::from(grid.room(pass, below)));
    (low, high)
}

/// Moves one of the items of each group, all of which cross a column, a little, so that no line that comes from elsewhere
/// is as high on either side of it. Tells which.
pub(super) fn dodge(grid: &mut Grid, sides: &Sides, groups: &[Vec<usize>]) -> Vec<usize> {
    let mut moved = Vec::new();
    for group in groups {
        for &pass in group {
            if let Some(y) = free_near(grid, sides, pass) {
                grid.items[pass].y = y;
                moved.push(pass);
                break;
            }
        }
    }
    moved
}

fn free_near(grid: &Grid, sides: &Sides, pass: usize) -> Option<f64> {
    let taken: Vec<f64> = sides
        .neighbours(pass)
        .flat_map(|(channel, own, is_left)| {
            let others = grid.channels[channel].iter().enumerate().filter(move |(at, _)| *at != own);
            others.flat_map(move |(_, segment)| if is_left { &segment.left } else { &segment.right })
        })
        .map(|port| grid.y(*port))
        .collect();
    let (low, high) = room_of(grid, pass);
    let places = (1..=LEVEL).flat_map(|by| [by, -by]).map(|by| grid.items[pass].y + f64::from(by));
    let places: Vec<f64> = places.filter(|y| (low..=high).contains(y)).collect();
    // Better a narrow place than none.
    [f64::from(NEAR), 2.0, 1.0]
        .into_iter()
        .find_map(|room| places.iter().copied().find(|y| taken.iter().all(|other| (other - y).abs() >= room)))
}
