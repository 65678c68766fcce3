//! [`Trial`]: a stack in an account of its own.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use formwork_aws::{AwsCloud, AwsConfig};
use formwork_emulator::Emulator;
use formwork_engine::apply::Cancel;
use formwork_engine::clock::Clock;
use formwork_engine::event::{Consumer, Silent};
use formwork_engine::history::History;
use formwork_engine::kind::{Cloud, Kind};
use formwork_engine::plan::{Op, Plan};
use formwork_engine::record::Row;
use formwork_engine::run::{Preview, Rebuilding, Refreshed, Session, Summary};
use formwork_engine::settings::Settings;
use formwork_engine::state::{Holder, LocalStore, OpenMode, Snapshot, Store as _};
use formwork_engine::{Error, Program, ProviderName, Urn};

use crate::account::{Account, plain, stands};
use formwork_engine::clock::ScaledClock;

/// The region of all tests.
pub const REGION: &str = "eu-west-1";

/// How much faster than the machine's the clock of a trial goes: AWS's limits of minutes stay seconds, which is much for an emulator.
pub(crate) const FACTOR: u32 = 100;

/// A stack in an account of its own, with a store in a folder of its own.
pub struct Trial {
    /// The account.
    pub account: Account,
    /// Its cloud: clients are shared by all runs of the trial.
    pub cloud: Arc<AwsCloud>,
    /// The clock of all runs.
    pub clock: Arc<dyn Clock>,
    /// What the runs are allowed; the default is everything but overwriting drift.
    pub settings: Settings,
    /// Who is told what happens; nobody by default.
    pub events: Arc<dyn Consumer>,
    folder: tempfile::TempDir,
}

impl Trial {
    /// An empty account and an empty store.
    ///
    /// # Panics
    /// When there is no folder for the store.
    pub async fn new(emulator: &'static Emulator) -> Self {
        Self::of(emulator, true).await
    }

    /// The same for a stack as it is in production: its deletes leave behind what they are told to leave.
    ///
    /// # Panics
    /// When there is no folder for the store.
    pub async fn lasting(emulator: &'static Emulator) -> Self {
        Self::of(emulator, false).await
    }

