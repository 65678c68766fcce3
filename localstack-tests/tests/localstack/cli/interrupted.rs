//! Runs that meet: another run, Ctrl-C, an account that goes away.

use std::path::Path;
use std::process::Command;

use formwork_emulator::{Action, Config, Emulator, Fault, Lifetime};
use rustix::process::Signal;

use super::{CONFIG, LONG, Project, Running, WHOLE, code, run};

#[test]
fn a_second_run_is_told_who_holds_the_stack() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    project.configure(&CONFIG.replace("[\"10.0.1.0/24\"]", "[\"10.0.1.0/24\", \"10.0.2.0/24\"]"));
    let first = project.held_at("up small --yes", "CreateSubnet", Action::HoldBefore);

    let holder = first.pid().to_string();
    for line in ["up small --yes", "destroy small --yes", "refresh small"] {
        project.expect(line, code::HELD).says(&[&holder, "up small"]);
    }
    // Who only looks is not kept waiting, and sees what is committed.
    let preview = project.expect("preview small", code::DONE);
    assert!(preview.out.contains("subnet-1"), "{}", preview.out);
    assert!(project.expect("output small vpc_id", code::DONE).out.starts_with("vpc-"));
    assert_eq!(project.expect("state list small --json", code::DONE).json().as_array().unwrap().len(), 4);

    project.admin().clear_faults(&project.account.id).unwrap();
    first.end().expect(code::DONE);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

#[test]
fn ctrl_c_lets_the_running_call_settle() {
    let project = Project::new();
    let mut running = project.held_at("up small --yes", "CreateVpc", Action::HoldBefore);
    running.signal(Signal::INT);
    running.until("stopping:");
    project.admin().clear_faults(&project.account.id).unwrap();
    let ended = running.end();
    ended.expect(code::INTERRUPTED);
    ended.says(&["interrupted:", "next: "]);
    // What was begun is recorded, and what hangs on it was not begun.
    assert!(!project.called().contains(&"CreateSubnet".to_owned()));
    assert!(project.standing().contains(&"aws:ec2/vpc".to_owned()));

    project.expect("up small --yes", code::DONE);
    assert_eq!(project.standing(), WHOLE);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_the_next_run_finishes() {
    let project = Project::new();
    // The emulator has no field indexes, and a log group whose create was lost is given all of its settings again.
    project.configure(&CONFIG.replace("retention_in_days = 30\n", ""));
    // Executed: what was never sent is looked for as long as AWS may take to show it.
    let mut running = project.held_at("up small --yes", "CreateVpc", Action::HoldAfter);
    running.signal(Signal::INT);
    running.until("stopping:");
    running.signal(Signal::INT);
    let ended = running.end();
    ended.expect(code::INTERRUPTED);
    ended.says(&["left at once; what was done is recorded"]);
    project.admin().clear_faults(&project.account.id).unwrap();

    project.expect("up small --yes", code::DONE);
    assert_eq!(project.standing(), ["aws:ec2/subnet", "aws:ec2/vpc", "aws:secretsmanager/secret"]);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

/// An emulator of a test's own, ended with it.
struct Mortal(Emulator);

impl Mortal {
    fn start(run: &Path) -> Self {
        let config = Config {
            cache: localstack_tests::cache(),
            run: run.to_owned(),
            port: None,
            lifetime: Lifetime::WithParent(std::process::id()),
            python: None,
        };
        Self(Emulator::ensure(&config, &mut |_| {}).unwrap())
    }

    fn kill(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.pid()).unwrap()).unwrap();
        // The server's workers are threads of it, so that this is the end of all of it.
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        // The command made it outlive this process, as `--local` always does.
        let run = self.0.log().parent().unwrap_or(Path::new("."));
        let _ = Emulator::stop(run);
    }
}

#[test]
fn the_end_of_localstack_ends_the_run_and_the_next_begins_anew() {
    let project = Project::new();
    let emulator = Mortal::start(&project.path(".formwork/emulator"));
    let account = &project.account.id;
    // With the environment of the test, which says where LocalStack is installed; AWS's variables in it count for nothing here.
    let local = |line: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_small"));
        command.args(line.split(' ')).current_dir(project.folder.path());
        command
    };
    emulator.0.admin().inject(&Fault::new(account, Action::HoldBefore).operation("CreateSubnet")).unwrap();
    let mut running = Running::begin(&mut local("up small --local --yes"));
    assert!(!emulator.0.admin().held(account, LONG).unwrap().is_empty());
    emulator.kill();
    running.until("is tried again");
    running.signal(Signal::INT);
    let ended = running.end();
    ended.expect(code::INTERRUPTED);
    ended.says(&["interrupted:", "next: "]);
    let rows = run(&mut local("state list small --local --json"));
    assert!(rows.out.contains("small::main::aws:ec2/vpc"), "{rows:?}");

    let again = run(&mut local("up small --local --yes"));
    again.expect(code::DONE);
    again.says(&[
        "LocalStack was restarted and has forgotten everything: a new local store begins",
        "done: 4 steps done",
    ]);
    run(&mut local("preview small --local --detailed-exitcode")).expect(code::DONE);
}
