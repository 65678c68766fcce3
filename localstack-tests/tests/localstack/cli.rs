//! The command line as a process: exit codes, what is printed where, and what is called.
//!
//! The program is `src/bin/small.rs`, run against the emulator through `AWS_ENDPOINT_URL` and static credentials, as it would be against
//! AWS: without `--local` no consent is implied.

mod bucket;
mod consent;
mod credentials;
mod damage;
mod durable;
mod history;
mod import;
mod input;
mod interrupted;
mod migrate;
mod places;
mod rebuild;
mod repair;
mod saved;
mod sealed;
mod shapes;
mod shared;
mod stacks;
mod stopped;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use formwork_emulator::{Action, Admin, Emulator, Fault};
use localstack_tests::{Account, REGION};

/// The exit codes of the contract.
mod code {
    pub(super) const DONE: i32 = 0;
    pub(super) const BAD_INPUT: i32 = 1;
    pub(super) const CHANGES: i32 = 2;
    pub(super) const FAILED: i32 = 3;
    pub(super) const HELD: i32 = 4;
    pub(super) const REFUSED: i32 = 5;
    pub(super) const INTERRUPTED: i32 = 6;
}

/// Longer than any run reaches the call that it is held at.
const LONG: Duration = Duration::from_secs(60);

/// What the stack is given besides its section `[aws]`.
const CONFIG: &str = "\
cidr_block = \"10.0.0.0/16\"
subnets = [\"10.0.1.0/24\"]
retention_in_days = 30
token = { env = \"SMALL_TOKEN\" }
";

/// A project folder, and an account that its stack lives in.
struct Project {
    folder: tempfile::TempDir,
    account: Account,
    endpoint: String,
}

impl Project {
    /// An empty account of the shared emulator.
    fn new() -> Self {
        Self::on(super::emulator())
    }

    fn on(emulator: &'static Emulator) -> Self {
        let account = Account::new(emulator);
        let endpoint = emulator.endpoint().to_owned();
        let project = Self { folder: tempfile::tempdir().unwrap(), account, endpoint };
        project.configure(CONFIG);
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes the configuration, for the project's own account.
    fn configure(&self, text: &str) {
        self.configure_for(text, &self.account.id);
    }

    fn configure_for(&self, text: &str, account: &str) {
        let text = format!("{text}\n[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"\n");
        self.write_config(&text);
    }

    fn write_config(&self, text: &str) {
        std::fs::create_dir_all(self.path("stacks")).unwrap();
        std::fs::write(self.path("stacks/small.toml"), text).unwrap();
    }

    /// The command, not begun, with an environment of its own.
    fn command(&self, line: &str) -> Command {
        let mut command = bare(self.folder.path(), line);
        command
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", &self.account.id)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("SMALL_TOKEN", "hunter2-of-the-test");
        command
    }

    fn run(&self, line: &str) -> Ran {
        run(&mut self.command(line))
    }

    /// Runs it and holds its exit code against the expected one.
    #[track_caller]
    fn expect(&self, line: &str, code: i32) -> Ran {
        let ran = self.run(line);
        ran.expect(code);
        ran
    }

    /// Begins a command, and waits until it is held at a call: one that has not been executed, or whose answer is withheld.
    fn held_at(&self, line: &str, operation: &str, how: Action) -> Running {
        self.admin().inject(&Fault::new(&self.account.id, how).operation(operation)).unwrap();
        let running = Running::begin(&mut self.command(line));
        let held = self.admin().held(&self.account.id, LONG).unwrap();
        assert!(!held.is_empty(), "nothing came to {operation}");
        running
    }

    fn admin(&self) -> &Admin {
        self.account.emulator.admin()
    }

    /// The operations that were called since this was last asked.
    fn called(&self) -> Vec<String> {
        self.account.news().into_iter().map(|call| call.operation).collect()
    }

    /// The kinds of everything that stands in the account.
    fn standing(&self) -> Vec<String> {
        self.account.listed().into_iter().map(|(kind, _)| kind).collect()
    }

    /// The recorded rows, as `state list --json` has them.
    fn rows(&self) -> serde_json::Value {
        let ran = self.expect("state list small --json", code::DONE);
        serde_json::from_str(&ran.out).unwrap()
    }
}

/// The kinds of the whole stack.
const WHOLE: [&str; 4] = ["aws:ec2/subnet", "aws:ec2/vpc", "aws:logs/log-group", "aws:secretsmanager/secret"];

/// The command in a folder, without any environment.
fn bare(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_small"));
    command.args(line.split(' ')).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// What a command printed, and how it ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// One blank for every gap: where lines break depends on the length of paths.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Ran {
    #[track_caller]
    fn expect(&self, code: i32) {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.is_sound();
    }

    /// No panic, no bug, and no secret in what was printed.
    #[track_caller]
    fn is_sound(&self) {
        let all = format!("{}{}", self.out, self.err);
        let unsound = ["panicked", "this is a bug", "hunter2"].into_iter().find(|word| all.contains(word));
        assert!(unsound.is_none() && self.code.is_some_and(|code| code != 70), "{self:#?}");
    }

    /// Whether all of these are said on stderr.
    #[track_caller]
    fn says(&self, texts: &[&str]) {
        for text in texts {
            assert!(flat(&self.err).contains(&flat(text)), "no `{text}` in stderr:\n{}", self.err);
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in stdout:\n{}", self.out))
    }
}

/// A command that is going.
struct Running {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
    err: String,
}

impl Running {
    fn begin(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, said, err: String::new() }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Reads on until this is said on stderr.
    #[track_caller]
    fn until(&mut self, text: &str) {
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).unwrap();
            self.err.push_str(&line);
            if line.contains(text) {
                return;
            }
            assert!(read > 0, "it ended without `{text}`:\n{}", self.err);
        }
    }

    fn end(mut self) -> Ran {
        let mut out = String::new();
        // What is printed is less than a pipe holds, so the order of reading does not matter.
        self.said.read_to_string(&mut self.err).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let code = self.child.wait().unwrap().code();
        Ran { code, out, err: std::mem::take(&mut self.err) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Of a test that failed: the process must not outlive it. Fails where it has ended already.
        let _ = self.child.kill();
    }
}
