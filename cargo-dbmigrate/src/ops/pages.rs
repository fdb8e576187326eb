//! Manual pages: text as roff holds it, and files that replace nothing but older ones of ours.

use std::fs;
use std::path::Path;

use crate::error::CliError;
use crate::ops::edit;

/// The first line of each page, by which it is known again.
const OURS: &str = ".\\\" Written by `cargo dbmigrate man`.\n";

/// A page.
pub(crate) struct Page {
    /// The name of its file.
    pub(crate) file: String,
    /// What it says, as roff.
    pub(crate) text: String,
}

/// Writes all of them, or none where a file of somebody else has the name of one.
pub(crate) fn write(folder: &Path, pages: &[Page]) -> Result<(), CliError> {
    let failed = |what: &str, path: &Path, error: &std::io::Error| {
        CliError::failure(format!("could not {what} `{}`: {error}", path.display()))
    };
    let foreign = pages.iter().map(|page| folder.join(&page.file)).find(|path| {
        let is_ours = || fs::read(path).is_ok_and(|text| text.starts_with(OURS.as_bytes()));
        path.symlink_metadata().is_ok() && !is_ours()
    });
    if let Some(path) = foreign {
        let message = format!("`{}` exists, and was not written by `cargo dbmigrate man`", path.display());
        return Err(CliError::failure(message).help("name another folder, or move it away; nothing was written"));
    }
    fs::create_dir_all(folder).map_err(|error| failed("make the folder", folder, &error))?;
    for page in pages {
        let path = folder.join(&page.file);
        edit::put(&path, &format!("{OURS}{}", page.text)).map_err(|error| failed("write", &path, &error))?;
    }
    Ok(())
}

/// A section of paragraphs.
pub(crate) fn section(title: &str, paragraphs: &[&str]) -> String {
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| escaped(text)).collect();
    format!(".SH \"{title}\"\n{}\n", paragraphs.join("\n.PP\n"))
}

/// A section of lines that stay as they are.
pub(crate) fn literal(title: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!(".SH \"{title}\"\n.nf\n{}\n.fi\n", lines.join("\n"))
}

/// Text that roff takes for text, line by line.
fn escaped(text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped(".TH\n'x\\n --to"), "\\&.TH\n\\&'x\\en \\-\\-to");
        assert_eq!(literal("A", &["b".to_owned()]), ".SH \"A\"\n.nf\nb\n.fi\n");
    }
}
