//! [`SavedPlan`]: a plan that is done later, exactly as it was shown or not at all.
//!
//! It is the JSON of the plan with what it was made from. The program is run and planned again; the two are compared step by step and fact
//! by fact. What the later plan wants beside that is left out of the run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::json::VERSION;
use super::read_set::{ReadSet, Seen, was_and_is};
use super::restrict::{ACT, Restricted, StepName, refusal};
use super::{Op, Plan, Recorded, Step};
use crate::error::{Error, Turn};
use crate::graph::Graph;
use crate::kind::Identity;
use crate::observe::Observations;
use crate::settings::{OnDrift, Settings};
use crate::urn::{Urn, random_hex};

/// What a plan was made with, and where.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) graph: &'a Graph,
    pub(crate) recorded: &'a Recorded,
    pub(crate) observations: &'a Observations,
    pub(crate) settings: &'a Settings,
    pub(crate) identity: &'a Identity,
    /// Of the store; `None` while it is bound to nothing.
    pub(crate) lineage: Option<&'a str>,
}

/// A plan with what it was made from, as it is kept between `preview` and `up`.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedPlan {
    /// Tells it from every other one, also from one that says the same.
    id: String,
    /// The plan as people and machines were shown it.
    shown: Json,
    place: Place,
    settings: Shaping,
    steps: BTreeMap<StepName, Json>,
    /// The outputs that the stack would have.
    outputs: BTreeMap<String, Json>,
    read_set: ReadSet,
}

/// Where a plan belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    stack: String,
    project: String,
    account: String,
    region: String,
    endpoint: Option<String>,
    lineage: Option<String>,
}

/// The settings that shape a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shaping {
    targets: Vec<String>,
    excludes: Vec<String>,
    replace: Vec<String>,
    repin: Vec<String>,
    refresh: bool,
    on_drift: OnDrift,
    destroy: bool,
}

impl SavedPlan {
    /// A plan to be kept.
    pub(crate) fn of(basis: Basis<'_>) -> Self {
        let subjects: BTreeSet<&Urn> = doing(basis.plan).map(|step| &step.urn).collect();
        Self::about(basis, subjects)
    }

