//! What was measured: samples by name, kept in a file of its stage, so that stages can be measured on different days.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::{Result, files};

/// Samples and short answers, each by a name such as `fresh/1000/refinery`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    samples: BTreeMap<String, Vec<f64>>,
    answers: BTreeMap<String, String>,
}

impl Figures {
    pub fn add(&mut self, name: impl Into<String>, sample: f64) {
        self.samples.entry(name.into()).or_default().push(sample);
    }

    pub fn answer(&mut self, name: impl Into<String>, answer: impl Into<String>) {
        self.answers.insert(name.into(), answer.into().replace(['\n', '\t'], " "));
    }

    /// The median of all samples of a name.
    pub fn median(&self, name: &str) -> Option<f64> {
        median(self.samples.get(name)?)
    }

    /// The sum of all samples of a name.
    pub fn sum(&self, name: &str) -> Option<f64> {
        Some(self.samples.get(name)?.iter().sum())
    }

    pub fn count(&self, name: &str) -> usize {
        self.samples.get(name).map_or(0, Vec::len)
    }

    pub fn answered(&self, name: &str) -> Option<&str> {
        self.answers.get(name).map(String::as_str)
    }

    /// The answers whose names begin so.
    pub fn answers(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str()));
        all.filter(move |(name, _)| name.starts_with(prefix))
    }

    /// Takes over what others have measured.
    pub fn extend(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.answers.extend(other.answers);
    }

    /// # Errors
    ///
    /// Whatever the file system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::new();
        for (name, samples) in &self.samples {
            let samples: Vec<String> = samples.iter().map(f64::to_string).collect();
            let _ = writeln!(text, "{name}\t#\t{}", samples.join(" "));
        }
        for (name, answer) in &self.answers {
            let _ = writeln!(text, "{name}\t=\t{answer}");
        }
        files::write(path, &text)?;
        Ok(())
    }

    /// # Errors
    ///
    /// Whatever the file system says, and for a file that is none.
    pub fn read(path: &Path) -> Result<Self> {
        let mut figures = Self::default();
        for line in std::fs::read_to_string(path)?.lines() {
            match line.splitn(3, '\t').collect::<Vec<_>>().as_slice() {
                [name, "#", samples] => {
                    for sample in samples.split(' ') {
                        figures.add(*name, sample.parse()?);
                    }
                }
                [name, "=", answer] => figures.answer(*name, *answer),
                _ => return Err(format!("{}: not a figure: {line}", path.display()).into()),
            }
        }
        Ok(figures)
    }
}

/// The one in the middle, or between the two there.
pub fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    Some(if sorted.len() % 2 == 1 { upper } else { f64::midpoint(sorted[half - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn figures_are_kept() {
        let mut figures = Figures::default();
        figures.add("fresh/10/sqlx", 1.5);
        figures.add("fresh/10/sqlx", 2.0);
        figures.answer("seen/sqlx", "no\tnot at all\n");
        let path = std::env::temp_dir().join(format!("dbmigrate-beside-figures-{}.tsv", std::process::id()));
        figures.write(&path).unwrap();
        assert_eq!(Figures::read(&path).unwrap(), figures);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(figures.answered("seen/sqlx"), Some("no not at all "));
    }
}
