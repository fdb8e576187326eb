//! Asks before something is overwritten, where nobody has said that it need not be.

use super::failure::Failure;
use super::output::Output;

/// Whether to go on with `plan`. Where nobody can be asked, the answer is an error that names the flag: a whole command
/// would lack the flags of this one, and work on another database.
pub(super) fn agreed(output: &mut Output<'_>, yes: bool, plan: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let verb = output.verb();
    match output.confirm(&format!("{verb} {plan}?")) {
        Some(true) => Ok(true),
        Some(false) => {
            output.progress("Finished", "nothing was changed");
            Ok(false)
        }
        None => {
            output.note(&format!("it would {verb} {plan}"));
            Err(Failure::usage(format!("`{verb}` asks for confirmation, and stdin is not a terminal"))
                .hint("to do it without asking: `--yes`"))
        }
    }
}
