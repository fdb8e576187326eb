//! Plans: their statements, and what they do to a database that holds rows. Case numbers are those of the list of
//! cases.

mod decided;
mod in_place;
mod odd;
mod rebuilt;
mod regressions;
mod support;
