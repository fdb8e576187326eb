//! The floor: rusqlite alone.

#[path = "../../rusqlite.rs"]
mod driver;
#[path = "../../measure.rs"]
mod measure;

struct Plain;

fn main() -> std::process::ExitCode {
    measure::main::<Plain>()
}

impl driver::OverRusqlite for Plain {}

impl measure::Tool for Plain {}
