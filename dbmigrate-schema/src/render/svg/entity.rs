//! The boxes of a diagram and the relations between them, as a schema has them.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlite3_parser::Bump;
use sqlite3_parser::ast::Stmt;

use super::text::{cells, clipped};
use crate::lint::tree;
use crate::model::{Column, ForeignKey, Indexed, Kind, Name, Object, Rule, Schema, Table, View, VirtualTable};

/// The most cells of a name, a type, and a list of names in a box.
const NAME: usize = 40;
const TYPE: usize = 24;
const LIST: usize = 44;

/// Of a table with more columns than that, only these are shown, and those of keys.
const ROWS: usize = 60;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Table,
    View,
    Virtual,
    /// Something refers to it and it is not there.
    Missing,
    /// Its text could not be understood.
    Opaque,
}

impl Sort {
    /// The class of its box.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Virtual => "virtual",
            Self::Missing => "missing",
            Self::Opaque => "opaque",
        }
    }
}

/// A box.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) sort: Sort,
    pub(super) name: String,
    /// What stands beside its name.
    pub(super) tag: String,
    pub(super) rows: Vec<Row>,
}

/// A line of a box.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// `PK`, `FK`, both or nothing.
    pub(super) keys: &'static str,
    pub(super) name: String,
    pub(super) declared: String,
    /// `UQ`, `NN`, both or nothing.
    pub(super) marks: &'static str,
    /// Whether it is no column, but something that is said of the whole.
    pub(super) is_note: bool,
}

impl Row {
    fn note(text: String) -> Self {
        Self { name: text, is_note: true, ..Self::default() }
    }

    /// How its name is shown.
    pub(super) fn shown(&self) -> String {
        clipped(&self.name, if self.is_note { LIST } else { NAME })
    }

    /// How its type is shown.
    pub(super) fn type_shown(&self) -> String {
        clipped(&self.declared, TYPE)
    }
}

impl Entity {
    /// How its name is shown.
    pub(super) fn shown(&self) -> String {
        clipped(&self.name, NAME)
    }

    /// The cells of its longest names and types.
    pub(super) fn widest(&self, of: impl Fn(&Row) -> String) -> usize {
        self.rows.iter().filter(|row| !row.is_note).map(|row| cells(&of(row))).max().unwrap_or(0)
    }
}

/// What connects two boxes.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) child: usize,
    /// The row that it leaves from; none where no row has the column.
    pub(super) child_row: Option<usize>,
    pub(super) parent: usize,
    pub(super) parent_row: Option<usize>,
    pub(super) sort: RelationSort,
    /// It in words.
    pub(super) title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RelationSort {
    Reference {
        /// Whether at most one row can refer to another.
        is_unique: bool,
        /// Whether a row need not refer to any.
        is_optional: bool,
    },
    /// A full-text table over the rows of another.
    Content,
}

/// Boxes and relations, in the order of the schema.
pub(super) struct Entities {
    pub(super) entities: Vec<Entity>,
    pub(super) relations: Vec<Relation>,
}

