//! Everything that needs the emulator. One binary, one emulator, an account per test.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by `#[test]`, and not what stands beside them in a crate of tests"
)]

mod adopt;
mod aurora;
mod canary;
mod certificates;
mod cli;
mod cloudcontrol;
mod conformance;
mod failed;
mod faults;
mod foreseen;
mod generate;
mod hosts;
mod kills;
mod lasting;
mod lookups;
mod platform;
mod prod;
mod quiet;
mod reads;
mod regions;
mod store;
mod strays;
mod sweep;
mod throttled;

use formwork_emulator::Emulator;

/// Held while the examples of S3 stand: bucket names are one in all accounts, and examples have the same ones wherever they are used.
static EXAMPLE_BUCKETS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The emulator of this run.
fn emulator() -> &'static Emulator {
    localstack_tests::emulator(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")))
}
