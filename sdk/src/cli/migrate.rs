//! `import --from-terraform` and `--from-pulumi`: what the file holds is told, shown, and taken over.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use formwork_engine::error::{Turn, exit};
use formwork_engine::graph::Graph;
use formwork_engine::observe::{Looking, observe};
use formwork_engine::plan::{Op, Plan, Recorded};
use formwork_engine::run::Session;
use formwork_engine::settings::Settings;
use formwork_engine::{Error, Program};
use serde_json::json;

use super::args::{PlanArgs, StackArgs, UpArgs};
use super::session::{self, Purpose};
use super::target::{Connected, Target};
use super::up::Run;
use super::{At, counted};
use crate::migrate::{self, File, Map, Survey, look, map};
use crate::render::{self, Telling};

/// What is taken over, and how.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) from: From,
    /// Which thing is which resource, where that cannot be told: "ADDRESS" = "path", in TOML.
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Take over what was told, without asking. Without it, and without a terminal, nothing is changed.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print the report as JSON; with --yes, as one of several lines.
    #[arg(long)]
    pub(crate) json: bool,
    /// Consent to these resources losing data, where taking them over changes them so.
    #[arg(long, value_name = "URN", num_args = 1..)]
    pub(crate) allow_delete: Vec<String>,
}

/// The file.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct From {
    /// A state of Terraform or OpenTofu (format 4), as `terraform state pull` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_terraform: Option<PathBuf>,
    /// A deployment of Pulumi, as `pulumi stack export` writes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_pulumi: Option<PathBuf>,
}

impl From {
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

/// Runs `import`. Ends with 0 when nothing of the file is left to decide, with 5 when something is, and otherwise as `up` does.
pub(super) fn command(at: At<'_>, args: &MigrateArgs) -> Result<u8, Vec<Error>> {
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
    args: &'a MigrateArgs,
    target: &'a Target,
    connected: &'a Connected,
    program: &'a Program,
    graph: &'a Graph,
}

impl Import<'_> {
    /// Reads the account, and tells what is what. Changes nothing.
    async fn survey(&self, settings: Settings, theirs: File, map: &Map) -> Result<Survey, Vec<Error>> {
        let mut session = self.session(settings)?;
        self.check(&mut session).await?;
        let recorded = Recorded::of(session.store.snapshot());
        let observations = observe(Looking {
            cloud: &*session.cloud,
            graph: self.graph,
            snapshot: session.store.snapshot(),
            settings: &session.settings,
            events: &*session.events,
            clock: &*session.clock,
        })
        .await?;
        let sights = look::look(&*session.cloud, self.program, &theirs.items).await?;
        Ok(Survey::new(theirs, map, self.graph, &recorded, &observations, &sights))
    }

    fn session(&self, settings: Settings) -> Result<Session, Vec<Error>> {
        let telling = Telling::Lines;
        let (session, progress) =
            session::open(self.at, self.target, self.connected, settings, telling, &Purpose::Look)?;
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
        let settings =
            Settings { imports: survey.imports.clone(), targets: survey.imports.keys().cloned().collect(), ..settings };
        let mut session = self.session(settings.clone())?;
        only_adopts(&session.preview(self.program).await?.plan)?;
        // It holds the store, which the run is to open.
        drop(session);
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
        Run { at, args: &args, target, connected, program, destroy: false, again }.go(settings, None).await
    }
}

/// An import adopts and does nothing else.
///
/// # Errors
/// When what the adopted ones lean on would be changed along with them.
fn only_adopts(plan: &Plan) -> Result<(), Vec<Error>> {
    let others = plan.steps.iter().filter(|step| !matches!(step.op, Op::Adopt | Op::Same | Op::Read));
    let others: BTreeSet<String> = others.map(|step| format!("{} {}", step.op.word(), step.urn.path())).collect();
    if others.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = others.iter().take(5).map(String::as_str).collect();
    let more = if others.len() > 5 { format!(" and {} more", others.len() - 5) } else { String::new() };
    let reason = format!("what the imported resources lean on has changes of its own: {}{more}", named.join(", "));
    Err(vec![Error::new(Turn::Refused, "import", reason).hint("bring the stack up first, then import")])
}
