//! The parts of the engine that only some sets need, and that other programs leave out.
//!
//! The engine calls them through function pointers in the set, so the linker keeps only those that the set names. A set
//! that needs a part and does not name it is refused; no step is ever skipped.
//!
//! In this crate, the type of such a pointer ends in `Fn`, a struct of them in `Part`, and its value is `LINKED`.

use std::fmt;

use crate::assertion;
use crate::code;
use crate::error::Error;
use crate::foreign_keys::ForeignKeysPart;
use crate::no_transaction::WithoutTransactionPart;
use crate::put_back::{self, RememberFn};
use crate::repeatable::RepeatablesPart;
use crate::requires::RequirementsPart;
use crate::squash::SquashPart;
use crate::stored::TextsPart;

/// The parts of the runner that a set needs besides its core. The build names them from the files.
#[derive(Clone, Copy)]
pub struct Parts {
    pub(crate) assertions: Option<assertion::CheckFn>,
    pub(crate) code: Option<code::RunFn>,
    pub(crate) foreign_keys: Option<ForeignKeysPart>,
    pub(crate) repeatables: Option<RepeatablesPart>,
    pub(crate) requirements: Option<RequirementsPart>,
    pub(crate) settings: Option<RememberFn>,
    pub(crate) squash: Option<SquashPart>,
    pub(crate) texts: Option<TextsPart>,
    pub(crate) without_transaction: Option<WithoutTransactionPart>,
}

impl Parts {
    /// No parts: SQL in transactions, with foreign keys on, and no texts in the history.
    pub const NONE: Self = Self {
        assertions: None,
        code: None,
        foreign_keys: None,
        repeatables: None,
        requirements: None,
        settings: None,
        squash: None,
        texts: None,
        without_transaction: None,
    };

    /// All parts, for a set that is not known when the program is built.
    pub const ALL: Self = Self::NONE
        .assertions()
        .code()
        .foreign_keys()
        .repeatables()
        .requirements()
        .settings()
        .squash()
        .texts()
        .without_transaction();

    /// For scripts with assertions.
    #[inline]
    #[must_use]
    pub const fn assertions(self) -> Self {
        Self { assertions: Some(assertion::check), ..self }
    }

    /// For Rust in transactions.
    #[inline]
    #[must_use]
    pub const fn code(self) -> Self {
        Self { code: Some(code::run), ..self }
    }

    /// For scripts that drop a table, run with foreign keys off, or defer their check.
    #[inline]
    #[must_use]
    pub const fn foreign_keys(self) -> Self {
        Self { foreign_keys: Some(ForeignKeysPart::LINKED), ..self }
    }

    /// For repeatables.
    #[inline]
    #[must_use]
    pub const fn repeatables(self) -> Self {
        Self { repeatables: Some(RepeatablesPart::LINKED), ..self }
    }

    /// For migrations that require others.
    #[inline]
    #[must_use]
    pub const fn requirements(self) -> Self {
        Self { requirements: Some(RequirementsPart::LINKED), ..self }
    }

    /// For scripts that change settings of the connection, or run Rust, which may.
    #[inline]
    #[must_use]
    pub const fn settings(self) -> Self {
        Self { settings: Some(put_back::remember), ..self }
    }

    /// For a set that begins with a squash.
    #[inline]
    #[must_use]
    pub const fn squash(self) -> Self {
        Self { squash: Some(SquashPart::LINKED), ..self }
    }

    /// For a history that stores down scripts, or all texts.
    #[inline]
    #[must_use]
    pub const fn texts(self) -> Self {
        Self { texts: Some(TextsPart::LINKED), ..self }
    }

    /// For scripts that run without a transaction.
    #[inline]
    #[must_use]
    pub const fn without_transaction(self) -> Self {
        Self { without_transaction: Some(WithoutTransactionPart::LINKED), ..self }
    }
}

impl fmt::Debug for Parts {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

/// A part that the set needs. The text completes "the program was built without what …".
#[inline]
pub(crate) fn needed<T>(part: Option<T>, what: &str) -> Result<T, Error> {
    part.ok_or_else(|| Error::without_part(what))
}
