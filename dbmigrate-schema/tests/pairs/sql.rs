//! The statements that make a model.

use crate::die::Die;
use crate::model::{Action, Column, Expr, Key, Model, Reference, Search, Table, Trigger, Verb, View, ViewForm};

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// All statements. What means nothing, such as the place of a constraint, is left to the die.
pub(crate) fn sql(model: &Model, die: &mut Die) -> Vec<String> {
    let mut statements: Vec<String> = model.tables.iter().map(|each| table(model, each, die)).collect();
    for index in &model.indexes {
        let Some(table) = model.table(index.table) else { continue };
        let by = index
            .by
            .iter()
            .map(|(expr, collation, descending)| format!("{}{}", of(expr, table), sorted(collation, *descending)));
        let filter = index.filter.as_ref().map_or(String::new(), |expr| format!(" WHERE {}", of(expr, table)));
        statements.push(format!(
            "CREATE {}INDEX {} ON {} ({}){filter}",
            if index.unique { "UNIQUE " } else { "" },
            quoted(&index.name),
            quoted(&table.name),
            by.collect::<Vec<_>>().join(", ")
        ));
    }
    statements.extend(model.searches.iter().map(|each| search(model, each)));
    statements.extend(model.views.iter().map(|each| view(model, each)));
    statements.extend(model.triggers.iter().filter_map(|each| trigger(model, each)));
    statements.extend(model.searches.iter().flat_map(|each| sync(model, each)));
    statements.extend(model.others.iter().map(|&other| other.to_owned()));
    statements
}

fn named(name: Option<&String>) -> String {
    name.map_or(String::new(), |name| format!("CONSTRAINT {} ", quoted(name)))
}

fn conflict(conflict: &str) -> String {
    if conflict.is_empty() { String::new() } else { format!(" ON CONFLICT {conflict}") }
}

fn sorted(collation: &str, descending: bool) -> String {
    let collation = if collation.is_empty() { String::new() } else { format!(" COLLATE {collation}") };
    format!("{collation}{}", if descending { " DESC" } else { "" })
}

fn expression(expr: &Expr, name: impl Fn(u32) -> String) -> String {
    let mut text = expr.template.to_owned();
    for (at, column) in expr.columns.iter().enumerate() {
        text = text.replace(&format!("#{at}"), &name(*column));
    }
    text
}

/// An expression over a row of a table.
fn of(expr: &Expr, table: &Table) -> String {
    let qualifier = if expr.qualified { format!("{}.", quoted(&table.name)) } else { String::new() };
    expression(expr, |id| {
        let name = table.column(id).map_or("nothing", |column| column.name.as_str());
        format!("{qualifier}{}", quoted(name))
    })
}

fn name_of(table: &Table, id: u32) -> String {
    quoted(table.column(id).map_or("nothing", |column| column.name.as_str()))
}

fn table(model: &Model, table: &Table, die: &mut Die) -> String {
    let (mut lines, mut after) = (Vec::new(), Vec::new());
    let mut beside: Vec<(u32, String)> = Vec::new();
    if let Some(key) = &table.key {
        put_key("PRIMARY KEY", key, table, key.beside, &mut beside, &mut after);
    }
    for key in &table.uniques {
        put_key("UNIQUE", key, table, die.one_in(2), &mut beside, &mut after);
    }
    for check in &table.checks {
        let text = format!("{}CHECK ({})", named(check.name.as_ref()), of(&check.expr, table));
        // One beside a column may speak of another.
        if die.one_in(2) {
            beside.push((table.columns[die.below(table.columns.len())].id, text))
        } else {
            after.push(text)
        }
    }
    for reference in &table.references {
        let text = format!("{}{{}}{}", named(reference.name.as_ref()), references(model, reference));
        match reference.columns.as_slice() {
            [only] if die.one_in(2) => beside.push((*only, text.replacen("{}", "", 1))),
            columns => {
                let names: Vec<_> = columns.iter().map(|id| name_of(table, *id)).collect();
                after.push(text.replacen("{}", &format!("FOREIGN KEY ({}) ", names.join(", ")), 1));
            }
        }
    }
    for column in &table.columns {
        let mut line = column_line(column, table);
        for (_, text) in beside.iter().filter(|(id, _)| *id == column.id) {
            line += &format!(" {text}");
        }
        lines.push(line);
    }
    lines.append(&mut after);
    let options: Vec<_> = [(table.strict, "STRICT"), (table.without_rowid, "WITHOUT ROWID")]
        .into_iter()
        .filter_map(|(on, option)| on.then_some(option))
        .collect();
    format!("CREATE TABLE {} ({}) {}", quoted(&table.name), lines.join(", "), options.join(", "))
}

