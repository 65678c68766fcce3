//! The tests of the sdk: what users see and what does not compile.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by `#[test]`, and not what stands beside them in a crate of tests"
)]

mod certificates;
mod generated;
mod generating;
mod hosts;
mod made_up;
mod planning;
mod rendering;
mod wiring;
