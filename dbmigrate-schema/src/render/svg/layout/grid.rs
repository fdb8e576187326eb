//! Columns of boxes, the channels between them, and what passes through both.
//!
//! All links that end at one place of a box on one side of it are one net, drawn as one trunk with branches. Channel `c`
//! lies before column `c`. A net that is to cross a column does so by an item of its own in that column, so that no
//! line runs through a box.

use std::collections::BTreeMap;

use super::graph::{Link, Node};
use super::{BETWEEN_BOXES, BETWEEN_LINES, LINE_TO_BOX};

/// How far from the middle of a row the lines end: on the left above, on the right below it, so that lines which come
/// to a channel from both sides do not meet by accident.
const ASIDE: [i32; 3] = [2, 5, 8];

/// How near two level lines may come.
pub(super) const NEAR: i32 = 3;

/// Something that has a place in a column: a box, or a net that crosses it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) height: i32,
    pub(super) is_box: bool,
    pub(super) column: usize,
    /// Its upper end.
    pub(super) y: f64,
}

/// A place on the side of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub(super) item: usize,
    pub(super) at: i32,
}

impl Port {
    /// The one that is sorted before all others.
    pub(super) const FIRST: Self = Self { item: 0, at: i32::MIN };
}

/// What one net has in one channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
    pub(super) net: usize,
    /// On the items of the column before the channel.
    pub(super) left: Vec<Port>,
    /// On those of the column behind it.
    pub(super) right: Vec<Port>,
}

/// A trunk from a place on one side of a box.
#[derive(Debug)]
pub(super) struct Net {
    /// Where it begins.
    pub(super) parent: Port,
    /// Whether that is the right side.
    pub(super) is_right: bool,
    /// The channels that it reaches.
    pub(super) first: usize,
    pub(super) last: usize,
    /// What crosses the columns between them; that of column `first` first.
    pub(super) passes: Vec<usize>,
    /// What leads to children.
    branches: Vec<usize>,
}

/// A branch of a net.
#[derive(Debug, Clone, Copy)]
pub(super) struct Branch {
    pub(super) net: usize,
    pub(super) child: Port,
    /// Whether it comes to the right side of the child.
    pub(super) is_right: bool,
}

pub(super) struct Grid {
    /// The boxes first, in their order.
    pub(super) items: Vec<Item>,
    /// The items of each column, from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    pub(super) nets: Vec<Net>,
    /// One for each link, in their order.
    pub(super) branches: Vec<Branch>,
    /// The segments of each channel; there is one more than there are columns.
    pub(super) channels: Vec<Vec<Segment>>,
}

impl Grid {
    pub(super) fn new(nodes: &[Node], links: &[Link], column: &[usize]) -> Self {
        let count = column.iter().copied().max().map_or(0, |last| last + 1);
        let items = nodes.iter().zip(column);
        let items = items.map(|(node, &column)| Item { height: node.height, is_box: true, column, y: 0.0 }).collect();
        let mut grid = Self {
            items,
            columns: vec![Vec::new(); count],
            nets: Vec::new(),
            branches: Vec::new(),
            channels: vec![Vec::new(); count + 1],
        };
        for (node, &column) in column.iter().enumerate() {
            grid.columns[column].push(node);
        }
        grid.connect(links, column);
        grid.cross();
        grid.fill_channels(column);
        for column in 0..grid.columns.len() {
            grid.stack(column);
        }
        grid
    }

    /// Makes the nets and their branches.
    fn connect(&mut self, links: &[Link], column: &[usize]) {
        let mut slots = Slots::default();
        let mut known: BTreeMap<(usize, i32, bool), usize> = BTreeMap::new();
        for link in links {
            let (from, to) = (column[link.parent], column[link.child]);
            // What stands in the same column is reached through the channel on its right.
            let is_right = to >= from;
            let net = *known.entry((link.parent, link.parent_at, is_right)).or_insert_with(|| {
                let channel = if is_right { from + 1 } else { from };
                self.nets.push(Net {
                    parent: Port { item: link.parent, at: link.parent_at },
                    is_right,
                    first: channel,
                    last: channel,
                    passes: Vec::new(),
                    branches: Vec::new(),
                });
                self.nets.len() - 1
            });
            let child_is_right = to <= from;
            let reached = if child_is_right { to + 1 } else { to };
            let net_of = &mut self.nets[net];
            net_of.first = net_of.first.min(reached);
            net_of.last = net_of.last.max(reached);
            net_of.branches.push(self.branches.len());
            let child = Port { item: link.child, at: link.child_at };
            self.branches.push(Branch { net, child, is_right: child_is_right });
        }
        for (index, net) in self.nets.iter_mut().enumerate() {
            net.parent.at = slots.place(net.parent, net.is_right, End::Parent(index));
        }
        for branch in &mut self.branches {
            branch.child.at = slots.place(branch.child, branch.is_right, End::Child(branch.net));
        }
    }

