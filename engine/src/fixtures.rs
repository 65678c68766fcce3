//! Small made-up types and an account of plain data, for the tests of graph and plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::compare::{complete, name_prefix};
use crate::digest::Digester;
use crate::error::Error;
use crate::expr::{Expr, Outputs};
use crate::graph::Graph;
use crate::input::PREFIX_KEY;
use crate::kind::Observed;
use crate::observe::{Observations, Place, Sight};
use crate::options::Options;
use crate::plan::{Op, Plan, Recorded, Step, Verified, make, natural_key, recorded_options, verify};
use crate::program::{Declaration, Program, ProviderName};
use crate::record::{RecordedOptions, Row, RowKey, RowState, Stored};
use crate::rust::Rust;
use crate::settings::Settings;
use crate::shape::{
    After, ArgSchema, Change, ChangeRule, Ending, Guard, Hazard, Link, Moves, OutputSchema, Schema, Shape, Stage, Wait,
};
use crate::urn::{KindName, SourceLine, Urn};
use crate::value::Value;

mod ends;

pub(crate) use ends::{ARCHIVE, KEY};

const IN_PLACE: ChangeRule = ChangeRule::Always(Change::InPlace);
const REPLACE: ChangeRule = ChangeRule::Always(Change::Replace);

const fn arg(name: &'static str, shape: Shape, change: ChangeRule) -> ArgSchema {
    ArgSchema {
        name,
        cfn: "",
        doc: "",
        shape,
        rust: Rust::literal::<String>(),
        required: false,
        default: None,
        change,
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        hazards: None,
        same: None,
        instead_of: None,
    }
}

const fn output(name: &'static str, moves: Moves, echoes: Option<&'static str>) -> OutputSchema {
    OutputSchema {
        name,
        doc: "",
        shape: Shape::Text,
        rust: Rust::literal::<String>(),
        moves,
        stage: Stage::Accepted,
        echoes,
    }
}

const fn schema(kind: &'static str, args: &'static [ArgSchema], outputs: &'static [OutputSchema]) -> Schema {
    Schema {
        kind,
        rust: || "made_up::Thing",
        cfn: "",
        doc: "",
        version: 1,
        args,
        outputs,
        data_store: false,
        guard: Guard::TagOnly,
        natural_key: &[],
        exclusive: &[],
        delete_first: false,
        visibility: Duration::from_secs(10),
        create_wait: Wait::NONE,
        update_wait: Wait::NONE,
        delete_wait: Wait::NONE,
        after: &[],
        ending: Ending::PLAIN,
    }
}

const ID: OutputSchema = output("id", Moves::Stable, None);

pub(crate) static RULE: [ArgSchema; 2] = [
    ArgSchema { default: Some(|| Value::Int(30)), ..arg("days", Shape::Int, IN_PLACE) },
    arg("prefix", Shape::Optional(&Shape::Text), REPLACE),
];

pub(crate) static NETWORK: Schema = schema(
    "test:net/network",
    &[
        arg("cidr", Shape::Text, REPLACE),
        ArgSchema { default: Some(|| Value::Bool(false)), after_create: true, ..arg("dns", Shape::Bool, IN_PLACE) },
        ArgSchema { default: Some(Value::empty_map), tags: true, ..arg("tags", Shape::Map(&Shape::Text), IN_PLACE) },
        arg("note", Shape::Optional(&Shape::Text), IN_PLACE),
        ArgSchema {
            default: Some(|| Value::List(Vec::new())),
            ..arg("rules", Shape::List(&Shape::Block(&RULE)), IN_PLACE)
        },
    ],
    &[ID, output("resolver", Moves::With(&["dns"]), None), output("revision", Moves::Always, None)],
);

fn grows(before: &Value, after: &Value) -> Change {
    if after >= before { Change::InPlace } else { Change::Replace }
}

pub(crate) static SUBNET: Schema = schema(
    "test:net/subnet",
    &[
        arg("network", Shape::Text, REPLACE),
        ArgSchema { default: Some(|| Value::Int(1)), ..arg("size", Shape::Int, ChangeRule::Decide(grows)) },
        arg("peer", Shape::Optional(&Shape::Text), IN_PLACE),
    ],
    &[ID],
);

fn versioning(before: &Value, after: &Value) -> &'static [Hazard] {
    if *before == Value::Bool(true) && *after == Value::Bool(false) { &[Hazard::DataLoss] } else { &[] }
}

