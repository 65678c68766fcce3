//! Tests of reading an account.

use std::sync::Mutex;

use super::*;
use crate::expr::Expr;
use crate::fixtures::*;
use crate::kind::Identity;
use crate::options::options;
use crate::program::ReadDeclaration;
use crate::record::{Binding, Entry, FORMAT};
use crate::shape::ReadSchema;
use crate::testing::{Fault, ScriptedClock, ScriptedCloud};
use crate::urn::KindName;

static ZONES: ReadSchema = ReadSchema { kind: "test:net/zones", doc: "", pinned: false };
static IMAGE: ReadSchema = ReadSchema { kind: "test:net/image", doc: "", pinned: true };

const ACCOUNT: &str = "123456789012";

/// A world with a scripted account, and the entries of its store.
struct Place {
    world: World,
    cloud: ScriptedCloud,
    entries: Vec<Entry>,
}

#[derive(Default)]
struct Told(Mutex<Vec<Event>>);

impl Consumer for Told {
    fn consume(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

fn bound() -> Entry {
    Entry::Bound(Binding {
        format: FORMAT,
        lineage: "l".into(),
        project: "project".into(),
        stack: "test".into(),
        identity: Identity {
            account: ACCOUNT.into(),
            partition: "aws".into(),
            caller: "me".into(),
            region: "eu-west-1".into(),
            endpoint: None,
        },
        digest_key: "a key for tests".into(),
    })
}

impl Place {
    fn new() -> Self {
        let cloud = ScriptedCloud::with_reads(&all_schemas(), &[&ZONES, &IMAGE]);
        Self { world: World::new(), cloud, entries: vec![bound()] }
    }

    /// Makes everything declared, in the account and in the store.
    fn make(&mut self) {
        self.world.up();
        for row in self.world.rows.values_mut() {
            row.account = ACCOUNT.to_owned();
            let args = row.applied.to_value();
            row.id = self.cloud.put_foreign(row.kind.as_str(), args, None);
        }
        self.entries.truncate(1);
        self.entries.extend(self.world.rows.values().cloned().map(Entry::Row));
    }

    fn read(&mut self, schema: &'static ReadSchema, path: &str, args: &[(&str, Expr)]) -> Urn {
        let urn = Urn::new("test", &[path], &KindName::new(schema.kind)).unwrap();
        let read = ReadDeclaration {
            urn: urn.clone(),
            schema,
            args: args.iter().map(|(name, expr)| ((*name).to_owned(), expr.clone())).collect(),
            provider: ProviderName::default(),
            source: crate::SourceLine::here(),
            stack: None,
        };
        self.world.program.reads.insert(urn.clone(), read);
        urn
    }

    fn look(&self) -> Result<Observations, Vec<Error>> {
        let snapshot = Snapshot::of(&self.entries);
        let graph = self.world.graph().unwrap();
        let stacks = BTreeMap::new();
        let looking = Looking {
            stacks: &stacks,
            claims: &BTreeMap::new(),
            cloud: &self.cloud,
            graph: &graph,
            snapshot: &snapshot,
            settings: &self.world.settings,
            events: &Told::default(),
            clock: &ScriptedClock::new(),
        };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(observe(looking))
    }

    fn calls(&self) -> u64 {
        self.cloud.calls().values().sum()
    }
}

fn networks(place: &mut Place, count: usize) -> Vec<Urn> {
    let add = |n| place.world.add(&NETWORK, &format!("n{n}"), [("cidr", text("a"))]);
    (0..count).map(add).collect()
}

#[test]
fn rows_are_read_in_one_call_per_kind_and_a_dead_one_does_not_fail_the_rest() {
    let mut place = Place::new();
    let urns = networks(&mut place, 20);
    place.world.add(&GATEWAY, "g", [("network", text("a"))]);
    place.make();
    let dead = place.world.row(&urns[3]).clone();
    place.cloud.remove(&dead.id);
    let seen = place.look().unwrap();
    assert_eq!(place.calls(), 2);
    assert_eq!(seen.rows.len(), 21);
    assert_eq!(seen.rows[&dead.key()], Sight::Gone);
    assert_eq!(seen.rows.values().filter(|sight| sight.seen().is_some()).count(), 20);
    assert_eq!(seen.schemas.len(), 2);
    assert_eq!(seen.places[&ProviderName::default()].account, ACCOUNT);
}

#[test]
fn what_cannot_be_read_is_unreadable_and_expired_credentials_end_the_run() {
    let mut place = Place::new();
    let urns = networks(&mut place, 1);
    place.make();
    place.cloud.fail(Fault::new(NETWORK.kind, "read", CallClass::Denied));
    let key = place.world.row(&urns[0]).key();
    assert!(matches!(place.look().unwrap().rows[&key], Sight::Unreadable(_)));
    place.cloud.fail(Fault::new(NETWORK.kind, "read", CallClass::Credentials));
    assert_eq!(place.look().unwrap_err()[0].turn, Turn::Credentials);
}

#[test]
fn the_cloud_is_told_when_a_look_begins_and_ends_however_it_ends() {
    let mut place = Place::new();
    networks(&mut place, 1);
    place.make();
    place.cloud.warn("it was read one by one");
    assert_eq!(place.look().unwrap().warnings, ["it was read one by one"]);
    assert_eq!(place.cloud.looks(), 0);
    place.cloud.fail(Fault::new(NETWORK.kind, "read", CallClass::Credentials));
    place.look().unwrap_err();
    assert_eq!(place.cloud.looks(), 0);
}

#[test]
fn a_data_store_that_reads_as_gone_is_asked_for_twice() {
    let mut place = Place::new();
    let urn = place.world.add(&DATABASE, "db", [("engine", text("pg"))]);
    place.make();
    let row = place.world.row(&urn).clone();
    place.cloud.remove(&row.id);
    assert_eq!(place.look().unwrap().rows[&row.key()], Sight::Gone);
    assert_eq!(place.calls(), 2);
    place.cloud.fail(Fault::new(DATABASE.kind, "status", CallClass::Denied));
    assert!(matches!(place.look().unwrap().rows[&row.key()], Sight::Unreadable(_)));
}

#[test]
fn what_is_not_to_be_refreshed_is_not_read() {
    let mut place = Place::new();
    place.world.add_with(&NETWORK, "quiet", [("cidr", text("a"))], options().no_refresh());
    place.world.add(&NETWORK, "read", [("cidr", text("a"))]);
    place.make();
    assert_eq!(place.look().unwrap().rows.len(), 1);
    place.world.settings.refresh = false;
    assert!(place.look().unwrap().rows.is_empty());
}

#[test]
fn a_row_of_another_account_is_not_taken_for_gone() {
    let mut place = Place::new();
    let urns = networks(&mut place, 1);
    place.make();
    let row = place.world.row(&urns[0]);
    row.account = "999999999999".into();
    let row = row.clone();
    place.entries[1] = Entry::Row(row.clone());
    let seen = place.look().unwrap();
    assert!(matches!(&seen.rows[&row.key()], Sight::Unreadable(reason) if reason.contains("999999999999")));
    assert_eq!(place.calls(), 0);
}

#[test]
fn a_row_in_a_region_that_the_program_left_is_read_there() {
    let mut place = Place::new();
    let urns = networks(&mut place, 1);
    place.make();
    let row = place.world.row(&urns[0]);
    (row.region, row.provider) = ("us-east-1".into(), "us-east-1".into());
    let row = row.clone();
    place.entries[1] = Entry::Row(row.clone());
    place.world.remove(&urns[0]);
    // The thing is in the default region: in the row's region there is nothing.
    assert_eq!(place.look().unwrap().rows[&row.key()], Sight::Gone);
}

#[test]
fn reads_follow_each_other_as_far_as_their_arguments_are_known() {
    let mut place = Place::new();
    place.cloud.answer(ZONES.kind, Value::from([("first", "a")]));
    place.cloud.answer(IMAGE.kind, Value::from([("id", "image-1")]));
    let zones = place.read(&ZONES, "zones", &[]);
    let image = place.read(&IMAGE, "image", &[("zone", of(&zones, "first"))]);
    let network = place.world.add(&NETWORK, "main", [("cidr", of(&image, "id"))]);
    let late = place.read(&ZONES, "late", &[("network", of(&network, "id"))]);
    let seen = place.look().unwrap();
    assert_eq!(seen.reads[&image].args, Value::from([("zone", "a")]));
    assert!(seen.reads[&image].to_pin && !seen.reads[&zones].to_pin);
    assert!(!seen.reads.contains_key(&late), "its argument is not known before the network is made");
    let graph = place.world.graph().unwrap();
    let recorded = crate::plan::Recorded::of(&Snapshot::of(&place.entries));
    let plan = crate::plan::make(&graph, &recorded, &seen, &place.world.settings).unwrap();
    let lines: Vec<String> = plan.steps.iter().map(|step| plan.line(step)).collect();
    assert_eq!(lines, ["  0 create main (new)", "  1 read late [maybe] (new) after 0"]);
    assert_eq!(plan.steps[0].planned.get("cidr"), &Value::from("image-1"));
}

#[test]
fn a_pinned_answer_wins_until_it_is_repinned_and_a_newer_one_is_mentioned() {
    let mut place = Place::new();
    let image = place.read(&IMAGE, "image", &[]);
    let stored = |value: &Value| Stored::from_value(value, &digester());
    place.entries.push(Entry::Pinned {
        urn: image.clone(),
        args: stored(&Value::empty_map()),
        outputs: stored(&Value::from([("id", "image-1")])),
    });
    place.cloud.answer(IMAGE.kind, Value::from([("id", "image-2")]));
    let seen = place.look().unwrap();
    assert_eq!(seen.reads[&image].outputs, Value::from([("id", "image-1")]));
    assert_eq!(seen.warnings.len(), 1);
    assert!(seen.warnings[0].contains("image-2") && seen.warnings[0].contains("--repin"), "{}", seen.warnings[0]);
    place.world.settings.repin = vec!["image".into()];
    let seen = place.look().unwrap();
    assert_eq!((seen.reads[&image].outputs.get("id"), seen.reads[&image].to_pin), (&"image-2".into(), true));
    place.world.settings.repin.clear();
    place.world.settings.refresh = false;
    let calls = place.calls();
    assert_eq!(place.look().unwrap().reads[&image].outputs.get("id"), &"image-1".into());
    assert_eq!(place.calls(), calls, "a pinned answer needs no call");
}

#[test]
fn what_an_upsert_would_overwrite_is_found() {
    let mut place = Place::new();
    let args = || [("role", text("r")), ("policy", text("p"))];
    let urn = place.world.add(&ATTACHMENT, "a", args());
    assert!(place.look().unwrap().foreign.is_empty());
    let id = place.cloud.put_foreign(ATTACHMENT.kind, Value::from([("role", "r"), ("policy", "p")]), None);
    assert_eq!(place.look().unwrap().foreign, [(urn.clone(), id.clone())].into());
    // Said to be taken over, it is nothing that would be overwritten.
    place.world.settings.imports.insert(urn.to_string(), id);
    assert!(place.look().unwrap().foreign.is_empty());
    place.world.settings.imports.clear();
    // With a row it is ours; under another name too.
    place.make();
    assert!(place.look().unwrap().foreign.is_empty());
    place.world.remove(&urn);
    place.world.add(&ATTACHMENT, "b", args());
    assert!(place.look().unwrap().foreign.is_empty());
}

#[test]
fn things_to_adopt_are_read() {
    let mut place = Place::new();
    let id = place.cloud.put_foreign(NETWORK.kind, Value::from([("cidr", "a")]), None);
    let there = place.world.add_with(&NETWORK, "there", [("cidr", text("a"))], options().import(id.clone()));
    let gone = place.world.add_with(&NETWORK, "gone", [("cidr", text("a"))], options().import("network-0"));
    let seen = place.look().unwrap();
    assert!(seen.imports[&there].seen().is_some());
    assert_eq!(seen.imports[&gone], Sight::Gone);
    // One call for both; only where one is not there is every other type asked whether it has that id.
    assert_eq!(place.calls(), all_schemas().len() as u64);
    place.world.remove(&gone);
    place.look().unwrap();
    assert_eq!(place.calls(), all_schemas().len() as u64 + 1);
    // A run that is told what to adopt looks at that alone.
    let said = place.world.add(&NETWORK, "said", [("cidr", text("a"))]);
    place.world.settings.imports.insert(said.to_string(), id);
    let seen = place.look().unwrap();
    assert_eq!(seen.imports.keys().collect::<Vec<_>>(), [&said]);
    assert!(seen.imports[&said].seen().is_some());
}