impl Entities {
    pub(super) fn of(schema: &Schema) -> Self {
        let uniques = uniques(schema);
        let referred = referred(schema);
        let mut found = Self { entities: Vec::new(), relations: Vec::new() };
        let mut by_name: HashMap<Name, usize> = HashMap::new();
        // Where each column is, of those that have a row.
        let mut rows: Vec<HashMap<Name, usize>> = Vec::new();
        for object in &schema.objects {
            let (entity, columns) = match object {
                Object::Table(table) => of_table(table, &uniques, &referred),
                Object::View(view) => (of_view(view), HashMap::new()),
                Object::VirtualTable(table) => (of_virtual(table), HashMap::new()),
                Object::Opaque(opaque) if matches!(opaque.kind, Kind::Table | Kind::View | Kind::VirtualTable) => {
                    let tag = format!("{}, not understood", opaque.kind);
                    (entity(Sort::Opaque, &opaque.name, tag, Vec::new()), HashMap::new())
                }
                Object::Index(_) | Object::Trigger(_) | Object::Opaque(_) => continue,
            };
            by_name.insert(object.name().clone(), found.entities.len());
            found.entities.push(entity);
            rows.push(columns);
        }
        let mut at = |name: &Name, found: &mut Self, rows: &mut Vec<HashMap<Name, usize>>| {
            *by_name.entry(name.clone()).or_insert_with(|| {
                found.entities.push(entity(Sort::Missing, name, "missing".to_owned(), Vec::new()));
                rows.push(HashMap::new());
                found.entities.len() - 1
            })
        };
        for object in &schema.objects {
            match object {
                Object::Table(table) => {
                    for key in table.foreign_keys() {
                        let child = at(&table.name, &mut found, &mut rows);
                        let parent = at(&key.parent, &mut found, &mut rows);
                        let parent_columns = parent_columns(schema, key);
                        let row = |of: usize, column: Option<&Name>| rows[of].get(column?).copied();
                        found.relations.push(Relation {
                            child,
                            child_row: row(child, key.columns.first()),
                            parent,
                            parent_row: row(parent, parent_columns.first()),
                            sort: RelationSort::Reference {
                                is_unique: uniques
                                    .get(&table.name)
                                    .is_some_and(|sets| sets.contains_key(&set(&key.columns))),
                                is_optional: key.columns.iter().any(|column| takes_null(table, column)),
                            },
                            title: title(table, key, &parent_columns),
                        });
                    }
                }
                Object::VirtualTable(table) => {
                    if let Some(content) = table.content() {
                        let child = at(&table.name, &mut found, &mut rows);
                        let parent = at(&content, &mut found, &mut rows);
                        let title = format!("{} is over the text of {content}", table.name);
                        let sort = RelationSort::Content;
                        found.relations.push(Relation {
                            child,
                            child_row: None,
                            parent,
                            parent_row: None,
                            sort,
                            title,
                        });
                    }
                }
                _ => {}
            }
        }
        found
    }
}

fn entity(sort: Sort, name: &Name, tag: String, rows: Vec<Row>) -> Entity {
    Entity { sort, name: name.as_str().to_owned(), tag, rows }
}

/// The sets of columns of each table whose values can't occur twice.
///
/// Each is sorted, so that it can be found, and as it was written.
type Uniques = HashMap<Name, BTreeMap<Vec<Name>, Vec<Name>>>;

fn uniques(schema: &Schema) -> Uniques {
    let mut uniques = Uniques::new();
    for table in schema.tables() {
        let sets = uniques.entry(table.name.clone()).or_default();
        sets.extend(table.constraints.iter().filter_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey(key) | Rule::Unique(key) => {
                let columns: Vec<Name> = key.columns.iter().map(|column| column.name.clone()).collect();
                Some((set(&columns), columns))
            }
            Rule::Check(_) | Rule::ForeignKey(_) => None,
        }));
    }
    for index in schema.indexes().filter(|index| index.unique && index.filter.is_none()) {
        let columns: Option<Vec<Name>> = index
            .columns
            .iter()
            .map(|column| match &column.by {
                Indexed::Column(name) => Some(name.clone()),
                Indexed::Expression(_) => None,
            })
            .collect();
        if let (Some(columns), Some(sets)) = (columns, uniques.get_mut(&index.table)) {
            sets.insert(set(&columns), columns);
        }
    }
    uniques
}

fn set(columns: &[Name]) -> Vec<Name> {
    let mut set = columns.to_vec();
    set.sort();
    set.dedup();
    set
}

/// The columns that something refers to, by table.
fn referred(schema: &Schema) -> HashMap<Name, HashSet<Name>> {
    let mut referred: HashMap<Name, HashSet<Name>> = HashMap::new();
    for key in schema.tables().flat_map(Table::foreign_keys) {
        referred.entry(key.parent.clone()).or_default().extend(key.parent_columns.iter().cloned());
    }
    referred
}

fn parent_columns(schema: &Schema, key: &ForeignKey) -> Vec<Name> {
    if !key.parent_columns.is_empty() {
        return key.parent_columns.clone();
    }
    let primary = schema.table(&key.parent).and_then(Table::primary_key);
    primary.map(|key| key.columns.iter().map(|column| column.name.clone()).collect()).unwrap_or_default()
}

fn takes_null(table: &Table, name: &Name) -> bool {
    table.column(name).is_none_or(|column| !is_not_null(table, column))
}

/// SQLite takes NULL in a primary key, but for a rowid and in a table that has none.
fn is_not_null(table: &Table, column: &Column) -> bool {
    column.not_null.is_some()
        || table.rowid_alias() == Some(column)
        || (table.without_rowid && table.is_in_primary_key(&column.name))
}

