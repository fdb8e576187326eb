//! What a migration changed in the schema, as lines for people.

use crate::excerpt::visible;
use crate::schema::{Difference, Object, Schema, What};

/// One line for each change: `+`, `-` or `~`, and what.
pub(super) fn changes(before: &Schema, after: &Schema) -> Vec<String> {
    after.compare(before).iter().flat_map(lines).map(|line| visible(&line)).collect()
}

fn lines(Difference { object, what }: &Difference<'_>) -> Vec<String> {
    let name = format!("{} `{}`", object.kind, object.name);
    match *what {
        What::Missing => vec![format!("- {name}")],
        What::Added => added(object, &name),
        What::Fact(fact, Some(now), Some(was)) => vec![format!("~ {name}: {fact} {was} -> {now}")],
        What::Fact(fact, Some(now), None) => vec![format!("+ {name}: {fact} {now}").trim_end().to_owned()],
        What::Fact(fact, None, _) => vec![format!("- {name}: {fact}")],
        What::Columns(now, was) => {
            vec![format!("~ {name}: the columns ({}) -> ({})", was.join(", "), now.join(", "))]
        }
        What::Text => vec![format!("~ {name}: its text")],
    }
}

/// A new object, with all that comes with it.
fn added(object: &Object, name: &str) -> Vec<String> {
    let columns = if object.columns.is_empty() { String::new() } else { format!(" ({})", object.columns.join(", ")) };
    let parts = object.parts().map(|(part, value)| format!("+ {name}: {part} {value}").trim_end().to_owned());
    std::iter::once(format!("+ {name}{columns}")).chain(parts).collect()
}
