//! Starts, stops or shows an emulator by hand: `cargo run -p formwork-emulator --example emulator -- start|status|reset|stop`.
//!
//! It lives in `.formwork/example` of the current folder; FORMWORK_PYTHON names the Python to use, FORMWORK_CACHE the
//! folder of virtual environments.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a program of its own: it prints, and reads its environment"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use formwork_emulator::{Config, Emulator, Error, Lifetime, Status};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let run = Path::new(".formwork/example");
    match std::env::args().nth(1).as_deref() {
        Some("start") => {
            let config = Config {
                cache: std::env::var_os("FORMWORK_CACHE")
                    .map_or_else(|| PathBuf::from(".formwork/cache"), PathBuf::from),
                run: run.to_owned(),
                port: None,
                lifetime: Lifetime::Kept,
                python: std::env::var_os("FORMWORK_PYTHON").map(PathBuf::from),
            };
            let begun = Instant::now();
            let emulator = Emulator::ensure(&config, &mut |progress| {
                println!("{:7.2} s  {progress}", begun.elapsed().as_secs_f64())
            })?;
            println!("instance {}, process {}, log {}", emulator.instance(), emulator.pid(), emulator.log().display());
        }
        Some("status") => match Emulator::status(run)? {
            Status::Stopped => println!("stopped"),
            Status::Running(emulator) => println!("running at {}, process {}", emulator.endpoint(), emulator.pid()),
            Status::Unanswering { log } => {
                println!("a process holds the folder and does not answer, see {}", log.display())
            }
        },
        Some("reset") => match Emulator::status(run)? {
            Status::Running(emulator) => emulator.reset(None)?,
            _ => println!("nothing runs"),
        },
        Some("stop") => println!("{}", if Emulator::stop(run)? { "stopped" } else { "nothing ran" }),
        _ => println!("start, status, reset or stop"),
    }
    Ok(())
}
