//! A stack's own binary, killed with SIGKILL at every call that changes something and at every step of every commit, and what the next run
//! makes of it.
//!
//! A [`Point`] is a place in a [`Phase`] of the stack's life and what becomes of the process there ([`Mode`]). At each one the command is killed
//! and run again. Then the account, read by the independent lister and through no API, is held against the store and against what an
//! undisturbed run had made: everything that is declared, each once, and nothing else; and a preview has nothing left to do.
//!
//! Three reads after a change answer as before it, and two find what AWS takes its time for on its way.
//!
//! Points share their beginnings: where one left the stack standing, and nothing was wrong, a point of the next phase goes on, as the next
//! command of a user would. A life that ended is followed by another one in an empty account with an empty store.

mod ground;
mod judge;
mod storm;
mod table;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use formwork_engine::clock::{Clock as _, TokioClock};

use crate::disk;
use ground::{Ground, Server};
use judge::Standing;
pub use storm::{Passed, Storms, prod, storm_table, storms};
pub use table::{Tally, table};

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

/// What becomes of the process, and of what it was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Killed at a call, which never arrives.
    Before,
    /// Killed at a call that is executed and whose answer is never read.
    After,
    /// Killed at a call that is executed when its sender is dead.
    Late,
    /// Killed before a commit is written to the log.
    Unwritten,
    /// Killed when a commit is written and not synced.
    Written,
    /// Killed when a commit is synced and the head does not name it.
    Synced,
    /// Killed when the head names a commit.
    Named,
    /// As [`Mode::After`], and the next run is killed after its first call.
    AfterTwice,
    /// As [`Mode::After`], and the next run is killed in its first commit, which is the one of its recovery.
    AfterAndCommit,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 9] = [
        Mode::Before,
        Mode::After,
        Mode::Late,
        Mode::Unwritten,
        Mode::Written,
        Mode::Synced,
        Mode::Named,
        Mode::AfterTwice,
        Mode::AfterAndCommit,
    ];

    /// Its name in the table.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Before => "before",
            Mode::After => "after",
            Mode::Late => "late",
            Mode::Unwritten => "unwritten",
            Mode::Written => "written",
            Mode::Synced => "synced",
            Mode::Named => "named",
            Mode::AfterTwice => "after, after",
            Mode::AfterAndCommit => "after, synced",
        }
    }

    /// What its places are, with a number to be put behind it.
    fn place(self) -> &'static str {
        match self.file_call() {
            None => "call",
            Some(_) => "commit",
        }
    }

    /// Whether a second run is killed as well.
    fn is_twice(self) -> bool {
        matches!(self, Mode::AfterTwice | Mode::AfterAndCommit)
    }

    /// The call on a file of the store that it is about.
    fn file_call(self) -> Option<(disk::Cut, &'static str, &'static str)> {
        match self {
            Mode::Unwritten => Some((disk::Cut::Before, "pwrite", "log")),
            Mode::Written => Some((disk::Cut::After, "pwrite", "log")),
            Mode::Synced => Some((disk::Cut::After, "fdatasync", "log")),
            Mode::Named => Some((disk::Cut::After, "rename", "head")),
            Mode::Before | Mode::After | Mode::Late | Mode::AfterTwice | Mode::AfterAndCommit => None,
        }
    }
}

/// A place to kill at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// What runs.
    pub phase: Phase,
    /// What becomes of it.
    pub mode: Mode,
    /// Which of the phase's calls, or of its commits, from 0.
    pub number: u64,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { phase, mode, number } = self;
        write!(f, "{} killed at {} {} ({})", phase.word(), mode.place(), number + 1, mode.word())
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

/// Which points are wanted.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Of these phases.
    pub phases: Vec<Phase>,
    /// In these modes.
    pub modes: Vec<Mode>,
    /// Each so-many-th place.
    pub stride: u64,
    /// Beginning with this one, from 0.
    pub offset: u64,
    /// Of these, each so-many-th for the modes that kill in a commit.
    pub commits: u64,
    /// Of these, each so-many-th for the modes that kill twice.
    pub twice: u64,
}

impl Default for Wish {
    /// Every place, and a second kill at each seventh.
    fn default() -> Self {
        Self { phases: Phase::ALL.to_vec(), modes: Mode::ALL.to_vec(), stride: 1, offset: 0, commits: 1, twice: 7 }
    }
}

