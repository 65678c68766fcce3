//! [`Sweep`]: a stack's own binary, killed with SIGKILL at every call that changes something, and what the next run makes of it.
//!
//! A point is a call of a phase and what becomes of it ([`Mode`]). At each one the account and the store begin empty, the phase is prepared, the
//! command is killed and run again. Then the account, read by the independent lister and through no API, is held against the store and against
//! what an undisturbed run had made: everything that is declared, each once, and nothing else; and a preview has nothing left to do.
//!
//! A commit lies between two calls: a run that dies before it is one that died after the call before it. What a commit that is torn in the
//! middle leaves is the matter of the log's own tests, which cut it at every byte.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use formwork_emulator::{Action, Admin, Config, Emulator, Fault, Lifetime};
use serde_json::Value;

use crate::account::plain;
use crate::home::cache;

/// How long the lister of held calls is asked before the process is looked at again.
const LOOK: Duration = Duration::from_millis(20);

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `up` in an empty account.
    Up,
    /// `up` with another configuration.
    Update,
    /// `destroy`.
    Destroy,
}

impl Phase {
    /// All of them, in the order of a stack's life.
    pub const ALL: [Phase; 3] = [Phase::Up, Phase::Update, Phase::Destroy];

    /// Its name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Up => "up",
            Phase::Update => "update",
            Phase::Destroy => "destroy",
        }
    }
}

/// What becomes of the call at which the process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// It never arrives.
    Before,
    /// It is executed, and its answer never read.
    After,
    /// It is executed when its sender is dead.
    Late,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 3] = [Mode::Before, Mode::After, Mode::Late];

    /// Its name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Before => "before",
            Mode::After => "after",
            Mode::Late => "late",
        }
    }
}

/// A place to kill at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// What runs.
    pub phase: Phase,
    /// What becomes of the call.
    pub mode: Mode,
    /// Which of the phase's calls, from 0.
    pub call: u64,
}

/// What was found, for one row of the table.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Kills.
    pub points: usize,
    /// Things that stand and are in no record.
    pub orphans: usize,
    /// Things of which more stand than are declared.
    pub duplicates: usize,
    /// What a person would have to do: a run that did not end well, a record of nothing, a plan that is not empty.
    pub repairs: usize,
    /// All of it in words.
    pub wrong: Vec<String>,
}

impl Tally {
    /// Adds another one's numbers.
    pub fn add(&mut self, other: Tally) {
        self.points += other.points;
        self.orphans += other.orphans;
        self.duplicates += other.duplicates;
        self.repairs += other.repairs;
        self.wrong.extend(other.wrong);
    }
}

/// The stack that is killed.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The binary with the stack's command line.
    pub binary: PathBuf,
    /// The stack.
    pub stack: String,
    /// Its configuration.
    pub config: String,
    /// Its configuration after the change.
    pub changed: String,
    /// The account that both name.
    pub account: String,
    /// What its runs have in their environment, beside the home folder.
    pub environment: BTreeMap<String, String>,
}

/// A project folder with a LocalStack of its own.
pub struct Sweep {
    subject: Subject,
    root: tempfile::TempDir,
    emulator: Emulator,
    /// What an undisturbed run of each phase leaves: how many of which kind stand and are recorded.
    wanted: BTreeMap<Phase, Standing>,
}

/// How many things of each kind stand, and which of them are in no record: AWS itself makes some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Standing {
    kinds: BTreeMap<String, usize>,
    unrecorded: BTreeMap<String, usize>,
}

/// What the store says.
struct Recorded {
    /// Kind and id of each row.
    rows: Vec<(String, String)>,
    /// The rows that are not ready, in words.
    unfinished: Vec<String>,
}

