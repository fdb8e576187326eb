//! The tables of a schema and their references as a picture that follows light and dark: SVG without a script, a font or
//! anything else from outside.
//!
//! `entity` says what there is, `layout` where it goes, `style` how it looks; here it is drawn.

mod draw;
mod entity;
mod layout;
mod style;
mod text;

use std::cmp::Reverse;

use self::draw::{Columns, draw_box, draw_lines, height, legend, middle};
use self::entity::{Entities, Entity, Relation, RelationSort, Sort};
use self::layout::{Link, Node, Rect, arrange};
use self::style::{COLOURS, style};
use crate::model::Schema;

/// Around the picture.
const MARGIN: i32 = 24;
/// Below it, for what the signs mean.
const LEGEND: i32 = 40;

impl Schema {
    /// An entity-relationship diagram as SVG: tables with their columns, types and keys, and lines for their foreign
    /// keys.
    ///
    /// The diagram lays itself out, and is always the same for the same schema. Names in it are text, whatever they
    /// contain.
    ///
    /// ```
    /// use dbmigrate_schema::Schema;
    ///
    /// let schema = Schema::from_sql(
    ///     "CREATE TABLE teams (id INTEGER PRIMARY KEY);
    ///      CREATE TABLE users (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams)",
    /// )?;
    /// let picture = schema.to_svg();
    /// assert!(picture.starts_with("<svg "));
    /// assert!(picture.contains("<title>users (team) → teams (id)</title>"));
    /// # Ok::<(), dbmigrate_core::Diagnostic>(())
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        let Entities { entities, relations } = Entities::of(self);
        let columns: Vec<Columns> = entities.iter().map(Columns::of).collect();
        let nodes: Vec<Node> = entities
            .iter()
            .zip(&columns)
            .map(|(entity, columns)| Node { width: columns.width, height: height(entity) })
            .collect();
        let links: Vec<Link> = relations
            .iter()
            .map(|relation| Link {
                child: relation.child,
                child_at: middle(relation.child_row),
                parent: relation.parent,
                parent_at: middle(relation.parent_row),
            })
            .collect();
        let blocks = blocks(&entities, &relations);
        let members: Vec<Vec<usize>> = blocks.iter().map(|(_, members)| members.clone()).collect();
        let layout = arrange(&nodes, &links, &members);
        let colours = colours(&layout.boxes, &relations);

        let (legend, legend_width) = legend(&relations);
        let width = layout.width.max(legend_width) + 2 * MARGIN;
        let height = layout.height + 2 * MARGIN + LEGEND;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>\n{}</style>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n\
             <g transform=\"translate({MARGIN} {MARGIN})\">\n",
            summary(&entities, &relations),
            style()
        );
        draw_lines(&mut svg, &relations, &layout, &colours);
        for (at, entity) in entities.iter().enumerate() {
            draw_box(&mut svg, entity, &columns[at], layout.boxes[at], colours[at]);
        }
        for ((heading, _), place) in blocks.iter().zip(&layout.headings) {
            let y = place.y + 10;
            svg.push_str(&format!("<text class=\"heading\" x=\"{}\" y=\"{y}\">{heading}</text>\n", place.x));
        }
        let y = layout.height + LEGEND - 6;
        svg.push_str(&format!("<g transform=\"translate(0 {y})\">\n{legend}</g>\n"));
        svg.push_str("</g>\n</svg>\n");
        svg
    }
}

/// The boxes that have no relation, by what they are.
fn blocks(entities: &[Entity], relations: &[Relation]) -> Vec<(&'static str, Vec<usize>)> {
    let mut is_related = vec![false; entities.len()];
    for relation in relations {
        is_related[relation.child] = true;
        is_related[relation.parent] = true;
    }
    let mut blocks = [("Tables without references", Vec::new()), ("Views", Vec::new()), ("Virtual tables", Vec::new())];
    for (at, entity) in entities.iter().enumerate().filter(|(at, _)| !is_related[*at]) {
        let block = match entity.sort {
            Sort::View => 1,
            Sort::Virtual => 2,
            Sort::Table | Sort::Missing | Sort::Opaque => 0,
        };
        blocks[block].1.push(at);
    }
    blocks.into_iter().filter(|(_, members)| !members.is_empty()).collect()
}

/// The colour of the lines to each box that others refer to: those with the most choose first, and each takes the colour
/// that is farthest away.
fn colours(boxes: &[Rect], relations: &[Relation]) -> Vec<Option<usize>> {
    let mut counts = vec![0_usize; boxes.len()];
    relations.iter().for_each(|relation| counts[relation.parent] += 1);
    let mut order: Vec<usize> = (0..boxes.len()).filter(|&entity| counts[entity] > 0).collect();
    order.sort_by_key(|&entity| (Reverse(counts[entity]), entity));
    let mut colours = vec![None; boxes.len()];
    for (at, &own) in order.iter().enumerate() {
        let mut nearest = [i32::MAX; COLOURS];
        for &other in &order[..at] {
            if let Some(colour) = colours[other] {
                let distance: i32 = boxes[own].distance(boxes[other]);
                nearest[colour] = distance.min(nearest[colour]);
            }
        }
        colours[own] = (0..COLOURS).max_by_key(|&colour| (nearest[colour], Reverse(colour)));
    }
    colours
}

fn summary(entities: &[Entity], relations: &[Relation]) -> String {
    let tables = entities.iter().filter(|entity| matches!(entity.sort, Sort::Table | Sort::Virtual)).count();
    let references =
        relations.iter().filter(|relation| matches!(relation.sort, RelationSort::Reference { .. })).count();
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("Schema: {}, {}", counted(tables, "table"), counted(references, "reference"))
}
