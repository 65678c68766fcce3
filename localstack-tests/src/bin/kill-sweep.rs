//! The kill sweep over `prod`: the real binary, killed at every call that changes something. `cargo xtask kill-sweep` builds and runs it.
#![expect(clippy::disallowed_macros, reason = "a program of its own, for people: the table is what it is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use localstack_tests::sweep::{Mode, Phase, Subject, Sweep, beside, sweep, table};

/// What `prod` is changed to: a replacement of the node groups' first one, and a change in place of the database.
const CHANGES: [(&str, &str); 2] = [
    ("instance_types = [\"m6i.large\"]", "instance_types = [\"m6i.xlarge\"]"),
    ("instance_class = \"db.r6g.large\"", "instance_class = \"db.r6g.xlarge\""),
];
const ACCOUNT: &str = "123456789012";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kill-sweep: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let me = std::env::current_exe()?;
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../stacks/prod.toml");
    let config = std::fs::read_to_string(PathBuf::from(config))?;
    let mut changed = config.clone();
    for (before, after) in CHANGES {
        ensure!(changed.contains(before), "stacks/prod.toml does not say `{before}`");
        changed = changed.replacen(before, after, 1);
    }
    let subject = Subject {
        binary: beside(&me, "stacks")?,
        stack: "prod".to_owned(),
        config,
        changed,
        account: ACCOUNT.to_owned(),
        environment: BTreeMap::new(),
    };
    let points = Sweep::new(subject.clone())?.points(&arguments.phases, &Mode::ALL, arguments.stride)?;
    eprintln!("{} points", points.len());
    let wrong = std::sync::atomic::AtomicUsize::new(0);
    let tallies = sweep(&subject, &points, arguments.jobs, &|point, tally| {
        for line in &tally.wrong {
            wrong.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            eprintln!("{line}");
        }
        if tally.points == 0 {
            eprintln!("{} {} {}: the run had fewer calls", point.phase.word(), point.mode.word(), point.call + 1);
        }
    })?;
    print!("{}", table(&tallies));
    Ok(wrong.into_inner() == 0)
}

struct Arguments {
    phases: Vec<Phase>,
    stride: u64,
    jobs: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut read = Self { phases: Phase::ALL.to_vec(), stride: 1, jobs: 1 };
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--phase" => {
                    let phase = Phase::ALL.into_iter().find(|phase| phase.word() == value);
                    read.phases =
                        vec![phase.with_context(|| format!("the phases are up, update and destroy, not {value}"))?];
                }
                "--stride" => read.stride = value.parse().context("--stride wants a number")?,
                "--jobs" => read.jobs = value.parse().context("--jobs wants a number")?,
                _ => bail!("`{word}` is not known; there are --phase, --stride and --jobs"),
            }
        }
        Ok(read)
    }
}
