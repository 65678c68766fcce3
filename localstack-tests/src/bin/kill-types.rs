//! The kill sweep over every resource type. `cargo xtask kill-sweep --types` builds and runs it.
#![expect(clippy::disallowed_macros, reason = "a program of its own, for people: the table is what it is for")]

use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail};
use localstack_tests::kills::types::{sample, whole};
use localstack_tests::kills::{Kills, Mode, Tally};
use localstack_tests::sweep::beside;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kill-types: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let binary = beside(&std::env::current_exe()?, "kill-target")?;
    let folder = tempfile::tempdir()?;
    let emulator = localstack_tests::emulator(folder.path());
    let kinds: Vec<&str> = formwork_aws::schemas().iter().map(|schema| schema.kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().filter(|kind| kind.contains(&arguments.only)).collect();
    // Buckets have one name in all accounts: their examples stand one at a time, in one worker.
    let (buckets, others): (Vec<&str>, Vec<&str>) = kinds.into_iter().partition(|kind| kind.starts_with("aws:s3/"));
    let queue = Mutex::new(others.into_iter().map(|kind| vec![kind]).chain([buckets]).collect::<Vec<_>>());
    let mut total = Tally::default();
    let done: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some(kinds) = queue.lock().ok().and_then(|mut queue| queue.pop()) {
                for kind in kinds {
                    let mut kills = Kills::new(emulator, binary.clone(), kind);
                    let ended = match arguments.sample {
                        true => sample(&mut kills),
                        false => whole(&mut kills, &arguments.modes),
                    };
                    if let Err(error) = ended {
                        kills.wrong(format!("{error:#}"));
                    }
                    println!("{}", kills.tally.row(kind));
                    kills.tally.wrong.iter().for_each(|wrong| eprintln!("{wrong}"));
                    done.push(kills.tally);
                }
            }
            done
        };
        let workers: Vec<_> = (0..arguments.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    for one in done {
        total.points += one.points;
        total.orphans += one.orphans;
        total.duplicates += one.duplicates;
        total.repairs += one.repairs;
        total.wrong.extend(one.wrong);
    }
    println!("{}", total.row("all types"));
    Ok(total.wrong.is_empty())
}

struct Arguments {
    modes: Vec<Mode>,
    jobs: usize,
    only: String,
    sample: bool,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut read = Self { modes: Mode::ALL.to_vec(), jobs: 1, only: String::new(), sample: false };
        while let Some(word) = words.next() {
            if word == "--sample" {
                read.sample = true;
                continue;
            }
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--mode" => {
                    read.modes = vec![match value.as_str() {
                        "after" => Mode::After,
                        "before" => Mode::Before,
                        "late" => Mode::Late,
                        _ => bail!("the modes are after, before and late, not {value}"),
                    }];
                }
                "--jobs" => read.jobs = value.parse().context("--jobs wants a number")?,
                "--only" => read.only = value,
                _ => bail!("`{word}` is not known; there are --mode, --jobs, --only and --sample"),
            }
        }
        Ok(read)
    }
}
