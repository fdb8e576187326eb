//! What can be asked of `schema`.

use clap::{Args, ValueEnum};

use super::{DatabaseArgs, FilesArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "SOURCE is `migrations` (replayed in memory), `database`, `empty`, `git:REV` (what the migrations \
    made at a git revision), `git:REV:FILE` (an SQL file in it), or a file: SQL if its \
                        name ends in `.sql`, else a database."
)]
pub(crate) struct SchemaArgs {
    /// The schema to show
    #[arg(value_name = "SOURCE", default_value = "migrations", conflicts_with_all = ["from", "to"])]
    pub(crate) of: String,
    /// Show what has to change in this schema [default: migrations]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<String>,
    /// Show what has to change to get this schema [default: migrations]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) to: Option<String>,
    /// The format of the schema [default: sql]
    #[arg(long, value_name = "FMT", conflicts_with_all = ["from", "to"])]
    pub(crate) format: Option<SchemaFormat>,
    /// Write the schema that the migrations make to `schema.sql`
    #[arg(long, conflicts_with_all = ["of", "from", "to", "format"])]
    pub(crate) write: bool,
    /// Replace a `schema.sql` that differs, without asking
    #[arg(long, requires = "write")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) files: FilesArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// The statements that make it
    Sql,
    /// One JSON object that describes it
    Json,
    /// The tables and their references, for Mermaid
    Mermaid,
    /// The tables and their references, for Graphviz
    Dot,
    /// The tables and their references, as a picture
    Svg,
}
