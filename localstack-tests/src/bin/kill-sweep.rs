//! The kill sweep over `prod`: the real binary, killed at every call that changes something and at every step of every
//! commit. `cargo xtask kill-sweep` builds and runs it.
#![expect(clippy::disallowed_macros, reason = "a program of its own, for people: the table is what it is for")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use formwork_engine::clock::{Clock as _, TokioClock};
use localstack_tests::sweep::{Mode, Phase, Subject, Survey, Wish, beside, sweep, table};

/// What `prod` is changed to: replacements that are created first (a subnet with its association, the operators' policy) and one that is
/// deleted first (a node group), changes in place, one waited for, and a repository in the place of another.
const CHANGES: [(&str, &str); 6] = [
    ("instance_types = [\"m6i.large\"]", "instance_types = [\"m6i.xlarge\"]"),
    ("instance_class = \"db.r6g.large\"", "instance_class = \"db.r6g.xlarge\""),
    ("\"10.0.103.0/24\"", "\"10.0.113.0/24\""),
    ("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy"),
    ("\nlog_retention_in_days = 90", "\nlog_retention_in_days = 60"),
    ("\"trigger-service\"", "\"triggers\""),
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
    let survey = Survey::new(&subject, &arguments.wish)?;
    let points = survey.points.len();
    eprintln!("{points} points");
    let (wrong, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let clock = TokioClock::new();
    let minutes = || clock.elapsed().as_secs_f64() / 60.0;
    let tallies = sweep(&subject, &survey, arguments.jobs, &|point, tally| {
        for line in &tally.wrong {
            wrong.fetch_add(1, Ordering::Relaxed);
            eprintln!("{line}");
        }
        if tally.points == 0 {
            eprintln!("{point}: the run did not come as far");
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(50) {
            eprintln!("{done} of {points} points in {:.1} min", minutes());
        }
    })?;
    print!("{}", table(&tallies));
    println!("{:.1} min with {} at a time", minutes(), arguments.jobs);
    Ok(wrong.into_inner() == 0)
}

struct Arguments {
    wish: Wish,
    jobs: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut read = Self { wish: Wish::default(), jobs: 1 };
        let (mut phases, mut modes) = (Vec::new(), Vec::new());
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            let number = || value.parse().with_context(|| format!("{word} wants a number, not {value}"));
            match word.as_str() {
                "--phase" => phases.push(named(&value, &Phase::ALL, Phase::word)?),
                "--mode" => modes.push(named(&value, &Mode::ALL, Mode::word)?),
                "--stride" => read.wish.stride = number()?,
                "--offset" => read.wish.offset = number()?,
                "--commits" => read.wish.commits = number()?,
                "--twice" => read.wish.twice = number()?,
                "--jobs" => read.jobs = value.parse().context("--jobs wants a number")?,
                _ => bail!(
                    "`{word}` is not known; there are --phase, --mode, --stride, --offset, --commits, --twice and --jobs"
                ),
            }
        }
        if !phases.is_empty() {
            read.wish.phases = phases;
        }
        if !modes.is_empty() {
            read.wish.modes = modes;
        }
        Ok(read)
    }
}

/// The one of this name.
fn named<T: Copy>(word: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T> {
    let names = all.iter().map(|one| name(*one)).collect::<Vec<_>>().join("`, `");
    all.iter().copied().find(|one| name(*one) == word).with_context(|| format!("`{word}` is none of `{names}`"))
}
