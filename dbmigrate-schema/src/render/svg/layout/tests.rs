//! What holds for every arrangement, whatever the boxes and links.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

/// Boxes as they occur: a header, rows at equal distances, and links that end at the middle of a row.
fn graphs() -> impl Strategy<Value = (Vec<Node>, Vec<Link>)> {
    prop::collection::vec((120..400_i32, 1..30_i32), 1..40).prop_flat_map(|sizes| {
        let nodes: Vec<Node> = sizes.iter().map(|&(width, rows)| Node { width, height: 30 + rows * 20 + 4 }).collect();
        let count = nodes.len();
        let rows: Vec<i32> = sizes.iter().map(|size| size.1).collect();
        let at = |row: i32, rows: i32| 30 + row % rows * 20 + 10;
        let link = (0..count, 0..count, 0..30_i32, 0..4_i32).prop_map(move |(child, parent, from, to)| Link {
            child,
            child_at: at(from, rows[child]),
            parent,
            // The header stands for what has no row.
            parent_at: if to == 3 { 11 } else { at(to, rows[parent]) },
        });
        let links = prop::collection::vec(link, 0..60).prop_map(|mut links| {
            // A column refers to one place.
            let mut seen = HashSet::new();
            links.retain(|link| seen.insert((link.child, link.child_at)));
            links
        });
        (Just(nodes), links)
    })
}

/// How many level or upright parts of lines lie on others that are for another place. Those for one share their way.
fn covered(layout: &Layout, links: &[Link], is_upright: bool) -> usize {
    let mut along: HashMap<i32, Vec<Part>> = HashMap::new();
    for (line, link) in layout.lines.iter().zip(links) {
        for part in line.windows(2) {
            let (from, to, goal) = (part[0], part[1], (link.parent, link.parent_at));
            match is_upright {
                true if from.x == to.x => {
                    along.entry(from.x).or_default().push((from.y.min(to.y), from.y.max(to.y), goal));
                }
                false if from.y == to.y => {
                    along.entry(from.y).or_default().push((from.x.min(to.x), from.x.max(to.x), goal));
                }
                _ => {}
            }
        }
    }
    let lies_on = |own: &Part, other: &Part| own.2 != other.2 && own.1 > other.0 && other.1 > own.0;
    let count = |parts: &Vec<Part>| {
        let on_others = |at: usize| parts[at + 1..].iter().any(|other| lies_on(&parts[at], other));
        (0..parts.len()).filter(|&at| on_others(at)).count()
    };
    along.values().map(count).sum()
}

/// From where to where a part of a line leads, and the place that the line is for.
type Part = (i32, i32, (usize, i32));

