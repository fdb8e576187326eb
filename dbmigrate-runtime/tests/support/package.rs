//! Sets with more than migrations: hooks, repeatables, a name.

use std::hash::{DefaultHasher, Hash, Hasher};

use dbmigrate_runtime::{Migrator, Object, ObjectKind, Repeatable, Rules, Script, Set, Snapshot, StartsFrom};

use super::{File, Runner, script, set_with};

/// A set under construction.
#[derive(Clone)]
pub struct Package {
    name: &'static str,
    table: &'static str,
    files: Vec<File>,
    before_all: Option<Script<'static>>,
    after_all: Option<Script<'static>>,
    repeatables: Vec<(&'static str, Script<'static>, &'static [Object<'static>])>,
    snapshot: Option<(u64, Script<'static>)>,
    rules: Rules,
}

pub fn package(files: Vec<File>) -> Package {
    Package {
        name: "",
        table: "_migrations",
        files,
        before_all: None,
        after_all: None,
        repeatables: Vec::new(),
        snapshot: None,
        rules: Rules::DEFAULT,
    }
}

impl Package {
    pub fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// A set with a history of its own.
    pub fn own(self, name: &'static str) -> Self {
        let table = format!("_migrations_{name}").leak();
        self.name(name).table(table)
    }

    pub fn table(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    pub fn before(mut self, statements: &[&'static str]) -> Self {
        self.before_all = Some(script("migrations/hooks/before_all.sql".to_owned(), statements));
        self
    }

    pub fn after(mut self, statements: &[&'static str]) -> Self {
        self.after_all = Some(script("migrations/hooks/after_all.sql".to_owned(), statements));
        self
    }

    /// As nobody can write them: core refuses hooks without a transaction.
    pub fn hooks_without_transaction(mut self) -> Self {
        self.hooks().for_each(|hook| hook.transaction = false);
        self
    }

    pub fn tolerant_hooks(mut self) -> Self {
        self.hooks().for_each(|hook| hook.tolerate_existing = true);
        self
    }

    fn hooks(&mut self) -> impl Iterator<Item = &mut Script<'static>> {
        [&mut self.before_all, &mut self.after_all].into_iter().flatten()
    }

    /// A repeatable from statements that each make a view or a trigger.
    pub fn repeatable(mut self, name: &'static str, statements: &[&'static str]) -> Self {
        let objects: Vec<Object<'static>> = statements.iter().filter_map(|sql| object(sql)).collect();
        let script = script(format!("migrations/repeatable/{name}.sql"), statements);
        self.repeatables.push((name, script, objects.leak()));
        self
    }

    /// What stands for the migrations up to this number.
    pub fn snapshot(mut self, number: u64, statements: &[&'static str]) -> Self {
        let script = script("migrations/snapshot.sql".to_owned(), statements);
        self.snapshot = Some((number, Script { foreign_keys: Some(false), ..script }));
        self
    }

    pub fn set(self) -> &'static Set<'static> {
        let set = set_with(self.files, self.rules);
        let mut chain = set.migrations.last().map_or("", |migration| migration.chain).to_owned();
        let repeatable = |(name, script, objects): (&'static str, Script<'static>, &'static [Object<'static>])| {
            let mut hasher = DefaultHasher::new();
            (&chain, name, script.checksum).hash(&mut hasher);
            chain = format!("r1:{:016x}", hasher.finish());
            Repeatable { name, checksum: script.checksum, chain: chain.clone().leak(), objects, script }
        };
        let repeatables: Vec<Repeatable<'static>> = self.repeatables.into_iter().map(repeatable).collect();
        let snapshot = self.snapshot.map(|(number, script)| {
            let last = set.migrations.iter().find(|migration| migration.number == number);
            Snapshot { number, chain: last.map_or("", |last| last.chain), script, by: StartsFrom::SNAPSHOT }
        });
        Box::leak(Box::new(Set {
            name: self.name,
            table: self.table,
            before_all: self.before_all,
            after_all: self.after_all,
            repeatables: repeatables.leak(),
            snapshot,
            ..*set
        }))
    }

    pub fn runner(self) -> Runner {
        Migrator::new(self.set())
    }
}

/// What core would say that a statement makes.
fn object(sql: &'static str) -> Option<Object<'static>> {
    let (kind, rest) = if let Some(rest) = sql.strip_prefix("CREATE VIEW ") {
        (ObjectKind::View, rest)
    } else {
        (ObjectKind::Trigger, sql.strip_prefix("CREATE TRIGGER ")?)
    };
    let first = |rest: &'static str| rest.split([' ', '(']).next();
    let table = rest.split_once(" ON ").filter(|_| kind == ObjectKind::Trigger);
    Some(Object { kind, name: first(rest)?, table: table.and_then(|(_, rest)| first(rest)) })
}
