//! The production stacks.
