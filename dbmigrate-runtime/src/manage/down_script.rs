//! The down scripts of a migration, as jobs run them.

use crate::job::{Back, ScriptBuffer};
use crate::set::Script;
use crate::stored::Stored;

/// The program's own.
pub(crate) struct Own<'s> {
    pub(crate) name: String,
    pub(crate) script: &'s Script<'s>,
}

/// The one that the history has.
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) stored: Stored,
}

impl Back for Own<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn outline(&self) -> Script<'_> {
        *self.script
    }

    fn script<'x>(&'x self, _: &'x mut ScriptBuffer<'x>) -> &'x Script<'x> {
        self.script
    }
}

impl Back for Kept {
    fn name(&self) -> &str {
        &self.name
    }

    fn outline(&self) -> Script<'_> {
        self.stored.script(&[])
    }

    fn script<'x>(&'x self, buffer: &'x mut ScriptBuffer<'x>) -> &'x Script<'x> {
        let ScriptBuffer { steps, script } = buffer;
        *steps = self.stored.steps();
        script.insert(self.stored.script(steps))
    }
}
