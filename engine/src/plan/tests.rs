//! Tests of the planner: rules one by one here, promises over random programs in [`promises`].

mod deletions;
mod ends;
mod exclusions;
mod fields;
mod promises;
mod replacements;
mod saved;
mod states;
