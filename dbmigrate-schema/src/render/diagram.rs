//! The tables of a schema and their foreign keys as a diagram: text for Mermaid and for Graphviz.

use crate::model::{Column, ForeignKey, Name, Schema, Table};

impl Schema {
    /// An entity-relationship diagram for Mermaid, which many sites render in Markdown.
    ///
    /// Mermaid does not support spaces and quotes in column names: they become `_`.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("erDiagram\n");
        for table in self.tables() {
            text.push_str(&format!("  {} {{\n", entity(&table.name)));
            for column in &table.columns {
                let declared = column.declared_type.as_deref().map_or("any".to_owned(), word);
                let keys: Vec<_> = [(table.is_in_primary_key(&column.name), "PK"), (refers(table, column), "FK")]
                    .into_iter()
                    .filter_map(|(is, mark)| is.then_some(mark))
                    .collect();
                let line = format!("    {declared} {} {}", word(column.name.as_str()), keys.join(", "));
                text.push_str(line.trim_end());
                text.push('\n');
            }
            text.push_str("  }\n");
        }
        for (table, key) in self.references() {
            // A child without a parent is allowed where a column may be null.
            let parent = if is_optional(table, key) { "o|" } else { "||" };
            let label = key.columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ").replace('"', "'");
            text.push_str(&format!("  {} }}o--{parent} {} : \"{label}\"\n", entity(&table.name), entity(&key.parent)));
        }
        text
    }

    /// A directed graph for Graphviz: an arrow from each table to those to which it refers.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph schema {\n  rankdir=LR;\n  node [shape=record];\n");
        for table in self.tables() {
            let columns: Vec<_> = table.columns.iter().map(|column| label(column) + "\\l").collect();
            let name = table.name.as_str();
            text.push_str(&format!("  {} [label=\"{}|{}\"];\n", quoted(&table.name), escaped(name), columns.concat()));
        }
        for (table, key) in self.references() {
            let columns = key.columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
            let arrow = format!("{} -> {}", quoted(&table.name), quoted(&key.parent));
            text.push_str(&format!("  {arrow} [label=\"{}\"];\n", escaped(&columns)));
        }
        text.push_str("}\n");
        text
    }

    fn references(&self) -> impl Iterator<Item = (&Table, &ForeignKey)> {
        self.tables().flat_map(|table| table.foreign_keys().map(move |key| (table, key)))
    }
}

fn refers(table: &Table, column: &Column) -> bool {
    table.foreign_keys().any(|key| key.columns.contains(&column.name))
}

fn is_optional(table: &Table, key: &ForeignKey) -> bool {
    key.columns.iter().any(|name| table.column(name).is_some_and(|column| column.not_null.is_none()))
}

/// The name of an entity. References may spell it otherwise, so all are in lower case.
fn entity(name: &Name) -> String {
    format!("\"{}\"", name.folded().replace('"', "'"))
}

fn word(text: &str) -> String {
    let word: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    // It has to begin with a letter or a line.
    if word.starts_with(|first: char| first.is_ascii_digit()) || word.is_empty() { format!("_{word}") } else { word }
}

fn label(column: &Column) -> String {
    let declared = column.declared_type.as_deref().map_or(String::new(), |declared| format!(" {declared}"));
    escaped(&format!("{}{declared}", column.name))
}

/// The name of a node, in lower case for the same reason.
fn quoted(name: &Name) -> String {
    format!("\"{}\"", name.folded().replace('\\', "\\\\").replace('"', "\\\""))
}

/// Text in a label: what draws the boxes of a record is taken for itself.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if "\\\"{}|<>".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(if letter.is_control() { ' ' } else { letter });
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::from_sql(
            "CREATE TABLE teams (id INTEGER PRIMARY KEY, \"the name\" VARCHAR(10, 2));
             CREATE TABLE \"my|members\" (a, team INT NOT NULL REFERENCES Teams, boss REFERENCES \"my|members\" (a))",
        )
        .unwrap()
    }

    #[test]
    fn mermaid_has_entities_and_relations() {
        assert_eq!(
            schema().to_mermaid(),
            "erDiagram
  \"teams\" {
    INTEGER id PK
    VARCHAR_10__2_ the_name
  }
  \"my|members\" {
    any a
    INT team FK
    any boss FK
  }
  \"my|members\" }o--|| \"teams\" : \"team\"
  \"my|members\" }o--o| \"my|members\" : \"boss\"
"
        );
    }

    #[test]
    fn dot_has_nodes_and_arrows() {
        assert_eq!(
            schema().to_dot(),
            "digraph schema {
  rankdir=LR;
  node [shape=record];
  \"teams\" [label=\"teams|id INTEGER\\lthe name VARCHAR(10, 2)\\l\"];
  \"my|members\" [label=\"my\\|members|a\\lteam INT\\lboss\\l\"];
  \"my|members\" -> \"teams\" [label=\"team\"];
  \"my|members\" -> \"my|members\" [label=\"boss\"];
}
"
        );
    }
}