    async fn of(emulator: &'static Emulator, leave_nothing: bool) -> Self {
        let account = Account::new(emulator);
        let config = AwsConfig { leave_nothing, ..account.config() };
        let clock: Arc<dyn Clock> = Arc::new(ScaledClock::new(FACTOR));
        let cloud = Arc::new(AwsCloud::connect(config).await.hastened(FACTOR));
        let settings = Settings { leave_nothing, consent_implied: true, ..Settings::default() };
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a store: {error}"));
        Self { account, cloud, clock, settings, events: Arc::new(Silent), folder }
    }

    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// What is recorded.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recorded(&self) -> Result<Snapshot> {
        Ok(LocalStore::open(&self.store(), OpenMode::Read)?.snapshot().clone())
    }

    /// The row of a resource.
    ///
    /// # Errors
    /// When there is none.
    pub fn row(&self, urn: &Urn) -> Result<Row> {
        self.recorded()?.live(urn).cloned().with_context(|| format!("there is no row of {urn}"))
    }

    /// The verbs of a type in this account.
    ///
    /// # Errors
    /// When the account is not to be had or has no such type.
    pub async fn kind(&self, name: &str) -> Result<Arc<dyn Kind>> {
        let registry = self.cloud.registry(&ProviderName::default(), None).await?;
        registry.kind(name).cloned().with_context(|| format!("{name} is not registered"))
    }

    /// The plan of a program. Fails when planning changed something in the account.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn plan(&self, program: &Program) -> Result<Plan> {
        self.plan_with(program, self.settings.clone()).await
    }

    /// The plan of a program under other settings.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn plan_with(&self, program: &Program, settings: Settings) -> Result<Plan> {
        self.preview_with(program, settings).await.map(|preview| preview.plan)
    }

    /// The plan of a program, what it was made from, and the calls that it took. Fails when planning changed something in the account.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn preview(&self, program: &Program) -> Result<Preview> {
        self.preview_with(program, self.settings.clone()).await
    }

    async fn preview_with(&self, program: &Program, settings: Settings) -> Result<Preview> {
        self.account.news();
        let mut session = self.session(OpenMode::Read, settings)?;
        let preview = session.preview(program).await.map_err(|errors| self.failed("plan", &errors))?;
        if let Some(call) = self.account.news().iter().find(|call| call.mutating) {
            bail!("planning made a call that changes something: {} {}", call.service, call.operation);
        }
        Ok(preview)
    }

    /// Brings a program up, all of it.
    ///
    /// # Errors
    /// What the engine says; a step that failed.
    pub async fn up(&self, program: &Program) -> Result<Summary> {
        self.up_with(program, self.settings.clone()).await
    }

    /// Brings a program up under other settings.
    ///
    /// # Errors
    /// What the engine says; a step that failed.
    pub async fn up_with(&self, program: &Program, settings: Settings) -> Result<Summary> {
        let mut session = self.session(OpenMode::Write(Holder::here("up", self.clock.now_millis())), settings)?;
        session.recover(program).await.map_err(|errors| self.failed("recover", &errors))?;
        let preview = session.preview(program).await.map_err(|errors| self.failed("plan", &errors))?;
        self.apply(&mut session, program, preview).await
    }

    /// Goes back to what an earlier deployment declared. Answers the plan, too.
    ///
    /// # Errors
    /// What the engine says; a step that failed.
    pub async fn rollback(&self, number: u64) -> Result<(Plan, Summary)> {
        let mode = OpenMode::Write(Holder::here("rollback", self.clock.now_millis()));
        let mut session = self.session(mode, self.settings.clone())?;
        let history = History::read(&*session.store).await?;
        let back = session.rollback(&history, number).await.map_err(|errors| self.failed("look back", &errors))?;
        session.recover(&back.program).await.map_err(|errors| self.failed("recover", &errors))?;
        let preview = session.preview_rollback(&back).await.map_err(|errors| self.failed("plan", &errors))?;
        let plan = preview.plan.clone();
        Ok((plan, self.apply(&mut session, &back.program, preview).await?))
    }

    async fn apply(&self, session: &mut Session, program: &Program, preview: Preview) -> Result<Summary> {
        let summary =
            session.up(program, preview, &Cancel::new()).await.map_err(|errors| self.failed("begin", &errors))?;
        if summary.exit_code() != 0 {
            let errors: Vec<Error> = summary.failed.iter().map(|(_, error)| error.clone()).collect();
            let error = self.failed("finish", &errors);
            let left = &summary.left_behind;
            return Err(error.context(format!("exit code {}, left behind: {left:?}", summary.exit_code())));
        }
        Ok(summary)
    }

    /// Loses the store, and makes its records anew from the account. Fails when that changed something in the account.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn rebuild(&self, program: &Program) -> Result<Rebuilding> {
        std::fs::remove_dir_all(self.store())?;
        self.account.news();
        let mode = OpenMode::Write(Holder::here("state rebuild", self.clock.now_millis()));
        let mut session = self.session(mode, self.settings.clone())?;
        let rebuilding =
            session.rebuild(program, None).await.map_err(|errors| self.failed("rebuild the records", &errors))?;
        session.record(rebuilding.clone()).await.map_err(|errors| self.failed("write the records", &errors))?;
        if let Some(call) = self.account.news().iter().find(|call| call.mutating) {
            bail!("rebuilding made a call that changes something: {} {}", call.service, call.operation);
        }
        Ok(rebuilding)
    }

    /// Reads everything and records it.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn refresh(&self, program: &Program) -> Result<Refreshed> {
        let mode = OpenMode::Write(Holder::here("refresh", self.clock.now_millis()));
        let mut session = self.session(mode, self.settings.clone())?;
        session.refresh(program).await.map_err(|errors| self.failed("refresh", &errors))
    }

    /// Deletes everything that the program's stack has.
    ///
    /// # Errors
    /// What the engine says; a step that failed.
    pub async fn destroy(&self, program: &Program) -> Result<Summary> {
        let settings = Settings { destroy: true, ..self.settings.clone() };
        self.up_with(&Program::empty(&program.project, &program.stack), settings).await
    }

    /// Kind and [`plain`] id of everything that is recorded and stands in the account, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn rows(&self) -> Result<Vec<(String, String)>> {
        let recorded = self.recorded()?;
        let standing = recorded.rows().values().filter(|row| stands(row.kind.as_str()));
        let mut rows: Vec<_> = standing.map(|row| (row.kind.as_str().to_owned(), plain(&row.id))).collect();
        rows.sort();
        Ok(rows)
    }

    fn session(&self, mode: OpenMode, settings: Settings) -> Result<Session> {
        let store = LocalStore::open(&self.store(), mode)?;
        let cloud: Arc<dyn Cloud> = self.cloud.clone();
        Ok(Session::new(cloud, Box::new(store), Arc::clone(&self.events), Arc::clone(&self.clock), settings))
    }

    /// The errors of a run; where the emulator has a gap, that comes first.
    fn failed(&self, act: &str, errors: &[Error]) -> anyhow::Error {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let said = self.account.gaps().into_iter().chain(errors).collect::<Vec<_>>().join("\n  ");
        anyhow!("could not {act}:\n  {said}")
    }
}

/// What a plan would do, one line per step and change, `Same` left out.
pub fn told(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for step in plan.steps.iter().filter(|step| step.op != Op::Same) {
        let (op, path, reason) = (step.op.word(), step.urn.path(), &step.reason);
        let replaces = if step.replaces { " (replaces)" } else { "" };
        lines.push(format!("{op}{replaces} {path}: {reason}"));
        for change in &step.changes {
            let forces = if change.forces_replacement { ", forces replacement" } else { "" };
            lines.push(format!(
                "    {}: {:?} -> {:?} (applied {:?}; {}{forces})",
                change.path, change.before, change.after, change.applied, change.reason
            ));
        }
    }
    lines.join("\n")
}
