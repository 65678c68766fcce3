//! The fault run over `prod`: the real binary in bad weather, seed by seed. `cargo xtask fault-run` builds and runs it.
#![expect(clippy::disallowed_macros, reason = "a program of its own, for people: the table is what it is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use localstack_tests::sweep::{prod, storm_table, storms};

const ACCOUNT: &str = "123456789012";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fault-run: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let Arguments { seeds, first, percent, jobs } = Arguments::read(std::env::args().skip(1))?;
    let config = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../stacks/prod.toml"));
    let subject = prod(&std::env::current_exe()?, std::fs::read_to_string(config)?, ACCOUNT)?;
    let numbers: Vec<u64> = (first..first + seeds).collect();
    let (needed, passed) = storms(&subject, &numbers, percent, jobs, &|passed| {
        eprintln!("seed {}: {} runs", passed.seed, passed.runs);
        for line in passed.ends.iter().chain(&passed.tally.wrong) {
            eprintln!("{line}");
        }
    })?;
    print!("{}", storm_table(needed, &passed));
    // What fails late is a failure of AWS's, which no run can come through: the one after it makes it anew.
    let weathered: Vec<_> = passed.iter().filter(|passed| !passed.failed_late()).collect();
    let at_first = weathered.iter().filter(|passed| passed.ends.is_empty()).count();
    // Nine of ten in the first run, all in the end, and each account as it is declared.
    Ok(at_first * 10 >= weathered.len() * 9 && passed.iter().all(|passed| passed.tally.wrong.is_empty()))
}

struct Arguments {
    seeds: u64,
    first: u64,
    percent: f64,
    jobs: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut read = Self { seeds: 20, first: 1, percent: 10.0, jobs: 1 };
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            let number = || format!("{word} wants a number, not {value}");
            match word.as_str() {
                "--seeds" => read.seeds = value.parse().with_context(number)?,
                "--first" => read.first = value.parse().with_context(number)?,
                "--percent" => read.percent = value.parse().with_context(number)?,
                "--jobs" => read.jobs = value.parse().with_context(number)?,
                _ => bail!("`{word}` is not known; there are --seeds, --first, --percent and --jobs"),
            }
        }
        Ok(read)
    }
}