impl Sweep {
    /// Starts a LocalStack and runs every phase once without disturbing it.
    ///
    /// # Errors
    /// When LocalStack cannot be started, or an undisturbed run does not end well.
    pub fn new(subject: Subject) -> Result<Self> {
        let root = tempfile::tempdir()?;
        std::fs::create_dir_all(root.path().join("stacks"))?;
        let config = Config {
            cache: cache(),
            run: root.path().join(".formwork/emulator"),
            port: None,
            lifetime: Lifetime::WithParent(std::process::id()),
            python: None,
        };
        let emulator = Emulator::ensure(&config, &mut |_| {}).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self { subject, root, emulator, wanted: BTreeMap::new() })
    }

    /// Every point of these phases and modes, each `stride`th of its phase's calls.
    ///
    /// # Errors
    /// When an undisturbed run does not end well.
    pub fn points(&mut self, phases: &[Phase], modes: &[Mode], stride: u64) -> Result<Vec<Point>> {
        let mut points = Vec::new();
        for &phase in phases {
            let calls = self.undisturbed(phase).with_context(|| format!("an undisturbed {}", phase.word()))?;
            for &mode in modes {
                let every = usize::try_from(stride.max(1))?;
                points.extend((0..calls).step_by(every).map(|call| Point { phase, mode, call }));
            }
        }
        Ok(points)
    }

    /// Kills at a point, runs again, and looks.
    ///
    /// # Errors
    /// When the emulator does not do what it is asked to; what is wrong with the stack is in the tally.
    pub fn kill(&mut self, point: Point) -> Result<Tally> {
        if !self.wanted.contains_key(&point.phase) {
            self.undisturbed(point.phase)?;
        }
        self.prepare(point.phase)?;
        let action = if point.mode == Mode::After { Action::HoldAfter } else { Action::HoldBefore };
        let fault = Fault::new(&self.subject.account, action).mutating().skip(point.call);
        let fault = self.admin().inject(&fault)?;
        let mut child = self.start(&self.command(point.phase))?;
        let how = format!("{} killed {} its call {}", point.phase.word(), point.mode.word(), point.call + 1);
        let held = loop {
            if let Some(held) = self.admin().held(&self.subject.account, LOOK)?.into_iter().next() {
                break Some(held);
            }
            if child.try_wait()?.is_some() {
                break None;
            }
        };
        child.kill()?;
        child.wait()?;
        match point.mode {
            Mode::Before => self.admin().drop_fault(&self.subject.account, &fault)?,
            Mode::After | Mode::Late => self.admin().remove_fault(&self.subject.account, &fault)?,
        }
        let mut tally = Tally::default();
        // The order of concurrent steps differs from run to run, and so may the number of calls by one or two.
        let Some(held) = held else { return Ok(tally) };
        tally.points = 1;
        let how = format!("{how} ({})", held.call.operation);
        if let Err(error) = self.ended(&self.command(point.phase), 0) {
            tally.repairs += 1;
            tally.wrong.push(format!("{how}: the next run: {error:#}"));
        }
        self.judge(point.phase, &how, &mut tally)?;
        Ok(tally)
    }

    /// Holds the account against the records and against what an undisturbed run leaves.
    fn judge(&self, phase: Phase, how: &str, tally: &mut Tally) -> Result<()> {
        let (listed, Recorded { rows, unfinished }) = (self.listed()?, self.recorded()?);
        for row in unfinished {
            tally.repairs += 1;
            tally.wrong.push(format!("{how}: {row}"));
        }
        let standing = standing(&listed, &rows);
        let wanted = self.wanted.get(&phase).cloned().unwrap_or_default();
        for (kind, number) in &standing.kinds {
            let more = number.saturating_sub(wanted.kinds.get(kind).copied().unwrap_or_default());
            if more > 0 {
                tally.duplicates += more;
                tally.wrong.push(format!("{how}: {more} more {kind} than an undisturbed run makes"));
            }
        }
        for (kind, number) in &wanted.kinds {
            let fewer = number.saturating_sub(standing.kinds.get(kind).copied().unwrap_or_default());
            if fewer > 0 {
                tally.repairs += fewer;
                tally.wrong.push(format!("{how}: {fewer} {kind} are missing"));
            }
        }
        for (kind, number) in &standing.unrecorded {
            let more = number.saturating_sub(wanted.unrecorded.get(kind).copied().unwrap_or_default());
            if more > 0 {
                tally.orphans += more;
                tally.wrong.push(format!("{how}: {more} {kind} stand and are in no record"));
            }
        }
        let listed: BTreeSet<&(String, String)> = listed.iter().collect();
        for row in rows.iter().filter(|row| !listed.contains(row)) {
            tally.repairs += 1;
            tally.wrong.push(format!("{how}: {} {} is recorded and does not stand", row.0, row.1));
        }
        if phase != Phase::Destroy
            && let Err(error) = self.ended(&self.line("preview", &["--detailed-exitcode"]), 0)
        {
            tally.repairs += 1;
            tally.wrong.push(format!("{how}: afterwards there is still to do: {error:#}"));
        }
        Ok(())
    }

    /// Runs a phase without disturbing it, remembers what it leaves, and answers the number of its calls that change something.
    fn undisturbed(&mut self, phase: Phase) -> Result<u64> {
        self.prepare(phase)?;
        self.admin().clear_calls(&self.subject.account)?;
        self.ended(&self.command(phase), 0)?;
        let calls = self.admin().calls(&self.subject.account, 0)?.into_iter().filter(|call| call.mutating).count();
        let left = standing(&self.listed()?, &self.recorded()?.rows);
        self.wanted.insert(phase, left);
        Ok(u64::try_from(calls)?)
    }

    /// An empty account and an empty store, or those in which the stack stands.
    fn prepare(&self, phase: Phase) -> Result<()> {
        self.admin().clear_faults(&self.subject.account)?;
        self.admin().reset(Some(&self.subject.account))?;
        let store = self.root.path().join(".formwork/local").join(&self.subject.stack);
        if store.exists() {
            std::fs::remove_dir_all(&store)?;
        }
        self.configure(&self.subject.config)?;
        if phase != Phase::Up {
            self.ended(&self.command(Phase::Up), 0).context("bringing it up first")?;
        }
        if phase == Phase::Update {
            self.configure(&self.subject.changed)?;
        }
        Ok(())
    }

    fn configure(&self, text: &str) -> Result<()> {
        Ok(std::fs::write(self.root.path().join(format!("stacks/{}.toml", self.subject.stack)), text)?)
    }

    fn command(&self, phase: Phase) -> Vec<String> {
        match phase {
            Phase::Up | Phase::Update => self.line("up", &["--yes"]),
            Phase::Destroy => self.line("destroy", &["--yes"]),
        }
    }

    fn line(&self, verb: &str, flags: &[&str]) -> Vec<String> {
        let words = [verb, &self.subject.stack, "--local"].into_iter().chain(flags.iter().copied());
        words.map(str::to_owned).collect()
    }

    fn start(&self, line: &[String]) -> Result<Child> {
        let mut command = Command::new(&self.subject.binary);
        command.args(line).current_dir(self.root.path()).envs(&self.subject.environment);
        // A file takes what it says: nobody reads a pipe while the process is held.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(self.said())?);
        command.spawn().with_context(|| format!("starting {}", self.subject.binary.display()))
    }

    fn said(&self) -> PathBuf {
        self.root.path().join("said")
    }

    /// Runs a command to its end, which must be this one; answers what it wrote to stdout.
    fn ended(&self, line: &[String], code: i32) -> Result<String> {
        let mut child = self.start(line)?;
        let mut out = String::new();
        if let Some(stdout) = &mut child.stdout {
            stdout.read_to_string(&mut out)?;
        }
        let status = child.wait()?;
        if status.code() != Some(code) {
            let said = std::fs::read_to_string(self.said()).unwrap_or_default();
            bail!("`{}` ended with {status}:\n{}{}", line.join(" "), tail(&out), tail(&said));
        }
        Ok(out)
    }

    fn recorded(&self) -> Result<Recorded> {
        let out = self.ended(&["state", "list", &self.subject.stack, "--local", "--json"].map(str::to_owned), 0)?;
        let rows: Vec<Value> = serde_json::from_str(&out)?;
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let unfinished = rows.iter().filter(|row| row["status"] != "ready");
        Ok(Recorded {
            unfinished: unfinished.map(|row| format!("{} is {}", text(row, "urn"), text(row, "status"))).collect(),
            rows: rows.iter().map(|row| (text(row, "kind"), plain(&text(row, "id")))).collect(),
        })
    }

    fn listed(&self) -> Result<Vec<(String, String)>> {
        let resources = self.admin().resources(&self.subject.account, None)?;
        Ok(resources.into_iter().map(|one| (one.kind, plain(&one.id))).collect())
    }

    fn admin(&self) -> &Admin {
        self.emulator.admin()
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        // The command line keeps a LocalStack that it finds running; this one belongs to the sweep. Nothing is left to do where it is gone.
        let _ = Emulator::stop(&self.root.path().join(".formwork/emulator"));
    }
}

