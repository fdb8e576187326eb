//! Boxes, lines and the legend as elements.

use super::entity::{Entity, Relation, RelationSort, Row};
use super::layout::{Layout, Point, Rect};
use super::text::{cells, escaped};

const HEADER: i32 = 30;
const ROW: i32 = 20;
/// Between the edge of a box and its text.
const PAD: i32 = 10;
/// Between two columns of text.
const GAP: i32 = 14;
/// Where lines end that belong to no row.
const HEADER_MIDDLE: i32 = 11;
/// The radius of bends.
const BEND: i32 = 6;

/// The width of a cell in tenths, of text of 12, 13 and 10 points: those of the widest usual fonts.
const CELL: i32 = 74;
const CELL_BOLD: i32 = 80;
const CELL_SMALL: i32 = 62;

fn text_width(cells: usize, cell: i32) -> i32 {
    i32::try_from(cells).map_or(i32::MAX, |cells| cells.saturating_mul(cell) / 10 + 1)
}

/// Where the parts of its rows stand in a box, and how wide it has to be.
pub(super) struct Columns {
    name: i32,
    declared: i32,
    pub(super) width: i32,
}

impl Columns {
    pub(super) fn of(entity: &Entity) -> Self {
        let small = |of: fn(&Row) -> &'static str| {
            let cells = entity.rows.iter().map(|row| cells(of(row))).max().unwrap_or(0);
            if cells == 0 { 0 } else { text_width(cells, CELL_SMALL) + GAP * 2 / 3 }
        };
        let name = PAD + small(|row| row.keys);
        let declared = name + text_width(entity.widest(Row::shown), CELL) + GAP;
        let types = text_width(entity.widest(Row::type_shown), CELL);
        let marks = small(|row| row.marks);
        let notes = entity.rows.iter().filter(|row| row.is_note).map(|row| cells(&row.shown())).max();
        let notes = notes.map_or(0, |cells| name + text_width(cells, CELL_SMALL) + PAD);
        let tag = if entity.tag.is_empty() { 0 } else { GAP + text_width(cells(&entity.tag), CELL_SMALL) };
        let header = 2 * PAD + text_width(cells(&entity.shown()), CELL_BOLD) + tag;
        Self { name, declared, width: header.max(declared + types + marks + PAD).max(notes).max(120) }
    }
}

pub(super) fn height(entity: &Entity) -> i32 {
    let rows = entity.rows.len() as i32;
    HEADER + if rows == 0 { 0 } else { rows * ROW + 4 }
}

/// Where the lines of a row end, from the top of its box.
pub(super) fn middle(row: Option<usize>) -> i32 {
    row.map_or(HEADER_MIDDLE, |row| HEADER + row as i32 * ROW + ROW / 2)
}

pub(super) fn draw_box(svg: &mut String, entity: &Entity, columns: &Columns, place: Rect, colour: Option<usize>) {
    let Rect { x, y, width, height } = place;
    let colour = colour.map_or(String::new(), |colour| format!(" c{colour}"));
    svg.push_str(&format!("<g class=\"{}{colour}\" transform=\"translate({x} {y})\">\n", entity.sort.class()));
    let shown = entity.shown();
    if shown != entity.name {
        svg.push_str(&format!("<title>{}</title>\n", escaped(&entity.name)));
    }
    svg.push_str(&format!("<rect class=\"box\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\n"));
    svg.push_str(&format!(
        "<path class=\"head\" d=\"M1 {HEADER}V4a3 3 0 0 1 3-3H{}a3 3 0 0 1 3 3V{HEADER}Z\"/>\n",
        width - 4
    ));
    if !colour.is_empty() {
        svg.push_str(&format!("<path class=\"bar\" d=\"M1 4a3 3 0 0 1 3-3H{}a3 3 0 0 1 3 3Z\"/>\n", width - 4));
    }
    svg.push_str(&format!("<text class=\"name\" x=\"{PAD}\" y=\"20\">{}</text>\n", escaped(&shown)));
    if !entity.tag.is_empty() {
        svg.push_str(&format!(
            "<text class=\"tag\" x=\"{}\" y=\"20\" text-anchor=\"end\">{}</text>\n",
            width - PAD,
            escaped(&entity.tag)
        ));
    }
    for (at, row) in entity.rows.iter().enumerate() {
        draw_row(svg, row, columns, HEADER + at as i32 * ROW + 14, width);
    }
    svg.push_str("</g>\n");
}

