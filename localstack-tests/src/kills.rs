//! [`Kills`]: the example of one type in a process that is killed with SIGKILL at calls that change something, and run again.
//!
//! In the end the account must have what is declared, each once, and the store must say the same.

pub mod types;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use formwork_emulator::{Action, Emulator, Fault};
use formwork_engine::record::RowState;
use formwork_engine::state::{LocalStore, OpenMode, Store as _};

use crate::{Account, Target, plain, stands};

/// More runs than any example has calls.
const MOST_RUNS: usize = 100;

/// What becomes of the call at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It was executed, and its answer is never read.
    After,
    /// It never arrives.
    Before,
    /// It was sent, and is executed only when its sender is dead.
    Late,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 3] = [Mode::After, Mode::Before, Mode::Late];
}

/// What was found for one type.
#[derive(Debug, Default)]
pub struct Tally {
    /// How often it was killed.
    pub points: usize,
    /// Things that nobody records.
    pub orphans: usize,
    /// Things that stand twice.
    pub duplicates: usize,
    /// Where a further run, or somebody by hand, would have to put something right.
    pub repairs: usize,
    /// What is wrong, in sentences.
    pub wrong: Vec<String>,
}

impl Tally {
    /// A row of the table.
    pub fn row(&self, kind: &str) -> String {
        let Self { points, orphans, duplicates, repairs, .. } = self;
        format!("{kind:<40}{points:>4} kills,{orphans:>3} orphans,{duplicates:>3} duplicates,{repairs:>3} repairs")
    }
}

/// The kills of one type.
pub struct Kills {
    /// Where.
    pub emulator: &'static Emulator,
    /// The program `kill-target`.
    pub binary: PathBuf,
    /// The type.
    pub kind: String,
    /// What was found.
    pub tally: Tally,
}

impl Kills {
    /// Of a type, with nothing found yet.
    pub fn new(emulator: &'static Emulator, binary: PathBuf, kind: &str) -> Self {
        Self { emulator, binary, kind: kind.to_owned(), tally: Tally::default() }
    }

    /// An account and a store for it, with nothing in them.
    ///
    /// # Errors
    /// When there is no folder for the store.
    pub fn run(&self) -> Result<Run> {
        let account = Account::new(self.emulator);
        let folder = tempfile::tempdir()?;
        let target = Target {
            endpoint: self.emulator.endpoint().to_owned(),
            instance: self.emulator.instance().to_owned(),
            account: account.id.clone(),
            store: folder.path().join("store"),
            kind: self.kind.clone(),
            cases: None,
            bare: false,
        };
        Ok(Run { account, target, binary: self.binary.clone(), _folder: folder })
    }

    /// The same with what the example needs in it, and without the thing itself.
    ///
    /// # Errors
    /// What the run said.
    pub fn standing(&self) -> Result<Run> {
        let mut run = self.run()?;
        run.declare(Declared::Bare);
        run.finished().map_err(|error| anyhow::anyhow!("bringing up what {} needs: {error}", self.kind))?;
        Ok(run)
    }

