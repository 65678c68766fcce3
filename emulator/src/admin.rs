//! The plugin's HTTP contract, typed: the log of calls, faults, held calls, the independent lister, reset.
//!
//! Requests block. From asynchronous code, call them through `spawn_blocking`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::Agent;

use crate::error::Error;

/// Longer than any request that does not wait on purpose; loading all services for the first time takes 20 s.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A client of the plugin in one server.
#[derive(Debug, Clone)]
pub struct Admin {
    endpoint: String,
    agent: Agent,
}

/// What the plugin says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// The plugin's version.
    pub plugin: String,
    /// Minted when the process started; with another one, everything of before is gone.
    pub instance: String,
    /// The server's process.
    pub pid: u32,
}

/// One call that a client made, in the order of `seq`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Call {
    /// Rises over the life of the server, across accounts.
    pub seq: u64,
    /// Seconds since 1970 at which it arrived.
    pub time: f64,
    /// The account, twelve digits.
    pub account: String,
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The service as the AWS command line spells it, such as `ec2` or `logs`.
    pub service: String,
    /// The operation, such as `CreateVpc`.
    pub operation: String,
    /// Whether it changes something.
    pub mutating: bool,
    /// What was sent, strings of more than 4 kB cut.
    pub parameters: Value,
    /// `ok`, an error code, `lost`; `running` or `held` while it has not ended.
    pub outcome: String,
}

/// A call that waits for its fault to be removed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HeldCall {
    /// The call.
    #[serde(flatten)]
    pub call: Call,
    /// The fault that holds it.
    pub fault: String,
    /// Whether it has been executed.
    pub phase: Phase,
}

/// Where a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not executed yet; it will be when it is released.
    Before,
    /// Executed, its answer withheld.
    After,
}

/// A thing that stands in an account, as the plugin's lister found it in the emulator's stores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Resource {
    /// The kind in Formwork's words, such as `aws:ec2/vpc`.
    pub kind: String,
    /// The id that AWS gives it, a name or an ARN where it has no other.
    pub id: String,
    /// The region; `aws-global` for services that have none.
    pub region: String,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its name where that is not the id.
    #[serde(default)]
    pub name: Option<String>,
    /// Its state where it has one, such as `available`.
    #[serde(default)]
    pub state: Option<String>,
}

/// What happens to a call that a [`Fault`] fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// The call is refused in its service's own protocol and not executed.
    Error {
        /// The error code, such as `ThrottlingException`.
        code: String,
        /// The message for people.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// The call is executed and its connection reset.
    LoseAnswer,
    /// The call waits and is executed when the fault is removed.
    HoldBefore,
    /// The call is executed and its answer waits until the fault is removed.
    HoldAfter,
    /// The call is executed later.
    Delay {
        /// By how many milliseconds.
        milliseconds: u64,
    },
    /// A field of the answer says something else.
    Overlay {
        /// Where: `DBInstances[].DBInstanceStatus`, `Vpcs[0].State`, `Vpcs[VpcId=vpc-1].State`.
        path: String,
        /// What it says; null removes the field.
        value: Value,
    },
}

/// A wish about coming calls of one account. Made by its constructors, narrowed by its methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    mutating_only: bool,
    parameters: BTreeMap<String, Value>,
    skip: u64,
    count: u64,
    action: Action,
}

impl Fault {
    /// A fault for the next call of an account.
    #[must_use]
    pub fn new(account: &str, action: Action) -> Self {
        Self {
            account: account.to_owned(),
            service: None,
            operation: None,
            mutating_only: false,
            parameters: BTreeMap::new(),
            skip: 0,
            count: 1,
            action,
        }
    }

    /// The next call is refused with this error code and HTTP status.
    #[must_use]
    pub fn error(account: &str, code: &str, status: u16) -> Self {
        let message = format!("{code}, injected by a test");
        Self::new(account, Action::Error { code: code.to_owned(), message, status })
    }

