//! What is asked of a known history before it is changed.

use crate::compare::KnownHistory;
use crate::error::{Error, ErrorKind};

impl KnownHistory<'_> {
    /// Refuses to change a history that is not ours yet.
    pub(crate) fn refuse_old(&self) -> Result<(), Error> {
        let Some(old) = self.old() else { return Ok(()) };
        let message = format!("this database still has the history of {}", old.from);
        Err(Error::new(ErrorKind::Adoption, message)
            .hint("take it over first: `cargo dbmigrate adopt`, or `up`, which also applies what is pending"))
    }
}
