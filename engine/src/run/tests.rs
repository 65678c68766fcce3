//! Tests of runs as a whole, against the scripted cloud: what is committed when, what a death leaves, what failures block.

mod adopting;
mod bench;
mod crashes;
mod failures;
mod order;
mod random;
mod rebuild;
mod repair;
mod rollback;
mod saved;
mod secrets;
mod sharing;
mod stories;
mod strays;
mod waits;