    fn about<'u>(basis: Basis<'_>, subjects: impl IntoIterator<Item = &'u Urn>) -> Self {
        let Basis { plan, graph, recorded, observations, settings, identity, lineage } = basis;
        let mut shown = plan.to_json();
        let seen = Seen::new(plan, graph, recorded, observations);
        let mut read_set = ReadSet::about(&seen, subjects).to_json();
        if lineage.is_none() {
            // The key of the digests is made with the store: until then two runs have no digest in common.
            without_digests(&mut shown);
            without_digests(&mut read_set);
        }
        Self {
            id: random_hex(),
            place: Place {
                stack: plan.stack.clone(),
                project: graph.program().project.clone(),
                account: identity.account.clone(),
                region: identity.region.clone(),
                endpoint: identity.endpoint.clone(),
                lineage: lineage.map(str::to_owned),
            },
            settings: Shaping::of(settings),
            steps: steps(&shown).unwrap_or_default(),
            outputs: outputs(&shown),
            read_set: ReadSet::from_json(&read_set).unwrap_or_default(),
            shown,
        }
    }

    /// The stack that it is of.
    pub fn stack(&self) -> &str {
        &self.place.stack
    }

    /// Tells it from every other one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The settings with which it was made, in place of those given. Consent is no part of a saved plan.
    pub fn shape(&self, given: Settings) -> Settings {
        let Shaping { targets, excludes, replace, repin, refresh, on_drift, destroy } = self.settings.clone();
        Settings { targets, excludes, replace, repin, refresh, on_drift, destroy, ..given }
    }

    /// The JSON of the plan, with `read_set`.
    pub fn to_json(&self) -> Json {
        let mut json = self.shown.clone();
        let Place { project, account, region, endpoint, lineage, stack: _ } = &self.place;
        if let Some(fields) = json.as_object_mut() {
            let read_set = json!({
                "id": self.id,
                "project": project,
                "account": account,
                "region": region,
                "endpoint": endpoint,
                "lineage": lineage,
                "settings": self.settings.to_json(),
                "facts": self.read_set.to_json(),
            });
            fields.insert("read_set".to_owned(), read_set);
        }
        json
    }

    /// Reads what [`SavedPlan::to_json`] gives.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn from_json(json: &Json) -> Result<Self, String> {
        let Some(fields) = json.as_object() else { return Err("it is no plan: it is no JSON object".to_owned()) };
        match fields.get("version").map(|version| (version.as_u64(), version)) {
            Some((Some(version), _)) if version == u64::from(VERSION) => {}
            Some((_, version)) => {
                return Err(format!("it is a plan of version {version}, and this program reads version {VERSION}"));
            }
            None => return Err("it is no plan: `version` is missing".to_owned()),
        }
        let Some(read_set) = fields.get("read_set") else {
            return Err("it does not say what it was made from: `read_set` is missing".to_owned());
        };
        let text = |of: &Json, place: &str, name: &str| {
            let text = of[name].as_str().map(str::to_owned);
            text.ok_or_else(|| format!("`{place}{name}` is missing, or no text"))
        };
        let optional = |name: &str| match &read_set[name] {
            Json::Null => Ok(None),
            Json::String(text) => Ok(Some(text.clone())),
            _ => Err(format!("`read_set.{name}` is no text")),
        };
        let mut shown = json.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.remove("read_set");
        }
        let facts = read_set.get("facts").ok_or("`read_set.facts` is missing")?;
        Ok(Self {
            id: text(read_set, "read_set.", "id")?,
            place: Place {
                stack: text(json, "", "stack")?,
                project: text(read_set, "read_set.", "project")?,
                account: text(read_set, "read_set.", "account")?,
                region: text(read_set, "read_set.", "region")?,
                endpoint: optional("endpoint")?,
                lineage: optional("lineage")?,
            },
            settings: Shaping::from_json(&read_set["settings"])?,
            steps: steps(&shown)?,
            outputs: outputs(&shown),
            read_set: ReadSet::from_json(facts)?,
            shown,
        })
    }

    /// Holds the plan that was made now against this one. Answers the steps that both have.
    ///
    /// # Errors
    /// A refusal that names everything that moved, by resource and place.
    pub(crate) fn hold(&self, now: Basis<'_>) -> Result<Restricted, Error> {
        let again = Self::about(now, self.steps.keys().map(|name| &name.urn));
        let elsewhere = self.place.moved(&again.place);
        if !elsewhere.is_empty() {
            let error = Error::new(Turn::Refused, ACT, elsewhere.join("; "));
            return Err(error.hint("use it where it was made, or make a plan here with `preview --save`"));
        }
        let mut moved = self.settings.moved(&again.settings);
        let facts = self.read_set.moved(&again.read_set);
        let told: BTreeSet<&Urn> = facts.iter().map(|(urn, _)| urn).collect();
        moved.extend(facts.iter().map(|(_, sentence)| sentence.clone()));
        for (name, step) in self.steps.iter().filter(|(name, _)| !told.contains(&name.urn)) {
            match again.steps.get(name) {
                None => moved.push(format!("{}: its {} is not called for any more", name.urn.path(), name.op)),
                Some(found) => moved.extend(differences(name, step, found)),
            }
        }
        // Both steps of what has to be replaced now are news of one resource.
        let names: BTreeSet<&Urn> = self.steps.keys().map(|name| &name.urn).collect();
        for (name, _) in again.steps.iter().filter(|(name, _)| !self.steps.contains_key(*name)) {
            if names.contains(&name.urn) && !told.contains(&name.urn) {
                moved.push(format!("{}: its {} is called for now, and was not", name.urn.path(), name.op));
            }
        }
        if !moved.is_empty() {
            return Err(refusal(moved));
        }
        let mut restricted = now.plan.restricted_to(&self.steps.keys().cloned().collect())?;
        // What somebody has made meanwhile need not be made; what went meanwhile was not shown.
        let shown = |key: &str| {
            let shown = self.shown["preparations"].as_array();
            shown.is_some_and(|all| all.iter().any(|one| one["key"].as_str() == Some(key)))
        };
        let missing = restricted.plan.preparations.iter().filter(|one| !shown(&one.key));
        let missing: Vec<String> =
            missing.map(|one| format!("{}: the account {} has it no more", one.what, one.account)).collect();
        if !missing.is_empty() {
            return Err(refusal(missing));
        }
        restricted.outputs_left_out = again
            .outputs
            .iter()
            .filter(|(name, after)| self.outputs.get(*name) != Some(*after))
            .map(|(name, _)| name.clone())
            .collect();
        Ok(restricted)
    }
}

