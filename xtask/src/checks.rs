//! The list of checks, which people and CI both run.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{coverage, rules};

/// Every check, cheap ones first: what fails should fail soon. The three that compile stand so that
/// the SDK crates are checked once (clippy, doc) and built once (coverage, test).
pub(crate) static CHECKS: &[Check] = &[
    Check { name: "fmt", does: "the code is formatted", run: fmt },
    Check { name: "house-rules", does: "what must never appear does not (xtask/src/rules)", run: house_rules },
    Check { name: "deny", does: "dependencies: licences, sources, banned crates (deny.toml)", run: deny },
    Check { name: "clippy", does: "no warning in any target, fences of clippy.toml included", run: clippy },
    Check { name: "doc", does: "the documentation builds without a warning", run: doc },
    Check { name: "coverage", does: "resource types against CloudFormation's schemas", run: coverage },
    Check { name: "test", does: "every test of the workspace", run: test },
];

/// The cargo-deny that deny.toml is written for.
const CARGO_DENY: &str = "0.20.2";

/// One check.
pub(crate) struct Check {
    /// How people, CI and reports call it.
    pub name: &'static str,
    /// What holds when it passes.
    pub does: &'static str,
    run: fn(&Path) -> Result<()>,
}

/// Runs the named checks in the order of the table until one fails, and prints how long each took.
pub(crate) fn run(root: &Path, names: &[String]) -> Result<ExitCode> {
    let chosen = choose(names)?;
    let mut times: Vec<(&str, Duration, &str)> = Vec::new();
    for check in chosen {
        println!("=== {}: {}", check.name, check.does);
        let (outcome, took) = timed(|| (check.run)(root));
        times.push((check.name, took, if outcome.is_ok() { "passed" } else { "FAILED" }));
        if let Err(error) = outcome {
            eprintln!("{}: {error:#}", check.name);
            break;
        }
    }
    let failed = times.iter().any(|(_, _, outcome)| *outcome == "FAILED");
    print!("{}", time_table(&times));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The checks that are meant, once each, in the order of the table.
fn choose(names: &[String]) -> Result<Vec<&'static Check>> {
    for name in names {
        let known = name == "all" || CHECKS.iter().any(|check| check.name == name);
        ensure!(known, "there is no check `{name}`; `cargo xtask checks` lists them");
    }
    Ok(CHECKS.iter().filter(|check| names.iter().any(|name| name == "all" || name == check.name)).collect())
}

#[expect(clippy::disallowed_methods, reason = "measures how long a check of this machine took; no run depends on it")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let outcome = work();
    (outcome, start.elapsed())
}

/// Minutes per check and in all.
fn time_table(times: &[(&str, Duration, &str)]) -> String {
    let total = times.iter().map(|(_, took, _)| *took).sum();
    let line = |name: &str, took: Duration, outcome: &str| {
        let line = format!("{name:12} {:6.1} min  {outcome}", took.as_secs_f64() / 60.0);
        format!("{}\n", line.trim_end())
    };
    let mut text = String::from("=== minutes\n");
    for (name, took, outcome) in times {
        text.push_str(&line(name, *took, outcome));
    }
    text.push_str(&line("total", total, ""));
    text
}

fn fmt(root: &Path) -> Result<()> {
    succeed(cargo(root).args(["fmt", "--all", "--check"]))
}

fn house_rules(root: &Path) -> Result<()> {
    let breaches = rules::breaches(root)?;
    for breach in &breaches {
        println!("{breach}");
    }
    ensure!(breaches.is_empty(), "{} places break a house rule", breaches.len());
    Ok(())
}

fn deny(root: &Path) -> Result<()> {
    let installed = cargo(root).args(["deny", "--version"]).output().context("failed to run cargo")?;
    let version = String::from_utf8_lossy(&installed.stdout);
    if !installed.status.success() || version.split_whitespace().last() != Some(CARGO_DENY) {
        // Without optimisation it compiles in a third of the time, and still answers in seconds.
        println!("installing cargo-deny {CARGO_DENY}");
        succeed(cargo(root).args([
            "install",
            "cargo-deny",
            "--locked",
            "--quiet",
            "--debug",
            "--version",
            CARGO_DENY,
        ]))?;
    }
    succeed(cargo(root).args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]))
}

fn clippy(root: &Path) -> Result<()> {
    // Not through RUSTFLAGS, which would build every dependency again.
    succeed(cargo(root).args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn doc(root: &Path) -> Result<()> {
    let mut command = cargo(root);
    command.env("RUSTDOCFLAGS", "-D warnings");
    succeed(command.args(["doc", "--locked", "--workspace", "--no-deps"]))
}

fn coverage(root: &Path) -> Result<()> {
    let report = coverage::report(root, None)?;
    print!("{}", report.text());
    ensure!(report.problems.is_empty(), "{} problems", report.problems.len());
    ensure!(coverage::is_written(root, &report)?, "docs/coverage.md is behind: run `cargo xtask coverage --write`");
    Ok(())
}

fn test(root: &Path) -> Result<()> {
    succeed(cargo(root).args(["test", "--locked", "--workspace"]))
}

/// Cargo at the root of the repository, with the environment that a person's shell would give it.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    // `cargo run` puts these around us. Build scripts that watch them (ring's does) would run again,
    // and everything above them would be built again.
    for name in SET_BY_CARGO_RUN {
        command.env_remove(name);
    }
    command
}

const SET_BY_CARGO_RUN: &[&str] = &[
    "CARGO",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_HOMEPAGE",
    "CARGO_PKG_LICENSE",
    "CARGO_PKG_LICENSE_FILE",
    "CARGO_PKG_NAME",
    "CARGO_PKG_README",
    "CARGO_PKG_REPOSITORY",
    "CARGO_PKG_RUST_VERSION",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Runs a command that writes to this terminal.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("failed to start {command:?}"))?;
    if !status.success() {
        bail!("failed with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(chosen: &[&Check]) -> Vec<&'static str> {
        chosen.iter().map(|check| check.name).collect()
    }

    #[test]
    fn chosen_checks_run_in_the_order_of_the_table() {
        let chosen = choose(&["clippy".to_owned(), "fmt".to_owned(), "fmt".to_owned()]).expect("both exist");
        assert_eq!(names(&chosen), ["fmt", "clippy"]);
    }

    #[test]
    fn all_means_every_check() {
        assert_eq!(choose(&["all".to_owned()]).expect("exists").len(), CHECKS.len());
    }

    #[test]
    fn an_unknown_check_is_named() {
        let error = choose(&["fnt".to_owned()]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("`fnt`")));
    }

    #[test]
    fn check_names_are_unique() {
        let unique: std::collections::BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!(unique.len(), CHECKS.len());
    }

    #[test]
    fn the_time_table_adds_up() {
        let times = [("fmt", Duration::from_secs(6), "passed"), ("test", Duration::from_secs(90), "FAILED")];
        assert_eq!(
            time_table(&times),
            "=== minutes\nfmt             0.1 min  passed\ntest            1.5 min  FAILED\ntotal           1.6 min\n"
        );
    }
}
