//! Other programs, run to their end and measured.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Result;

/// What a program took and said.
#[derive(Debug)]
pub struct Run {
    pub wall: Duration,
    /// In it and in all that it has started and waited for, in user and in system mode.
    pub cpu: Duration,
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs it without input. Only one at a time: the processor's time is that of all children meanwhile.
///
/// # Errors
///
/// When it can't be started.
pub fn run(command: &mut Command) -> Result<Run> {
    let before = cpu_of_children()?;
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let wall = start.elapsed();
    let output = output.map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    Ok(Run {
        wall,
        cpu: cpu_of_children()?.saturating_sub(before),
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// As [`run`], for what has to succeed.
///
/// # Errors
///
/// When it does not.
pub fn succeeds(command: &mut Command) -> Result<Run> {
    let run = run(command)?;
    if run.success { Ok(run) } else { Err(format!("{command:?} failed:\n{}", run.stderr.trim()).into()) }
}

impl Run {
    /// What a measured program has printed: lines of a name and a value.
    pub fn values(&self) -> BTreeMap<&str, &str> {
        self.stdout.lines().filter_map(|line| line.split_once(' ')).collect()
    }

    /// One of them that is a number.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn number(&self, name: &str) -> Result<f64> {
        let value = self.values().get(name).and_then(|value| value.parse().ok());
        value.ok_or_else(|| format!("no `{name}` in {:?}", self.stdout).into())
    }
}

fn cpu_of_children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    Ok(Duration::from_micros(u64::try_from(micros(usage.user_time()) + micros(usage.system_time()))?))
}