pub(crate) static BUCKET: Schema = Schema {
    data_store: true,
    guard: Guard::UniqueName,
    natural_key: &["name"],
    ..schema(
        "test:store/bucket",
        &[
            arg("name", Shape::Name, REPLACE),
            arg("policy", Shape::Optional(&Shape::Json), IN_PLACE),
            ArgSchema {
                default: Some(|| Value::Bool(false)),
                hazards: Some(versioning),
                ..arg("versioning", Shape::Bool, IN_PLACE)
            },
        ],
        &[ID, output("name", Moves::Stable, Some("name"))],
    )
};

pub(crate) static DATABASE: Schema = Schema {
    data_store: true,
    ..schema(
        "test:store/database",
        &[
            arg("engine", Shape::Text, ChangeRule::Always(Change::Never)),
            arg("version", Shape::Optional(&Shape::Version), IN_PLACE),
            ArgSchema { write_only: true, ..arg("password", Shape::Optional(&Shape::Secret(&Shape::Text)), IN_PLACE) },
            ArgSchema { default: Some(|| Value::Int(2)), drift_ignored: true, ..arg("capacity", Shape::Int, IN_PLACE) },
            arg("subnets", Shape::Optional(&Shape::Set(&Shape::Text)), IN_PLACE),
        ],
        &[ID, output("running_version", Moves::With(&["version"]), None)],
    )
};

pub(crate) static ROLE: Schema = Schema {
    guard: Guard::UniqueName,
    natural_key: &["name"],
    ..schema(
        "test:iam/role",
        &[arg("name", Shape::Name, REPLACE), arg("path", Shape::Optional(&Shape::Text), REPLACE)],
        &[ID, output("name", Moves::Stable, Some("name"))],
    )
};

pub(crate) static ATTACHMENT: Schema = Schema {
    guard: Guard::Upsert,
    natural_key: &["role", "policy"],
    ..schema("test:iam/attachment", &[arg("role", Shape::Text, REPLACE), arg("policy", Shape::Text, REPLACE)], &[ID])
};

/// Nothing of it can be read back.
pub(crate) static BLIND: Schema = schema(
    "test:net/blind",
    &[
        ArgSchema { write_only: true, default: Some(|| Value::Bool(true)), ..arg("bootstrap", Shape::Bool, REPLACE) },
        ArgSchema { write_only: true, default: Some(|| Value::Bool(false)), ..arg("force", Shape::Bool, IN_PLACE) },
    ],
    &[ID],
);

pub(crate) static GATEWAY: Schema = schema("test:net/gateway", &[arg("network", Shape::Text, REPLACE)], &[ID]);

pub(crate) static NAT: Schema = Schema {
    after: &[After {
        kind: "test:net/gateway",
        link: Link::Shared(&[("subnet.network", "network")]),
        where_theirs: None,
        where_mine: None,
    }],
    ..schema("test:net/nat", &[arg("subnet", Shape::Text, REPLACE)], &[ID])
};

pub(crate) static LOGS: Schema = Schema {
    natural_key: &["name"],
    guard: Guard::UniqueName,
    ..schema("test:log/group", &[arg("name", Shape::Text, REPLACE)], &[ID])
};

pub(crate) static CLUSTER: Schema = Schema {
    after: &[
        After {
            kind: "test:iam/attachment",
            link: Link::Shared(&[("role", "role")]),
            where_theirs: None,
            where_mine: None,
        },
        After {
            kind: "test:log/group",
            link: Link::Named { theirs: "name", format: "/cluster/{name}" },
            where_theirs: None,
            where_mine: Some(("logging", "true")),
        },
        After { kind: "test:net/gateway", link: Link::Any, where_theirs: None, where_mine: None },
    ],
    ..schema(
        "test:eks/cluster",
        &[
            arg("name", Shape::Text, REPLACE),
            arg("role", Shape::Text, REPLACE),
            ArgSchema { default: Some(|| Value::Bool(true)), ..arg("logging", Shape::Bool, IN_PLACE) },
        ],
        &[ID],
    )
};

pub(crate) fn all_schemas() -> [&'static Schema; 12] {
    [&NETWORK, &SUBNET, &BUCKET, &KEY, &ARCHIVE, &DATABASE, &ROLE, &ATTACHMENT, &GATEWAY, &NAT, &LOGS, &CLUSTER]
}