fn draw_row(svg: &mut String, row: &Row, columns: &Columns, y: i32, width: i32) {
    let (name, declared) = (row.shown(), row.type_shown());
    let is_clipped = name != row.name || declared != row.declared;
    if is_clipped {
        svg.push_str(&format!("<g><title>{} {}</title>", escaped(&row.name), escaped(&row.declared)));
    }
    if row.is_note {
        svg.push_str(&format!("<text class=\"note\" x=\"{}\" y=\"{y}\">{}</text>", columns.name, escaped(&name)));
    } else {
        if !row.keys.is_empty() {
            svg.push_str(&format!("<text class=\"key\" x=\"{PAD}\" y=\"{y}\">{}</text>", row.keys));
        }
        svg.push_str(&format!("<text x=\"{}\" y=\"{y}\">{}</text>", columns.name, escaped(&name)));
        if !declared.is_empty() {
            let x = columns.declared;
            svg.push_str(&format!("<text class=\"type\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&declared)));
        }
        if !row.marks.is_empty() {
            let x = width - PAD;
            svg.push_str(&format!("<text class=\"mark\" x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{}</text>", row.marks));
        }
    }
    svg.push_str(if is_clipped { "</g>\n" } else { "\n" });
}

/// All lines, those to one place together: where others cross them, they are seen to go under.
pub(super) fn draw_lines(svg: &mut String, relations: &[Relation], layout: &Layout, colours: &[Option<usize>]) {
    let mut order: Vec<usize> = (0..relations.len()).collect();
    let place = |at: usize| (relations[at].parent, relations[at].parent_row, layout.lines[at].first().map(|it| it.x));
    order.sort_by_key(|&at| (place(at), at));
    for trunk in order.chunk_by(|&a, &b| place(a) == place(b)) {
        let colour = trunk.first().and_then(|&at| colours[relations[at].parent]).unwrap_or(0);
        svg.push_str(&format!("<g class=\"c{colour}\">\n<path class=\"halo\" d=\""));
        trunk.iter().for_each(|&at| svg.push_str(&path(&layout.lines[at])));
        svg.push_str("\"/>\n");
        for &at in trunk {
            draw_relation(svg, &relations[at], &layout.lines[at], layout.boxes[relations[at].child]);
        }
        svg.push_str("</g>\n");
    }
}

fn draw_relation(svg: &mut String, relation: &Relation, line: &[Point], child: Rect) {
    let [first, .., last] = line else { return };
    svg.push_str(&format!("<g class=\"relation\"><title>{}</title>", escaped(&relation.title)));
    let class = match relation.sort {
        RelationSort::Reference { is_optional: false, .. } => "line",
        RelationSort::Reference { is_optional: true, .. } => "line may",
        RelationSort::Content => "line content",
    };
    svg.push_str(&format!("<path class=\"{class}\" d=\"{}\"/>", path(line)));
    if let RelationSort::Reference { is_unique, .. } = relation.sort {
        let away = if last.x <= child.x { -1 } else { 1 };
        svg.push_str(&end_at_child(*last, away, is_unique));
        let away = line.get(1).map_or(1, |next| (next.x - first.x).signum());
        svg.push_str(&format!("<path class=\"end\" d=\"M{} {}v10\"/>", first.x + 8 * away, first.y - 5));
    }
    svg.push_str("</g>\n");
}

/// Many, or one at most; in both cases perhaps none.
fn end_at_child(Point { x, y }: Point, away: i32, is_unique: bool) -> String {
    let (sign, circle) = if is_unique {
        (format!("M{} {}v10", x + 8 * away, y - 5), x + 13 * away)
    } else {
        (format!("M{x} {}L{} {y}L{x} {}", y - 5, x + 11 * away, y + 5), x + 14 * away)
    };
    format!("<path class=\"end\" d=\"{sign}\"/><circle class=\"end zero\" cx=\"{circle}\" cy=\"{y}\" r=\"3\"/>")
}

/// A line with round bends.
fn path(line: &[Point]) -> String {
    let Some((first, rest)) = line.split_first() else { return String::new() };
    let mut path = format!("M{} {}", first.x, first.y);
    let mut from = *first;
    for (at, &point) in rest.iter().enumerate() {
        let Some(&next) = rest.get(at + 1) else {
            path.push_str(&format!("L{} {}", point.x, point.y));
            break;
        };
        let radius = BEND.min(distance(from, point) / 2).min(distance(point, next) / 2);
        let (before, after) = (towards(point, from, radius), towards(point, next, radius));
        path.push_str(&format!("L{} {}Q{} {} {} {}", before.x, before.y, point.x, point.y, after.x, after.y));
        from = point;
    }
    path
}

fn distance(a: Point, b: Point) -> i32 {
    (a.x - b.x).abs() + (a.y - b.y).abs()
}

/// The point so far from one on the way to another, on a level or upright line.
fn towards(from: Point, to: Point, by: i32) -> Point {
    Point { x: from.x + (to.x - from.x).signum() * by, y: from.y + (to.y - from.y).signum() * by }
}

/// What the signs mean, and how wide that is.
pub(super) fn legend(relations: &[Relation]) -> (String, i32) {
    let mut svg = String::new();
    let mut x = 0;
    let word = |svg: &mut String, x: &mut i32, text: &str| {
        svg.push_str(&format!("<text class=\"legend\" x=\"{x}\" y=\"4\">{text}</text>\n"));
        *x += text_width(cells(text), CELL_SMALL) + 20;
    };
    for text in ["PK primary key", "FK foreign key", "UQ unique", "NN not NULL"] {
        word(&mut svg, &mut x, text);
    }
    let has = |what: fn(RelationSort) -> bool| relations.iter().any(|relation| what(relation.sort));
    let sign = |class: &str, x: i32, is_unique: Option<bool>| {
        let line = format!("<path class=\"{class}\" d=\"M{x} 0h36\"/>");
        let end = is_unique.map(|is_unique| end_at_child(Point { x: x + 36, y: 0 }, -1, is_unique));
        line + &end.unwrap_or_default() + "\n"
    };
    for (is_there, class, is_unique, text) in [
        (
            has(|sort| matches!(sort, RelationSort::Reference { is_unique: false, .. })),
            "line",
            Some(false),
            "many refer to one",
        ),
        (
            has(|sort| matches!(sort, RelationSort::Reference { is_unique: true, .. })),
            "line",
            Some(true),
            "one at most refers to one",
        ),
        (
            has(|sort| matches!(sort, RelationSort::Reference { is_optional: true, .. })),
            "line may",
            None,
            "may be NULL",
        ),
        (has(|sort| matches!(sort, RelationSort::Content)), "line content", None, "indexes the text of"),
    ] {
        if is_there {
            svg.push_str(&sign(class, x, is_unique));
            x += 42;
            word(&mut svg, &mut x, text);
        }
    }
    (svg, x)
}
