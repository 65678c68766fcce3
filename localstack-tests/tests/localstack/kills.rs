//! The eight types that are hardest to get right, killed with SIGKILL at every call that changes something.
//!
//! A point is a call of a phase (create, update, delete) and what becomes of it: *after* (executed, its answer never read), *before* (it
//! never arrives) or *late* (it was under way when its sender died, and is executed then). After each kill the same command runs again. In the end the account must have what is declared, each once, and the store must say the same.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use formwork_emulator::{Action, Fault};
use localstack_tests::kills::{Declared, Kills, Mode, Tally, types};

/// More calls than any example makes.
const MOST_CALLS: usize = 100;
/// How many types are killed at the same time.
const WORKERS: usize = 3;

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
    )*

    /// The eight.
    const HARD: &[&str] = &[$($kind),*];
    };
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

#[expect(clippy::disallowed_macros, reason = "the table is for people")]
fn killed(hard: &'static Hard) {
    let _names = (hard.service == "s3").then(|| crate::EXAMPLE_BUCKETS.blocking_lock());
    let update = case_number(hard.kind, hard.update);
    let kills = Kills::new(crate::emulator(), binary(), hard.kind);
    let tally = Trials { hard, update, kills }.all();
    println!("{}", tally.row(hard.kind));
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kill-target"))
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
    hard: &'static Hard,
    /// The number of the case that is the update.
    update: usize,
    kills: Kills,
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
                for call in 0..MOST_CALLS {
                    if !self.one_kill(cases, fault, call) {
                        break;
                    }
                }
            }
        }
        for mode in Mode::ALL {
            self.life(mode);
        }
        self.kills.tally
    }

    /// One kill after call number `call` of those that are the type's own, in a run that was not disturbed before: of the base, or of the
    /// update. False when there is no such call.
    fn one_kill(&mut self, cases: usize, fault: &Fault, call: usize) -> bool {
        let mut run = self.kills.run().unwrap();
        if cases > 0 {
            run.declare(Declared::Cases(cases - 1));
            if let Err(error) = run.finished() {
                self.kills.wrong(format!("before any kill: {error}"));
                return false;
            }
        }
        run.declare(Declared::Cases(cases));
        let fault = fault.clone().account(&run.account.id).skip(call as u64);
        let phase = if cases == 0 { "create" } else { "update" };
        let how = format!("{phase} killed after its call {}", call + 1);
        match run.killed(&fault, Mode::After).unwrap() {
            Ok(Some(_)) => {
                self.kills.tally.points += 1;
                self.kills.finish(&run, &how).unwrap();
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.kills.wrong(format!("{how}: {error}"));
                false
            }
        }
    }

    /// Made, changed and deleted in one account, every run killed at its next call.
    fn life(&mut self, mode: Mode) {
        let mut run = self.kills.run().unwrap();
        let phases = [
            ("create", Declared::Cases(self.update - 1)),
            ("update", Declared::Cases(self.update)),
            ("delete", Declared::Nothing),
        ];
        for (phase, declared) in phases {
            run.declare(declared);
            self.kills.at_every_call(&run, phase, mode).unwrap();
        }
    }
}

/// Makes no call that changes anything.
const WAITS_ONLY: &str = "aws:acm/certificate-validation";

/// The types that are not among the eight: one kill in each part of their lives. `cargo xtask kill-sweep --types` kills all of them at every
/// call.
#[test]
#[expect(clippy::disallowed_macros, reason = "the table is for people")]
fn every_other_type_is_finished_by_the_next_run() {
    let hard = |kind: &str| HARD.contains(&kind);
    let kinds: Vec<&str> =
        formwork_aws::schemas().iter().map(|schema| schema.kind).filter(|kind| !hard(kind)).collect();
    let queue = Mutex::new(kinds);
    let work = || {
        let mut wrong = Vec::new();
        loop {
            let Some(kind) = queue.lock().unwrap().pop() else { return wrong };
            let _names = kind.starts_with("aws:s3/").then(|| crate::EXAMPLE_BUCKETS.blocking_lock());
            let mut kills = Kills::new(crate::emulator(), binary(), kind);
            types::sample(&mut kills).unwrap_or_else(|error| panic!("{kind}: {error:#}"));
            println!("{}", kills.tally.row(kind));
            if kills.tally.points < 4 && kind != WAITS_ONLY {
                kills.wrong(format!("was killed {} times only", kills.tally.points));
            }
            wrong.extend(kills.tally.wrong);
        }
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
