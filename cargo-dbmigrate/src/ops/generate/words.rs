//! Reads what is decided on the command line: `--rename`, `--fill` and `--allow`. Names may be quoted as in SQL.

use std::collections::BTreeSet;

use dbmigrate_core::token::{TokenKind, tokens, unquote};
use dbmigrate_schema::{DropTarget, Fill, Hazard, Name, Rename, Schema};

use crate::error::CliError;

/// `table.old=table.new` renames a column, `old=new` a table. What fits nothing is for the plan to say.
pub(crate) fn renames(texts: &[String]) -> Result<Vec<Rename>, CliError> {
    let words: Vec<_> = texts.iter().map(|text| rename(text).map(|names| (text, names))).collect::<Result<_, _>>()?;
    let is_renamed =
        |old: &Name, new: &Name| words.iter().any(|(_, (from, to))| *from == [old.clone()] && *to == [new.clone()]);
    let read = |(text, (from, to)): &(&String, (Names, Names))| match (&from[..], &to[..]) {
        ([from], [to]) => Ok(Rename::Table { from: from.clone(), to: to.clone() }),
        ([old, from], [table, to]) if old == table || is_renamed(old, table) => {
            Ok(Rename::Column { table: table.clone(), from: from.clone(), to: to.clone() })
        }
        ([old, _], [table, _]) => Err(CliError::usage(format!(
            "`--rename {text}`: a column can't be moved to another table"
        ))
        .help(format!("if the table is renamed, add that: `--rename {}={}`", old.to_sql(), table.to_sql()))),
        _ => Err(no_rename(text)),
    };
    words.iter().map(read).collect()
}

/// `table.column=expression`, for the up script or the down script.
pub(crate) fn fills(texts: &[String], target: &Schema, before: &Schema) -> Result<Vec<Fill>, CliError> {
    let fill = |text: &String| {
        let wrong = || {
            CliError::usage(format!("`--fill {text}` is not understood"))
                .help("write `--fill table.column=expression`, such as `--fill \"users.city='Rome'\"`")
        };
        let (names, expression) = split(text).ok_or_else(wrong)?;
        let [table, column] = &names[..] else { return Err(wrong()) };
        if expression.trim().is_empty() {
            return Err(wrong());
        }
        let has = |schema: &Schema| schema.table(table).is_some_and(|table| table.column(column).is_some());
        if !has(target) && !has(before) {
            return Err(CliError::usage(format!(
                "`--fill {text}`: there is no column `{column}` in a table `{table}`"
            )));
        }
        Ok(Fill { table: table.clone(), column: column.clone(), expression: expression.trim().to_owned() })
    };
    texts.iter().map(fill).collect()
}

/// `drop-table` and `drop-column`, as they are or with what goes: `drop-column=table.column`, `drop-table=table`.
pub(crate) fn allowed(texts: &[String]) -> Result<(BTreeSet<Hazard>, Vec<DropTarget>), CliError> {
    let (mut hazards, mut goes) = (BTreeSet::new(), Vec::new());
    for text in texts {
        let wrong = |why: String| {
            CliError::usage(format!("`--allow {text}`: {why}"))
                .help("write `--allow drop-column`, or name it: `--allow drop-column=table.column`")
        };
        match text.split_once('=') {
            // Several at once have no names.
            None => {
                for word in text.split(',') {
                    hazards.insert(word.parse().map_err(wrong)?);
                }
            }
            Some((hazard, names)) => {
                let hazard: Hazard = hazard.parse().map_err(wrong)?;
                let names = split(&format!("{names}=")).filter(|(_, rest)| rest.is_empty()).map(|(names, _)| names);
                goes.push(match (hazard, names.as_deref()) {
                    (Hazard::DropTable, Some([table])) => DropTarget::Table(table.clone()),
                    (Hazard::DropColumn, Some([table, column])) => {
                        DropTarget::Column { table: table.clone(), column: column.clone() }
                    }
                    (Hazard::DropTable, _) => return Err(wrong("this is not the name of a table".to_owned())),
                    (Hazard::DropColumn, _) => return Err(wrong("this is not a column of a table".to_owned())),
                });
            }
        }
    }
    Ok((hazards, goes))
}

