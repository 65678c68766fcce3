//! [`Ground`]: a project folder with an account of its own, where a stack lives, is killed and lives on.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use formwork_emulator::{Action, Admin, Config, Emulator, Fault, Lifetime, Weather};
use rustix::process::{Pid, Signal, kill_process};

use super::judge::{Recorded, Standing, judge};
use super::{Mode, Phase, Point, Subject, Tally};
use crate::account::plain;
use crate::disk::{self, Cut, Disk};
use crate::home::cache;

/// How long the lister of held calls is asked before the process is looked at again.
const LOOK: Duration = Duration::from_millis(20);

/// Longer than any run takes. One that goes on is not waited for: it is what a person would have to end.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// How many reads answer as before a change.
const LAG: u32 = 3;

/// How many reads find a thing on its way, before it is there, changed or gone.
const PENDING: u32 = 2;

/// What stands in the account and in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Something that is not known.
    Unknown,
    /// Nothing.
    Empty,
    /// The stack.
    Up,
    /// The stack, changed.
    Changed,
}

/// How many places a phase has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// Calls that change something.
    calls: u64,
    /// Writes to the log; one more than commits where the log is begun.
    writes: u64,
    /// Syncs of the log's contents.
    syncs: u64,
    /// Heads that took the place of another.
    heads: u64,
}

impl Places {
    /// Those of a mode.
    pub(super) fn of(self, mode: Mode) -> u64 {
        match mode {
            Mode::Before | Mode::After | Mode::Late | Mode::AfterTwice | Mode::AfterAndCommit => self.calls,
            Mode::Unwritten | Mode::Written => self.writes,
            Mode::Synced => self.syncs,
            Mode::Named => self.heads,
        }
    }
}

/// A LocalStack, ended with this value: the command line keeps one that it finds running.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) folder: tempfile::TempDir,
    pub(super) emulator: Emulator,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = Config {
            cache: cache(),
            run: folder.path().to_owned(),
            port: None,
            lifetime: Lifetime::WithParent(std::process::id()),
            python: None,
        };
        let emulator = Emulator::ensure(&config, &mut |_| {}).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self { folder, emulator })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to do where it is gone.
        let _ = Emulator::stop(self.folder.path());
    }
}

/// A project folder, with an account of its own in a LocalStack that others use too.
pub(super) struct Ground {
    subject: Subject,
    root: tempfile::TempDir,
    server: Arc<Server>,
    stage: Stage,
    /// The points since the account was empty.
    life: Vec<Point>,
}

impl Ground {
    /// An empty folder. Each `number` has an account of its own: the subject's, with these digits at its end.
    pub(super) fn new(subject: &Subject, server: Arc<Server>, number: usize) -> Result<Self> {
        let account = format!("{}{number:03}", subject.account.get(..9).unwrap_or_default());
        let of_account = |text: &str| text.replace(&subject.account, &account);
        let subject = Subject {
            config: of_account(&subject.config),
            changed: of_account(&subject.changed),
            account: account.clone(),
            ..subject.clone()
        };
        let root = tempfile::tempdir()?;
        std::fs::create_dir_all(root.path().join("stacks"))?;
        std::fs::create_dir_all(root.path().join(".formwork"))?;
        // Where the command line looks for the LocalStack of a project.
        std::os::unix::fs::symlink(server.folder.path(), root.path().join(".formwork/emulator"))?;
        Ok(Self { subject, root, server, stage: Stage::Unknown, life: Vec::new() })
    }

    /// The phases in the order in which they cost least from here.
    pub(super) fn fitting(&self) -> [Phase; 3] {
        match self.stage {
            Stage::Unknown | Stage::Empty => [Phase::Up, Phase::Update, Phase::Destroy],
            Stage::Up => [Phase::Update, Phase::Destroy, Phase::Up],
            Stage::Changed => [Phase::Destroy, Phase::Up, Phase::Update],
        }
    }

    /// Runs a phase without disturbing it: how many places it has, and what it leaves.
    pub(super) fn undisturbed(&mut self, phase: Phase) -> Result<(Places, Standing)> {
        self.reach(phase)?;
        self.admin().clear_calls(&self.subject.account)?;
        let trace = self.root.path().join("trace");
        let mut command = self.command(&self.phase_line(phase));
        self.disk()?.traced(&trace).load(&mut command)?;
        self.run_to(command, 0)?;
        self.stage = after(phase);
        let calls = self.admin().calls(&self.subject.account, 0)?.into_iter().filter(|call| call.mutating).count();
        let traced = disk::calls(&trace)?;
        std::fs::remove_file(trace)?;
        let on = |operation: &str, file: &str| {
            let on = traced.iter().filter(|call| call.operation == operation && call.file == file).count();
            u64::try_from(on).unwrap_or(u64::MAX)
        };
        let places = Places {
            calls: u64::try_from(calls)?,
            writes: on("pwrite", "log"),
            syncs: on("fdatasync", "log"),
            heads: on("rename", "head"),
        };
        Ok((places, Standing::of(&self.listed()?, &self.recorded()?)))
    }

