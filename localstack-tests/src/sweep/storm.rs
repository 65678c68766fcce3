//! [`Storms`]: a stack's own binary in bad weather: a seeded share of its calls goes wrong in the emulator, another one on the way there.
//!
//! The binary works as its users have it. The project's folder names the port of the [`Proxy`] as that of its LocalStack, so all calls pass
//! through it. `up` runs until it ends well, three times at most; then the weather clears, and the account, read by the independent lister,
//! is held against the store and against what a run in fair weather makes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail, ensure};
use formwork_emulator::{Admin, Call, Deeds, Weather};
use serde_json::Value;

use super::ground::{LONGEST, Server, ended};
use super::judge::{Recorded, Standing, judge};
use super::table::Tally;
use super::{Subject, beside};
use crate::account::plain;
use crate::proxy::{Deed, Proxy};

/// After so many runs a person would look.
const RUNS: usize = 3;
/// Of so many requests that the emulator disturbs, the way there disturbs one.
const NETWORK_SHARE: f64 = 0.2;

/// A LocalStack, and what a run in fair weather leaves in an account of it.
pub struct Storms {
    subject: Subject,
    server: Server,
    wanted: Standing,
    /// The calls of the run in fair weather.
    pub needed: usize,
}

/// What became of a stack in one storm.
#[derive(Debug, Clone, Default)]
pub struct Passed {
    /// The seed that brings the storm again.
    pub seed: u64,
    /// What went wrong in the emulator, how often.
    pub weather: BTreeMap<String, u64>,
    /// What went wrong on the way.
    pub network: BTreeMap<&'static str, u64>,
    /// Calls that arrived.
    pub calls: usize,
    /// Those that were made again after one of the same words had not ended well.
    pub again: usize,
    /// Runs until one ended well.
    pub runs: usize,
    /// How each run that did not end well ended.
    pub ends: Vec<String>,
    /// What is wrong in the end.
    pub tally: Tally,
}

impl Passed {
    /// Whether something that was begun well came to nothing minutes later.
    pub fn failed_late(&self) -> bool {
        self.weather.get("late").is_some_and(|times| *times > 0)
    }
}

impl Storms {
    /// Starts a LocalStack and runs `up` in fair weather.
    ///
    /// # Errors
    /// When one of these fails.
    pub fn new(subject: &Subject) -> Result<Self> {
        let server = Server::start()?;
        let mut storms = Self { subject: subject.clone(), server, wanted: Standing::default(), needed: 0 };
        let project = Project::new(&storms, 0, None)?;
        if let Some(end) = project.run(&storms.subject, "up", &["--yes"])? {
            bail!("`up` in fair weather: {end}");
        }
        storms.needed = storms.admin().calls(&project.account, 0)?.len();
        storms.wanted = Standing::of(&storms.listed(&project.account)?, &project.recorded(&storms.subject)?);
        storms.admin().reset(Some(&project.account))?;
        Ok(storms)
    }

    /// Runs `up` in the storm of this seed, and looks when it is over.
    ///
    /// # Errors
    /// When the emulator does not do what it is asked to; what is wrong with the stack is in what is answered.
    pub fn pass(&self, seed: u64, percent: f64) -> Result<Passed> {
        let proxy = Proxy::start(self.server.emulator.port(), seed, percent * NETWORK_SHARE, &Deed::ALL)?;
        let project = Project::new(self, seed, Some(proxy.port()))?;
        self.admin().reset(Some(&project.account))?;
        self.admin().set_weather(&Weather::new(&project.account).mix(seed, percent))?;
        let mut passed = Passed { seed, ..Passed::default() };
        while passed.runs < RUNS {
            passed.runs += 1;
            match project.run(&self.subject, "up", &["--yes"])? {
                None => break,
                Some(end) => passed.ends.push(end),
            }
        }
        let Deeds { counts, .. } = self.admin().weather(&project.account)?;
        let calls = self.admin().calls(&project.account, 0)?;
        passed.weather = counts;
        passed.network = proxy.counts().into_iter().map(|(deed, number)| (deed.word(), number)).collect();
        (passed.calls, passed.again) = (calls.len(), again(&calls));
        self.admin().clear_weather(&project.account)?;
        // The looks that follow are not part of the storm. On another port they would see another LocalStack.
        proxy.calm();
        let how = format!("seed {seed}");
        if passed.ends.len() == RUNS {
            passed.tally.repair(format!("{how}: no run of {RUNS} ended well"));
        }
        let (listed, recorded) = (self.listed(&project.account)?, project.recorded(&self.subject)?);
        judge(&how, &listed, &recorded, &self.wanted, &mut passed.tally);
        if let Some(end) = project.run(&self.subject, "preview", &["--detailed-exitcode"])? {
            passed.tally.repair(format!("{how}: afterwards there is still to do: {end}"));
        }
        // Names of buckets are one in all accounts.
        self.admin().reset(Some(&project.account))?;
        Ok(passed)
    }

    fn listed(&self, account: &str) -> Result<Vec<(String, String)>> {
        let resources = self.admin().resources(account, None)?;
        Ok(resources.into_iter().map(|one| (one.kind, plain(&one.id))).collect())
    }

    fn admin(&self) -> &Admin {
        self.server.emulator.admin()
    }
}

/// How many calls follow one of the same words that did not end well.
fn again(calls: &[Call]) -> usize {
    let mut last = BTreeMap::<String, bool>::new();
    let words = |call: &Call| format!("{} {} {}", call.service, call.operation, call.parameters);
    calls.iter().filter(|call| last.insert(words(call), call.outcome == "ok") == Some(false)).count()
}

