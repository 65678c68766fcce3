//! Everything that needs the emulator. One binary, one emulator, an account per test.

mod conformance;

use formwork_emulator::Emulator;

/// The emulator of this run.
fn emulator() -> &'static Emulator {
    localstack_tests::emulator(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")))
}