pub(crate) fn text(text: &str) -> Expr {
    Expr::text(text)
}

pub(crate) fn value(value: impl Into<Value>) -> Expr {
    Expr::Literal(value.into())
}

pub(crate) fn prefixed(prefix: &str) -> Expr {
    value([(PREFIX_KEY, prefix)])
}

pub(crate) fn secret(text: &str) -> Expr {
    Expr::Literal(Value::from(text).into_secret())
}

pub(crate) fn of(urn: &Urn, name: &str) -> Expr {
    Expr::Output { urn: urn.clone(), name: name.to_owned() }
}

pub(crate) fn urn(schema: &Schema, path: &str) -> Urn {
    Urn::new("test", &path.split('/').collect::<Vec<_>>(), &KindName::new(schema.kind)).unwrap()
}

fn line(text: &str) -> SourceLine {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).unwrap()
}

/// A program, the rows of its store, and the things in its account.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) program: Program,
    pub(crate) rows: BTreeMap<RowKey, Row>,
    pub(crate) things: BTreeMap<RowKey, Observed>,
    pub(crate) outputs: BTreeMap<String, Value>,
    pub(crate) settings: Settings,
    pub(crate) imports: BTreeMap<Urn, Sight>,
    pub(crate) foreign: BTreeMap<Urn, String>,
    pub(crate) region: String,
    /// Whether an id may be used by something else while its thing is deleted; off for worlds of which the orders contradict each other.
    pub(crate) strict: bool,
    made: u32,
    /// The resources whose own step of the present run is still to come: their outputs are not known.
    to_come: BTreeSet<Urn>,
}