fn of_table(
    table: &Table,
    uniques: &Uniques,
    referred: &HashMap<Name, HashSet<Name>>,
) -> (Entity, HashMap<Name, usize>) {
    let refers: HashSet<&Name> = table.foreign_keys().flat_map(|key| &key.columns).collect();
    let sets = uniques.get(&table.name);
    let primary = table.primary_key().map(|key| key.columns.iter().map(|column| column.name.clone()).collect());
    let primary: Vec<Name> = primary.unwrap_or_default();
    let keys: HashSet<&Name> = primary.iter().collect();
    let is_referred = |name: &Name| referred.get(&table.name).is_some_and(|names| names.contains(name));
    let room = ROWS.min(table.columns.len());
    let (mut rows, mut at, mut left_out) = (Vec::new(), HashMap::new(), 0);
    for column in &table.columns {
        let (is_key, refers) = (keys.contains(&column.name), refers.contains(&column.name));
        let matters = is_key || refers || is_referred(&column.name);
        if rows.len() >= room && !matters {
            left_out += 1;
            continue;
        }
        let is_unique = sets.is_some_and(|sets| sets.contains_key(std::slice::from_ref(&column.name)))
            && !(is_key && keys.len() == 1);
        at.insert(column.name.clone(), rows.len());
        rows.push(Row {
            keys: match (is_key, refers) {
                (true, true) => "PK FK",
                (true, false) => "PK",
                (false, true) => "FK",
                (false, false) => "",
            },
            name: column.name.as_str().to_owned(),
            declared: column.declared_type.clone().unwrap_or_default(),
            marks: match (is_unique, is_not_null(table, column)) {
                (true, true) => "UQ NN",
                (true, false) => "UQ",
                (false, true) => "NN",
                (false, false) => "",
            },
            is_note: false,
        });
    }
    if left_out > 0 {
        rows.push(Row::note(format!("… and {left_out} more columns")));
    }
    let primary = set(&primary);
    let several = sets.into_iter().flatten().filter(|(set, _)| set.len() > 1 && **set != primary);
    rows.extend(several.map(|(_, columns)| Row::note(format!("UQ ({})", list(columns)))));
    let options = [(table.strict, "strict"), (table.without_rowid, "without rowid")];
    let tag: Vec<_> = options.into_iter().filter_map(|(is, word)| is.then_some(word)).collect();
    (entity(Sort::Table, &table.name, tag.join(", "), rows), at)
}

fn of_view(view: &View) -> Entity {
    let column = |name: &Name| Row { name: name.as_str().to_owned(), ..Row::default() };
    let mut rows: Vec<Row> = view.columns.iter().take(ROWS).map(column).collect();
    if view.columns.len() > ROWS {
        rows.push(Row::note(format!("… and {} more columns", view.columns.len() - ROWS)));
    }
    let bump = Bump::new();
    let mut sources = Vec::new();
    if let Some(Stmt::CreateView { select, .. }) = tree::parse(&bump, &view.text) {
        tree::sources(select, &mut sources);
    }
    let mut seen = HashSet::new();
    sources.retain(|name| seen.insert(name.clone()));
    let more = sources.len().saturating_sub(ROWS);
    rows.extend(sources.iter().take(ROWS).map(|name| Row::note(format!("from {name}"))));
    if more > 0 {
        rows.push(Row::note(format!("… and {more} more")));
    }
    entity(Sort::View, &view.name, "view".to_owned(), rows)
}

fn of_virtual(table: &VirtualTable) -> Entity {
    let columns = table.text_columns();
    let column = |name: &Name| Row { name: name.as_str().to_owned(), ..Row::default() };
    let mut rows: Vec<Row> = columns.iter().take(ROWS).map(column).collect();
    if columns.len() > ROWS {
        rows.push(Row::note(format!("… and {} more columns", columns.len() - ROWS)));
    }
    entity(Sort::Virtual, &table.name, format!("virtual, {}", clipped(table.module.as_str(), TYPE)), rows)
}

fn title(table: &Table, key: &ForeignKey, parent_columns: &[Name]) -> String {
    let mut title = format!("{} ({}) → {}", table.name, list(&key.columns), key.parent);
    if !parent_columns.is_empty() {
        title.push_str(&format!(" ({})", list(parent_columns)));
    }
    for (when, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
        if action != crate::model::Action::NoAction {
            title.push_str(&format!(", ON {when} {}", action.as_str()));
        }
    }
    title
}

fn list(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