    /// Puts an item into each column that a net crosses.
    fn cross(&mut self) {
        for net in &mut self.nets {
            for column in net.first..net.last {
                self.items.push(Item { height: 0, is_box: false, column, y: 0.0 });
                net.passes.push(self.items.len() - 1);
                self.columns[column].push(self.items.len() - 1);
            }
        }
    }

    fn fill_channels(&mut self, column: &[usize]) {
        let mut segments: BTreeMap<(usize, usize), Segment> = BTreeMap::new();
        let mut add = |channel: usize, net: usize, port: Port, is_left: bool| {
            let segment = segments.entry((channel, net)).or_default();
            segment.net = net;
            let ports = if is_left { &mut segment.left } else { &mut segment.right };
            if !ports.contains(&port) {
                ports.push(port);
            }
        };
        for (index, net) in self.nets.iter().enumerate() {
            // The right side of a box is the left end of a channel.
            add(channel_at(column[net.parent.item], net.is_right), index, net.parent, net.is_right);
            for (at, &item) in net.passes.iter().enumerate() {
                add(net.first + at, index, Port { item, at: 0 }, false);
                add(net.first + at + 1, index, Port { item, at: 0 }, true);
            }
        }
        for branch in &self.branches {
            add(channel_at(column[branch.child.item], branch.is_right), branch.net, branch.child, branch.is_right);
        }
        for ((channel, _), segment) in segments {
            self.channels[channel].push(segment);
        }
    }

    /// Lets the items of a column follow one another without room to spare.
    fn stack(&mut self, column: usize) {
        let mut y = 0.0;
        for at in 0..self.columns[column].len() {
            if at > 0 {
                y += f64::from(self.room(self.columns[column][at - 1], self.columns[column][at]));
            }
            self.items[self.columns[column][at]].y = y;
        }
    }

    /// Moves the end of a line up or down on its box.
    pub(super) fn shift(&mut self, channel: usize, segment: usize, port: Port, by: i32) {
        let segment = &mut self.channels[channel][segment];
        let net = segment.net;
        let shift = |own: &mut Port| {
            if *own == port {
                own.at += by;
            }
        };
        segment.left.iter_mut().chain(&mut segment.right).for_each(shift);
        shift(&mut self.nets[net].parent);
        for &branch in &self.nets[net].branches {
            shift(&mut self.branches[branch].child);
        }
    }

    /// How far below the upper end of one item that of the next has to be.
    pub(super) fn room(&self, above: usize, below: usize) -> i32 {
        let (above, below) = (&self.items[above], &self.items[below]);
        let between = match (above.is_box, below.is_box) {
            (true, true) => BETWEEN_BOXES,
            (false, false) => BETWEEN_LINES,
            _ => LINE_TO_BOX,
        };
        above.height + between
    }

    pub(super) fn y(&self, port: Port) -> f64 {
        self.items[port.item].y + f64::from(port.at)
    }
}

fn channel_at(column: usize, is_right: bool) -> usize {
    if is_right { column + 1 } else { column }
}

/// Which nets end at a row of a side already. The first keeps to the middle, the next goes beside it.
#[derive(Default)]
struct Slots(BTreeMap<(Port, bool), Vec<End>>);

/// The end of a net at its parent, or its ends at a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Parent(usize),
    Child(usize),
}

impl Slots {
    fn place(&mut self, port: Port, is_right: bool, end: End) -> i32 {
        let taken = self.0.entry((port, is_right)).or_default();
        // A place that refers to itself needs two ends.
        let slot = taken.iter().position(|own| *own == end).unwrap_or_else(|| {
            taken.push(end);
            taken.len() - 1
        });
        let aside = ASIDE[slot % ASIDE.len()];
        port.at + if is_right { aside } else { -aside }
    }
}