fn doing(plan: &Plan) -> impl Iterator<Item = &Step> {
    plan.steps.iter().filter(|step| step.op != Op::Same)
}

impl Place {
    fn moved(&self, now: &Self) -> Vec<String> {
        let pairs = [
            ("stack", Some(&self.stack), Some(&now.stack)),
            ("project", Some(&self.project), Some(&now.project)),
            ("account", Some(&self.account), Some(&now.account)),
            ("region", Some(&self.region), Some(&now.region)),
            ("endpoint", self.endpoint.as_ref(), now.endpoint.as_ref()),
        ];
        let text = |text: Option<&String>| text.map_or("AWS itself", String::as_str).to_owned();
        let moved = pairs.into_iter().filter(|(_, was, is)| was != is);
        let mut moved: Vec<String> = moved
            .map(|(what, was, is)| {
                format!("it was made for the {what} {}, and this run is for the {what} {}", text(was), text(is))
            })
            .collect();
        match (&self.lineage, &now.lineage) {
            (Some(was), Some(is)) if was != is => {
                moved.push(format!("it was made with another store of this stack ({was}, and this is {is})"));
            }
            (Some(was), None) => moved.push(format!("it was made with the store {was}, and the store here is empty")),
            (None, Some(_)) => moved.push("it was made with an empty store, and the store is in use now".to_owned()),
            _ => {}
        }
        moved
    }
}

impl Shaping {
    fn of(settings: &Settings) -> Self {
        Self {
            targets: settings.targets.clone(),
            excludes: settings.excludes.clone(),
            replace: settings.replace.clone(),
            repin: settings.repin.clone(),
            refresh: settings.refresh,
            on_drift: settings.on_drift,
            destroy: settings.destroy,
        }
    }

    fn to_json(&self) -> Json {
        json!({
            "targets": self.targets,
            "excludes": self.excludes,
            "replace": self.replace,
            "repin": self.repin,
            "refresh": self.refresh,
            "on_drift": self.on_drift.word(),
            "destroy": self.destroy,
        })
    }

    fn from_json(json: &Json) -> Result<Self, String> {
        let wrong = |name: &str, what: &str| format!("`read_set.settings.{name}` is missing, or not {what}");
        let list = |name: &str| -> Result<Vec<String>, String> {
            let list = json[name].as_array().ok_or_else(|| wrong(name, "a list"))?;
            let texts = list.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(|| wrong(name, "a list of names"))
        };
        let truth = |name: &str| json[name].as_bool().ok_or_else(|| wrong(name, "true or false"));
        let on_drift = json["on_drift"].as_str().and_then(OnDrift::from_word);
        Ok(Self {
            targets: list("targets")?,
            excludes: list("excludes")?,
            replace: list("replace")?,
            repin: list("repin")?,
            refresh: truth("refresh")?,
            on_drift: on_drift.ok_or_else(|| wrong("on_drift", "revert, keep or fail"))?,
            destroy: truth("destroy")?,
        })
    }