    /// Kills at a point, runs again, and looks.
    ///
    /// # Errors
    /// When the emulator does not do what it is asked to; what is wrong with the stack is in the tally.
    pub(super) fn kill(&mut self, point: Point, wanted: &Standing) -> Result<Tally> {
        self.reach(point.phase)?;
        let before = self.life.iter().map(|point| format!(", after {point}"));
        let mut how = format!("{point}{}", before.collect::<String>());
        self.life.push(point);
        // Whatever happens before it is known to be right.
        self.stage = Stage::Unknown;
        let line = self.phase_line(point.phase);
        let mut tally = Tally::default();
        self.admin().set_weather(&Weather::new(&self.subject.account).lag(LAG).pending(PENDING))?;
        let killed = match point.mode.file_call() {
            Some((cut, operation, file)) => self.killed_at_commit(&line, cut, operation, file, point.number)?,
            None => self.killed_at_call(&line, point.mode, point.number)?,
        };
        let is_killed = killed != Killed::No;
        match killed {
            Killed::At(place) => how = format!("{how} at {place}"),
            // The order of concurrent steps differs from run to run, and so may the number of places by one or two.
            Killed::No => {}
            Killed::Ended(why) => tally.repair(format!("{how}: it ended by itself: {why}")),
        }
        tally.points = usize::from(is_killed);
        if point.mode.is_twice() && is_killed {
            let again = match point.mode {
                Mode::AfterAndCommit => self.killed_at_commit(&line, Cut::After, "fdatasync", "log", 0)?,
                _ => self.killed_at_call(&line, Mode::After, 0)?,
            };
            if let Killed::Ended(why) = again {
                tally.repair(format!("{how}: the next run, before it was killed: {why}"));
            }
        }
        if is_killed && let Err(error) = self.ended(&line, 0) {
            tally.repair(format!("{how}: the next run: {error:#}"));
        }
        // What a person looks at some minutes later.
        self.admin().clear_weather(&self.subject.account)?;
        judge(&how, &self.listed()?, &self.recorded()?, wanted, &mut tally);
        if point.phase != Phase::Destroy
            && let Err(error) = self.ended(&self.line("preview", &["--detailed-exitcode"]), 0)
        {
            tally.repair(format!("{how}: afterwards there is still to do: {error:#}"));
        }
        if tally.wrong.is_empty() {
            self.stage = after(point.phase);
        }
        Ok(tally)
    }

    fn killed_at_call(&self, line: &[String], mode: Mode, number: u64) -> Result<Killed> {
        let account = &self.subject.account;
        let action = if matches!(mode, Mode::Before | Mode::Late) { Action::HoldBefore } else { Action::HoldAfter };
        let fault = self.admin().inject(&Fault::new(account, action).mutating().skip(number))?;
        let mut child = self.command(line).spawn()?;
        let looks = LONGEST.as_millis() / LOOK.as_millis();
        let mut held = None;
        for _ in 0..looks {
            held = self.admin().held(account, LOOK)?.into_iter().next();
            if held.is_some() || child.try_wait()?.is_some() {
                break;
            }
        }
        let status = child.try_wait()?;
        child.kill()?;
        child.wait()?;
        match mode {
            Mode::Before => self.admin().drop_fault(account, &fault)?,
            _ => self.admin().remove_fault(account, &fault)?,
        }
        Ok(match (held, status) {
            (Some(held), None) => Killed::At(held.call.operation),
            (_, Some(status)) if status.code() == Some(0) => Killed::No,
            (_, Some(status)) => Killed::Ended(self.said(status)),
            (None, None) => Killed::Ended(format!("it went on for {LONGEST:?}")),
        })
    }

    fn killed_at_commit(&self, line: &[String], cut: Cut, operation: &str, file: &str, number: u64) -> Result<Killed> {
        let mut command = self.command(line);
        self.disk()?.kill(cut, operation, file, number + 1).load(&mut command)?;
        let Some(Output { status, .. }) = ended(command)? else {
            return Ok(Killed::Ended(format!("it went on for {LONGEST:?}")));
        };
        Ok(match (status.signal(), status.code()) {
            (Some(_), _) => Killed::At(format!("{operation} {file}")),
            (None, Some(0)) => Killed::No,
            (None, _) => Killed::Ended(self.said(status)),
        })
    }

