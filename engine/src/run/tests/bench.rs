//! A run over a scripted cloud, a scripted clock and a store in memory.

use std::sync::{Arc, Mutex};

use crate::apply::Cancel;
use crate::error::{Error, exit};
use crate::event::{Consumer, Event};
use crate::fixtures::all_schemas;
use crate::plan::{Op, Plan};
use crate::program::Program;
use crate::run::{Session, Summary};
use crate::settings::{OnDrift, Settings};
use crate::shape::Schema;
use crate::state::{MemoryLog, MemoryStore, Snapshot};
use crate::testing::{JournaledStore, MemoryExchange, ScriptedClock, ScriptedCloud};

/// One account and one store, over any number of runs.
pub(super) struct Bench {
    pub(super) cloud: ScriptedCloud,
    pub(super) log: MemoryLog,
    pub(super) clock: ScriptedClock,
    pub(super) settings: Settings,
    pub(super) told: Arc<Told>,
    /// What other stacks see; most tests have no other stacks.
    pub(super) exchange: Option<MemoryExchange>,
}

/// The events, readable.
#[derive(Default)]
pub(super) struct Told(Mutex<Vec<String>>);

impl Consumer for Told {
    fn consume(&self, event: &Event) {
        let line = match event {
            Event::StepWaiting { urn, status, .. } => format!("waiting {} {status}", urn.path()),
            Event::StepRetried { urn, .. } => format!("retried {}", urn.path()),
            Event::StepStarted { urn, op, .. } => format!("started {} {}", op.word(), urn.path()),
            Event::StepFinished { urn, op, .. } => format!("finished {} {}", op.word(), urn.path()),
            Event::StepFailed { urn, error, .. } => format!("failed {}: {}", urn.path(), error.reason),
            Event::StepBlocked { urn, by, .. } => format!("blocked {} by {}", urn.path(), by.path()),
            Event::IntentRecovered { urn, finding } => format!("recovered {}: {finding}", urn.path()),
            Event::RecoveryWaiting { urn, limit } => format!("looking for {} up to {limit:?}", urn.path()),
            Event::Interrupted => "interrupted".to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Told {
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::of(&all_schemas())
    }

    pub(super) fn of(schemas: &[&'static Schema]) -> Self {
        Self {
            cloud: ScriptedCloud::new(schemas),
            log: MemoryLog::new(),
            clock: ScriptedClock::new(),
            settings: Settings { consent_implied: true, on_drift: OnDrift::Revert, ..Settings::default() },
            told: Arc::default(),
            exchange: None,
        }
    }

    pub(super) fn session(&self) -> Session {
        let store = JournaledStore::new(MemoryStore::open(&self.log), self.cloud.journal().clone());
        let session = Session::new(
            Arc::new(self.cloud.clone()),
            Box::new(store),
            Arc::clone(&self.told) as Arc<dyn Consumer>,
            Arc::new(self.clock.clone()),
            self.settings.clone(),
        );
        match &self.exchange {
            Some(exchange) => session.with_exchange(Arc::new(exchange.journaled(self.cloud.journal()))),
            None => session,
        }
    }

    pub(super) async fn plan(&self, program: &Program) -> Result<Plan, Vec<Error>> {
        Ok(self.session().preview(program).await?.plan)
    }

    /// What `up` does.
    pub(super) async fn try_up(&self, program: &Program, cancel: &Cancel) -> Result<Summary, Vec<Error>> {
        let mut session = self.session();
        session.recover(program).await?;
        let preview = session.preview(program).await?;
        session.up(program, preview, cancel).await
    }

    pub(super) async fn up(&self, program: &Program) -> Summary {
        self.try_up(program, &Cancel::new()).await.unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    /// `up`, of which everything is done.
    pub(super) async fn done(&self, program: &Program) -> Summary {
        let summary = self.up(program).await;
        assert_eq!(summary.exit_code(), exit::DONE, "{summary:#?}");
        summary
    }

    /// `up` that dies at a point, counted from its beginning; `None` when it did, otherwise how it ended.
    pub(super) async fn dying(&self, program: &Program, point: u64) -> Option<Summary> {
        self.cloud.journal().die_at(point);
        let journal = self.cloud.journal().clone();
        let ended = tokio::select! {
            summary = self.up(program) => Some(summary),
            () = journal.died() => None,
        };
        // Tasks of the run that died are gone at the latest when everybody else had a turn.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        self.cloud.journal().revive();
        ended
    }

    pub(super) fn state(&self) -> Snapshot {
        self.log.snapshot()
    }

    /// What the account and the store must be after a run that did everything: each declared resource once, as declared, and nothing else.
    pub(super) async fn settled(&self, program: &Program) {
        let state = self.state();
        assert!(state.intents().is_empty(), "{:#?}", state.intents());
        let ids: Vec<(String, String)> =
            state.rows().values().map(|row| (row.kind.as_str().to_owned(), row.id.clone())).collect();
        let things: Vec<(String, String)> =
            self.cloud.things().into_iter().map(|thing| (thing.kind, thing.id)).collect();
        let sorted = |mut list: Vec<(String, String)>| {
            list.sort();
            list
        };
        assert_eq!(sorted(ids), sorted(things), "rows and things");
        assert_eq!(state.rows().len(), program.resources.len(), "rows and declarations");
        for urn in program.resources.keys() {
            assert!(state.live(urn).is_some(), "{urn} has no row");
        }
        let plan = self.plan(program).await.unwrap_or_else(|errors| panic!("{errors:#?}"));
        let steps = plan.steps.iter().filter(|step| step.op != Op::Same);
        let steps: Vec<_> = steps.map(|step| (step.op, step.urn.path(), &step.reason, &step.changes)).collect();
        assert!(steps.is_empty(), "the next plan is not empty:\n{steps:#?}");
    }
}
