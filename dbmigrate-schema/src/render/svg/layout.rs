//! Where everything goes: a pure function from boxes and links to places and lines. It knows nothing of schemas and
//! nothing of SVG.
//!
//! Boxes that hang together are put into columns, parents to the left of their children (`columns`); the columns are
//! ordered so that lines are short (`place`); lines run in the channels between columns and never through a box
//! (`grid`, `route`). Boxes without a link follow in blocks of their own.

use std::collections::{BTreeSet, HashSet};

mod columns;
mod graph;
mod grid;
mod place;
mod route;

pub(super) use graph::{Link, Node, Point, Rect};
use grid::Grid;
use place::Sides;
use route::{Tracks, Trunks};

/// From one box to the next below it.
const BETWEEN_BOXES: i32 = 30;
/// From one line to the next beside it.
const BETWEEN_LINES: i32 = 9;
/// From a box to a line that passes it.
const LINE_TO_BOX: i32 = 14;
/// The least width of a channel.
const CHANNEL: i32 = 64;
/// From the end of a line to its first bend, where the signs for how many are.
const EDGE: i32 = 26;
/// Between parts of a picture that have nothing to do with one another.
const APART: i32 = 50;
/// Between the boxes of a block.
const BLOCK: i32 = 24;
/// Above a block, for its heading.
const HEADING: i32 = 24;

/// How often lines that would lie on each other are moved.
const DODGES: usize = 8;

/// And how many at a time: a picture in which more do is past reading.
const MANY: usize = 200;

/// Everything in its place. The upper left corner is nought.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) width: i32,
    pub(super) height: i32,
    /// Where the boxes are, in their order; those of one column are of one width.
    pub(super) boxes: Vec<Rect>,
    /// The lines of the links, in their order, from parent to child: each part is level or upright.
    pub(super) lines: Vec<Vec<Point>>,
    /// Where the headings of the blocks go.
    pub(super) headings: Vec<Point>,
}

/// Arranges boxes. Those of a block have no link to any other; everything else stands above.
pub(super) fn arrange(nodes: &[Node], links: &[Link], blocks: &[Vec<usize>]) -> Layout {
    let mut layout =
        Layout { boxes: vec![Rect::default(); nodes.len()], lines: vec![Vec::new(); links.len()], ..Layout::default() };
    let mut parts: Vec<Part> = Vec::new();
    let in_block: HashSet<usize> = blocks.iter().flatten().copied().collect();
    let components = graph::components(nodes.len(), links);
    let mut links_of: Vec<Vec<usize>> = vec![Vec::new(); components.len()];
    let mut component_of = vec![0; nodes.len()];
    for (at, component) in components.iter().enumerate() {
        component.iter().for_each(|&node| component_of[node] = at);
    }
    for (at, link) in links.iter().enumerate() {
        links_of[component_of[link.parent]].push(at);
    }
    for (component, own) in components.into_iter().zip(links_of) {
        if !component.iter().any(|node| in_block.contains(node)) {
            parts.push(Part::new(nodes, links, component, own));
        }
    }
    // The largest first; those of one size as they were given.
    parts.sort_by_key(|part| std::cmp::Reverse(part.members.len()));
    let area: f64 = nodes.iter().map(|node| f64::from(node.width + CHANNEL) * f64::from(node.height + BLOCK)).sum();
    let width = parts.iter().map(|part| part.width).max().unwrap_or(0).max((area * 1.5).sqrt() as i32);
    shelve(&parts, width, &mut layout);
    for block in blocks.iter().filter(|block| !block.is_empty()) {
        let top = if layout.height == 0 { 0 } else { layout.height + APART };
        layout.headings.push(Point { x: 0, y: top });
        fill_block(nodes, block, width, top + HEADING, &mut layout);
    }
    layout
}

/// Boxes that hang together, arranged by themselves.
struct Part {
    members: Vec<usize>,
    links: Vec<usize>,
    boxes: Vec<Rect>,
    lines: Vec<Vec<Point>>,
    width: i32,
    height: i32,
}

