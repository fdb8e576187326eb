//! The names of rules and of their groups.

use std::fmt;

use dbmigrate_core::nearest::nearest;

use super::rule::{Group, Rule};
use super::rules::RULES;

/// What a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// One rule.
    Rule(&'static Rule),
    /// All rules of a group.
    Group(Group),
}

/// A name that is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// What is wrong with it.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NameError {}

impl Named {
    /// Finds the rule or group of this name.
    ///
    /// # Errors
    ///
    /// If there is none; the error suggests the closest name.
    ///
    /// ```
    /// use dbmigrate_schema::lint::{Group, Named};
    ///
    /// assert_eq!(Named::find("data"), Ok(Named::Group(Group::Data)));
    /// assert_eq!(Named::find("drop-tabel").unwrap_err().help, "did you mean `drop-table`?");
    /// ```
    pub fn find(name: &str) -> Result<Self, NameError> {
        let rule = RULES.iter().find(|rule| rule.name == name).map(|rule| Self::Rule(rule));
        let group = || Group::ALL.into_iter().find(|group| group.as_str() == name).map(Self::Group);
        rule.or_else(group).ok_or_else(|| {
            let known = RULES.iter().map(|rule| rule.name).chain(Group::ALL.map(Group::as_str));
            unknown(format!("there is no rule or group of rules `{name}`"), name, known)
        })
    }

    /// As [`Named::find`], of what a level can be given to.
    pub(super) fn with_level(name: &str) -> Result<Self, NameError> {
        match Self::find(name)? {
            Self::Rule(rule) if rule.is_fixed() => Err(NameError {
                message: format!("`{name}` has no level"),
                help: format!("to learn what to do: `cargo dbmigrate explain {name}`"),
            }),
            named => Ok(named),
        }
    }

    /// Whether the rule is this one, or in this group.
    #[must_use]
    pub fn includes(self, rule: &Rule) -> bool {
        match self {
            Self::Rule(this) => this == rule,
            Self::Group(group) => group == rule.group,
        }
    }
}

impl Rule {
    /// Finds the rule of this name.
    ///
    /// # Errors
    ///
    /// If there is none; the error suggests the closest name.
    pub fn find(name: &str) -> Result<&'static Self, NameError> {
        RULES.iter().copied().find(|rule| rule.name == name).ok_or_else(|| {
            let known = RULES.iter().map(|rule| rule.name);
            unknown(format!("there is no rule `{name}`"), name, known)
        })
    }
}

fn unknown(message: String, name: &str, known: impl Iterator<Item = &'static str>) -> NameError {
    let help = match nearest(&name.replace('_', "-"), known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`cargo dbmigrate explain` lists the rules by group".to_owned(),
    };
    NameError { message, help }
}