pub(crate) fn digester() -> Digester {
    Digester::new("a key for tests")
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            program: Program::empty("project", "test"),
            rows: BTreeMap::new(),
            things: BTreeMap::new(),
            outputs: BTreeMap::new(),
            settings: Settings { on_drift: crate::settings::OnDrift::Revert, ..Settings::default() },
            imports: BTreeMap::new(),
            foreign: BTreeMap::new(),
            region: "eu-west-1".to_owned(),
            strict: true,
            made: 0,
            to_come: BTreeSet::new(),
        }
    }

    pub(crate) fn add<const N: usize>(&mut self, schema: &'static Schema, path: &str, args: [(&str, Expr); N]) -> Urn {
        self.add_with(schema, path, args, Options::default())
    }

    /// Declares, or declares anew at the same place of the program.
    pub(crate) fn add_with<const N: usize>(
        &mut self,
        schema: &'static Schema,
        path: &str,
        args: [(&str, Expr); N],
        options: Options,
    ) -> Urn {
        let urn = urn(schema, path);
        if !self.program.resources.contains_key(&urn) {
            self.program.order.push(urn.clone());
        }
        let source = line(&format!("stack.rs:{}", self.program.order.iter().position(|u| *u == urn).unwrap() + 1));
        let args = args.into_iter().map(|(name, expr)| (name.to_owned(), expr)).collect();
        self.program.resources.insert(urn.clone(), Declaration { urn: urn.clone(), schema, args, options, source });
        urn
    }

    pub(crate) fn remove(&mut self, urn: &Urn) {
        self.program.resources.remove(urn);
        self.program.order.retain(|other| other != urn);
    }

    pub(crate) fn graph(&self) -> Result<Graph, Vec<Error>> {
        Graph::new(&self.program)
    }

    pub(crate) fn recorded(&self) -> Recorded {
        let owner_tag = crate::record::owner_tag(&self.program.project, &self.program.stack, "1");
        Recorded::new(self.rows.values().cloned(), self.outputs.clone(), digester(), owner_tag)
    }

    pub(crate) fn seen(&self) -> Observations {
        let sight = |key: &RowKey| self.things.get(key).cloned().map_or(Sight::Gone, |o| Sight::Seen(Box::new(o)));
        let place = Place { account: "1".to_owned(), region: self.region.clone() };
        Observations {
            rows: self.rows.keys().map(|key| (key.clone(), sight(key))).collect(),
            imports: self.imports.clone(),
            foreign: self.foreign.clone(),
            places: [(ProviderName::default(), place)].into(),
            schemas: all_schemas().into_iter().map(|schema| (KindName::new(schema.kind), schema)).collect(),
            ..Observations::default()
        }
    }

    pub(crate) fn try_plan(&self) -> Result<Plan, Vec<Error>> {
        make(&self.graph()?, &self.recorded(), &self.seen(), &self.settings)
    }

    pub(crate) fn plan(&self) -> Plan {
        self.try_plan().unwrap_or_else(|errors| panic!("{errors:#?}"))
    }

    pub(crate) fn errors(&self) -> String {
        self.try_plan().unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    /// The steps that do something, one line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let plan = self.plan();
        let steps = plan.steps.iter().filter(|step| step.op != Op::Same);
        steps.map(|step| plan.line(step).trim_start().to_owned()).collect()
    }

    /// Plans, does it, and checks that the next plan is empty.
    pub(crate) fn up(&mut self) -> Plan {
        let plan = self.plan();
        self.perform(&plan);
        let again = self.plan();
        assert!(again.is_noop(), "after\n{plan}\nthe next plan is\n{again}");
        plan
    }

    pub(crate) fn row(&mut self, urn: &Urn) -> &mut Row {
        self.rows.values_mut().filter(|row| row.urn == *urn).last().unwrap()
    }

    pub(crate) fn thing(&mut self, urn: &Urn) -> &mut Observed {
        let key = self.row(urn).key();
        self.things.get_mut(&key).unwrap()
    }

    /// Changes an argument in the account, behind the back of the program.
    pub(crate) fn drift(&mut self, urn: &Urn, arg: &str, to: impl Into<Value>) {
        let Value::Map(args) = &mut self.thing(urn).args else { unreachable!() };
        args.insert(arg.to_owned(), to.into());
    }

    /// Does the steps of a plan in their order, as an account would that refuses to delete what is in use and to make a name twice.
    pub(crate) fn perform(&mut self, plan: &Plan) {
        let own = |step: &&Step| !matches!(step.op, Op::Same | Op::Delete | Op::Forget);
        self.to_come = plan.steps.iter().filter(own).map(|step| step.urn.clone()).collect();
        for step in &plan.steps {
            assert!(step.after.iter().all(|first| *first < step.id), "{}", plan.line(step));
            self.perform_step(plan, step);
            if own(&step) {
                self.to_come.remove(&step.urn);
            }
        }
        let known = Now(self);
        let exports = self.program.exports.iter();
        self.outputs = exports
            .map(|(name, export)| (name.clone(), digester().seal(&export.expr.evaluate(&known).unwrap())))
            .collect();
    }

    fn perform_step(&mut self, plan: &Plan, step: &Step) {
        let former = (step.uid.clone(), step.generation.saturating_sub(1));
        match step.op {
            Op::Same | Op::Read => {}
            Op::Forget => {
                self.rows.remove(step.row.as_ref().unwrap());
            }
            Op::Delete => {
                let next = plan.steps.iter().find(|other| {
                    other.op == Op::Create && other.uid == step.uid && other.generation == step.generation + 1
                });
                if let Some(next) = next.filter(|next| next.maybe) {
                    let verified = self.verified(next, step.row.as_ref());
                    if verified.op != Op::Create {
                        return;
                    }
                }
                self.delete(step);
            }
            Op::Create if step.replaces && step.maybe && !self.rows.contains_key(&former) => {
                let verified = Verified { op: Op::Create, ..self.verified_now(step) };
                self.create(step, verified);
            }
            Op::Create if step.replaces => {
                let verified = self.verified(step, Some(&former));
                match verified.op {
                    Op::Create => self.create(step, verified),
                    _ => self.update(step, &former, verified),
                }
            }
            Op::Create => {
                let verified = self.verified(step, None);
                self.create(step, verified);
            }
            Op::Adopt => {
                let Some(Sight::Seen(seen)) = self.imports.get(&step.urn).cloned() else { unreachable!() };
                let verified = self.verified(step, None);
                self.create(step, verified.clone());
                let key = (step.uid.clone(), step.generation);
                let row = self.rows.get_mut(&key).unwrap();
                row.id = step.resource_id.clone().unwrap();
                row.outputs = Stored::from_value(&seen.outputs, &digester());
                let mut thing = *seen;
                thing.args = observed(self.program.resources[&step.urn].schema, &verified.args);
                self.things.insert(key, thing);
            }
            Op::Update | Op::Resume | Op::Move => {
                let key = step.row.clone().unwrap();
                let verified = self.verified(step, Some(&key));
                self.update(step, &key, verified);
            }
        }
    }

    fn verified(&self, step: &Step, key: Option<&RowKey>) -> Verified {
        let row = key.and_then(|key| self.rows.get(key));
        let declaration = &self.program.resources[&step.urn];
        verify(step, declaration, row, &Now(self), &digester()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The arguments of a new generation of which the former one is gone already.
    fn verified_now(&self, step: &Step) -> Verified {
        let sure = Step { maybe: false, ..step.clone() };
        self.verified(&sure, None)
    }

    fn create(&mut self, step: &Step, verified: Verified) {
        let declaration = self.program.resources[&step.urn].clone();
        let schema = declaration.schema;
        self.made += 1;
        let mut args = verified.args;
        name_all(&mut args, self.made);
        assert!(args.is_known(), "{} is made of {args:?}", step.urn);
        let key = natural_key(schema, &args);
        let twice = self.rows.iter().any(|(row, other)| {
            let there = self.things.contains_key(row);
            there
                && !key.is_empty()
                && other.kind == step.kind
                && other.region == step.region
                && other.natural_key == key
        });
        assert!(!twice, "{} is made while its key {key} is taken", step.urn);
        let id = format!("{}-{}", schema.kind.rsplit('/').next().unwrap(), self.made);
        let outputs = outputs(schema, &id, &args, self.made);
        let options = recorded_options(&declaration, None, &Now(self), &digester()).unwrap();
        let row = Row {
            region: step.region.clone(),
            id,
            natural_key: key,
            applied: Stored::from_value(&args, &digester()),
            observed: Some(Stored::from_value(&args, &digester())),
            outputs: Stored::from_value(&outputs, &digester()),
            expressions: declaration.args.iter().map(|(name, expr)| (name.clone(), expr.to_string())).collect(),
            formulas: crate::history::formulas(&declaration, &digester()),
            options,
            source: Some(declaration.source.clone()),
            ..row_of(step)
        };
        let thing = Observed {
            args: observed(schema, &args),
            outputs,
            version: None,
            unreadable: BTreeMap::new(),
            pending: BTreeMap::new(),
            owner: None,
        };
        self.things.insert(row.key(), thing);
        self.rows.insert(row.key(), row);
    }

    fn update(&mut self, step: &Step, key: &RowKey, verified: Verified) {
        let declaration = self.program.resources[&step.urn].clone();
        let schema = declaration.schema;
        let args = verified.args;
        assert!(args.is_known(), "{} is changed to {args:?}", step.urn);
        self.made += 1;
        let before = self.rows[key].options.clone();
        let options = recorded_options(&declaration, Some(&before), &Now(self), &digester()).unwrap();
        let made = self.made;
        let thing = self.things.get_mut(key).unwrap();
        if let (Value::Map(thing), Value::Map(seen)) = (&mut thing.args, observed(schema, &args)) {
            thing.extend(seen.into_iter().filter(|(name, _)| verified.changed_args.contains(name)));
        }
        if !verified.changed_args.is_empty() {
            let fresh = outputs(schema, "", &args, made);
            if let Value::Map(current) = &mut thing.outputs {
                for output in schema.outputs {
                    let moves = match output.moves {
                        Moves::Stable => false,
                        Moves::With(args) => args.iter().any(|arg| verified.changed_args.contains(*arg)),
                        Moves::Always => true,
                    };
                    if moves {
                        current.insert(output.name.to_owned(), fresh.get(output.name).clone());
                    }
                }
            }
        }
        let outputs = thing.outputs.clone();
        let row = self.rows.get_mut(key).unwrap();
        row.urn = step.urn.clone();
        row.state = RowState::Ready;
        row.left.clear();
        row.applied = Stored::from_value(&args, &digester());
        row.outputs = Stored::from_value(&outputs, &digester());
        row.expressions = declaration.args.iter().map(|(name, expr)| (name.clone(), expr.to_string())).collect();
        row.edges = step.edges.clone();
        row.provider = step.provider.clone();
        row.options = options;
        row.accepted = step.still_accepted(row);
    }

    fn delete(&mut self, step: &Step) {
        let key = step.row.as_ref().unwrap();
        let id = self.rows[key].id.clone();
        if self.strict {
            for (other, thing) in &self.things {
                assert!(
                    other == key || !mentions(&thing.args, &id),
                    "{id} is deleted while {} uses it",
                    self.rows[other].id
                );
            }
            self.refuse_while_named(key);
        }
        self.rows.remove(key);
        self.things.remove(key);
    }
}

/// What a World refuses beside ids.
impl World {
    /// A thing that is known by its name is not deleted while something recorded refers to that name by an argument that stays as it is.
    fn refuse_while_named(&self, key: &RowKey) {
        let name = &self.rows[key].natural_key;
        for (other, row) in self.rows.iter().filter(|(other, _)| *other != key && !name.is_empty()) {
            let schema = all_schemas().into_iter().find(|schema| schema.kind == row.kind.as_str()).unwrap();
            for edge in row.edges.iter().filter(|edge| edge.to == key.0) {
                let Some(arg) = schema.arg(&edge.field) else { continue };
                let refers = self.things.get(other).is_some_and(|thing| mentions(thing.args.get(arg.name), name));
                let fixed = matches!(arg.change, ChangeRule::Always(Change::Replace));
                assert!(!(fixed && refers), "{name} is deleted while `{}` of {} says so", edge.field, row.id);
            }
        }
    }
}

/// A row of the resource that a step makes, without arguments and outputs.
pub(crate) fn row_of(step: &Step) -> Row {
    let nothing = Stored::from_value(&Value::empty_map(), &digester());
    Row {
        uid: step.uid.clone(),
        generation: step.generation,
        urn: step.urn.clone(),
        kind: step.kind.clone(),
        kind_version: 1,
        state: RowState::Ready,
        provider: step.provider.clone(),
        account: step.account.clone(),
        region: step.region.clone(),
        id: format!("{}-{}", step.urn.name(), step.generation),
        natural_key: String::new(),
        applied: nothing.clone(),
        observed: None,
        outputs: nothing,
        expressions: BTreeMap::new(),
        formulas: BTreeMap::new(),
        left: BTreeSet::new(),
        waiting: None,
        edges: step.edges.clone(),
        options: RecordedOptions::default(),
        token: None,
        deployment: 1,
        source: step.source.clone(),
        reason: None,
        accepted: BTreeMap::new(),
    }
}

fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::Text(text) => text == id,
        Value::List(list) => list.iter().any(|value| mentions(value, id)),
        Value::Map(map) => map.values().any(|value| mentions(value, id)),
        _ => false,
    }
}