    /// Of another account.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = account.to_owned();
        self
    }

    /// Only calls of a service, such as `ec2`.
    #[must_use]
    pub fn service(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// Only calls of an operation, such as `CreateVpc`.
    #[must_use]
    pub fn operation(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only calls that change something.
    #[must_use]
    pub fn mutating(mut self) -> Self {
        self.mutating_only = true;
        self
    }

    /// Only calls with this parameter. Objects fit when they contain what is given, lists when each given element is
    /// somewhere in them.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Lets this many fitting calls pass first.
    #[must_use]
    pub fn skip(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// Acts on this many calls instead of one.
    #[must_use]
    pub fn count(mut self, calls: u64) -> Self {
        self.count = calls;
        self
    }

    /// Acts on every fitting call until it is removed.
    #[must_use]
    pub fn always(self) -> Self {
        self.count(u64::MAX)
    }
}

/// A fault in the server, with its counters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FaultState {
    /// Its name, for [`Admin::remove_fault`].
    pub id: String,
    /// How many calls fitted.
    pub matched: u64,
    /// How many calls it acted on.
    pub hits: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub fault: Fault,
}

/// The condition that every call of an account lives in, as [`Admin::set_weather`] makes it. Fair until a method says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    account: String,
    lag: u32,
    pending: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    mix: Option<Mix>,
    throttled: f64,
}

/// The seeded share of calls that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mix {
    seed: u64,
    percent: f64,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    kinds: Vec<String>,
}

impl Weather {
    /// Fair weather in an account.
    #[must_use]
    pub fn new(account: &str) -> Self {
        Self { account: account.to_owned(), lag: 0, pending: 0, mix: None, throttled: 0.0 }
    }

    /// After a change this many reads that would show it answer as before it.
    #[must_use]
    pub fn lag(mut self, reads: u32) -> Self {
        self.lag = reads;
        self
    }

    /// What AWS does while others wait shows its state on the way to this many reads.
    #[must_use]
    pub fn pending(mut self, reads: u32) -> Self {
        self.pending = reads;
        self
    }

    /// So many percent of the calls go wrong, the same ones with the same seed.
    #[must_use]
    pub fn mix(mut self, seed: u64, percent: f64) -> Self {
        self.mix = Some(Mix { seed, percent, kinds: Vec::new() });
        self
    }

    /// Of the mix only these kinds: `throttle`, `internal`, `unavailable`, `lost`, `delay`, `lag`, `pending`, `unknown`, `denied`,
    /// `expired`, `late`. The last three end a run; of them one seed in ten has one, unless they are named here. What is `late` is a NAT
    /// gateway or a node group that was begun well and fails.
    #[must_use]
    pub fn only(mut self, kinds: &[&str]) -> Self {
        if let Some(mix) = &mut self.mix {
            mix.kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        }
        self
    }

    /// For so long from now every call that changes something is refused as too many.
    #[must_use]
    pub fn throttled(mut self, time: Duration) -> Self {
        self.throttled = time.as_secs_f64();
        self
    }
}

/// What the weather of an account did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Deeds {
    /// How often, by kind: those of a mix, and `stale`, `pending state` and `unknown state` for answers that were held back or changed.
    pub counts: BTreeMap<String, u64>,
    /// What was done to calls as a whole, in order.
    pub deeds: Vec<Deed>,
}

/// Something that was done to a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Deed {
    /// The call's number in the log of calls.
    pub seq: u64,
    /// What was done.
    pub kind: String,
    /// The call's service.
    pub service: String,
    /// The call's operation.
    pub operation: String,
}