    /// Kills every run at its next call, whoever's it is, until one comes to its end: also the runs that recover.
    pub fn at_every_call(&mut self, run: &Run, phase: &str, mode: Mode) -> Result<()> {
        let fault = Fault::new(&run.account.id, mode.action()).mutating();
        let (mut kills, mut skip, mut farthest, mut met) = (0, 0, 0, BTreeSet::new());
        let ended = loop {
            match run.killed(&fault.clone().skip(skip), mode)? {
                Ok(Some(call)) if kills < MOST_RUNS => {
                    // An update that was cut short is made again, with the same calls: the next run gets farther than any before.
                    skip = if met.insert(call) {
                        u64::from(mode == Mode::Before)
                    } else {
                        farthest += 1;
                        farthest
                    };
                    kills += 1;
                }
                Ok(Some(call)) => break Err(format!("it makes no progress beyond {call}")),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.tally.points += kills;
        let how = format!("{phase} killed at every call ({mode:?}, {kills} times)");
        if let Err(error) = ended {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: {error}"));
        }
        self.finish(run, &how)
    }

    /// Kills one run at its first call; false when it made none.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn once(&mut self, run: &Run, phase: &str, mode: Mode) -> Result<bool> {
        match run.killed(&Fault::new(&run.account.id, mode.action()).mutating(), mode)? {
            Ok(Some(_)) => {
                self.tally.points += 1;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                self.wrong(format!("{phase}, before its first call: {error}"));
                Ok(false)
            }
        }
    }

    /// Something is wrong.
    pub fn wrong(&mut self, what: String) {
        self.tally.wrong.push(format!("{} {what}", self.kind));
    }

    /// Runs again to the end, and compares account, store and program.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn finish(&mut self, run: &Run, how: &str) -> Result<()> {
        if let Err(error) = run.finished() {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: the next run: {error}"));
        }
        let store = LocalStore::open(&run.target.store, OpenMode::Read)?;
        let snapshot = store.snapshot();
        let declared: Vec<String> = run.target.program().resources.into_keys().map(|urn| urn.to_string()).collect();
        let mut recorded: Vec<String> = snapshot.rows().values().map(|row| row.urn.to_string()).collect();
        recorded.sort();
        if recorded != declared || !snapshot.intents().is_empty() {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: recorded are {recorded:?}, declared {declared:?}"));
        }
        for row in snapshot.rows().values().filter(|row| row.state != RowState::Ready) {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: {} is {}", row.urn, row.state.word()));
        }
        let standing = snapshot.rows().values().filter(|row| stands(row.kind.as_str()));
        let rows: Vec<(String, String)> = standing.map(|row| (row.kind.as_str().to_owned(), plain(&row.id))).collect();
        let mut listed = run.account.listed();
        if self.kind == "aws:ec2/security-group" {
            // The rule that a group is born with, which its argument keeps or takes away.
            listed.retain(|(kind, _)| kind != "aws:ec2/security-group-egress-rule");
        }
        for one in &listed {
            if !rows.contains(one) {
                let of_kind = |all: &[(String, String)]| all.iter().filter(|other| other.0 == one.0).count();
                match declared.iter().any(|urn| urn.ends_with(&one.0)) && of_kind(&listed) > of_kind(&rows) {
                    true => self.tally.duplicates += 1,
                    false => self.tally.orphans += 1,
                }
                self.wrong(format!("{how}: {} {} stands and is not recorded", one.0, one.1));
            }
        }
        for row in rows.iter().filter(|row| !listed.contains(row)) {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: {} {} is recorded and does not stand", row.0, row.1));
        }
        self.tally.wrong.extend(run.account.gaps());
        Ok(())
    }
}

impl Mode {
    fn action(self) -> Action {
        if self == Mode::After { Action::HoldAfter } else { Action::HoldBefore }
    }
}

/// What a run declares of the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Only what it needs.
    Bare,
    /// With this many of its cases.
    Cases(usize),
    /// Nothing.
    Nothing,
}

/// An account with a store, and the command that is killed and repeated.
pub struct Run {
    /// The account.
    pub account: Account,
    /// What is run.
    pub target: Target,
    binary: PathBuf,
    _folder: tempfile::TempDir,
}

impl Run {
    /// Declares something else from the next run on.
    pub fn declare(&mut self, declared: Declared) {
        (self.target.bare, self.target.cases) = match declared {
            Declared::Bare => (true, Some(0)),
            Declared::Cases(cases) => (false, Some(cases)),
            Declared::Nothing => (false, None),
        };
    }

    /// Runs the command and kills it at the call that a fault holds: which call that was. `None` when it came to its end before.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn killed(&self, fault: &Fault, mode: Mode) -> Result<Result<Option<String>, String>> {
        let admin = self.account.emulator.admin();
        let fault = admin.inject(fault)?;
        let mut child = self.start()?;
        let result = loop {
            let held = admin.held(&self.account.id, Duration::from_millis(20))?;
            if let Some(held) = held.first() {
                child.kill()?;
                child.wait()?;
                break Ok(Some(format!("{} {}", held.call.operation, held.call.parameters)));
            }
            if child.try_wait()?.is_some() {
                break ended(child).map(|()| None);
            }
        };
        match mode {
            Mode::Before => admin.drop_fault(&self.account.id, &fault),
            Mode::After | Mode::Late => admin.remove_fault(&self.account.id, &fault),
        }?;
        Ok(result)
    }

    /// Runs the command to its end; what it said when that was not a good one.
    ///
    /// # Errors
    /// What the run said.
    pub fn finished(&self) -> Result<(), String> {
        self.start().map_err(|error| format!("{error:#}")).and_then(ended)
    }

    fn start(&self) -> Result<Child> {
        let mut command = Command::new(&self.binary);
        let command = command.arg(serde_json::to_string(&self.target)?).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().context("failed to start kill-target")
    }
}

fn ended(mut child: Child) -> Result<(), String> {
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said).map_err(|error| error.to_string())?;
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {said}")) }
}
