//! `import --from-terraform` and `--from-pulumi`: what the file holds is told, shown, and taken over.

use formwork_engine::error::{Turn, exit};
use formwork_engine::graph::Graph;
use formwork_engine::plan::Recorded;
use formwork_engine::run::Session;
use formwork_engine::settings::Settings;
use formwork_engine::{Error, Program};
use serde_json::json;

use super::args::{FromTool, ImportArgs, PlanArgs, UpArgs};
use super::session::{self, Purpose};
use super::target::{Connected, Target};
use super::up::{Doing, Run};
use super::{At, counted};
use crate::migrate::{self, File, Map, Survey, look, map};
use crate::render::{self, Telling};

impl FromTool {
    /// Whether a file is named.
    pub(super) fn is_given(&self) -> bool {
        self.from_terraform.is_some() || self.from_pulumi.is_some()
    }

    fn read(&self) -> Result<File, Error> {
        match (&self.from_terraform, &self.from_pulumi) {
            (Some(file), _) => migrate::terraform::read(file),
            (None, Some(file)) => migrate::pulumi::read(file),
            (None, None) => Err(Error::new(Turn::You, "read the flags", "no file is named")),
        }
    }

    fn words(&self) -> String {
        match (&self.from_terraform, &self.from_pulumi) {
            (Some(file), _) => format!("--from-terraform {}", file.display()),
            (None, Some(file)) => format!("--from-pulumi {}", file.display()),
            (None, None) => String::new(),
        }
    }
}

/// Runs `import` with a file. Ends with 0 when nothing of the file is left to decide, with 5 when something is, and otherwise as `up` does.
pub(super) fn command(at: At<'_>, args: &ImportArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let plan = PlanArgs { allow_delete: args.allow_delete.clone(), ..PlanArgs::default() };
    let settings = session::settings(&target, &plan)?;
    let theirs = args.from.read().map_err(|error| vec![error])?;
    let program = target.program(at)?;
    let graph = Graph::new(&program)?;
    let map = match &args.map {
        Some(file) => map::read(file, &theirs, &program)?,
        None => Map::new(),
    };
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let import = Import { at, args, target: &target, connected: &connected, program: &program, graph: &graph };
        let survey = import.survey(settings.clone(), theirs, &map).await?;
        import.show(&survey);
        import.adopt(&survey, settings).await
    })
}

struct Import<'a> {
    at: At<'a>,
    args: &'a ImportArgs,
    target: &'a Target,
    connected: &'a Connected,
    program: &'a Program,
    graph: &'a Graph,
}

impl Import<'_> {
    /// Reads the account, and tells what is what. Changes nothing.
    async fn survey(&self, settings: Settings, theirs: File, map: &Map) -> Result<Survey, Vec<Error>> {
        let mut session = self.session(settings).await?;
        self.check(&mut session).await?;
        let recorded = Recorded::of(session.store.snapshot());
        let observations = session.observe(self.program, self.graph).await?;
        let sights = look::look(&*session.cloud, self.program, &theirs.items).await?;
        Ok(Survey::new(theirs, map, self.graph, &recorded, &observations, &sights))
    }

    async fn session(&self, settings: Settings) -> Result<Session, Vec<Error>> {
        let telling = Telling::Lines;
        let (session, progress) =
            session::open(self.at, self.target, self.connected, settings, telling, &Purpose::Look).await?;
        progress.end();
        Ok(session)
    }

    /// The store must be this account's, and nothing of an earlier run may be open in it.
    async fn check(&self, session: &mut Session) -> Result<(), Vec<Error>> {
        let open = session.store.snapshot().intents().len();
        if open > 0 {
            let reason = format!("an earlier run was cut short, and {} open", counted(open, "step is", "steps are"));
            let command = self.target.command(self.at, "up", &self.args.stack);
            return Err(vec![
                Error::new(Turn::Refused, "import", reason).hint(format!("`{command}` finds out what became of it")),
            ]);
        }
        // With nothing open this asks who the credentials are and holds that against the store, and does no more.
        session.recover(self.program).await.map(drop)
    }

    fn show(&self, survey: &Survey) {
        let terminal = self.at.terminal;
        let stack = &self.target.stack;
        if self.args.json {
            let report = render::survey_json(survey, stack);
            terminal.data(&match self.args.yes {
                true => json!({ "version": 1, "event": "surveyed", "report": report }).to_string(),
                false => format!("{report:#}"),
            });
            return;
        }
        let identity = &self.connected.identity;
        let endpoint = self.connected.endpoint.as_ref().map(|at| format!(", endpoint {at}")).unwrap_or_default();
        let place = format!("account {}, region {}{endpoint}", identity.account, identity.region);
        terminal.data(&render::survey(survey, stack, &place, terminal.out_look()));
    }

    /// Takes over what was told, with consent.
    async fn adopt(&self, survey: &Survey, settings: Settings) -> Result<u8, Vec<Error>> {
        let settled = if survey.is_settled() { exit::DONE } else { exit::REFUSED };
        if survey.imports.is_empty() {
            return Ok(settled);
        }
        let settings = Settings { imports: survey.imports.clone(), ..settings };
        if !self.args.yes && (self.args.json || !self.at.terminal.can_ask()) {
            if !self.args.json {
                let count = counted(survey.imports.len(), "resource", "resources");
                self.at.terminal.say(&format!("nothing was changed: the same command with --yes takes over {count}"));
            }
            return Ok(settled);
        }
        let args = UpArgs {
            stack: self.args.stack.clone(),
            plan: PlanArgs { allow_delete: self.args.allow_delete.clone(), ..PlanArgs::default() },
            yes: self.args.yes,
            saved: None,
            json: self.args.json,
            parallel: None,
            expect_no_changes: false,
            fail_fast: false,
        };
        let Self { at, target, connected, program, .. } = *self;
        let mut again = format!("{} {}", target.command(at, "import", &self.args.stack), self.args.from.words());
        if let Some(map) = &self.args.map {
            again.push_str(&format!(" --map {}", map.display()));
        }
        let doing = Doing::Migrate(again);
        Run { at, args: &args, target, connected, program, doing }.go(settings, None).await
    }
}