fn put_key(
    what: &str,
    key: &Key,
    table: &Table,
    is_beside: bool,
    beside: &mut Vec<(u32, String)>,
    after: &mut Vec<String>,
) {
    let (name, conflict) = (named(key.name.as_ref()), conflict(key.conflict));
    let counted = if key.autoincrement { " AUTOINCREMENT" } else { "" };
    match key.columns.as_slice() {
        [(only, "", false)] if is_beside => beside.push((*only, format!("{name}{what}{conflict}{counted}"))),
        [(only, "", true)] if is_beside && what != "UNIQUE" => {
            beside.push((*only, format!("{name}{what} DESC{conflict}{counted}")));
        }
        columns => {
            let columns = columns.iter().map(|(id, collation, descending)| {
                format!("{}{}", name_of(table, *id), sorted(collation, *descending))
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            after.push(format!("{name}{what} ({columns}{counted}){conflict}"));
        }
    }
}

fn column_line(column: &Column, table: &Table) -> String {
    let mut line = format!("{} {}", quoted(&column.name), column.kind);
    if let Some((expr, stored)) = &column.generated {
        line += &format!(" AS ({}) {}", of(expr, table), if *stored { "STORED" } else { "VIRTUAL" });
    }
    if let Some(not_null) = &column.not_null {
        line += &format!(" {}NOT NULL{}", named(not_null.name.as_ref()), conflict(not_null.conflict));
    }
    if !column.default.is_empty() {
        line += &format!(" DEFAULT {}", column.default);
    }
    line + &sorted(column.collation, false)
}

fn references(model: &Model, reference: &Reference) -> String {
    let parent = model.table(reference.parent);
    let mut text = format!("REFERENCES {}", quoted(parent.map_or("missing parent", |parent| &parent.name)));
    if let (Some(parent), false) = (parent, reference.parent_columns.is_empty()) {
        let names: Vec<_> = reference.parent_columns.iter().map(|id| name_of(parent, *id)).collect();
        text += &format!(" ({})", names.join(", "));
    }
    for (event, action) in [("DELETE", reference.on_delete), ("UPDATE", reference.on_update)] {
        if !action.is_empty() {
            text += &format!(" ON {event} {action}");
        }
    }
    format!("{text} {}", reference.deferred)
}

fn name_of_source(model: &Model, id: u32) -> String {
    let table = model.table(id).map(|table| &table.name);
    quoted(table.or_else(|| model.view(id).map(|view| &view.name)).map_or("nothing", String::as_str))
}

fn view(model: &Model, view: &View) -> String {
    let source = name_of_source(model, view.from);
    let below = model.columns(view.from);
    let names = |view: &View| -> Vec<String> {
        let found = view.columns.iter().filter_map(|id| below.iter().find(|(below, _)| below == id));
        found.map(|(_, name)| quoted(name)).collect()
    };
    let names = names(view);
    let own: Vec<String> = model.columns(view.id).iter().map(|(_, name)| quoted(name)).collect();
    let name = quoted(&view.name);
    match view.form {
        ViewForm::Plain => format!("CREATE VIEW {name} AS SELECT {} FROM {source}", names.join(", ")),
        ViewForm::Star => format!("CREATE VIEW {name} AS SELECT * FROM {source} WHERE 1"),
        ViewForm::Aliased => {
            let columns: Vec<_> = names.iter().zip(&own).map(|(name, own)| format!("x.{name} AS {own}")).collect();
            format!("CREATE VIEW {name} AS SELECT {} FROM {source} AS x", columns.join(", "))
        }
        ViewForm::Common => {
            format!("CREATE VIEW {name} AS WITH w AS (SELECT * FROM {source}) SELECT {} FROM w", names.join(", "))
        }
        ViewForm::Listed => {
            format!("CREATE VIEW {name} ({}) AS SELECT {} FROM {source}", own.join(", "), names.join(", "))
        }
    }
}

fn trigger(model: &Model, trigger: &Trigger) -> Option<String> {
    let columns = model.columns(trigger.on);
    let row = if trigger.event == "DELETE" { "old" } else { "new" };
    let name = |id: u32| Some(quoted(&columns.iter().find(|(own, _)| *own == id)?.1));
    let of: Option<Vec<_>> = trigger.of.iter().map(|id| name(*id)).collect();
    let of = of.filter(|of| !of.is_empty()).map_or(String::new(), |of| format!(" OF {}", of.join(", ")));
    let when = trigger.when.as_ref().map_or(String::new(), |expr| {
        let when = expression(expr, |id| format!("{row}.{}", name(id).unwrap_or_else(|| "nothing".to_owned())));
        format!(" WHEN {when}")
    });
    let body = match &trigger.action {
        Action::Look(column) => format!("SELECT {row}.{}", name(*column)?),
        Action::Count(source) => format!("SELECT count(*) FROM {}", name_of_source(model, *source)),
        Action::Write { verb, table, column } => {
            let table = model.table(*table)?;
            let (column, table) = (name_of(table, *column), quoted(&table.name));
            match verb {
                Verb::Insert => format!("INSERT OR IGNORE INTO {table} ({column}) VALUES (5)"),
                Verb::Update => format!("UPDATE {table} SET {column} = {column} WHERE {column} = 'none'"),
                Verb::Delete => format!("DELETE FROM {table} WHERE {column} = 'none'"),
            }
        }
    };
    Some(format!(
        "CREATE TRIGGER {} {} {}{of} ON {}{when} BEGIN {body}; END",
        quoted(&trigger.name),
        trigger.timing,
        trigger.event,
        name_of_source(model, trigger.on),
    ))
}

fn search(model: &Model, search: &Search) -> String {
    let name = quoted(&search.name);
    let Some((table, columns)) = content(model, search) else {
        return format!("CREATE VIRTUAL TABLE {name} USING fts5({})", search.columns.join(", "));
    };
    let rowid = table.alias().map_or(String::new(), |alias| format!(", content_rowid={}", quoted(&alias.name)));
    let content = table.name.replace('\'', "''");
    format!("CREATE VIRTUAL TABLE {name} USING fts5({}, content='{content}'{rowid})", columns.join(", "))
}

fn content<'a>(model: &'a Model, search: &Search) -> Option<(&'a Table, Vec<String>)> {
    let (table, columns) = search.content.as_ref()?;
    let table = model.table(*table)?;
    Some((table, columns.iter().map(|id| name_of(table, *id)).collect()))
}

/// The triggers that tell a full-text table of what changes.
fn sync(model: &Model, search: &Search) -> Vec<String> {
    let Some((table, columns)) = content(model, search) else { return Vec::new() };
    let rowid = table.alias().map_or("rowid".to_owned(), |alias| quoted(&alias.name));
    let (on, name, list) = (quoted(&table.name), quoted(&search.name), columns.join(", "));
    let values = |row: &str| {
        let values: Vec<_> = columns.iter().map(|column| format!("{row}.{column}")).collect();
        format!("{row}.{rowid}, {}", values.join(", "))
    };
    let insert = format!("INSERT INTO {name} (rowid, {list}) VALUES ({});", values("new"));
    let delete = format!("INSERT INTO {name} ({name}, rowid, {list}) VALUES ('delete', {});", values("old"));
    [("INSERT", insert.clone()), ("DELETE", delete.clone()), ("UPDATE", format!("{delete} {insert}"))]
        .into_iter()
        .map(|(event, body)| {
            let own = quoted(&format!("{} {event}", search.name));
            format!("CREATE TRIGGER {own} AFTER {event} ON {on} BEGIN {body} END")
        })
        .collect()
}