impl Admin {
    /// A client of the server on 127.0.0.1 and this port. Nothing is contacted.
    #[must_use]
    pub fn new(port: u16) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            // A proxy of the environment has no way to this machine's loopback.
            .proxy(None)
            .build()
            .into();
        Self { endpoint: format!("http://127.0.0.1:{port}"), agent }
    }

    /// The address of the server.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Who answers. An error also when something other than our plugin listens there.
    pub fn health(&self) -> Result<Health, Error> {
        #[derive(Deserialize)]
        struct Answer {
            formwork: Health,
        }
        self.get::<Answer>("ask for health", "health", &[]).map(|answer| answer.formwork)
    }

    /// The calls of an account after sequence number `since`, oldest first; 0 for all.
    pub fn calls(&self, account: &str, since: u64) -> Result<Vec<Call>, Error> {
        self.get("list calls", "calls", &[("account", account), ("since", &since.to_string())])
    }

    /// Forgets the calls of an account.
    pub fn clear_calls(&self, account: &str) -> Result<(), Error> {
        self.delete("clear calls", "calls", &[("account", account)])
    }

    /// Adds a fault and gives back its id.
    pub fn inject(&self, fault: &Fault) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Answer {
            id: String,
        }
        self.post::<Answer>("inject a fault", "faults", fault).map(|answer| answer.id)
    }

    /// The faults of an account in the order they were added, used up or not.
    pub fn faults(&self, account: &str) -> Result<Vec<FaultState>, Error> {
        self.get("list faults", "faults", &[("account", account)])
    }

    /// Removes one fault and releases the calls it holds.
    pub fn remove_fault(&self, account: &str, id: &str) -> Result<(), Error> {
        self.delete("remove a fault", "faults", &[("account", account), ("id", id)])
    }

    /// Removes one fault; the calls that it holds before their execution are never executed.
    pub fn drop_fault(&self, account: &str, id: &str) -> Result<(), Error> {
        self.delete("drop held calls", "faults", &[("account", account), ("id", id), ("drop", "true")])
    }

    /// Removes the faults of an account and releases its held calls.
    pub fn clear_faults(&self, account: &str) -> Result<(), Error> {
        self.delete("clear faults", "faults", &[("account", account)])
    }

    /// Removes faults and recorded calls of an account; its resources stay.
    pub fn clear(&self, account: &str) -> Result<(), Error> {
        self.clear_faults(account)?;
        self.clear_calls(account)
    }

    /// Makes the weather of an account, in place of what it had.
    pub fn set_weather(&self, weather: &Weather) -> Result<(), Error> {
        self.post::<Value>("set the weather", "weather", weather).map(drop)
    }

    /// What the weather of an account did since it was set.
    pub fn weather(&self, account: &str) -> Result<Deeds, Error> {
        self.get("ask for the weather", "weather", &[("account", account)])
    }

    /// Fair weather: what was held back shows at once.
    pub fn clear_weather(&self, account: &str) -> Result<(), Error> {
        self.delete("clear the weather", "weather", &[("account", account)])
    }

    /// The held calls of an account, as soon as there is one; empty when there was none within `wait` (at most 100 s).
    pub fn held(&self, account: &str, wait: Duration) -> Result<Vec<HeldCall>, Error> {
        let wait = wait.min(Duration::from_secs(100)).as_secs_f64().to_string();
        self.get("list held calls", "held", &[("account", account), ("wait", &wait)])
    }

    /// What stands in an account, in one region or in all. Read from the stores and not through the AWS API, so a test
    /// that compares with it does not trust our own reads; what AWS makes by itself, such as a default VPC, is left out.
    pub fn resources(&self, account: &str, region: Option<&str>) -> Result<Vec<Resource>, Error> {
        let mut query = vec![("account", account)];
        query.extend(region.map(|region| ("region", region)));
        self.get("list resources", "resources", &query)
    }

    /// Empties an account, or everything with `None`: resources, recorded calls, faults.
    pub fn reset(&self, account: Option<&str>) -> Result<(), Error> {
        self.post::<Value>("reset", "reset", &json!({ "account": account })).map(drop)
    }

    /// Loads services before their first call; all that Formwork drives with `None`. Gives back, per service, the
    /// milliseconds or the error.
    pub fn warm(&self, services: Option<&[&str]>) -> Result<BTreeMap<String, Value>, Error> {
        self.post("load services", "warm", &json!({ "services": services }))
    }

    /// Makes the server live at least as long as process `pid`, or until it is stopped with `None`.
    pub fn stay(&self, pid: Option<u32>) -> Result<(), Error> {
        self.post::<Value>("set the lifetime", "lifetime", &json!({ "pid": pid })).map(drop)
    }

    fn get<T: DeserializeOwned>(&self, act: &'static str, path: &str, query: &[(&str, &str)]) -> Result<T, Error> {
        let request = self.agent.get(self.url(path)).query_pairs(query.iter().copied());
        self.answer(act, request.call())
    }

    fn delete(&self, act: &'static str, path: &str, query: &[(&str, &str)]) -> Result<(), Error> {
        let request = self.agent.delete(self.url(path)).query_pairs(query.iter().copied());
        self.answer::<Value>(act, request.call()).map(drop)
    }

    fn post<T: DeserializeOwned>(&self, act: &'static str, path: &str, body: &impl Serialize) -> Result<T, Error> {
        self.answer(act, self.agent.post(self.url(path)).send_json(body))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/_formwork/{path}", self.endpoint)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        act: &'static str,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, Error> {
        let failed = |reason: String| Error::Admin { act, endpoint: self.endpoint.clone(), reason };
        let mut response = response.map_err(|error| failed(error.to_string()))?;
        let status = response.status();
        // Call logs of long tests exceed the client's own limit of 10 MB.
        let text = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()
            .map_err(|error| failed(error.to_string()))?;
        if !status.is_success() {
            return Err(failed(format!("{status}: {}", text.chars().take(2000).collect::<String>())));
        }
        serde_json::from_str(&text)
            .map_err(|error| failed(format!("{error} in {}", text.chars().take(500).collect::<String>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_the_shape_of_the_contract() {
        let fault = Fault::error("111122223333", "Throttling", 400)
            .service("ec2")
            .operation("CreateVpc")
            .parameter("CidrBlock", "10.0.0.0/16")
            .skip(1)
            .count(2);
        assert_eq!(
            serde_json::to_value(&fault).unwrap(),
            json!({
                "account": "111122223333",
                "service": "ec2",
                "operation": "CreateVpc",
                "mutating_only": false,
                "parameters": { "CidrBlock": "10.0.0.0/16" },
                "skip": 1,
                "count": 2,
                "action": { "kind": "error", "code": "Throttling", "message": "Throttling, injected by a test", "status": 400 },
            })
        );
    }

    #[test]
    fn weather_has_the_shape_of_the_contract() {
        let weather = Weather::new("111122223333").lag(3).pending(2).mix(7, 10.0).only(&["lost"]);
        assert_eq!(
            serde_json::to_value(&weather).unwrap(),
            json!({
                "account": "111122223333",
                "lag": 3,
                "pending": 2,
                "mix": { "seed": 7, "percent": 10.0, "kinds": ["lost"] },
                "throttled": 0.0,
            })
        );
    }

    #[test]
    fn actions_are_named_as_in_the_contract() {
        let kinds: Vec<Value> = [
            Action::LoseAnswer,
            Action::HoldBefore,
            Action::HoldAfter,
            Action::Delay { milliseconds: 5 },
            Action::Overlay { path: "Vpcs[].State".into(), value: Value::Null },
        ]
        .iter()
        .map(|action| serde_json::to_value(action).unwrap()["kind"].clone())
        .collect();
        assert_eq!(kinds, ["lose_answer", "hold_before", "hold_after", "delay", "overlay"]);
    }

    #[test]
    fn what_does_not_listen_is_an_error_that_names_the_endpoint() {
        let port = crate::process::free_port().unwrap();
        let error = Admin::new(port).health().unwrap_err().to_string();
        assert!(error.contains(&format!("http://127.0.0.1:{port}")), "{error}");
    }
}
