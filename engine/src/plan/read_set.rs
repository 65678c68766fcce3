//! [`ReadSet`]: what the steps of a plan were made from, so that it can be said later whether it is still so, and where not.
//!
//! Facts, by resource: of its record, of what was observed where the plan compared it, of the outputs and answers that fed its arguments, and of
//! what was looked for and not found. Secrets are digests. Identities that are minted while planning are in none of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{Op, Plan, Recorded, RecordedRow, Step};
use crate::compare::Path;
use crate::graph::Graph;
use crate::observe::{Observations, Sight};
use crate::program::Declaration;
use crate::record::{Row, RowKey};
use crate::shape::{ArgSchema, Guard, Shape};
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// Where a fact was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// In the record.
    Recorded,
    /// In the account.
    Observed,
    /// An output that another resource's arguments use.
    Output,
    /// The answer of a read of the program.
    Answer,
    /// What was looked for by its name, and by whom it is taken: nobody.
    Absent,
}

impl Origin {
    const ALL: [Origin; 5] = [Origin::Recorded, Origin::Observed, Origin::Output, Origin::Answer, Origin::Absent];

    fn word(self) -> &'static str {
        match self {
            Origin::Recorded => "recorded",
            Origin::Observed => "observed",
            Origin::Output => "outputs",
            Origin::Answer => "answers",
            Origin::Absent => "absent",
        }
    }
}

/// Whether there is a record at all.
const PRESENT: &str = "present";
/// The arguments that the program says something about.
const COMPARED: &str = "$compared";
/// How a resource was seen.
const SIGHT: &str = "$sight";
/// What stands under a name that is to be taken.
const TAKEN: &str = "taken_by";

/// What facts are taken from.
pub(super) struct Seen<'a> {
    graph: &'a Graph,
    recorded: &'a Recorded,
    observations: &'a Observations,
    steps: BTreeMap<&'a Urn, Vec<&'a Step>>,
    rows: BTreeMap<&'a Urn, Vec<RowKey>>,
}

/// What the steps of a plan were made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadSet {
    facts: BTreeMap<Urn, BTreeMap<Origin, BTreeMap<String, Json>>>,
}

