//! `cargo run -p stacks -- up prod`.

use std::process::ExitCode;

fn main() -> ExitCode {
    formwork::Runner::new("stacks").stack("prod", stacks::prod).stack("platform", stacks::platform).main()
}
