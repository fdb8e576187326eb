//! What virtual tables hold, given to their modules again.

use dbmigrate_core::token::{TokenKind, tokens, unquote};
use rusqlite::Connection;

use super::rows::Layout;
use super::{Object, Refusal};
use crate::cell::Cell;
use crate::model::Name;

/// Where a full-text table keeps the text.
pub(super) enum Text {
    /// In itself.
    Own,
    /// In another table.
    Elsewhere,
    /// Nowhere.
    Nowhere,
}

/// What is known of a module.
pub(super) enum Module {
    /// `fts5`
    Fts5(Text),
    /// `fts3` or `fts4`
    Fts4(Text),
    /// `rtree`, `rtree_i32` or `geopoly`
    Index { has_rowid: bool },
    /// It only shows what others hold.
    Shows,
    /// Nothing.
    Unknown(String),
}

impl Module {
    /// That of a `CREATE VIRTUAL TABLE`.
    pub(super) fn of(sql: &str) -> Self {
        let words: Vec<_> = tokens(sql).filter(|token| !token.is_blank()).collect();
        let at = words.iter().position(|token| token.text(sql).eq_ignore_ascii_case("USING"));
        let name = at.and_then(|at| words.get(at + 1)).map(|token| unquote(token.text(sql)).to_ascii_lowercase());
        let name = name.unwrap_or_default();
        let content = words.windows(3).find_map(|three| {
            let [key, equals, value] = three else { return None };
            let is_it = key.text(sql).eq_ignore_ascii_case("content") && equals.text(sql) == "=";
            is_it.then(|| {
                if value.kind == TokenKind::Semicolon { String::new() } else { unquote(value.text(sql)).to_string() }
            })
        });
        let text = match content {
            None => Text::Own,
            Some(content) if content.is_empty() => Text::Nowhere,
            Some(_) => Text::Elsewhere,
        };
        match name.as_str() {
            "fts5" => Self::Fts5(text),
            "fts3" | "fts4" => Self::Fts4(text),
            "rtree" | "rtree_i32" => Self::Index { has_rowid: false },
            "geopoly" => Self::Index { has_rowid: true },
            "fts5vocab" | "fts3tokenize" | "fts4aux" | "dbstat" | "sqlite_stmt" | "bytecode" | "tables_used" => {
                Self::Shows
            }
            _ => Self::Unknown(name),
        }
    }
}

/// Writes what a virtual table holds, and says how many rows that is; what it reads from another object, which has to be
/// there by then, to `rebuilt`.
pub(super) fn filled(
    connection: &Connection,
    object: &Object,
    created: &str,
    sql: &mut String,
    rebuilt: &mut String,
) -> Result<usize, Refusal> {
    let table = Name::new(&object.name);
    let (text, size) = match Module::of(created) {
        Module::Shows => return Ok(0),
        Module::Unknown(module) => {
            return Err(Refusal::Because(format!("it is unknown how to fill the module `{module}` of `{table}`")));
        }
        Module::Index { has_rowid } => {
            let layout = Layout::of(connection, object)?;
            let layout = if has_rowid { layout } else { layout.without_rowid() };
            let rows = layout.read(connection)?;
            layout.insert(&rows, connection, sql)?;
            return Ok(rows.len());
        }
        Module::Fts5(text) => {
            if let Some(setting) = setting(connection, &object.name) {
                return Err(Refusal::Because(format!(
                    "`{table}` has the setting `{setting}`, and a new table has the default settings"
                )));
            }
            (text, "docsize")
        }
        Module::Fts4(text) => (text, "segdir"),
    };
    match text {
        Text::Own => {
            let layout = Layout::of(connection, object)?;
            let rows = layout.read(connection)?;
            layout.insert(&rows, connection, sql)?;
            Ok(rows.len())
        }
        Text::Elsewhere => {
            if holds_words(connection, &object.name, size)? {
                let name = table.to_sql();
                rebuilt.push_str(&format!("INSERT INTO {name} ({name}) VALUES ('rebuild');\n"));
            }
            Ok(0)
        }
        Text::Nowhere if holds_words(connection, &object.name, size)? => {
            Err(Refusal::Because(format!("`{table}` has words but stores no text, so its content can't be read back")))
        }
        Text::Nowhere => Ok(0),
    }
}

/// A setting that a table of FTS5 was given, such as `rank` or `pgsz`: no text of the schema has it.
fn setting(connection: &Connection, table: &str) -> Option<String> {
    let config = Name::new(format!("{table}_config")).to_sql();
    let sql = format!("SELECT k FROM main.{config} WHERE k <> 'version' ORDER BY k LIMIT 1");
    connection.query_row(&sql, [], |row| row.get(0)).ok()
}

/// Whether a full-text table has read anything.
fn holds_words(connection: &Connection, table: &str, size: &str) -> Result<bool, Refusal> {
    let shadow = Name::new(format!("{table}_{size}")).to_sql();
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{shadow})");
    // Where sizes are not kept, the text that is read tells.
    Ok(connection.query_row(&sql, [], |row| row.get(0)).unwrap_or(true))
}

/// What a virtual table holds, in a form that can be compared.
pub(super) fn contents(connection: &Connection, object: &Object, created: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let (text, words) = match Module::of(created) {
        Module::Shows | Module::Unknown(_) => return Ok(Vec::new()),
        Module::Index { has_rowid } => {
            let layout = Layout::of(connection, object)?;
            let layout = if has_rowid { layout } else { layout.without_rowid() };
            let mut rows = layout.read(connection)?;
            rows.sort();
            return Ok(rows);
        }
        Module::Fts5(text) => (text, ["fts5vocab", "'instance'"]),
        Module::Fts4(text) => (text, ["fts4aux", ""]),
    };
    let mut rows = match text {
        Text::Own | Text::Elsewhere => Layout::of(connection, object)?.read(connection)?,
        Text::Nowhere => Vec::new(),
    };
    let [module, kind] = words;
    let name = Name::new(&object.name).to_sql();
    let kind = if kind.is_empty() { String::new() } else { format!(", {kind}") };
    connection
        .execute_batch(&format!("CREATE VIRTUAL TABLE temp.dbmigrate_words USING {module}(main, {name}{kind})"))?;
    let found = every(connection, "SELECT * FROM temp.dbmigrate_words");
    connection.execute_batch("DROP TABLE temp.dbmigrate_words")?;
    let mut found = found?;
    found.sort();
    rows.extend(found);
    if module == "fts5vocab" {
        let config = Name::new(format!("{}_config", object.name)).to_sql();
        rows.extend(every(connection, &format!("SELECT k, v FROM main.{config} ORDER BY k"))?);
    }
    Ok(rows)
}

fn every(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let mut statement = connection.prepare(sql)?;
    let count = statement.column_count();
    let rows = statement.query_map([], |row| (0..count).map(|at| Ok(Cell::from(row.get_ref(at)?))).collect())?;
    rows.collect()
}