impl ReadSet {
    /// What a plan's steps for these resources were made from, or would have been.
    pub(super) fn about<'u>(seen: &Seen<'_>, subjects: impl IntoIterator<Item = &'u Urn>) -> Self {
        let mut set = Self::default();
        for urn in subjects {
            set.add_record(seen, urn);
            set.add_sight(seen, urn);
            set.add_inputs(seen, urn);
        }
        set
    }

    fn add(&mut self, urn: &Urn, origin: Origin, name: impl Into<String>, fact: Json) {
        self.facts.entry(urn.clone()).or_default().entry(origin).or_default().insert(name.into(), fact);
    }

    /// The rows of a resource, all generations.
    fn add_record(&mut self, seen: &Seen<'_>, urn: &Urn) {
        let keys = seen.rows(urn);
        self.add(urn, Origin::Recorded, PRESENT, json!(!keys.is_empty()));
        for key in keys {
            let Some(recorded) = seen.recorded.rows().get(&key) else { continue };
            for (part, fact) in parts(&recorded.row, seen.recorded) {
                self.add(urn, Origin::Recorded, format!("{}/{part}", key.1), fact);
            }
        }
    }

    /// Whether it is there, and the arguments by which it was compared.
    fn add_sight(&mut self, seen: &Seen<'_>, urn: &Urn) {
        for key in seen.rows(urn) {
            let word = seen.observations.rows.get(&key).map_or("not read", sight_word);
            self.add(urn, Origin::Observed, format!("{SIGHT} {}", key.1), json!(word));
        }
        if let Some(sight) = seen.observations.imports.get(urn) {
            self.add(urn, Origin::Observed, SIGHT, json!(sight_word(sight)));
        }
        let declaration = seen.graph.resource(urn);
        let upsert = declaration.is_some_and(|declared| declared.schema.guard == Guard::Upsert);
        if upsert && seen.rows(urn).is_empty() {
            self.add(urn, Origin::Absent, TAKEN, json!(seen.observations.foreign.get(urn)));
        }
        let (Some(declaration), Some(step)) = (declaration, seen.own_step(urn)) else { return };
        let Some(observed) = &step.observed else { return };
        let unreadable = seen.unreadable(urn);
        let mut compared = Compared { ignored: &declaration.options.ignore_changes, found: Vec::new() };
        compared.block(declaration.schema.args, &step.planned, observed, &Path::default());
        let given =
            |arg: &&ArgSchema| !matches!(arg.shape, Shape::Optional(_)) || !step.planned.get(arg.name).is_null();
        let args = declaration.schema.args.iter().filter(given).map(|arg| arg.name);
        let args: Vec<&str> = args.filter(|name| !unreadable.contains(name)).collect();
        self.add(urn, Origin::Observed, COMPARED, json!(args));
        for (path, value) in compared.found.into_iter().filter(|(path, _)| !unreadable.contains(&path.argument())) {
            let fact = seen.recorded.digester().seal(&value).to_json();
            self.add(urn, Origin::Observed, path.to_string(), fact);
        }
    }

    /// What its arguments use of others.
    fn add_inputs(&mut self, seen: &Seen<'_>, urn: &Urn) {
        let mut used: BTreeSet<(Urn, String)> = BTreeSet::new();
        let mut note = |urn: &Urn, name: &str| {
            used.insert((urn.clone(), name.to_owned()));
        };
        if let Some(Declaration { args, options, .. }) = seen.graph.resource(urn) {
            args.values().chain(&options.replace_when).for_each(|expr| expr.visit_outputs(&mut note));
        }
        if let Some(read) = seen.graph.program().reads.get(urn) {
            read.args.values().for_each(|expr| expr.visit_outputs(&mut note));
        }
        for (urn, name) in used {
            let (origin, value) = seen.output(&urn, &name);
            self.add(&urn, origin, name, seen.recorded.digester().seal(&value).to_json());
        }
    }

    /// `{urn: {"recorded" | "observed" | "outputs" | "answers" | "absent": {name: fact}}}`.
    pub(super) fn to_json(&self) -> Json {
        let object = |facts: &BTreeMap<Origin, BTreeMap<String, Json>>| {
            Json::Object(facts.iter().map(|(origin, facts)| (origin.word().to_owned(), json!(facts))).collect())
        };
        Json::Object(self.facts.iter().map(|(urn, facts)| (urn.to_string(), object(facts))).collect())
    }

    /// Reads what [`ReadSet::to_json`] gives; an error names the place.
    pub(super) fn from_json(json: &Json) -> Result<Self, String> {
        let object = |json: &Json, place: &str| match json {
            Json::Object(map) => Ok(map.clone()),
            _ => Err(format!("`{place}` is no object")),
        };
        let mut set = Self::default();
        for (name, of) in object(json, "read_set.facts")? {
            let place = format!("read_set.facts.{name}");
            let urn: Urn = name.parse().map_err(|error| format!("`{place}`: {error}"))?;
            for (word, facts) in object(&of, &place)? {
                let place = format!("{place}.{word}");
                let origin = Origin::ALL.into_iter().find(|origin| origin.word() == word);
                let origin = origin.ok_or_else(|| format!("`{place}` is nothing that this version knows"))?;
                for (name, fact) in object(&facts, &place)? {
                    set.add(&urn, origin, name, fact);
                }
            }
        }
        Ok(set)
    }

    /// What is not as it was, in a sentence each: resource, place, what was and what is.
    pub(super) fn moved(&self, now: &Self) -> Vec<(Urn, String)> {
        let mut moved = Vec::new();
        for (urn, origins) in &self.facts {
            for (origin, facts) in origins {
                let nothing = BTreeMap::new();
                let found = now.facts.get(urn).and_then(|origins| origins.get(origin)).unwrap_or(&nothing);
                // What is new to a record or in the account moves the plan as well. An output that is not used any more does not: the steps tell.
                let whole = matches!(origin, Origin::Recorded | Origin::Observed);
                let gone = *origin == Origin::Recorded && found.get(PRESENT) != facts.get(PRESENT);
                let names: BTreeSet<&String> = match (whole, gone) {
                    (_, true) => facts.keys().filter(|name| *name == PRESENT).collect(),
                    (true, _) => {
                        facts.keys().chain(found.keys()).filter(|name| both_compare(facts, found, name)).collect()
                    }
                    (false, _) => facts.keys().filter(|name| found.contains_key(*name)).collect(),
                };
                for name in names {
                    let (was, is) = (facts.get(name), found.get(name));
                    if was != is {
                        moved.push((urn.clone(), sentence(urn, *origin, name, was, is)));
                    }
                }
                if gone {
                    break;
                }
            }
        }
        moved
    }
}