/// A project folder with an account of its own.
struct Project {
    root: tempfile::TempDir,
    account: String,
}

impl Project {
    fn new(storms: &Storms, number: u64, proxy: Option<u16>) -> Result<Self> {
        let Subject { account, config, stack, .. } = &storms.subject;
        let own = format!("{}{:05}", account.get(..7).unwrap_or_default(), number % 100_000);
        let root = tempfile::tempdir()?;
        std::fs::create_dir_all(root.path().join("stacks"))?;
        std::fs::write(root.path().join(format!("stacks/{stack}.toml")), config.replace(account.as_str(), &own))?;
        let project = Self { root, account: own };
        // Where the command line looks for the LocalStack of a project.
        let folder = project.root.path().join(".formwork/emulator");
        std::fs::create_dir_all(&folder)?;
        let record = std::fs::read_to_string(storms.server.folder.path().join("emulator.json"))?;
        let mut record: Value = serde_json::from_str(&record)?;
        record["port"] = proxy.unwrap_or(storms.server.emulator.port()).into();
        std::fs::write(folder.join("emulator.json"), record.to_string())?;
        Ok(project)
    }

    /// Runs a command to its end: `None` when it was a good one, and else how it ended.
    fn run(&self, subject: &Subject, verb: &str, flags: &[&str]) -> Result<Option<String>> {
        let mut command = self.command(subject, &[verb, &subject.stack, "--local"]);
        command.args(flags);
        let Some(output) = ended(command)? else { return Ok(Some(format!("it went on for {LONGEST:?}"))) };
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let bad = !output.status.success();
        Ok(bad.then(|| format!("{}:\n{}{}", output.status, said(&output.stdout), said(&output.stderr))))
    }

    fn recorded(&self, subject: &Subject) -> Result<Recorded> {
        let command = self.command(subject, &["state", "list", &subject.stack, "--local", "--json"]);
        let Some(output) = ended(command)? else { bail!("`state list` went on for {LONGEST:?}") };
        ensure!(output.status.success(), "`state list` ended with {}", output.status);
        Recorded::read(&String::from_utf8_lossy(&output.stdout))
    }

    fn command(&self, subject: &Subject, line: &[&str]) -> Command {
        let mut command = Command::new(&subject.binary);
        command.args(line).current_dir(self.root.path()).envs(&subject.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// Passes the storms of these seeds, on as many LocalStacks side by side as `jobs` says; tells after each.
///
/// # Errors
/// The first that it could not go on with.
pub fn storms(
    subject: &Subject,
    seeds: &[u64],
    percent: f64,
    jobs: usize,
    told: &(dyn Fn(&Passed) + Sync),
) -> Result<(usize, Vec<Passed>)> {
    ensure!(jobs > 0, "a fault run needs at least one job");
    let (next, all) = (AtomicUsize::new(0), Mutex::new((0, Vec::new())));
    let work = || -> Result<()> {
        let storms = Storms::new(subject)?;
        all.lock().unwrap_or_else(PoisonError::into_inner).0 = storms.needed;
        while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            let passed = storms.pass(seed, percent)?;
            told(&passed);
            all.lock().unwrap_or_else(PoisonError::into_inner).1.push(passed);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let (needed, mut passed) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    passed.sort_by_key(|passed| passed.seed);
    Ok((needed, passed))
}

/// The table of storms.
pub fn storm_table(needed: usize, passed: &[Passed]) -> String {
    let mut text = format!("calls needed in fair weather: {needed}\n");
    text.push_str("seed  calls again runs  outcome     account = declared  faults\n");
    for Passed { seed, weather, network, calls, again, runs, ends, tally } in passed {
        let outcome = if ends.len() < *runs { "converged" } else { "stuck" };
        let equals = if tally.wrong.is_empty() { "yes" } else { "NO" };
        let named = weather.iter().map(|(kind, number)| (kind.as_str(), number));
        let faults: Vec<String> = named
            .chain(network.iter().map(|(kind, number)| (*kind, number)))
            .map(|(kind, number)| format!("{kind} {number}"))
            .collect();
        let faults = faults.join(", ");
        text.push_str(&format!("{seed:>4}{calls:>7}{again:>6}{runs:>5}  {outcome:<12}{equals:<20}{faults}\n"));
    }
    let of = |good: &dyn Fn(&Passed) -> bool| passed.iter().filter(|passed| good(passed)).count();
    let sum = |part: &dyn Fn(&Tally) -> usize| passed.iter().map(|passed| part(&passed.tally)).sum::<usize>();
    text.push_str(&format!(
        "{} seeds, {} with a late failure: {} in the first run, {} by the third; {} orphans, {} duplicates, {} repairs\n",
        passed.len(),
        of(&Passed::failed_late),
        of(&|passed| passed.ends.is_empty()),
        of(&|passed| passed.ends.len() < passed.runs),
        sum(&|tally| tally.orphans),
        sum(&|tally| tally.duplicates),
        sum(&|tally| tally.repairs),
    ));
    text
}

/// `prod` as its own binary beside this process's runs it, with this configuration.
///
/// # Errors
/// When the binary was not built.
pub fn prod(me: &Path, config: String, account: &str) -> Result<Subject> {
    Ok(Subject {
        binary: beside(me, "stacks")?,
        stack: "prod".to_owned(),
        changed: config.clone(),
        config,
        account: account.to_owned(),
        environment: BTreeMap::new(),
    })
}