impl Part {
    fn new(nodes: &[Node], links: &[Link], members: Vec<usize>, own: Vec<usize>) -> Self {
        let local = |node: usize| members.binary_search(&node).unwrap_or_default();
        let nodes: Vec<Node> = members.iter().map(|&node| nodes[node]).collect();
        let links: Vec<Link> = own
            .iter()
            .map(|&link| {
                let link = links[link];
                Link { child: local(link.child), parent: local(link.parent), ..link }
            })
            .collect();
        let column = columns::columns(&nodes, &links);
        let mut grid = Grid::new(&nodes, &links, &column);
        let sides = place::place(&mut grid);
        let mut widths = vec![0; grid.columns.len()];
        for (node, column) in nodes.iter().zip(&column) {
            widths[*column] = node.width.max(widths[*column]);
        }
        let tracks = Tracks::new(trunks(&mut grid, &sides), &widths);
        let boxes: Vec<Rect> = nodes
            .iter()
            .enumerate()
            .map(|(node, own)| Rect {
                x: tracks.columns[column[node]],
                y: grid.items[node].y as i32,
                width: widths[column[node]],
                height: own.height,
            })
            .collect();
        let lines: Vec<_> = (0..links.len()).map(|link| tracks.line(&grid, link, &column)).collect();
        let bottom = boxes.iter().map(|own| own.bottom());
        let height = bottom.chain(lines.iter().flatten().map(|point| point.y)).max().unwrap_or(0);
        let width = tracks.width();
        Self { members, links: own, boxes, lines, width, height }
    }
}

/// The trunks of all channels. Lines that would lie on each other are moved, and what they touch is arranged anew.
fn trunks(grid: &mut Grid, sides: &Sides) -> Vec<Trunks> {
    let mut trunks: Vec<Trunks> = (0..grid.channels.len()).map(|channel| Trunks::new(grid, channel)).collect();
    let mut fresh: BTreeSet<usize> = (0..grid.channels.len()).collect();
    for _ in 0..DODGES {
        let covered = fresh.iter().flat_map(|&at| route::covered(grid, at, &trunks[at]));
        let covered: Vec<_> = covered.take(MANY).collect();
        let moved = place::dodge(grid, sides, &covered);
        fresh = moved.iter().flat_map(|&pass| [grid.items[pass].column, grid.items[pass].column + 1]).collect();
        for &channel in &fresh {
            trunks[channel] = Trunks::new(grid, channel);
        }
    }
    trunks
}

/// Puts parts beside one another, and below where there is no room left.
fn shelve(parts: &[Part], width: i32, layout: &mut Layout) {
    let (mut x, mut y, mut lowest) = (0, 0, 0);
    for part in parts {
        if x > 0 && x + part.width > width {
            (x, y) = (0, lowest + APART);
        }
        for (node, own) in part.members.iter().zip(&part.boxes) {
            layout.boxes[*node] = Rect { x: own.x + x, y: own.y + y, ..*own };
        }
        for (link, line) in part.links.iter().zip(&part.lines) {
            layout.lines[*link] = line.iter().map(|point| Point { x: point.x + x, y: point.y + y }).collect();
        }
        layout.width = layout.width.max(x + part.width);
        lowest = lowest.max(y + part.height);
        x += part.width + APART;
    }
    layout.height = lowest;
}

/// Fills columns with boxes, each into the shortest so far: as many columns as there is width for.
fn fill_block(nodes: &[Node], block: &[usize], width: i32, top: i32, layout: &mut Layout) {
    let narrowest = block.iter().map(|&node| nodes[node].width).min().unwrap_or(1).max(1);
    let most = ((width + BLOCK) / (narrowest + BLOCK)).clamp(1, block.len().max(1) as i32) as usize;
    for columns in (1..=most).rev() {
        let mut bottoms = vec![top; columns];
        let mut widths = vec![0; columns];
        let mut places = Vec::with_capacity(block.len());
        for &node in block {
            let at = (0..columns).min_by_key(|&at| (bottoms[at], at)).unwrap_or_default();
            places.push((node, at, bottoms[at]));
            bottoms[at] += nodes[node].height + BLOCK;
            widths[at] = nodes[node].width.max(widths[at]);
        }
        if columns > 1 && widths.iter().map(|own| own + BLOCK).sum::<i32>() - BLOCK > width {
            continue;
        }
        for (node, at, y) in places {
            let x = widths[..at].iter().map(|own| own + BLOCK).sum();
            let own = Rect { x, y, width: widths[at], height: nodes[node].height };
            layout.width = layout.width.max(own.right());
            layout.height = layout.height.max(own.bottom());
            layout.boxes[node] = own;
        }
        return;
    }
}

#[cfg(test)]
mod tests;