fn arranged(nodes: &[Node], links: &[Link]) -> Layout {
    let is_alone = |node: &usize| links.iter().all(|link| link.child != *node && link.parent != *node);
    arrange(nodes, links, &[(0..nodes.len()).filter(is_alone).collect()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn boxes_do_not_overlap_and_lie_within_the_picture((nodes, links) in graphs()) {
        let layout = arranged(&nodes, &links);
        for (at, own) in layout.boxes.iter().enumerate() {
            prop_assert!(own.width >= nodes[at].width && own.height == nodes[at].height, "{own:?}");
            prop_assert!(own.x >= 0 && own.y >= 0, "{own:?}");
            prop_assert!(own.right() <= layout.width && own.bottom() <= layout.height, "{own:?}");
            for other in &layout.boxes[at + 1..] {
                let apart = own.right() <= other.x
                    || other.right() <= own.x
                    || own.bottom() <= other.y
                    || other.bottom() <= own.y;
                prop_assert!(apart, "{own:?} lies on {other:?}");
            }
        }
    }

    #[test]
    fn every_line_leads_from_its_parent_to_its_child_and_through_no_box((nodes, links) in graphs()) {
        let layout = arranged(&nodes, &links);
        prop_assert_eq!(layout.lines.len(), links.len());
        for (line, link) in layout.lines.iter().zip(&links) {
            for (point, node, at) in [
                (line.first(), link.parent, link.parent_at),
                (line.last(), link.child, link.child_at),
            ] {
                let (point, place) = (point.unwrap(), layout.boxes[node]);
                prop_assert!(point.x == place.x || point.x == place.right(), "{point:?} is not at {place:?}");
                prop_assert!((point.y - place.y - at).abs() <= 10, "{point:?} is not at its row of {place:?}");
            }
            for part in line.windows(2) {
                let (from, to) = (part[0], part[1]);
                prop_assert!(from.x == to.x || from.y == to.y, "{line:?} is askew");
                for point in [from, to] {
                    prop_assert!((0..=layout.width).contains(&point.x), "{point:?} is outside");
                    prop_assert!((0..=layout.height).contains(&point.y), "{point:?} is outside");
                }
                for own in &layout.boxes {
                    let crosses = from.x.min(to.x) < own.right()
                        && own.x < from.x.max(to.x)
                        && from.y.min(to.y) < own.bottom()
                        && own.y < from.y.max(to.y);
                    let crosses = crosses || own.holds(from) || own.holds(to);
                    prop_assert!(!crosses, "{from:?} to {to:?} runs through {own:?}");
                }
            }
        }
    }

    #[test]
    fn upright_lines_to_different_places_do_not_lie_on_each_other((nodes, links) in graphs()) {
        let layout = arranged(&nodes, &links);
        prop_assert_eq!(covered(&layout, &links, true), 0);
    }

    #[test]
    fn an_arrangement_is_always_the_same((nodes, links) in graphs()) {
        let (first, second) = (arranged(&nodes, &links), arranged(&nodes, &links));
        prop_assert_eq!((first.boxes, first.lines), (second.boxes, second.lines));
    }
}

impl Rect {
    /// Whether a point lies in it, and not only on its side.
    fn holds(self, point: Point) -> bool {
        self.x < point.x && point.x < self.right() && self.y < point.y && point.y < self.bottom()
    }
}

/// A box that says nothing of its rows.
const BOX: Node = Node { width: 200, height: 94 };

fn link(child: usize, parent: usize) -> Link {
    Link { child, child_at: 60, parent, parent_at: 40 }
}

/// Where very many lines meet in very little room there may be no other way.
#[test]
fn level_lines_to_different_places_hardly_ever_lie_on_each_other() {
    let mut runner = TestRunner::deterministic();
    let (mut lines, mut bad) = (0, 0);
    for _ in 0..300 {
        let (nodes, links) = graphs().new_tree(&mut runner).unwrap().current();
        lines += links.len();
        bad += covered(&arranged(&nodes, &links), &links, false);
    }
    assert!(lines > 5_000 && bad * 1_000 <= lines, "{bad} of {lines}");
}

#[test]
fn children_stand_to_the_right_of_their_parents() {
    let layout = arranged(&[BOX; 4], &[link(1, 0), link(2, 1), link(3, 1)]);
    let x = |node: usize| layout.boxes[node].x;
    assert!(x(0) < x(1) && x(1) < x(2) && x(2) == x(3), "{:?}", layout.boxes);
}

#[test]
fn what_hangs_together_stands_together() {
    let layout = arranged(&[BOX; 6], &[link(3, 0), link(5, 3), link(4, 1)]);
    let around = |nodes: &[usize]| {
        let boxes = || nodes.iter().map(|&node| layout.boxes[node]);
        (boxes().map(|own| own.y).min().unwrap(), boxes().map(Rect::bottom).max().unwrap())
    };
    let (first, second, alone) = (around(&[0, 3, 5]), around(&[1, 4]), around(&[2]));
    assert!(first.1 < second.0 && second.1 < alone.0, "{:?}", layout.boxes);
}

#[test]
fn a_straight_line_has_no_bend() {
    let layout = arranged(&[BOX; 2], &[link(1, 0)]);
    assert_eq!(layout.lines[0].len(), 2, "{:?}", layout.lines);
}

#[test]
fn a_hub_does_not_make_a_tower() {
    let links: Vec<Link> = (1..61).map(|child| link(child, 0)).collect();
    let layout = arranged(&[BOX; 61], &links);
    let shape = f64::from(layout.width) / f64::from(layout.height);
    assert!((0.8..2.5).contains(&shape), "{} x {}", layout.width, layout.height);
}

#[test]
fn nothing_is_arranged_as_nothing() {
    let layout = arrange(&[], &[], &[Vec::new()]);
    assert_eq!((layout.width, layout.height), (0, 0));
}