/// All kinds with their numbers, and the numbers of those that no row names.
fn standing(listed: &[(String, String)], rows: &[(String, String)]) -> Standing {
    let known: BTreeSet<&(String, String)> = rows.iter().collect();
    let mut standing = Standing::default();
    for one in listed {
        *standing.kinds.entry(one.0.clone()).or_default() += 1;
        if !known.contains(one) {
            *standing.unrecorded.entry(one.0.clone()).or_default() += 1;
        }
    }
    standing
}

/// The last lines of what a command said.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].iter().map(|line| format!("  {line}\n")).collect()
}

/// Kills at all these points, on as many LocalStacks side by side as `jobs` says; tells after each point.
///
/// # Errors
/// The first that a sweep could not go on with.
pub fn sweep(
    subject: &Subject,
    points: &[Point],
    jobs: usize,
    told: &(dyn Fn(Point, &Tally) + Sync),
) -> Result<BTreeMap<(Phase, Mode), Tally>> {
    ensure!(jobs > 0, "a sweep needs at least one job");
    let table = std::sync::Mutex::new(BTreeMap::<(Phase, Mode), Tally>::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || -> Result<()> {
        let mut sweep = Sweep::new(subject.clone())?;
        loop {
            let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(&point) = points.get(place) else { return Ok(()) };
            let tally = sweep.kill(point)?;
            told(point, &tally);
            let mut table = table.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            table.entry((point.phase, point.mode)).or_default().add(tally);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(table.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The table: a row for each phase and mode, and their sum.
pub fn table(tallies: &BTreeMap<(Phase, Mode), Tally>) -> String {
    let line = |name: &str, mode: &str, tally: &Tally| {
        let Tally { points, orphans, duplicates, repairs, .. } = tally;
        format!("{name:<9}{mode:<8}{points:>7}{orphans:>9}{duplicates:>12}{repairs:>9}\n")
    };
    let mut text =
        format!("{:<9}{:<8}{:>7}{:>9}{:>12}{:>9}\n", "phase", "call", "kills", "orphans", "duplicates", "repairs");
    let mut sum = Tally::default();
    for ((phase, mode), tally) in tallies {
        text.push_str(&line(phase.word(), mode.word(), tally));
        sum.add(tally.clone());
    }
    text.push_str(&line("all", "", &sum));
    text
}

/// The built binary of a package beside this process's own.
///
/// # Errors
/// When it was not built.
pub fn beside(me: &Path, name: &str) -> Result<PathBuf> {
    let folders = me.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.with_context(|| format!("there is no `{name}` beside {}: build it first", me.display()))
}