/// The points, and what an undisturbed run of each phase leaves.
#[derive(Debug, Clone)]
pub struct Survey {
    /// All points that were wished for.
    pub points: Vec<Point>,
    wanted: BTreeMap<Phase, Standing>,
    server: Arc<Server>,
}

impl Survey {
    /// Runs the stack's life once without disturbing it, and counts.
    ///
    /// # Errors
    /// When LocalStack cannot be started, or an undisturbed run does not end well.
    pub fn new(subject: &Subject, wish: &Wish) -> Result<Self> {
        let server = Arc::new(Server::start()?);
        let mut ground = Ground::new(subject, Arc::clone(&server), 0)?;
        let mut survey = Self { points: Vec::new(), wanted: BTreeMap::new(), server };
        for phase in Phase::ALL {
            let undisturbed = ground.undisturbed(phase);
            let (places, standing) = undisturbed.with_context(|| format!("an undisturbed {}", phase.word()))?;
            survey.wanted.insert(phase, standing);
            if !wish.phases.contains(&phase) {
                continue;
            }
            for &mode in &wish.modes {
                let further = match mode {
                    mode if mode.is_twice() => wish.twice,
                    mode if mode.file_call().is_some() => wish.commits,
                    _ => 1,
                };
                let every = wish.stride.max(1) * further.max(1);
                let numbers = (wish.offset % every..places.of(mode)).step_by(usize::try_from(every)?);
                survey.points.extend(numbers.map(|number| Point { phase, mode, number }));
            }
        }
        Ok(survey)
    }
}

/// What is still to be done, by phase.
struct Queue(Mutex<BTreeMap<Phase, VecDeque<Point>>>);

impl Queue {
    fn new(points: &[Point]) -> Self {
        let mut queue = BTreeMap::<Phase, VecDeque<Point>>::new();
        for &point in points {
            queue.entry(point.phase).or_default().push_back(point);
        }
        Self(Mutex::new(queue))
    }

    /// The next point of the first of these phases that has one.
    fn next(&self, phases: [Phase; 3]) -> Option<Point> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        phases.into_iter().find_map(|phase| queue.get_mut(&phase)?.pop_front())
    }
}

/// How many stacks live in one LocalStack, which has one core: as many as keep it busy while some of their runs wait.
const NEIGHBOURS: usize = 4;

/// Kills at all points of a survey, with as many stacks side by side as `jobs` says; tells after each point. Runs wait for what AWS may still
/// show, so that there should be more of them than cores.
///
/// # Errors
/// The first that a sweep could not go on with.
pub fn sweep(
    subject: &Subject,
    survey: &Survey,
    jobs: usize,
    told: &(dyn Fn(Point, &Tally) + Sync),
) -> Result<BTreeMap<(Phase, Mode), Tally>> {
    ensure!(jobs > 0, "a sweep needs at least one job");
    let tallies = Mutex::new(BTreeMap::<(Phase, Mode), Tally>::new());
    let queue = Queue::new(&survey.points);
    let clock = TokioClock::new();
    let work = &|number: usize, server: Arc<Server>| -> Result<()> {
        let mut ground = Ground::new(subject, server, number + 1)?;
        while let Some(point) = queue.next(ground.fitting()) {
            let began = clock.elapsed();
            let mut tally = ground.kill(point, survey.wanted.get(&point.phase).unwrap_or(&Standing::default()))?;
            tally.took = clock.elapsed().saturating_sub(began);
            told(point, &tally);
            let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
            tallies.entry((point.phase, point.mode)).or_default().add(tally);
        }
        Ok(())
    };
    let jobs = jobs.min(survey.points.len());
    let more = (1..jobs.div_ceil(NEIGHBOURS)).map(|_| Server::start().map(Arc::new));
    let servers: Vec<_> = std::iter::once(Ok(Arc::clone(&survey.server))).chain(more).collect::<Result<_>>()?;
    std::thread::scope(|scope| {
        let servers = servers.iter().cycle().take(jobs).enumerate();
        let workers: Vec<_> =
            servers.map(|(number, server)| scope.spawn(move || work(number, Arc::clone(server)))).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(tallies.into_inner().unwrap_or_else(PoisonError::into_inner))
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
