//! A schema as JSON that describes it, for tools. Written by hand: this is all that the crate would want serde for.

use std::fmt::Write;

use crate::model::{Column, Constraint, Event, Indexed, Key, KeyColumn, Name, NotNull, Object, Rule, Schema, Table};

impl Schema {
    /// One JSON object on one line: `{"objects": […]}`, in the schema's order.
    ///
    /// Every object has `kind`, `name` and `sql`; the rest depends on its kind. Fields without a value are `null` or
    /// `false`, and never left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        object([("objects", array(&self.objects, of_object))])
    }
}

fn of_object(own: &Object) -> String {
    let mut fields =
        vec![("kind", string(own.kind().as_str())), ("name", string(own.name().as_str())), ("sql", string(own.text()))];
    fields.extend(match own {
        Object::Table(table) => of_table(table),
        Object::Index(index) => vec![
            ("table", name(&index.table)),
            ("unique", boolean(index.unique)),
            (
                "columns",
                array(&index.columns, |column| {
                    let (own, expression) = match &column.by {
                        Indexed::Column(own) => (name(own), null()),
                        Indexed::Expression(text) => (null(), string(text)),
                    };
                    object([
                        ("name", own),
                        ("expression", expression),
                        ("collation", or_null(column.collation.as_ref(), name)),
                        ("descending", boolean(column.descending)),
                    ])
                }),
            ),
            ("where", or_null(index.filter.as_deref(), string)),
        ],
        Object::View(view) => vec![("columns", array(&view.columns, name)), ("select", string(&view.select))],
        Object::Trigger(trigger) => vec![
            ("table", name(&trigger.table)),
            ("timing", string(trigger.timing.as_str())),
            (
                "event",
                string(match &trigger.event {
                    Event::Insert => "INSERT",
                    Event::Delete => "DELETE",
                    Event::Update(_) => "UPDATE",
                }),
            ),
            (
                "columns",
                match &trigger.event {
                    Event::Update(columns) => array(columns, name),
                    Event::Insert | Event::Delete => array(&[], name),
                },
            ),
            ("when", or_null(trigger.when.as_deref(), string)),
            ("body", string(&trigger.body)),
        ],
        Object::VirtualTable(table) => {
            vec![("module", name(&table.module)), ("arguments", array(&table.arguments, |text| string(text)))]
        }
        Object::Opaque(opaque) => {
            vec![("table", or_null(opaque.table.as_ref(), name)), ("opaque", string(&opaque.why))]
        }
    });
    object(fields)
}

fn of_table(table: &Table) -> Vec<(&'static str, String)> {
    vec![
        ("columns", array(&table.columns, of_column)),
        ("constraints", array(&table.constraints, of_constraint)),
        ("strict", boolean(table.strict)),
        ("without_rowid", boolean(table.without_rowid)),
    ]
}

fn of_column(column: &Column) -> String {
    let NotNull { name: not_null_name, conflict } =
        column.not_null.clone().unwrap_or(NotNull { name: None, conflict: None });
    object([
        ("name", name(&column.name)),
        ("type", or_null(column.declared_type.as_deref(), string)),
        ("not_null", boolean(column.not_null.is_some())),
        ("not_null_name", or_null(not_null_name.as_ref(), name)),
        ("not_null_on_conflict", or_null(conflict, |conflict| string(conflict.as_str()))),
        ("default", or_null(column.default.as_ref(), |default| string(&default.text))),
        ("collation", or_null(column.collation.as_ref(), name)),
        ("generated", or_null(column.generated.as_ref(), |generated| string(&generated.expression))),
        ("stored", boolean(column.generated.as_ref().is_some_and(|generated| generated.stored))),
    ])
}

fn of_constraint(constraint: &Constraint) -> String {
    let mut fields = vec![("name", or_null(constraint.name.as_ref(), name))];
    fields.extend(match &constraint.rule {
        Rule::PrimaryKey(key) => of_key("primary-key", key),
        Rule::Unique(key) => of_key("unique", key),
        Rule::Check(text) => vec![("rule", string("check")), ("expression", string(text))],
        Rule::ForeignKey(key) => vec![
            ("rule", string("foreign-key")),
            ("columns", array(&key.columns, name)),
            ("parent", name(&key.parent)),
            ("parent_columns", array(&key.parent_columns, name)),
            ("on_delete", string(key.on_delete.as_str())),
            ("on_update", string(key.on_update.as_str())),
            ("match", or_null(key.match_name.as_ref(), name)),
            ("deferred", boolean(key.deferred)),
        ],
    });
    object(fields)
}

fn of_key(rule: &str, key: &Key) -> Vec<(&'static str, String)> {
    let column = |column: &KeyColumn| {
        object([
            ("name", name(&column.name)),
            ("collation", or_null(column.collation.as_ref(), name)),
            ("descending", boolean(column.descending)),
        ])
    };
    vec![
        ("rule", string(rule)),
        ("columns", array(&key.columns, column)),
        ("on_conflict", or_null(key.conflict, |conflict| string(conflict.as_str()))),
        ("autoincrement", boolean(key.autoincrement)),
    ]
}

fn object(fields: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn array<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(","))
}

fn or_null<T>(value: Option<T>, of: impl Fn(T) -> String) -> String {
    value.map_or_else(null, of)
}

fn name(name: &Name) -> String {
    string(name.as_str())
}

fn boolean(value: bool) -> String {
    value.to_string()
}

fn null() -> String {
    "null".to_owned()
}

fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if control < ' ' => {
                // Writing into a string can't fail.
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(string("a\"b\\c\n\t\u{1}ü"), "\"a\\\"b\\\\c\\n\\t\\u0001ü\"");
    }

    #[test]
    fn every_kind_has_its_fields() {
        let sql = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' CHECK (b > ''));
                   CREATE INDEX i ON t (b DESC, lower(b)) WHERE a > 0;";
        let schema = Schema::from_sql(sql).unwrap();
        let json = schema.to_json();
        assert!(
            json.starts_with("{\"objects\":[{\"kind\":\"table\",\"name\":\"t\",\"sql\":\"CREATE TABLE t"),
            "{json}"
        );
        for part in [
            "{\"name\":\"b\",\"type\":\"TEXT\",\"not_null\":true,\"not_null_name\":null,\
             \"not_null_on_conflict\":null,\"default\":\"'x'\",\"collation\":null,\"generated\":null,\"stored\":false}",
            "{\"name\":null,\"rule\":\"check\",\"expression\":\"b > ''\"}",
            "{\"name\":null,\"expression\":\"lower(b)\",\"collation\":null,\"descending\":false}",
            "\"where\":\"a > 0\"}]}",
        ] {
            assert!(json.contains(part), "{part} in {json}");
        }
    }
}
