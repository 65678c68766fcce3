//! The eight types that are hardest to get right, killed with SIGKILL at every call that changes something.
//!
//! A point is a call of a phase (create, update, delete) and what becomes of it: *after* (executed, its answer never read), *before* (it
//! never arrives) or *late* (it was under way when its sender died, and is executed then). After each kill the same command runs again. In the end the account must have what is declared, each once, and the store must say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use formwork_emulator::{Action, Fault};
use formwork_engine::record::RowState;
use formwork_engine::state::{LocalStore, OpenMode, Store as _};
use localstack_tests::{Account, Target, plain};

/// One of the eight.
struct Hard {
    kind: &'static str,
    /// The argument whose case is its update.
    update: &'static str,
    /// Its service.
    service: &'static str,
    /// The calls of its own, where the service has others'; empty for all.
    operations: &'static [&'static str],
}

/// A test for each, which prints its row of the table: `cargo test -p localstack-tests kills -- --nocapture`.
macro_rules! hard {
    ($($test:ident: $kind:literal, $update:literal, $service:literal, [$($operation:literal),*];)*) => {$(
        #[test]
        fn $test() {
            killed(&Hard { kind: $kind, update: $update, service: $service, operations: &[$($operation),*] });
        }
    )*};
}

hard! {
    eks_cluster: "aws:eks/cluster", "endpoint_public_access", "eks", [];
    rds_instance: "aws:rds/instance", "backup_retention_period", "rds", [];
    s3_bucket: "aws:s3/bucket", "versioning", "s3", [];
    ec2_security_group_ingress_rule: "aws:ec2/security-group-ingress-rule", "to_port", "ec2", ["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"];
    ec2_vpc: "aws:ec2/vpc", "enable_dns_hostnames", "ec2", [];
    kms_key: "aws:kms/key", "description", "kms", [];
    ec2_elastic_ip: "aws:ec2/elastic-ip", "tags", "ec2", [];
    iam_role_policy_attachment: "aws:iam/role-policy-attachment", "policy_arn", "iam", [];
}

/// More runs than any example has calls.
const MOST_RUNS: usize = 100;

/// What becomes of the call at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It was executed, and its answer is never read.
    After,
    /// It never arrives.
    Before,
    /// It was sent, and is executed only when its sender is dead.
    Late,
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

#[expect(clippy::disallowed_macros, reason = "the table is for people")]
fn killed(hard: &'static Hard) {
    let _names = (hard.service == "s3").then(|| crate::EXAMPLE_BUCKETS.blocking_lock());
    let update = case_number(hard.kind, hard.update);
    let trials = Trials { emulator: crate::emulator(), hard, update, tally: Tally::default() };
    let Tally { points, orphans, duplicates, repairs, wrong } = trials.all();
    let kind = hard.kind;
    println!("{kind:<40}{points:>4} kills,{orphans:>3} orphans,{duplicates:>3} duplicates,{repairs:>3} repairs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    hard: &'static Hard,
    /// The number of the case that is the update.
    update: usize,
    tally: Tally,
}

impl Trials {
    fn all(mut self) -> Tally {
        let own = Fault::new("", Action::HoldAfter).mutating().service(self.hard.service);
        let wanted: Vec<Fault> = match self.hard.operations {
            [] => vec![own],
            some => some.iter().map(|operation| own.clone().operation(operation)).collect(),
        };
        for cases in [0, self.update] {
            for fault in &wanted {
                for call in 0..MOST_RUNS {
                    if !self.one_kill(cases, fault, call) {
                        break;
                    }
                }
            }
        }
        for mode in [Mode::After, Mode::Before, Mode::Late] {
            self.life(mode);
        }
        self.tally
    }

    fn run(&self) -> Run {
        let account = Account::new(self.emulator);
        let folder = tempfile::tempdir().unwrap();
        let target = Target {
            endpoint: self.emulator.endpoint().to_owned(),
            instance: self.emulator.instance().to_owned(),
            account: account.id.clone(),
            store: folder.path().join("store"),
            kind: self.hard.kind.to_owned(),
            cases: None,
        };
        Run { account, target, _folder: folder }
    }

    /// One kill after call number `call` of those that are the type's own, in a run that was not disturbed before: of the base, or of the
    /// update. False when there is no such call.
    fn one_kill(&mut self, cases: usize, fault: &Fault, call: usize) -> bool {
        let mut run = self.run();
        if cases > 0 {
            run.target.cases = Some(cases - 1);
            if let Err(error) = ended(start(&run.target)) {
                self.wrong(format!("before any kill: {error}"));
                return false;
            }
        }
        run.target.cases = Some(cases);
        let fault = fault.clone().account(&run.account.id).skip(call as u64);
        let phase = if cases == 0 { "create" } else { "update" };
        let how = format!("{phase} killed after its call {}", call + 1);
        match run.killed(&fault, Mode::After) {
            Ok(Some(_)) => {
                self.tally.points += 1;
                self.finish(&run, &how);
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.wrong(format!("{how}: {error}"));
                false
            }
        }
    }

    /// Made, changed and deleted in one account, every run killed at its next call.
    fn life(&mut self, mode: Mode) {
        let mut run = self.run();
        let phases = [("create", Some(self.update - 1)), ("update", Some(self.update)), ("delete", None)];
        for (phase, cases) in phases {
            run.target.cases = cases;
            self.kills(&run, phase, mode);
        }
    }

    /// Kills every run at its next call, whoever's it is, until one comes to its end.
    fn kills(&mut self, run: &Run, phase: &str, mode: Mode) {
        let action = if mode == Mode::After { Action::HoldAfter } else { Action::HoldBefore };
        let fault = Fault::new(&run.account.id, action).mutating();
        let (mut kills, mut skip, mut farthest, mut met) = (0, 0, 0, BTreeSet::new());
        let ended = loop {
            match run.killed(&fault.clone().skip(skip), mode) {
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
        self.finish(run, &how);
    }

    fn wrong(&mut self, what: String) {
        self.tally.wrong.push(format!("{} {what}", self.hard.kind));
    }

    /// Runs again to the end, and compares account, store and program.
    fn finish(&mut self, run: &Run, how: &str) {
        if let Err(error) = ended(start(&run.target)) {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: the next run: {error}"));
        }
        let store = LocalStore::open(&run.target.store, OpenMode::Read).unwrap();
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
                self.wrong(format!("{how}: {} {} stands and is not recorded", one.0, one.1));
            }
        }
        let listed = run.account.listed();
        for row in rows.iter().filter(|row| !listed.contains(row)) {
            self.tally.repairs += 1;
            self.wrong(format!("{how}: {} {} is recorded and does not stand", row.0, row.1));
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
    /// Runs the command and kills it at the call that a fault holds: which call that was. `None` when it came to its end before.
    fn killed(&self, fault: &Fault, mode: Mode) -> Result<Option<String>, String> {
        let admin = self.account.emulator.admin();
        let fault = admin.inject(fault).map_err(|error| error.to_string())?;
        let mut child = start(&self.target);
        let result = loop {
            let held = admin.held(&self.account.id, Duration::from_millis(20)).unwrap();
            if let Some(held) = held.first() {
                child.kill().and_then(|()| child.wait()).unwrap();
                break Ok(Some(format!("{} {}", held.call.operation, held.call.parameters)));
            }
            if child.try_wait().unwrap().is_some() {
                break ended(child).map(|()| None);
            }
        };
        match mode {
            Mode::Before => admin.drop_fault(&self.account.id, &fault),
            Mode::After | Mode::Late => admin.remove_fault(&self.account.id, &fault),
        }
        .unwrap();
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