    /// An empty account and an empty store, or those in which the stack stands.
    fn reach(&mut self, phase: Phase) -> Result<()> {
        self.admin().clear(&self.subject.account)?;
        self.admin().clear_weather(&self.subject.account)?;
        let there = match phase {
            Phase::Up => self.stage == Stage::Empty,
            Phase::Update => self.stage == Stage::Up,
            Phase::Destroy => matches!(self.stage, Stage::Up | Stage::Changed),
        };
        if phase == Phase::Up || !there {
            self.begin_anew()?;
        }
        if phase != Phase::Up && !there {
            self.ended(&self.phase_line(Phase::Up), 0).context("bringing it up first")?;
            self.stage = Stage::Up;
        }
        if phase == Phase::Update {
            self.configure(&self.subject.changed)?;
        }
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<()> {
        self.admin().reset(Some(&self.subject.account))?;
        let store = self.store();
        if store.exists() {
            std::fs::remove_dir_all(&store)?;
        }
        self.configure(&self.subject.config)?;
        self.life.clear();
        self.stage = Stage::Empty;
        Ok(())
    }

    fn store(&self) -> PathBuf {
        self.root.path().join(".formwork/local").join(&self.subject.stack)
    }

    fn disk(&self) -> Result<Disk> {
        Disk::below(&self.store())
    }

    fn configure(&self, text: &str) -> Result<()> {
        Ok(std::fs::write(self.root.path().join(format!("stacks/{}.toml", self.subject.stack)), text)?)
    }

    fn phase_line(&self, phase: Phase) -> Vec<String> {
        match phase {
            Phase::Up | Phase::Update => self.line("up", &["--yes"]),
            Phase::Destroy => self.line("destroy", &["--yes"]),
        }
    }

    fn line(&self, verb: &str, flags: &[&str]) -> Vec<String> {
        let words = [verb, &self.subject.stack, "--local"].into_iter().chain(flags.iter().copied());
        words.map(str::to_owned).collect()
    }

    /// A command that writes what it says into files: nobody reads a pipe while it is held.
    fn command(&self, line: &[String]) -> Command {
        let mut command = Command::new(&self.subject.binary);
        command.args(line).current_dir(self.root.path()).envs(&self.subject.environment).stdin(Stdio::null());
        command.stdout(Stdio::null());
        // A file that cannot be made is a line that cannot be shown, and no more.
        command.stderr(std::fs::File::create(self.words()).map_or_else(|_| Stdio::null(), Stdio::from));
        command
    }

    fn words(&self) -> PathBuf {
        self.root.path().join("said")
    }

    fn said(&self, status: ExitStatus) -> String {
        format!("{status}:\n{}", tail(&std::fs::read_to_string(self.words()).unwrap_or_default()))
    }

    /// Runs a command to its end, which must be this one; answers what it wrote to stdout.
    fn ended(&self, line: &[String], code: i32) -> Result<String> {
        self.run_to(self.command(line), code)
    }

    fn run_to(&self, mut command: Command, code: i32) -> Result<String> {
        command.stdout(Stdio::piped());
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let words = words.join(" ");
        let Some(output) = ended(command)? else { bail!("`{words}` went on for {LONGEST:?}") };
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() != Some(code) {
            bail!("`{words}` ended with {}{}", tail(&out), self.said(output.status));
        }
        Ok(out)
    }

    fn recorded(&self) -> Result<Recorded> {
        let out = self.ended(&["state", "list", &self.subject.stack, "--local", "--json"].map(str::to_owned), 0)?;
        Recorded::read(&out)
    }

    fn listed(&self) -> Result<Vec<(String, String)>> {
        let resources = self.admin().resources(&self.subject.account, None)?;
        Ok(resources.into_iter().map(|one| (one.kind, plain(&one.id))).collect())
    }

    fn admin(&self) -> &Admin {
        self.server.emulator.admin()
    }
}

/// What became of a process that was to be killed.
#[derive(Debug, PartialEq, Eq)]
enum Killed {
    /// It was, here.
    At(String),
    /// It ended well before it came there.
    No,
    /// It ended otherwise.
    Ended(String),
}

/// What stands after a phase.
fn after(phase: Phase) -> Stage {
    match phase {
        Phase::Up => Stage::Up,
        Phase::Update => Stage::Changed,
        Phase::Destroy => Stage::Empty,
    }
}

/// Runs a command to its end; `None` when it took too long, and was killed.
pub(super) fn ended(mut command: Command) -> Result<Option<Output>> {
    let child = command.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
    let pid = Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    match told.recv_timeout(LONGEST) {
        Ok(output) => Ok(Some(output?)),
        Err(_) => {
            kill_process(pid, Signal::KILL)?;
            Ok(None)
        }
    }
}

/// The last lines of what a command said.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].iter().map(|line| format!("  {line}\n")).collect()
}
