//! What is to be arranged: boxes, and links from places on their sides to places on the sides of others.

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// A link: from a height on the child's side to a height on the parent's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) child: usize,
    pub(crate) child_at: i32,
    pub(crate) parent: usize,
    pub(crate) parent_at: i32,
}

/// A place in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

/// Where a box stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Rect {
    pub(crate) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> i32 {
        self.y + self.height
    }

    /// How far the middles of two boxes are from one another, by level and upright ways.
    pub(crate) fn distance(self, other: Self) -> i32 {
        let middle = |own: Self| (own.x + own.width / 2, own.y + own.height / 2);
        let ((x, y), (other_x, other_y)) = (middle(self), middle(other));
        (x - other_x).abs().saturating_add((y - other_y).abs())
    }
}

/// Boxes that hang together, however far, in the order in which they were given.
pub(crate) fn components(nodes: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..nodes).collect();
    for link in links {
        let (child, parent) = (find(&mut root, link.child), find(&mut root, link.parent));
        root[child.max(parent)] = child.min(parent);
    }
    let mut components: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for node in 0..nodes {
        components[find(&mut root, node)].push(node);
    }
    components.retain(|component| !component.is_empty());
    components
}

fn find(root: &mut [usize], mut node: usize) -> usize {
    while root[node] != node {
        root[node] = root[root[node]];
        node = root[node];
    }
    node
}
