//! [`Target`]: one run of a type's example as a process of its own, so that it can be killed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use formwork_aws::{AwsCloud, AwsConfig, EmulatorTarget};
use formwork_engine::apply::Cancel;
use formwork_engine::clock::Clock as _;
use formwork_engine::event::Silent;
use formwork_engine::run::{Session, Summary};
use formwork_engine::settings::{OnDrift, Settings};
use formwork_engine::state::{Holder, LocalStore, OpenMode};
use formwork_engine::{Error, Program, Stack};
use serde::{Deserialize, Serialize};

use crate::trial::{FACTOR, REGION};
use formwork_engine::clock::ScaledClock;

/// What the process `kill-target` is given as its only argument, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// The emulator.
    pub endpoint: String,
    /// Its instance.
    pub instance: String,
    /// The account.
    pub account: String,
    /// The folder of the store.
    pub store: PathBuf,
    /// The type whose example is declared.
    pub kind: String,
    /// How many of its cases are declared; `None` declares nothing, which destroys.
    pub cases: Option<usize>,
    /// Whether only what the example needs is declared, and not the thing itself.
    #[serde(default)]
    pub bare: bool,
}

impl Target {
    /// What the example declares.
    ///
    /// # Panics
    /// When the type is not registered or its example is wrong.
    pub fn program(&self) -> Program {
        let Some(cases) = self.cases else { return Program::empty("kills", "kills") };
        let example = formwork_aws::examples().into_iter().find(|example| example.kind == self.kind);
        let example = example.unwrap_or_else(|| panic!("{} is not registered", self.kind));
        let mut stack = Stack::new("kills", "kills", BTreeMap::new());
        (example.declare)(&mut stack, cases);
        let mut program = stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"));
        if self.bare {
            program.resources.retain(|urn, _| urn.path() != "it");
            program.order.retain(|urn| urn.path() != "it");
        }
        program
    }

    /// Recovers, plans and does it, as `up` and `destroy` do.
    ///
    /// # Errors
    /// What is wrong before the first step; the summary tells of the steps.
    pub async fn run(&self) -> Result<Summary, Vec<Error>> {
        let program = self.program();
        let cloud = AwsCloud::connect(AwsConfig {
            region: Some(REGION.to_owned()),
            leave_nothing: true,
            emulator: Some(EmulatorTarget {
                endpoint: self.endpoint.clone(),
                instance: self.instance.clone(),
                account: self.account.clone(),
            }),
            ..AwsConfig::default()
        })
        .await;
        let clock = ScaledClock::new(FACTOR);
        let mode = OpenMode::Write(Holder::here("up", clock.now_millis()));
        let store = LocalStore::open(&self.store, mode).map_err(|error| vec![Error::from(error)])?;
        let settings = Settings {
            leave_nothing: true,
            consent_implied: true,
            // A run that was killed in an update may have changed what is not recorded yet.
            on_drift: OnDrift::Revert,
            destroy: self.cases.is_none(),
            ..Settings::default()
        };
        let mut session = Session::new(Arc::new(cloud), Box::new(store), Arc::new(Silent), Arc::new(clock), settings);
        session.recover(&program).await?;
        let preview = session.preview(&program).await?;
        session.up(&program, preview, &Cancel::new()).await
    }
}
