//! Stores and sessions of the engine, opened for a stack.

use std::sync::Arc;

use formwork_aws::context::EMULATOR_HASTE;
use formwork_engine::Error;
use formwork_engine::clock::{Clock, ScaledClock, TokioClock};
use formwork_engine::error::Turn;
use formwork_engine::kind::Identity;
use formwork_engine::run::Session;
use formwork_engine::settings::{OnDrift, Settings};
use formwork_engine::state::{Holder, LocalStore, OpenMode, Store};

use super::args::PlanArgs;
use super::local;
use super::store::{self, Opening, open_store};
use super::target::{Connected, Target};
use super::{At, args::Drift};
use crate::render::{Progress, Telling, wrapped};

/// What a session is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To look: no lock is taken, and another run may be going.
    Look,
    /// To change things, as this command.
    Change(String),
}

/// The session of a stack that has said who its credentials are, and who tells of it.
pub(super) async fn open(
    at: At<'_>,
    target: &Target,
    connected: &Connected,
    settings: Settings,
    telling: Telling,
    purpose: &Purpose,
) -> Result<(Session, Arc<Progress>), Vec<Error>> {
    let clock: Arc<dyn Clock> = match target.local {
        Some(_) => Arc::new(ScaledClock::new(EMULATOR_HASTE)),
        None => Arc::new(TokioClock::new()),
    };
    begin_anew_after_restart(at, target, &connected.identity, &*clock)?;
    let opening = match purpose {
        Purpose::Look => Opening::Read,
        Purpose::Change(command) => Opening::Write(holder(at, command, &*clock)),
    };
    let store = open_store(at, target, Some(connected), opening).await.map_err(|error| vec![error])?;
    let progress = Arc::new(Progress::new(at.terminal.clone(), telling, Arc::clone(&clock)));
    let exchange = store::exchange(at, target, connected, store.fence()).map_err(|error| vec![error])?;
    let session = Session::new(Arc::clone(&connected.cloud), store, progress.clone(), clock, settings);
    Ok((session.with_exchange(exchange).with_sealer(target.unlocked()), progress))
}

/// Opens the store for reading: takes no lock, also while a run is going. Where it is in S3, the credentials are asked for first.
pub(super) fn open_for_reading(at: At<'_>, target: &Target) -> Result<Box<dyn Store>, Vec<Error>> {
    let store = open_quietly(at, target)?;
    for note in store.notes() {
        at.terminal.say(&format!("note: {note}"));
    }
    Ok(store)
}

/// The same without saying what was found: for a look beside the one that counts.
pub(super) fn open_quietly(at: At<'_>, target: &Target) -> Result<Box<dyn Store>, Vec<Error>> {
    if target.base.store.s3.is_none() {
        return Ok(Box::new(target.open_store(OpenMode::Read).map_err(|error| vec![error])?));
    }
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        open_store(at, target, Some(&connected), Opening::Read).await.map_err(|error| vec![error])
    })
}

/// Opens the store for changing records; calls nothing but what a store in S3 needs. For the runtime that keeps its lease.
pub(super) async fn open_for_writing(
    at: At<'_>,
    target: &Target,
    connected: Option<&Connected>,
    command: &str,
    clock: &dyn Clock,
) -> Result<Box<dyn Store>, Vec<Error>> {
    let read = open_store(at, target, connected, Opening::Read).await.map_err(|error| vec![error])?;
    // A store that is not there is not begun for that.
    if read.snapshot().binding().is_none() {
        let reason = format!("nothing is recorded of {} in {}", target.stack, store::shown(at, target));
        return Err(vec![Error::new(Turn::You, command, reason).hint("check the stack, and whether --local is meant")]);
    }
    let opening = Opening::Write(holder(at, command, clock));
    open_store(at, target, connected, opening).await.map_err(|error| vec![error])
}

/// What the flags about the plan decide.
pub(super) fn settings(target: &Target, args: &PlanArgs) -> Result<Settings, Vec<Error>> {
    let local = target.local.is_some();
    if args.allow_delete.iter().any(|name| name == "*") && !target.base.ephemeral && !local {
        let reason = "--allow-delete '*' is for stacks that are made to be thrown away".to_owned();
        let error = Error::new(Turn::You, "read the flags", reason)
            .hint("name the resources one by one")
            .hint("or write ephemeral = true at the top of the configuration");
        return Err(vec![error]);
    }
    Ok(Settings {
        refresh: !args.no_refresh,
        targets: args.target.clone(),
        excludes: args.exclude.clone(),
        replace: args.replace.clone(),
        allow_delete: args.allow_delete.clone(),
        leave_nothing: local || target.base.ephemeral,
        consent_implied: local,
        on_drift: args.on_drift.map_or(OnDrift::Fail, Drift::into),
        accept_gone: args.accept_gone.clone(),
        repin: args.repin.clone(),
        ..Settings::default()
    })
}

/// With `--local`: moves a store aside that describes another life of the emulator, which forgets everything when it ends.
fn begin_anew_after_restart(
    at: At<'_>,
    target: &Target,
    identity: &Identity,
    clock: &dyn Clock,
) -> Result<(), Vec<Error>> {
    // A bucket is forgotten with everything else.
    if target.local.is_none() || target.base.store.s3.is_some() {
        return Ok(());
    }
    let folder = target.store();
    let store = LocalStore::open(&folder, OpenMode::Read).map_err(|error| {
        let error = Error::from(error);
        vec![error.hint("`local reset` empties LocalStack and removes its stores")]
    })?;
    let bound = store.snapshot().binding().map(|binding| binding.identity.endpoint.clone());
    if bound.is_none_or(|endpoint| endpoint == identity.endpoint) {
        return Ok(());
    }
    // Held by a run that still speaks to the former emulator: its store is not to be moved away under it.
    let held = LocalStore::open(&folder, OpenMode::Write(holder(at, "begin anew", clock)));
    drop(held.map_err(|error| vec![Error::from(error)])?);
    let aside = local::begin_anew(&folder, clock.now_millis()).map_err(|error| vec![error])?;
    let text = format!(
        "LocalStack was restarted and has forgotten everything: a new local store begins (the former one is {})",
        aside.display()
    );
    at.terminal.say(&wrapped(&text, at.terminal.err_look().width, "", "  "));
    Ok(())
}

/// Who opens a store for writing.
pub(super) fn holder(at: At<'_>, command: &str, clock: &dyn Clock) -> Holder {
    Holder {
        pid: std::process::id(),
        boot: at.environment.boot(),
        host: at.environment.host(),
        user: at.environment.user(),
        started_at: clock.now_millis(),
        command: command.to_owned(),
    }
}