/// Whether two plans both compared what is at a place. What only one of them compared is news of the program, and its steps tell.
fn both_compare(was: &BTreeMap<String, Json>, is: &BTreeMap<String, Json>, place: &str) -> bool {
    let argument = place.split(['.', '[']).next().unwrap_or_default();
    let compares = |facts: &BTreeMap<String, Json>| match facts.get(COMPARED).and_then(Json::as_array) {
        Some(args) => args.iter().any(|arg| arg == argument),
        None => false,
    };
    place != COMPARED && (!was.contains_key(COMPARED) || place.starts_with(SIGHT) || compares(was) && compares(is))
}

impl<'a> Seen<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        graph: &'a Graph,
        recorded: &'a Recorded,
        observations: &'a Observations,
    ) -> Self {
        let mut steps: BTreeMap<&Urn, Vec<&Step>> = BTreeMap::new();
        plan.steps.iter().for_each(|step| steps.entry(&step.urn).or_default().push(step));
        let mut rows: BTreeMap<&Urn, Vec<RowKey>> = BTreeMap::new();
        for (key, RecordedRow { row, .. }) in recorded.rows() {
            rows.entry(&row.urn).or_default().push(key.clone());
        }
        Self { graph, recorded, observations, steps, rows }
    }

    fn steps(&self, urn: &Urn) -> impl Iterator<Item = &'a Step> {
        self.steps.get(urn).into_iter().flatten().copied()
    }

    /// The step that makes or keeps a resource, and not the one that ends a generation of it.
    fn own_step(&self, urn: &Urn) -> Option<&'a Step> {
        self.steps(urn).find(|step| !matches!(step.op, Op::Delete | Op::Forget))
    }

    /// The rows of a resource: under its name, and those that its steps begin with.
    fn rows(&self, urn: &Urn) -> BTreeSet<RowKey> {
        let generations = |uid: &Uid| (uid.clone(), 0)..=(uid.clone(), u32::MAX);
        let begun = self.steps(urn).flat_map(|step| self.recorded.rows().range(generations(&step.uid)));
        let named = self.rows.get(urn).into_iter().flatten().cloned();
        begun.map(|(key, _)| key.clone()).chain(named).collect()
    }

    /// The arguments that could not be read: they counted as unchanged.
    fn unreadable(&self, urn: &Urn) -> BTreeSet<&'a str> {
        let sights = self.rows(urn).into_iter().filter_map(|key| self.observations.rows.get(&key));
        let seen = sights.chain(self.observations.imports.get(urn)).filter_map(Sight::seen);
        seen.flat_map(|observed| observed.unreadable.keys().map(String::as_str)).collect()
    }

    /// An output as it is before any step.
    fn output(&self, urn: &Urn, name: &str) -> (Origin, Value) {
        if self.graph.program().reads.contains_key(urn) {
            let answer = self.observations.reads.get(urn).map(|answer| answer.outputs.get(name).clone());
            return (Origin::Answer, answer.unwrap_or_default());
        }
        let step = self.own_step(urn).and_then(|step| step.row.as_ref());
        let named = || self.recorded.live(urn).map(|recorded| recorded.row.key());
        let Some(key) = step.cloned().or_else(named) else { return (Origin::Output, Value::Null) };
        let value = match (self.observations.rows.get(&key), self.recorded.rows().get(&key)) {
            (Some(Sight::Seen(observed)), _) => observed.outputs.get(name).clone(),
            (Some(Sight::Gone), _) | (_, None) => Value::Null,
            (_, Some(recorded)) => recorded.outputs.get(name).clone(),
        };
        (Origin::Output, value)
    }
}

/// The parts of a row that decide about steps: what is short in the clear, the rest as digests. What a refresh or another place in the program
/// changes is not among them.
fn parts(row: &Row, recorded: &Recorded) -> Vec<(String, Json)> {
    let digest = |part: Result<Json, serde_json::Error>| {
        let part = part.unwrap_or_default();
        json!(recorded.digester().digest(&Value::from_json(&part)))
    };
    let mut parts: Vec<(String, Json)> =
        vec![("state".to_owned(), json!(row.state.word())), ("id".to_owned(), json!(row.id))];
    let place = [&row.provider, &row.account, &row.region, &row.natural_key];
    let digests = [
        ("name", digest(serde_json::to_value(&row.urn))),
        ("place", digest(serde_json::to_value(place))),
        ("left", digest(serde_json::to_value((&row.left, &row.waiting, &row.reason)))),
        ("edges", digest(serde_json::to_value(&row.edges))),
        ("options", digest(serde_json::to_value(&row.options))),
        ("accepted", digest(serde_json::to_value(&row.accepted))),
    ];
    parts.extend(digests.map(|(name, digest)| (name.to_owned(), digest)));
    let applied = row.applied.to_value();
    let args = applied.as_map().into_iter().flatten();
    parts.extend(args.map(|(name, value)| (format!("applied.{name}"), json!(recorded.digester().digest(value)))));
    parts
}

