//! One command on many databases: first every file is looked at, then those with something to do are worked on.
//!
//! Nothing is remembered between two runs: the databases tell what is left. A file is open only while a thread works on
//! it, so neither memory nor file descriptors grow with their number. Nothing is printed here.

mod access;
mod drift;
mod files;
mod job;
mod look;
mod migrators;
mod pool;
mod rollout;
mod room;
mod runner_process;
mod sets;
mod work;

pub(crate) use files::{Selection, find};
pub(crate) use job::Job;
pub(crate) use pool::jobs;
pub(crate) use runner_process::RunnerProcess;
pub(crate) use sets::{FleetSets, select};

use drift::DriftComparison;
use migrators::Migrators;
use rollout::{Rollout, survey};
