//! Chores of this repository as code: `cargo xtask <command>`.

#![expect(clippy::disallowed_macros, reason = "a command line tool for people and CI: printing is what it is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

mod checks;
mod coverage;
mod new_type;
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
    /// Kill the real binary at every call and every commit of the life of `prod`, or every type's example at every call of its own, and print what
    /// the next runs made of it
    KillSweep {
        /// Every resource type instead of `prod`
        #[arg(long)]
        types: bool,
        /// What is passed on: --phase up|update|destroy, --mode NAME, --stride N, --offset N, --commits N, --twice N, --jobs N; with --types:
        /// --mode after|before|late, --only KIND, --jobs N, --sample
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run `up` of the real binary for `prod` in seeded bad weather, and print what came of it
    FaultRun {
        /// What is passed on: --seeds N, --first N, --percent P, --jobs N
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
    /// Draft the file of a resource type from CloudFormation's schema of it: arguments, blocks, choices, outputs, and verbs to be written
    NewType {
        /// CloudFormation's name, such as AWS::SQS::Queue
        #[arg(value_name = "TYPE")]
        name: String,
        /// The type's schema, or the folder that holds the schemas of a region as AWS publishes them
        #[arg(long, value_name = "FILE")]
        schema: PathBuf,
        /// Write the file instead of printing it; never over one that is there
        #[arg(long)]
        write: bool,
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
        Command::KillSweep { types: false, arguments } => disturbed(&root, PROD, "kill-sweep", arguments),
        Command::KillSweep { types: true, arguments } => {
            disturbed(&root, ["-p", "localstack-tests", "--bin", "kill-target"], "kill-types", arguments)
        }
        Command::FaultRun { arguments } => disturbed(&root, PROD, "fault-run", arguments),
        Command::Coverage { write, schemas } => {
            let report = coverage::report(&root, schemas.as_deref())?;
            print!("{}", report.text());
            if *write {
                coverage::write(&root, &report)?;
            }
            Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::NewType { name, schema, write } => {
            let draft = new_type::draft(name, schema)?;
            if *write {
                new_type::write(&root, &draft)?;
                eprintln!("wrote {}", draft.path.display());
            } else {
                print!("{}", draft.text);
            }
            eprintln!("still to do:");
            draft.next.iter().for_each(|step| eprintln!("- {step}"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The binary of `prod`, built as its users do.
const PROD: [&str; 4] = ["-p", "stacks", "--bin", "stacks"];

/// Builds what is disturbed and the program that disturbs it, and runs that.
fn disturbed(root: &Path, what: [&str; 4], program: &str, arguments: &[String]) -> Result<ExitCode> {
    for package in [what, ["-p", "localstack-tests", "--bin", program]] {
        let status = checks::cargo(root).args(["build", "--quiet", "--locked"]).args(package).status();
        anyhow::ensure!(status.context("failed to run cargo")?.success(), "{} does not build", package[3]);
    }
    let mut command = checks::cargo(root);
    let status = command.args(["run", "--quiet", "--locked", "-p", "localstack-tests", "--bin", program, "--"]);
    let status = status.args(arguments).status().with_context(|| format!("failed to run {program}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The root of the repository this was built from.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask has no parent folder")?.to_owned())
}
