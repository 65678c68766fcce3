//! Runs that are asked to stop, and runs whose readers go away.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use formwork_emulator::{Action, Fault};
use rustix::process::Signal;

use super::{LONG, Project, Running, WHOLE, code};

/// What the run says to type next.
fn next() -> String {
    format!("next: {} up small", env!("CARGO_BIN_EXE_small"))
}

/// The next run finishes, and nothing is left to do.
fn finish(project: &Project) {
    project.expect("up small --yes", code::DONE);
    assert_eq!(project.standing(), WHOLE);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

/// The environment of a command, as JSON.
fn environment(command: &Command) -> String {
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let pairs = command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?))));
    serde_json::to_string(&pairs.collect::<BTreeMap<_, _>>()).unwrap()
}

/// Heeds the end of its terminal, also where the tests themselves were begun to outlive theirs (`nohup`): what is ignored is inherited, and a shell
/// cannot take that back.
const HEED: &str = "
import json, os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execve(sys.argv[2], sys.argv[2:], json.loads(sys.argv[1]))
";

/// The command, which heeds the end of its terminal.
fn heeding(command: &Command) -> Command {
    let mut heeding = Command::new("python3");
    heeding.args(["-c", HEED, &environment(command)]).arg(command.get_program()).args(command.get_args());
    heeding.current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    heeding
}

#[test]
fn a_polite_request_and_the_end_of_the_terminal_end_a_run_like_ctrl_c() {
    // The end of a terminal is told by the shell and by the system: twice is no second Ctrl-C.
    for signals in [&[Signal::INT][..], &[Signal::TERM], &[Signal::HUP, Signal::HUP]] {
        let project = Project::new();
        project.admin().inject(&Fault::new(&project.account.id, Action::HoldBefore).operation("CreateVpc")).unwrap();
        let mut running = Running::begin(&mut heeding(&project.command("up small --yes")));
        assert!(!project.admin().held(&project.account.id, LONG).unwrap().is_empty());
        signals.iter().for_each(|signal| running.signal(*signal));
        running.until("stopping:");
        project.admin().clear_faults(&project.account.id).unwrap();
        let ended = running.end();
        ended.expect(code::INTERRUPTED);
        ended.says(&["interrupted:", &next()]);
        // What was under way is recorded, and nothing was begun after it.
        assert!(project.rows().to_string().contains("small::main::aws:ec2/vpc"));
        assert!(!project.called().contains(&"CreateSubnet".to_owned()));
        finish(&project);
    }
}

#[test]
fn a_run_that_was_begun_to_outlive_its_terminal_does() {
    let project = Project::new();
    project.admin().inject(&Fault::new(&project.account.id, Action::HoldBefore).operation("CreateVpc")).unwrap();
    // As `nohup` does it, without its file.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", r#"trap "" HUP; exec "$0" "$@""#, env!("CARGO_BIN_EXE_small"), "up", "small", "--yes"]);
    command.current_dir(project.folder.path()).env_clear().stdin(Stdio::null());
    let as_ever = project.command("up small --yes");
    command.envs(as_ever.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let running = Running::begin(&mut command);
    assert!(!project.admin().held(&project.account.id, LONG).unwrap().is_empty());
    running.signal(Signal::HUP);
    project.admin().clear_faults(&project.account.id).unwrap();
    running.end().expect(code::DONE);
    assert_eq!(project.standing(), WHOLE);
}

#[test]
fn readers_that_go_away_neither_end_a_run_nor_lose_anything() {
    for (line, signal, expected) in [
        ("up small --yes", None, code::DONE),
        ("up small --yes --json", None, code::DONE),
        ("up small --yes", Some(Signal::HUP), code::INTERRUPTED),
    ] {
        let project = Project::new();
        project.admin().inject(&Fault::new(&project.account.id, Action::HoldBefore).operation("CreateVpc")).unwrap();
        // Also the log of the program's inner life loses its reader.
        let mut command = project.command(line);
        command.env("FORMWORK_LOG", "aws_smithy_runtime::client::identity=debug");
        let mut command = heeding(&command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        assert!(!project.admin().held(&project.account.id, LONG).unwrap().is_empty());
        drop((child.stdout.take(), child.stderr.take()));
        if let Some(signal) = signal {
            rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        }
        project.admin().clear_faults(&project.account.id).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{line} {signal:?}");
        finish(&project);
    }
}

/// Runs a command in a terminal of its own, closes the terminal when a line comes in, and ends with the command's exit code. Python is where
/// LocalStack is.
const TERMINAL: &str = r#"
import json, os, pty, select, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    # What is ignored is inherited: the tests may have been begun to outlive their terminal.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execve(sys.argv[1], sys.argv[1:], json.loads(os.environ["INSIDE"]))
while sys.stdin not in select.select([sys.stdin, terminal], [], [])[0]:
    os.read(terminal, 65536)
os.close(terminal)
print("closed", flush=True)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
"#;

#[test]
fn the_end_of_a_terminal_on_which_progress_moves_is_survived() {
    let project = Project::new();
    project.admin().inject(&Fault::new(&project.account.id, Action::HoldBefore).operation("CreateVpc")).unwrap();
    let mut inside = project.command("up small --yes");
    inside.env("TERM", "xterm");
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_small"), "up", "small", "--yes"]);
    command.env("INSIDE", environment(&inside)).current_dir(project.folder.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    assert!(!project.admin().held(&project.account.id, LONG).unwrap().is_empty());
    child.stdin.take().unwrap().write_all(b"close\n").unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "closed\n");
    project.admin().clear_faults(&project.account.id).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code::INTERRUPTED));
    finish(&project);
}

#[test]
fn ctrl_c_ends_the_wait_for_a_turn_at_once() {
    let project = Project::new();
    let refused = Fault::error(&project.account.id, "RequestLimitExceeded", 503).service("ec2").mutating().always();
    project.admin().inject(&refused).unwrap();
    let mut running = Running::begin(&mut project.command("up small --yes"));
    running.until("ec2 eu-west-1: 1 call waits");
    running.signal(Signal::INT);
    running.until("stopping:");
    let ended = running.end();
    ended.expect(code::INTERRUPTED);
    ended.says(&[&next(), "throttled ec2 eu-west-1 refused"]);
    // Nothing was made of what was refused, and nothing is recorded of it.
    assert!(!project.rows().to_string().contains("aws:ec2/vpc"));
    project.admin().clear_faults(&project.account.id).unwrap();
    finish(&project);
}
