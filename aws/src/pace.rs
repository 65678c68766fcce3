//! `Governor`: no call leaves faster than its service takes it. One bucket of calls per account, region, service, and reading or changing
//! ([`limits`]), shared by everything that runs on one cloud: planning, steps, pollers.
//!
//! Retries alone would send more, not less, when a service says that there are too many: whoever was refused comes back, and the others go on
//! as before. Here a refusal is heard by all callers of the bucket at once.
//!
//! A call waits before it is signed, since a signature is valid for minutes: the SDK's way to the identity is the last that is asynchronous
//! (`Paced`). The time limit of a call begins when it leaves (`crate::deadline`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::{
    IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use formwork_engine::apply::held_back;
use formwork_engine::clock::Clock;
use formwork_engine::event::{Consumer, Event};
use formwork_engine::kind::Throttled;
use tokio::sync::Notify;

mod bucket;
pub mod limits;

use bucket::{Bucket, Heard, Pass, Verdict};

use crate::error::is_throttled;
use crate::questions::only_reads;

/// Calls that wait for less than this are not spoken of.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// All buckets of a cloud.
pub(crate) struct Governor {
    clock: Arc<dyn Clock>,
    haste: u32,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    lanes: BTreeMap<Key, Lane>,
    events: Option<Arc<dyn Consumer>>,
}

/// What a bucket is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    account: String,
    region: String,
    service: &'static str,
    /// Its row in the table.
    row: usize,
}

impl Key {
    fn mutate(&self) -> bool {
        limits::LIMITS[self.row].mutate
    }
}

/// A bucket and its callers.
struct Lane {
    bucket: Bucket,
    /// Who waits, in the order of arrival.
    queue: BTreeMap<u64, Arc<Notify>>,
    arrivals: u64,
    /// Since when somebody waits.
    since: Duration,
    /// How long everybody has waited, taken together.
    waited: Duration,
    told: Told,
}

/// What was last told of a bucket.
#[derive(Default)]
struct Told {
    at: Duration,
    refused: u64,
    waiting: usize,
}

impl Lane {
    fn new(key: &Key, haste: u32, now: Duration) -> Self {
        Self {
            bucket: Bucket::new(limits::LIMITS[key.row], haste, now),
            queue: BTreeMap::new(),
            arrivals: 0,
            since: Duration::ZERO,
            waited: Duration::ZERO,
            told: Told::default(),
        }
    }

    fn wake_first(&self) {
        if let Some((_, first)) = self.queue.first_key_value() {
            first.notify_one();
        }
    }

    /// What is to be told, if it is time: that somebody waits after a refusal or for a second, what has changed since, and the end of it.
    fn news(&mut self, key: &Key, now: Duration) -> Option<Event> {
        let (waiting, (refused, _)) = (self.queue.len(), self.bucket.refused());
        let due = match waiting {
            0 => self.told.waiting > 0,
            _ => {
                let worth = refused > self.told.refused || now.saturating_sub(self.since) >= WORTH_TELLING;
                worth && (self.told.waiting == 0 || now.saturating_sub(self.told.at) >= WORTH_TELLING)
            }
        };
        due.then(|| {
            self.told = Told { at: now, refused, waiting };
            Event::CallsPaced {
                service: key.service.to_owned(),
                region: key.region.clone(),
                mutate: key.mutate(),
                rate: self.bucket.rate(),
                waiting,
                throttled: refused > 0,
            }
        })
    }
}

impl Governor {
    /// For a cloud that takes `haste` times as many calls as AWS: an emulator, where time goes faster. What it refuses nevertheless it refuses in
    /// the machine's time, and so are the pauses.
    pub(crate) fn new(clock: Arc<dyn Clock>, haste: u32) -> Self {
        Self { clock, haste, book: Mutex::default() }
    }

    /// How time goes for it.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Tells this consumer from now on.
    pub(crate) fn listen(&self, events: Arc<dyn Consumer>) {
        self.open().events = Some(events);
    }

