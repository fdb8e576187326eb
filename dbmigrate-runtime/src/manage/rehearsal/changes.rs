//! What a migration changed in the schema, by the runner's own reader: `+`, `-` or `~`, and what.

use crate::difference::SchemaDifference;
use crate::excerpt::visible;
use crate::schema::{Difference, Object, Schema, What};

/// One for each line.
pub(super) fn changes(before: &Schema, after: &Schema) -> Vec<SchemaDifference> {
    let of = |difference: &Difference<'_>| {
        let Object { kind, name, .. } = difference.object;
        let change = match difference.what {
            What::Missing => "removed",
            What::Added => "added",
            _ => "changed",
        };
        let one = |line: String| SchemaDifference {
            kind: kind.clone(),
            name: name.clone(),
            table: None,
            change: change.to_owned(),
            message: visible(&line),
        };
        lines(difference).into_iter().map(one).collect::<Vec<_>>()
    };
    after.compare(before).iter().flat_map(of).collect()
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
