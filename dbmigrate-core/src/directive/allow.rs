//! What stands behind `allow`: the rules, and why.

use super::Fault;

const REASON: &str = "nobody has used it since 2.0";

/// `RULE[, RULE] reason`. The names are checked where the rules are known.
pub(super) fn rules_and_reason(arguments: &str) -> Result<(Vec<String>, String), Fault> {
    let mut rules = Vec::new();
    let mut rest = arguments.trim_start();
    loop {
        let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (rule, after) = rest.split_at(end);
        if !is_name(rule) {
            let message = match rule {
                "" => "`allow` needs the name of a rule, and a reason".to_owned(),
                _ => format!("`{rule}` can't be the name of a rule"),
            };
            rules.push("drop-table".to_owned());
            return Err(Fault { message, write: format!("allow {} {REASON}", rules.join(", ")) });
        }
        rules.push(rule.to_owned());
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => {
                rest = after.trim_start();
                break;
            }
        }
    }
    if rest.is_empty() {
        let rules = rules.join(", ");
        let message = format!("`allow {rules}` needs a reason");
        return Err(Fault { message, write: format!("allow {rules} {REASON}") });
    }
    Ok((rules, rest.to_owned()))
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'-' | b'_') || byte.is_ascii_alphanumeric())
}
