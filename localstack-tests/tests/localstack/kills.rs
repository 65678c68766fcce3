//! The eight types that are hardest to get right, killed with SIGKILL at every call that changes something.
//!
//! A point is a call of a phase (create, update, delete) and what becomes of it: *after* (executed, its answer never read), *before* (it
//! never arrives), *late* (it is executed after its sender is dead). After each kill the same command runs again. In the end the account must
//! have what is declared, each once, and the store must say the same.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use formwork_emulator::{Action, Fault};
use formwork_engine::record::RowState;
use formwork_engine::state::{LocalStore, OpenMode, Store as _};
use localstack_tests::{Account, Target, plain};

/// The types, each with the case that is its update.
const HARD: [(&str, &str); 8] = [
    ("aws:eks/cluster", "endpoint_public_access"),
    ("aws:rds/instance", "backup_retention_period"),
    ("aws:s3/bucket", "versioning"),
    ("aws:ec2/security-group-ingress-rule", "to_port"),
    ("aws:ec2/vpc", "enable_dns_hostnames"),
    ("aws:kms/key", "description"),
    ("aws:ec2/elastic-ip", "tags"),
    ("aws:iam/role-policy-attachment", "policy_arn"),
];

/// How many types are killed at once: more than processors, since most of the time is the emulator's.
const WORKERS: usize = 3;

/// More runs than any example has calls.
const MOST_RUNS: usize = 200;

/// What becomes of the call at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It was executed, and its answer is never read.
    After,
    /// It never arrives.
    Before,
    /// It is executed once its sender is dead.
    Late,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Create,
    Update,
    Delete,
}

/// What was found for one type.
#[derive(Debug, Default)]
struct Tally {
    points: usize,
    orphans: usize,
    duplicates: usize,
    repairs: usize,
    wrong: Vec<String>,
}

#[test]
#[expect(
    clippy::disallowed_macros,
    reason = "the table is for people: `cargo test -p localstack-tests kills -- --nocapture`"
)]
fn nothing_is_lost_or_doubled_by_a_kill_at_any_call() {
    let emulator = crate::emulator();
    let (waiting, tallies) = (Mutex::new(HARD.iter()), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((kind, case)) = { waiting.lock().unwrap().next() } {
                    let tally =
                        Trials { emulator, kind, update: case_number(kind, case), tally: Tally::default() }.all();
                    tallies.lock().unwrap().insert(*kind, tally);
                }
            });
        }
    });
    let tallies = tallies.into_inner().unwrap();
    let mut table = format!("{:<40}{:>8}{:>9}{:>12}{:>9}", "type", "points", "orphans", "duplicates", "repairs");
    for (kind, tally) in &tallies {
        let Tally { points, orphans, duplicates, repairs, .. } = tally;
        table.push_str(&format!("\n{kind:<40}{points:>8}{orphans:>9}{duplicates:>12}{repairs:>9}"));
    }
    println!("{table}");
    let wrong: Vec<String> = tallies.into_values().flat_map(|tally| tally.wrong).collect();
    assert!(wrong.is_empty(), "{table}\n{}", wrong.join("\n"));
}

fn case_number(kind: &str, arg: &str) -> usize {
    let example = formwork_aws::examples().into_iter().find(|example| example.kind == kind);
    let example = example.unwrap_or_else(|| panic!("{kind} is not registered"));
    let mut stack = formwork_engine::Stack::new("kills", "kills", BTreeMap::new());
    let cases = (example.describe)(&mut stack).cases;
    let place = cases.iter().position(|case| case.changes.first().is_some_and(|(name, _)| *name == arg));
    place.unwrap_or_else(|| panic!("{kind} has no case of {arg}")) + 1
}

struct Trials {
    emulator: &'static formwork_emulator::Emulator,
    kind: &'static str,
    update: usize,
    tally: Tally,
}

impl Trials {
    fn all(mut self) -> Tally {
        for phase in [Phase::Create, Phase::Update] {
            for call in 0..MOST_RUNS {
                if !self.one_kill(phase, call) {
                    break;
                }
            }
        }
        for phase in [Phase::Create, Phase::Update, Phase::Delete] {
            for mode in [Mode::After, Mode::Before, Mode::Late] {
                self.many_kills(phase, mode);
            }
        }
        self.tally
    }

    /// An account in which the phase can begin.
    fn prepared(&mut self, phase: Phase) -> Run {
        let account = Account::new(self.emulator);
        let folder = tempfile::tempdir().unwrap();
        let cases = match phase {
            Phase::Create => Some(0),
            Phase::Update => Some(self.update),
            Phase::Delete => None,
        };
        let target = Target {
            endpoint: self.emulator.endpoint().to_owned(),
            instance: self.emulator.instance().to_owned(),
            account: account.id.clone(),
            store: folder.path().join("store"),
            kind: self.kind.to_owned(),
            cases,
        };
        let run = Run { account, target, _folder: folder };
        let before = match phase {
            Phase::Create => return run,
            Phase::Update => self.update - 1,
            Phase::Delete => 0,
        };
        let ready = Target { cases: Some(before), ..run.target.clone() };
        if let Err(error) = ended(start(&ready)) {
            self.tally.wrong.push(format!("{} {phase:?}: before any kill: {error}", self.kind));
        }
        run
    }