fn name_all(value: &mut Value, number: u32) {
    if let Some(prefix) = name_prefix(value) {
        *value = Value::from(format!("{prefix}-{number:08}"));
    } else if let Value::Map(map) = value {
        map.values_mut().for_each(|value| name_all(value, number));
    }
}

/// What reading answers: no secrets marked, nothing that is only written.
fn observed(schema: &Schema, args: &Value) -> Value {
    fn plain(value: &Value) -> Value {
        match value.reveal() {
            Value::List(list) => Value::List(list.iter().map(plain).collect()),
            Value::Map(map) => Value::Map(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
            other => other.clone(),
        }
    }
    let Value::Map(mut map) = plain(args) else { unreachable!() };
    for arg in schema.args.iter().filter(|arg| arg.write_only) {
        map.insert(arg.name.to_owned(), Value::Null);
    }
    complete(schema.args, &Value::Map(map))
}

fn outputs(schema: &Schema, id: &str, args: &Value, made: u32) -> Value {
    let entry = |output: &OutputSchema| {
        let value = match (output.name, output.echoes, output.moves) {
            ("id", ..) => Value::from(id),
            (_, Some(arg), _) => args.get(arg).clone(),
            (name, None, Moves::With(moving)) => {
                let of: Vec<String> = moving.iter().map(|arg| format!("{:?}", args.get(arg))).collect();
                Value::from(format!("{name} of {}", of.join(" ")))
            }
            (name, None, _) => Value::from(format!("{name} {made}")),
        };
        (output.name.to_owned(), value)
    };
    Value::Map(schema.outputs.iter().map(entry).collect())
}

/// The outputs of what is there now.
struct Now<'a>(&'a World);

impl Outputs for Now<'_> {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let row = self.0.rows.values().rfind(|row| row.urn == *urn && !self.0.to_come.contains(urn));
        let thing = row.and_then(|row| self.0.things.get(&row.key()));
        match thing.and_then(|thing| thing.outputs.as_map()).and_then(|outputs| outputs.get(name)) {
            Some(value) => Ok(value.clone()),
            None => Ok(Value::Unknown(crate::value::Unknown { expression: String::new(), secret: false })),
        }
    }
}
