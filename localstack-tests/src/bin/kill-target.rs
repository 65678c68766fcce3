//! The process that the kill tests kill: runs the [`Target`] it is given and ends with the run's exit code.
#![expect(clippy::disallowed_macros, reason = "a program of its own: what went wrong goes to stderr")]

use std::process::ExitCode;

use localstack_tests::Target;

fn main() -> ExitCode {
    let Some(target) = std::env::args().nth(1).and_then(|text| serde_json::from_str::<Target>(&text).ok()) else {
        eprintln!("kill-target takes one argument: a target as JSON");
        return ExitCode::FAILURE;
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(target.run()) {
        Ok(summary) => {
            for (urn, error) in &summary.failed {
                eprintln!("{urn}: {error}");
            }
            ExitCode::from(summary.exit_code())
        }
        Err(errors) => {
            for error in errors {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}