    /// One kill after call number `call` of a run that was not disturbed before. False when there is no such call.
    fn one_kill(&mut self, phase: Phase, call: usize) -> bool {
        let run = self.prepared(phase);
        let killed = run.killed(Mode::After, call);
        if killed.is_ok_and(|killed| killed) {
            self.finish(&run, &format!("{phase:?} killed after call {}", call + 1));
            return true;
        }
        false
    }

    /// Kills every run at its next call, until one comes to its end.
    fn many_kills(&mut self, phase: Phase, mode: Mode) {
        let run = self.prepared(phase);
        // A call that never arrives is no progress: the one before it is let through.
        let skip = usize::from(mode == Mode::Before);
        let mut kills = 0;
        let ended = loop {
            match run.killed(mode, if kills == 0 { 0 } else { skip }) {
                Ok(true) if kills < MOST_RUNS => kills += 1,
                Ok(true) => break Err("it makes no progress".to_owned()),
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.tally.points += kills.saturating_sub(1);
        let how = format!("{phase:?} killed at every call ({mode:?}, {kills} times)");
        if let Err(error) = ended {
            self.tally.repairs += 1;
            self.tally.wrong.push(format!("{} {how}: {error}", self.kind));
        }
        self.finish(&run, &how);
    }

    /// Runs again to the end, and compares account, store and program.
    fn finish(&mut self, run: &Run, how: &str) {
        self.tally.points += 1;
        if let Err(error) = ended(start(&run.target)) {
            self.tally.repairs += 1;
            self.tally.wrong.push(format!("{} {how}: the next run: {error}", self.kind));
        }
        let store = LocalStore::open(&run.target.store, OpenMode::Read).unwrap();
        let snapshot = store.snapshot();
        let declared: Vec<String> = run.target.program().resources.into_keys().map(|urn| urn.to_string()).collect();
        let mut recorded: Vec<String> = snapshot.rows().values().map(|row| row.urn.to_string()).collect();
        recorded.sort();
        if recorded != declared || !snapshot.intents().is_empty() {
            self.tally.repairs += 1;
            self.tally.wrong.push(format!("{} {how}: recorded are {recorded:?}, declared {declared:?}", self.kind));
        }
        for row in snapshot.rows().values().filter(|row| row.state != RowState::Ready) {
            self.tally.repairs += 1;
            self.tally.wrong.push(format!("{} {how}: {} is {}", self.kind, row.urn, row.state.word()));
        }
        let rows: Vec<(String, String)> =
            snapshot.rows().values().map(|row| (row.kind.as_str().to_owned(), plain(&row.id))).collect();
        for one in run.account.listed() {
            if !rows.contains(&one) {
                let of_kind = |all: &[(String, String)]| all.iter().filter(|other| other.0 == one.0).count();
                match declared.iter().any(|urn| urn.ends_with(&one.0))
                    && of_kind(&run.account.listed()) > of_kind(&rows)
                {
                    true => self.tally.duplicates += 1,
                    false => self.tally.orphans += 1,
                }
                self.tally.wrong.push(format!("{} {how}: {} {} stands and is not recorded", self.kind, one.0, one.1));
            }
        }
        let listed = run.account.listed();
        for row in rows.iter().filter(|row| !listed.contains(row)) {
            self.tally.repairs += 1;
            self.tally.wrong.push(format!("{} {how}: {} {} is recorded and does not stand", self.kind, row.0, row.1));
        }
        self.tally.wrong.extend(run.account.gaps());
    }
}

/// An account with a store, and the command that is killed and repeated.
struct Run {
    account: Account,
    target: Target,
    _folder: tempfile::TempDir,
}

impl Run {
    /// Runs the command and kills it at a call that changes something, letting `skip` of them pass. False when it came to its end before.
    fn killed(&self, mode: Mode, skip: usize) -> Result<bool, String> {
        let admin = self.account.emulator.admin();
        let action = if mode == Mode::After { Action::HoldAfter } else { Action::HoldBefore };
        let fault = Fault::new(&self.account.id, action).mutating().skip(skip as u64);
        let fault = admin.inject(&fault).map_err(|error| error.to_string())?;
        let mut child = start(&self.target);
        let result = loop {
            if !admin.held(&self.account.id, Duration::from_millis(20)).map_err(|error| error.to_string())?.is_empty() {
                child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
                break Ok(true);
            }
            if child.try_wait().map_err(|error| error.to_string())?.is_some() {
                break ended(child).map(|()| false);
            }
        };
        match mode {
            Mode::Before => admin.drop_fault(&self.account.id, &fault),
            Mode::After | Mode::Late => admin.remove_fault(&self.account.id, &fault),
        }
        .map_err(|error| error.to_string())?;
        result
    }
}

fn start(target: &Target) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kill-target"))
        .arg(serde_json::to_string(target).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the end of a run; what it said when that was not a good one.
fn ended(mut child: Child) -> Result<(), String> {
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said).map_err(|error| error.to_string())?;
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {said}")) }
}
