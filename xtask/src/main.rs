//! Chores of this repository as code: `cargo xtask <command>`.

#![expect(clippy::disallowed_macros, reason = "a command line tool for people and CI: printing is what it is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod checks;
mod coverage;
mod rules;
mod source;

#[derive(Parser)]
#[command(about = "Chores of this repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the checks and what each does
    Checks,
    /// Run checks by name, or all of them in the order of the list, until one fails
    Check {
        /// Names from `checks`, or `all`
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Kill the real binary at every call of the life of `prod`, or every type's example at every call of its own, and print what the next
    /// runs made of it
    KillSweep {
        /// Every resource type instead of `prod`
        #[arg(long)]
        types: bool,
        /// What is passed on: --phase up|update|destroy, --stride N, --jobs N; with --types: --mode after|before|late, --only KIND, --jobs N,
        /// --sample
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Compare the resource types with CloudFormation's schemas
    Coverage {
        /// Write docs/coverage.md
        #[arg(long)]
        write: bool,
        /// Read the types from this file, in the shape of `schema --json`, instead of building them
        #[arg(long)]
        schemas: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = root()?;
    match &arguments.command {
        Command::Checks => {
            for check in checks::CHECKS {
                println!("{:12} {}", check.name, check.does);
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { names } => checks::run(&root, names),
        Command::KillSweep { types, arguments } => kill_sweep(&root, *types, arguments),
        Command::Coverage { write, schemas } => {
            let report = coverage::report(&root, schemas.as_deref())?;
            print!("{}", report.text());
            if *write {
                coverage::write(&root, &report)?;
            }
            Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// Builds the binary that is killed, for `prod` as its users do, and the sweep, and runs it.
fn kill_sweep(root: &Path, types: bool, arguments: &[String]) -> Result<ExitCode> {
    let (killed, killer) = match types {
        true => (["-p", "localstack-tests", "--bin", "kill-target"], "kill-types"),
        false => (["-p", "stacks", "--bin", "stacks"], "kill-sweep"),
    };
    for package in [killed, ["-p", "localstack-tests", "--bin", killer]] {
        let status = checks::cargo(root).args(["build", "--quiet", "--locked"]).args(package).status();
        anyhow::ensure!(status.context("failed to run cargo")?.success(), "{} does not build", package[3]);
    }
    let mut sweep = checks::cargo(root);
    let status = sweep.args(["run", "--quiet", "--locked", "-p", "localstack-tests", "--bin", killer, "--"]);
    let status = status.args(arguments).status().context("failed to run the sweep")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The root of the repository this was built from.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask has no parent folder")?.to_owned())
}