    /// What was refused so far for coming too fast: one entry for each service, region, and reading or changing.
    pub(crate) fn throttled(&self) -> Vec<Throttled> {
        let mut found: BTreeMap<(&'static str, String, bool), Throttled> = BTreeMap::new();
        for (key, lane) in &self.open().lanes {
            let (refused, slowest) = lane.bucket.refused();
            if refused == 0 {
                continue;
            }
            let entry = found.entry((key.service, key.region.clone(), key.mutate()));
            let entry = entry.or_insert_with(|| Throttled {
                service: key.service.to_owned(),
                region: key.region.clone(),
                mutate: key.mutate(),
                slowest,
                ..Throttled::default()
            });
            entry.refused += refused;
            entry.slowest = entry.slowest.min(slowest);
            entry.waited += lane.waited;
        }
        found.into_values().collect()
    }

    fn open(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a bucket or changes something about it, and tells what came of it.
    fn with<T>(&self, key: &Key, act: impl FnOnce(&mut Lane, Duration) -> T) -> T {
        let now = self.clock.elapsed();
        let mut book = self.open();
        let events = book.events.clone();
        let lane = book.lanes.entry(key.clone()).or_insert_with(|| Lane::new(key, self.haste, now));
        let done = act(lane, now);
        let news = lane.news(key, self.clock.elapsed());
        // Whoever is told may take its time.
        drop(book);
        if let (Some(events), Some(news)) = (events, news) {
            events.consume(&news);
        }
        done
    }

    /// Waits until a call may leave.
    async fn turn(self: &Arc<Self>, key: &Key) -> Result<Ticket, BoxError> {
        let ticket = |pass| Ticket { governor: Arc::clone(self), key: key.clone(), pass: Some(pass) };
        let arrived = self.with(key, |lane, now| {
            if lane.queue.is_empty()
                && let Verdict::Go(pass) = lane.bucket.ask(now)
            {
                return Ok(pass);
            }
            let since = self.clock.elapsed();
            if lane.queue.is_empty() {
                lane.since = since;
            }
            lane.arrivals += 1;
            let notify = Arc::new(Notify::new());
            lane.queue.insert(lane.arrivals, Arc::clone(&notify));
            Err(Place { governor: Arc::clone(self), key: key.clone(), number: lane.arrivals, since, notify })
        });
        match arrived {
            Ok(pass) => Ok(ticket(pass)),
            Err(place) => Ok(held_back(async { ticket(place.wait().await) }).await?),
        }
    }

    fn answered(&self, key: &Key, pass: Pass, heard: Heard) {
        self.with(key, |lane, now| {
            lane.bucket.answered(pass, heard, now);
            lane.wake_first();
        });
    }
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Governor").field("buckets", &self.open().lanes.keys()).finish_non_exhaustive()
    }
}

/// A place in the queue of a bucket; dropping it leaves the queue.
struct Place {
    governor: Arc<Governor>,
    key: Key,
    number: u64,
    since: Duration,
    notify: Arc<Notify>,
}

impl Place {
    async fn wait(self) -> Pass {
        let clock = &self.governor.clock;
        loop {
            let verdict = self.governor.with(&self.key, |lane, now| {
                let first = lane.queue.first_key_value().is_some_and(|(number, _)| *number == self.number);
                first.then(|| lane.bucket.ask(now))
            });
            match verdict {
                Some(Verdict::Go(pass)) => return pass,
                Some(Verdict::At(when)) => {
                    tokio::select! {
                        () = clock.sleep(when.saturating_sub(clock.elapsed())) => {}
                        () = self.notify.notified() => {}
                    }
                }
                Some(Verdict::OnAnswer) | None => self.notify.notified().await,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let waited = self.governor.clock.elapsed().saturating_sub(self.since);
        self.governor.with(&self.key, |lane, _| {
            lane.queue.remove(&self.number);
            lane.waited += waited;
            lane.wake_first();
        });
    }
}

/// A call that may leave, or has left. Dropped without an answer, nobody knows what became of it.
struct Ticket {
    governor: Arc<Governor>,
    key: Key,
    pass: Option<Pass>,
}

impl Ticket {
    fn heard(mut self, heard: Heard) {
        if let Some(pass) = self.pass.take() {
            self.governor.answered(&self.key, pass, heard);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.governor.answered(&self.key, pass, Heard::Nothing);
        }
    }
}

/// What a call carries on its way through the SDK.
struct Turn {
    governor: Arc<Governor>,
    key: Key,
    ticket: Mutex<Option<Ticket>>,
}

impl Turn {
    async fn come(&self) -> Result<(), BoxError> {
        let ticket = self.governor.turn(&self.key).await?;
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
        Ok(())
    }

    fn heard(&self, heard: Heard) {
        let ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ticket) = ticket {
            ticket.heard(heard);
        }
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Turn").field(&self.key).finish()
    }
}

impl Storable for Turn {
    type Storer = StoreReplace<Self>;
}

/// Gives each call of a client its turn, and hears how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Pacer {
    governor: Arc<Governor>,
    account: String,
    region: String,
    service: &'static str,
}

impl Pacer {
    pub(crate) fn new(governor: &Arc<Governor>, account: &str, region: &str, service: &'static str) -> Self {
        // What IAM takes, it takes of the account and not of a region.
        let region = if service == "iam" { "global" } else { region };
        Self { governor: Arc::clone(governor), account: account.to_owned(), region: region.to_owned(), service }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Pacer {
    fn name(&self) -> &'static str {
        "Pacer"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = bag.load::<Metadata>() else { return Ok(()) };
        let row = limits::of(self.service, metadata.name(), !only_reads(metadata.name()));
        let key = Key { account: self.account.clone(), region: self.region.clone(), service: self.service, row };
        let turn = Turn { governor: Arc::clone(&self.governor), key, ticket: Mutex::default() };
        bag.interceptor_state().store_put(turn);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(turn) = bag.load::<Turn>() else { return Ok(()) };
        turn.heard(match context.response() {
            None => Heard::Nothing,
            Some(response) => {
                let status = response.status().as_u16();
                let kind = response.headers().get("x-amzn-errortype");
                let throttled = status >= 400 && {
                    let body = response.body().bytes().unwrap_or_default();
                    is_throttled(status, error_code(kind, &String::from_utf8_lossy(body)))
                };
                if throttled { Heard::Throttled } else { Heard::Served }
            }
        });
        Ok(())
    }
}

/// The error code in an answer: of a header, of JSON, or of XML.
fn error_code<'a>(header: Option<&'a str>, body: &'a str) -> &'a str {
    let named = header.or_else(|| ["__type", "code"].into_iter().find_map(|name| json_text(body, name)));
    match named {
        // `com.amazonaws.kms#ThrottlingException:http://…`
        Some(code) => {
            let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
            code.split_once(':').map_or(code, |(code, _)| code)
        }
        None => body
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"))
            .map_or("", |(code, _)| code.trim()),
    }
}

/// The text of a field, as far as it needs no unescaping: codes do not.
fn json_text<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(text, _)| text)
}

/// The cache of credentials, which a call comes to just before it is signed: until its turn it waits here.
#[derive(Debug)]
pub(crate) struct Paced(pub(crate) SharedIdentityCache);

impl ResolveCachedIdentity for Paced {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        bag: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async move {
            if let Some(turn) = bag.load::<Turn>() {
                turn.come().await?;
            }
            self.0.resolve_cached_identity(resolver, components, bag).await
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        bag: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(components, bag)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, bag: &ConfigBag) -> Result<(), BoxError> {
        self.0.validate_final_config(components, bag)
    }
}

#[cfg(test)]
mod tests;