/// What a rename does, in words.
pub(crate) fn shown(rename: &Rename) -> String {
    match rename {
        Rename::Table { from, to } => format!("table `{to}` is renamed from `{from}`"),
        Rename::Column { table, from, to } => format!("table `{table}`: column `{to}` is renamed from `{from}`"),
    }
}

/// The question whether something is renamed.
pub(crate) fn question(rename: &Rename) -> String {
    match rename {
        Rename::Table { from, to } => format!("is table `{to}` the former `{from}`, with its rows?"),
        Rename::Column { table, from, to } => {
            format!("is column `{to}` of `{table}` the former `{from}`, with its values?")
        }
    }
}

type Names = Vec<Name>;

fn rename(text: &str) -> Result<(Names, Names), CliError> {
    let (from, to) = split(text).ok_or_else(|| no_rename(text))?;
    // What follows is nothing but names as well.
    let to = format!("{to}=");
    match split(&to) {
        Some((to, "")) => Ok((from, to)),
        _ => Err(no_rename(text)),
    }
}

fn no_rename(text: &str) -> CliError {
    CliError::usage(format!("`--rename {text}` is not understood"))
        .help("write `--rename table.old=table.new` for a column, `--rename old=new` for a table")
}

/// The names before the first `=`, and what follows it.
fn split(text: &str) -> Option<(Names, &str)> {
    let mut names = Vec::new();
    let mut parts = tokens(text).filter(|token| !token.is_blank());
    loop {
        let name = parts.next()?;
        if !matches!(name.kind, TokenKind::Word | TokenKind::QuotedName) {
            return None;
        }
        names.push(Name::new(unquote(name.text(text))));
        let next = parts.next()?;
        match next.text(text) {
            "." => {}
            // `==` is one token, and SQL's other way to write the same.
            "=" => return Some((names, &text[next.span.end..])),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(sql: &str) -> Schema {
        Schema::from_sql(sql).unwrap()
    }

    #[test]
    fn renames_are_of_columns_and_tables() {
        let said = ["a=b", "a.x=b.v", "b.\"y z\" = b.w"].map(str::to_owned);
        let column = |from, to| Rename::Column { table: Name::new("b"), from: Name::new(from), to: Name::new(to) };
        let expect = [Rename::Table { from: Name::new("a"), to: Name::new("b") }, column("x", "v"), column("y z", "w")];
        assert_eq!(renames(&said).unwrap(), expect);
        for wrong in ["a", "a=", "=b", "a.x=b", "a=b.v", "a.b.c=d", "a=b=c", "a.x=b.v", "'a'=b", "a b=c"] {
            assert!(renames(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fill_is_any_expression_for_a_column() {
        let (before, target) = (schema("CREATE TABLE a (x)"), schema("CREATE TABLE a (y)"));
        let all = fills(&["a.y = x = '1'".to_owned(), "A.X='='".to_owned()], &target, &before).unwrap();
        assert_eq!(all[0].expression, "x = '1'");
        assert_eq!((all[1].column.as_str(), all[1].expression.as_str()), ("X", "'='"));
        for wrong in ["a.y", "a.y=", "y=1", "a.z=1", "b.y=1"] {
            assert!(fills(&[wrong.to_owned()], &target, &before).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_may_go_is_a_hazard_or_a_name() {
        let said = ["drop-table,drop-column", "drop-column=t.\"a b\"", "drop-table=u"].map(str::to_owned);
        let (hazards, goes) = allowed(&said).unwrap();
        assert_eq!(hazards, [Hazard::DropTable, Hazard::DropColumn].into());
        let column = DropTarget::Column { table: Name::new("t"), column: Name::new("a b") };
        assert_eq!(goes, [column, DropTarget::Table(Name::new("u"))]);
        for wrong in ["everything", "drop-column=t", "drop-table=t.a", "drop-column=t.a=b", "drop-table="] {
            let error = format!("{:?}", allowed(&[wrong.to_owned()]).unwrap_err());
            assert!(error.contains(&format!("--allow {wrong}")), "{error}");
        }
    }
}
