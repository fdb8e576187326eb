//! Which files a command reads, where the manifest does not say it or something else is to be tried.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use dbmigrate_core::layout::Layout;

/// Over the manifest. A package that has no migrations of ours yet can be tried so, and a folder without a package.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Files")]
pub(crate) struct FilesArgs {
    /// Read the folder of another tool in place [default: `layout` in the manifest, then `house`]
    #[arg(long, value_name = "TOOL", value_parser = PossibleValuesParser::new(Layout::ALL.map(Layout::name)))]
    layout: Option<String>,
    /// The folder of the migrations [default: `dir` in the manifest, then `migrations`]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

impl FilesArgs {
    pub(crate) fn layout(&self) -> Option<Layout> {
        self.layout.as_deref().and_then(Layout::from_name)
    }

    /// Whether anything is said at all.
    pub(crate) fn any(&self) -> bool {
        self.layout.is_some() || self.dir.is_some()
    }
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) files: FilesArgs,
}
