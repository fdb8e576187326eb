//! What can be measured on its own, each into a file of figures.

pub mod behaviour;
pub mod builds;
pub mod commands;
pub mod prepare;
pub mod runtime;