fn sight_word(sight: &Sight) -> &'static str {
    match sight {
        Sight::Seen(_) => "seen",
        Sight::Gone => "gone",
        Sight::Unreadable(_) => "unreadable",
    }
}

/// Collects what a plan compared of an observed resource, as deep as it names places.
struct Compared<'a> {
    ignored: &'a [String],
    found: Vec<(Path, Value)>,
}

impl Compared<'_> {
    fn block(&mut self, args: &[ArgSchema], planned: &Value, observed: &Value, at: &Path) {
        for arg in args.iter().filter(|arg| !arg.drift_ignored && !arg.write_only) {
            self.value(&arg.shape, planned.get(arg.name), observed.get(arg.name), at.name(arg.name));
        }
    }

    fn value(&mut self, shape: &Shape, planned: &Value, observed: &Value, path: Path) {
        if self.ignored.iter().any(|pattern| path.within(pattern)) {
            return;
        }
        match (shape, planned, observed) {
            // Left to AWS, and not compared.
            (Shape::Optional(_), Value::Null, _) => {}
            (Shape::Optional(inner), ..) => self.value(inner, planned, observed, path),
            (Shape::Block(args), _, Value::Map(_)) => self.block(args, planned, observed, &path),
            (Shape::Map(inner), _, Value::Map(map)) => {
                for (key, value) in map {
                    // What the program does not say of a map counts as much as what it says.
                    self.value(inner, planned.get(key), value, path.name(key));
                }
            }
            (Shape::List(inner), Value::List(wanted), Value::List(list)) if wanted.len() == list.len() => {
                for (index, (wanted, value)) in wanted.iter().zip(list).enumerate() {
                    self.value(inner, wanted, value, path.index(index));
                }
            }
            (Shape::Set(_), _, Value::List(list)) => {
                let mut sorted = list.clone();
                sorted.sort();
                self.found.push((path, Value::List(sorted)));
            }
            (_, _, Value::Null) => {}
            _ => self.found.push((path, observed.clone())),
        }
    }
}

fn sentence(urn: &Urn, origin: Origin, name: &str, was: Option<&Json>, is: Option<&Json>) -> String {
    let path = urn.path();
    match origin {
        Origin::Recorded if name == PRESENT => match is.and_then(Json::as_bool) {
            Some(true) => format!("{path}: nothing was recorded of it, and now it is there"),
            _ => format!("{path}: it was recorded, and nothing is now"),
        },
        Origin::Recorded => {
            let part = name.split_once('/').map_or(name, |(_, part)| part);
            match part {
                "state" | "id" => format!("{path}: its record: {part} {}", was_and_is(was, is)),
                part => format!("{path}: its record has changed: `{part}`"),
            }
        }
        Origin::Observed if name.starts_with(SIGHT) => format!("{path}: the resource {}", was_and_is(was, is)),
        Origin::Observed => format!("{path}: {name} {}", was_and_is(was, is)),
        Origin::Output => format!("{path}: the output {name} {}", was_and_is(was, is)),
        Origin::Answer => format!("{path}: the answer {name} {}", was_and_is(was, is)),
        Origin::Absent => format!("{path}: its name was free, and {} has it now", shown(is)),
    }
}

pub(super) fn was_and_is(was: Option<&Json>, is: Option<&Json>) -> String {
    let secret = [was, is].into_iter().flatten().any(|fact| shown(Some(fact)).contains("(secret)"));
    match (was, is) {
        (Some(_), Some(_)) if secret => "is another secret".to_owned(),
        (None | Some(Json::Null), _) => format!("was not there, is {}", shown(is)),
        (_, None | Some(Json::Null)) => format!("was {}, is not there", shown(was)),
        _ => format!("was {}, is {}", shown(was), shown(is)),
    }
}

/// A fact for people.
fn shown(fact: Option<&Json>) -> String {
    match fact {
        None => "nothing".to_owned(),
        Some(Json::Object(map)) if map.len() == 1 && map.contains_key("$secret") => "(secret)".to_owned(),
        Some(Json::Object(map)) if map.len() == 1 && map.contains_key("$unknown") => "not known yet".to_owned(),
        Some(Json::Array(list)) => {
            format!("[{}]", list.iter().map(|item| shown(Some(item))).collect::<Vec<_>>().join(", "))
        }
        Some(Json::Object(map)) => {
            let entries = map.iter().map(|(name, value)| format!("{name}: {}", shown(Some(value))));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Some(plain) => plain.to_string(),
    }
}
