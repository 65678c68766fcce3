//! The engine from outside, in one test binary.

mod derive;