    fn moved(&self, now: &Self) -> Vec<String> {
        let (was, is) = (self.to_json(), now.to_json());
        let names = was.as_object().into_iter().flat_map(Map::keys);
        // Whoever goes on with a saved plan has seen what drifted, and decides no more about it.
        let moved = names.filter(|name| *name != "on_drift" && was[name.as_str()] != is[name.as_str()]);
        moved
            .map(|name| {
                format!("the setting `{name}` {}", was_and_is(Some(&was[name.as_str()]), Some(&is[name.as_str()])))
            })
            .collect()
    }
}

/// The steps that do something, by name. Numbers and orders shift with any other change, and lines with any edit of the program.
fn steps(shown: &Json) -> Result<BTreeMap<StepName, Json>, String> {
    const PASSING: [&str; 3] = ["id", "after", "source"];
    let list = shown["steps"].as_array().ok_or("`steps` is missing, or no list")?;
    let mut steps = BTreeMap::new();
    for (index, json) in list.iter().enumerate() {
        let place = |name: &str| format!("`steps[{index}].{name}` is missing, or makes no sense");
        let word = json["op"].as_str().ok_or_else(|| place("op"))?;
        let op = Op::ALL.into_iter().map(Op::word).find(|known| *known == word).ok_or_else(|| place("op"))?;
        if op == Op::Same.word() {
            continue;
        }
        let name = StepName {
            urn: json["urn"].as_str().and_then(|urn| urn.parse().ok()).ok_or_else(|| place("urn"))?,
            op,
            generation: json["generation"].as_u64().ok_or_else(|| place("generation"))?,
            id: json["resource_id"].as_str().map(str::to_owned),
        };
        let mut step = json.as_object().cloned().unwrap_or_default();
        PASSING.iter().for_each(|name| drop(step.remove(*name)));
        steps.insert(name, Json::Object(step));
    }
    Ok(steps)
}

fn outputs(shown: &Json) -> BTreeMap<String, Json> {
    let outputs = shown["outputs"].as_object().into_iter().flatten();
    outputs.map(|(name, output)| (name.clone(), output["after"].clone())).collect()
}

/// Where a step has become another one. Only what the saved one says counts: the shape may have been extended since.
fn differences(name: &StepName, was: &Json, is: &Json) -> Vec<String> {
    let path = name.urn.path();
    let by_path = |step: &Json| -> BTreeMap<String, Json> {
        let changes = step["changes"].as_array().into_iter().flatten();
        changes.map(|change| (change["path"].as_str().unwrap_or_default().to_owned(), change.clone())).collect()
    };
    let (changes, found) = (by_path(was), by_path(is));
    let mut moved = Vec::new();
    for (place, change) in &changes {
        let Some(now) = found.get(place) else {
            moved.push(format!("{path}: {place} is not changed any more"));
            continue;
        };
        let fields = change.as_object().into_iter().flatten();
        if let Some((field, before)) = fields.into_iter().find(|(field, before)| now[field.as_str()] != **before) {
            let told = was_and_is(Some(before), Some(&now[field.as_str()]));
            moved.push(match field.as_str() {
                "after" | "declared" => format!("{path}: what {place} is to become {told}"),
                field => format!("{path}: of the change of {place}, `{field}` {told}"),
            });
        }
    }
    let news = found.keys().filter(|place| !changes.contains_key(*place));
    moved.extend(news.map(|place| format!("{path}: {place} is changed as well, and was not")));
    if moved.is_empty() {
        let fields = was.as_object().into_iter().flatten().filter(|(field, _)| *field != "changes");
        let differing = fields.into_iter().find(|(field, before)| is[field.as_str()] != **before);
        moved.extend(differing.map(|(field, before)| {
            format!("{path}: `{field}` of its {} {}", name.op, was_and_is(Some(before), Some(&is[field.as_str()])))
        }));
    }
    moved
}

/// Puts nothing in the place of every digest of a secret.
fn without_digests(json: &mut Json) {
    match json {
        Json::Object(map) => {
            if map.len() == 1
                && let Some(digest) = map.get_mut("$secret")
            {
                *digest = Json::Null;
            } else {
                map.values_mut().for_each(without_digests);
            }
        }
        Json::Array(list) => list.iter_mut().for_each(without_digests),
        _ => {}
    }
}
