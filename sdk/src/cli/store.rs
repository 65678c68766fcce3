//! Where a stack's state is: [`open_store`] opens it, in a folder or in S3, for every command.

use std::sync::Arc;
use std::time::Duration;

use formwork_aws::context::EMULATOR_HASTE;
use formwork_aws::permissions::{Objects, StateAccess};
use formwork_aws::store::{S3Objects, S3Place};
use formwork_aws::{AwsCloud, CALL_TIMEOUT};
use formwork_engine::Error;
use formwork_engine::clock::{Clock, TokioClock};
use formwork_engine::error::Turn;
use formwork_engine::exchange::{Exchange, LocalExchange, ObjectExchange};
use formwork_engine::state::{
    Claimant, Fence, Holder, OpenMode, SharedMode, SharedPurpose, SharedStore, Store, Terms, Waits,
};

use super::target::{Connected, Target};
use super::{At, EXCHANGE};
use crate::config::S3Section;
use crate::render::wrapped;
use crate::terminal::Terminal;

/// How long AWS may take to show what was made, for the one who takes over: the longest window of the types that only a tag guards.
const VISIBILITY: Duration = Duration::from_secs(30);

/// What a store is opened for.
#[derive(Debug, Clone)]
pub(super) enum Opening {
    /// For reading.
    Read,
    /// For writing, as this holder.
    Write(Holder),
}

/// Opens the store of a stack. The one in S3 needs the stack's cloud.
pub(super) async fn open_store(
    at: At<'_>,
    target: &Target,
    connected: Option<&Connected>,
    opening: Opening,
) -> Result<Box<dyn Store>, Error> {
    let Some(s3) = &target.base.store.s3 else {
        let mode = match opening {
            Opening::Read => OpenMode::Read,
            Opening::Write(holder) => OpenMode::Write(holder),
        };
        return Ok(Box::new(target.open_store(mode)?));
    };
    let Some(connected) = connected else {
        return Err(Error::new(Turn::Bug, "open the store", "the store is in S3, and nothing is connected"));
    };
    let mode = match opening {
        Opening::Read => SharedMode::Read,
        Opening::Write(holder) => SharedMode::Write { by: claimant(at, target, holder), purpose: SharedPurpose::Run },
    };
    Ok(Box::new(open_shared(at, target, connected, s3, mode).await?))
}

/// Opens the store of a stack whose state is in S3.
pub(super) async fn open_shared(
    at: At<'_>,
    target: &Target,
    connected: &Connected,
    s3: &S3Section,
    mode: SharedMode,
) -> Result<SharedStore, Error> {
    let objects = objects(at, target, connected, s3)?;
    let opened = SharedStore::open(Arc::new(objects), clock(), &target.sealing()?, mode).await;
    opened.map_err(|error| target.store_error(error))
}

/// What stacks tell each other, where the stores of this one and of its neighbours are. `fence` is that of the store of a run that changes things.
pub(super) fn exchange(
    at: At<'_>,
    target: &Target,
    connected: &Connected,
    fence: Option<Arc<dyn Fence>>,
) -> Result<Arc<dyn Exchange>, Error> {
    let Some(s3) = &target.base.store.s3 else { return Ok(Arc::new(LocalExchange::new(target.exchange()))) };
    let place = S3Place { root: beside(at, s3, EXCHANGE), ..place(at, target, connected, s3) };
    let (client, _) = cloud(connected)?.store_client(s3.region.as_deref());
    let objects = S3Objects::new(client, place, terms(target).request);
    Ok(Arc::new(ObjectExchange::new(Arc::new(objects), clock(), fence)))
}

/// The clock of leases: other machines believe in it, so that it never goes faster.
pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::new())
}

/// Who wants to write the store of a stack; told to wait, he says so.
pub(super) fn claimant(at: At<'_>, target: &Target, holder: Holder) -> Claimant {
    Claimant { holder, terms: terms(target), waits: Some(Arc::new(Patience(at.terminal.clone()))) }
}

#[derive(Debug)]
struct Patience(Terminal);

impl Waits for Patience {
    fn waits(&self, from: &Holder, longest: Duration) {
        let text = format!(
            "the lease of {from} has ended, and nobody let go of it: waiting up to {} s until everything that run sent has arrived",
            longest.as_secs_f64().ceil()
        );
        self.0.say(&wrapped(&text, self.0.err_look().width, "", "  "));
    }
}

/// The terms of the lease of a stack's store.
pub(super) fn terms(target: &Target) -> Terms {
    let visibility = if target.local.is_some() { VISIBILITY / EMULATOR_HASTE } else { VISIBILITY };
    Terms::new(target.base.store.lease(), CALL_TIMEOUT, visibility)
}

/// The objects of a stack's store in S3.
pub(super) fn objects(at: At<'_>, target: &Target, connected: &Connected, s3: &S3Section) -> Result<S3Objects, Error> {
    let (client, _) = cloud(connected)?.store_client(s3.region.as_deref());
    Ok(S3Objects::new(client, place(at, target, connected, s3), terms(target).request))
}

/// Where they are.
pub(super) fn place(at: At<'_>, target: &Target, connected: &Connected, s3: &S3Section) -> S3Place {
    S3Place {
        bucket: s3.bucket.clone(),
        root: root(at, target, s3),
        account: connected.identity.account.clone(),
        kms_key: s3.kms_key.clone(),
    }
}

/// The cloud of S3 itself.
pub(super) fn cloud(connected: &Connected) -> Result<&Arc<AwsCloud>, Error> {
    connected.aws.as_ref().ok_or_else(|| {
        let reason = "[store] s3 needs AWS, and this program was given a simulated cloud";
        Error::new(Turn::You, "open the store", reason).hint("leave `s3` out of [store] in this configuration")
    })
}

/// What the state of a stack needs to be allowed beside its resources.
///
/// # Errors
/// A key file that cannot be read.
pub(super) fn access(at: At<'_>, target: &Target) -> Result<StateAccess, Error> {
    let objects = target.base.store.s3.as_ref().map(|s3| Objects {
        bucket: s3.bucket.clone(),
        root: root(at, target, s3),
        exchange: beside(at, s3, EXCHANGE),
        kms_key: s3.kms_key.clone(),
    });
    Ok(StateAccess { objects, wrapping_keys: target.wrapping_keys()?, sealed: target.seals_whole() })
}

fn root(at: At<'_>, target: &Target, s3: &S3Section) -> String {
    beside(at, s3, &target.stack)
}

/// What the names of the objects of a stack of the project begin with, or those of the exchange, which is beside the stacks.
fn beside(at: At<'_>, s3: &S3Section, name: &str) -> String {
    let prefix = s3.prefix.as_deref().map(|prefix| prefix.trim_matches('/')).filter(|prefix| !prefix.is_empty());
    let own = format!("{}/{name}", at.runner.project());
    prefix.map_or_else(|| own.clone(), |prefix| format!("{prefix}/{own}"))
}

/// Where the state is, as people write it.
pub(super) fn shown(at: At<'_>, target: &Target) -> String {
    match &target.base.store.s3 {
        Some(s3) => format!("s3://{}/{}", s3.bucket, root(at, target, s3)),
        None => target.store().display().to_string(),
    }
}

/// Lets go of a store; what could not be said to others is said here.
pub(super) async fn let_go(at: At<'_>, store: &mut dyn Store) {
    if let Err(error) = store.close().await {
        at.terminal.say(&format!("warning: {error}; the next run waits until the lease ends"));
    }
}
