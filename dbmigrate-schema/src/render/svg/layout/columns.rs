//! Which box stands in which column: parents to the left of their children, as far as there is no cycle, and no column
//! much higher than the picture is to be.

use super::graph::{Link, Node};
use super::{BETWEEN_BOXES, CHANNEL};

/// How much wider than high a picture is to be.
const WIDER: f64 = 1.5;

/// The column of each box. None is empty.
pub(super) fn columns(nodes: &[Node], links: &[Link]) -> Vec<usize> {
    let edges = edges(nodes.len(), links);
    let layers = layers(&edges);
    let height = target_height(nodes);
    let deepest = layers.iter().copied().max().unwrap_or(0);
    let mut by_layer: Vec<Vec<usize>> = vec![Vec::new(); deepest + 1];
    for (node, layer) in layers.iter().enumerate() {
        by_layer[*layer].push(node);
    }
    let mut column = vec![0; nodes.len()];
    let mut next = 0;
    for mut layer in by_layer.into_iter().filter(|layer| !layer.is_empty()) {
        // Those with children stand last, near them; those of one parent together.
        layer.sort_by_key(|&node| {
            let parent = edges.parents[node].iter().map(|&parent| column[parent]).max();
            (!edges.children[node].is_empty(), parent, edges.parents[node].first().copied(), node)
        });
        let total: i32 = layer.iter().map(|&node| nodes[node].height + BETWEEN_BOXES).sum();
        let parts = ((f64::from(total) / height).round() as i32).max(1);
        let each = total / parts;
        let (mut filled, mut part) = (0, 0);
        for node in layer {
            let own = nodes[node].height + BETWEEN_BOXES;
            // A box goes where most of it does.
            let at = ((filled + own / 2) / each.max(1)).min(parts - 1);
            if at > part {
                (part, next) = (at, next + 1);
            }
            column[node] = next;
            filled += own;
        }
        next += 1;
    }
    column
}

fn target_height(nodes: &[Node]) -> f64 {
    let area = |node: &Node| f64::from(node.width + CHANNEL) * f64::from(node.height + BETWEEN_BOXES);
    (nodes.iter().map(area).sum::<f64>() / WIDER).sqrt().max(400.0)
}

/// Each pair of boxes once, without those that refer to themselves.
struct Edges {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

fn edges(nodes: usize, links: &[Link]) -> Edges {
    let mut edges = Edges { parents: vec![Vec::new(); nodes], children: vec![Vec::new(); nodes] };
    for link in links.iter().filter(|link| link.child != link.parent) {
        edges.parents[link.child].push(link.parent);
        edges.children[link.parent].push(link.child);
    }
    for list in edges.parents.iter_mut().chain(&mut edges.children) {
        list.sort_unstable();
        list.dedup();
    }
    edges
}

/// The distance from the boxes without a parent, then each as near to its own as the others let it.
fn layers(edges: &Edges) -> Vec<usize> {
    let order = order(edges);
    let mut rank = vec![0; order.len()];
    for (at, &node) in order.iter().enumerate() {
        rank[node] = at;
    }
    let mut layer = vec![0_usize; order.len()];
    for &node in &order {
        let parents = edges.parents[node].iter().filter(|&&parent| rank[parent] < rank[node]);
        layer[node] = parents.map(|&parent| layer[parent] + 1).max().unwrap_or(0);
    }
    for _ in 0..4 {
        for &node in order.iter().rev() {
            let before = edges.parents[node].iter().filter(|&&parent| rank[parent] < rank[node]);
            let after = edges.children[node].iter().filter(|&&child| rank[child] > rank[node]);
            let (few, many) = (before.clone().count(), after.clone().count());
            let lowest = before.map(|&parent| layer[parent] + 1).max().unwrap_or(0);
            let highest = after.map(|&child| layer[child] - 1).min();
            layer[node] = match highest {
                // The links of a box with more children than parents become shorter, the others' no longer.
                Some(highest) if many > few => highest.max(lowest),
                Some(_) | None => lowest,
            };
        }
    }
    layer
}

/// Parents first. Where there is a cycle, it is broken at the box that most others wait for.
fn order(edges: &Edges) -> Vec<usize> {
    let count = edges.parents.len();
    let mut waits: Vec<usize> = edges.parents.iter().map(Vec::len).collect();
    let mut is_placed = vec![false; count];
    let mut ready: std::collections::BTreeSet<usize> = (0..count).filter(|&node| waits[node] == 0).collect();
    let mut order = Vec::with_capacity(count);
    while order.len() < count {
        let node = ready.pop_first().or_else(|| {
            let left = (0..count).filter(|&node| !is_placed[node]);
            let score = |node: usize| edges.children[node].iter().filter(|&&child| !is_placed[child]).count();
            left.max_by_key(|&node| (score(node) as i64 - waits[node] as i64, std::cmp::Reverse(node)))
        });
        let Some(node) = node else { break };
        is_placed[node] = true;
        order.push(node);
        for &child in &edges.children[node] {
            waits[child] = waits[child].saturating_sub(1);
            if waits[child] == 0 && !is_placed[child] {
                ready.insert(child);
            }
        }
    }
    order
}
