//! Testing a stack without a cloud: the plan of an empty account, to assert on.
//!
//! ```
//! use formwork::prelude::*;
//! use formwork::testing;
//!
//! fn network(stack: &mut Stack, cidr_block: &String) -> Result<()> {
//!     let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(cidr_block).build());
//!     stack.export("vpc_id", &vpc.id);
//!     Ok(())
//! }
//!
//! let plan = testing::plan(network, &"10.0.0.0/16".to_owned());
//! assert_eq!(plan.resource::<ec2::Vpc>("main").arg("cidr_block").as_text(), Some("10.0.0.0/16"));
//! assert_eq!(plan.creates(), ["main"]);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::path::Path;

use formwork_engine::digest::Digester;
use formwork_engine::exchange;
use formwork_engine::expr::Outputs;
use formwork_engine::graph::Graph;
use formwork_engine::observe::{Observations, Place, ReadAnswer};
use formwork_engine::plan::{self, Op, Plan, Recorded, Step};
use formwork_engine::preflight;
use formwork_engine::record::{EXCHANGE_FORMAT, Published, PublishedOutput, Standing, Stored};
use formwork_engine::settings::Settings;
use formwork_engine::state::Snapshot;
use formwork_engine::value::Unknown;
use formwork_engine::{Error, Expr, Program, ProviderName, Resource, Stack, Urn, Value};
use serde::de::DeserializeOwned;

use crate::config::{ConfigFile, Generator, Secrets};
use crate::render::{self, Look};

/// The account of a test.
pub const ACCOUNT: &str = "123456789012";
/// The region of a test, unless [`Planner::region`] names another.
pub const REGION: &str = "eu-west-1";

/// The plan of a stack in an empty account.
///
/// # Panics
/// When the program has mistakes; the message is what a user would read.
#[track_caller]
pub fn plan<C>(declare: impl Fn(&mut Stack, &C) -> crate::Result<()>, config: &C) -> TypedPlan {
    expect(Planner::new().plan(declare, config))
}

/// The configuration of a stack from a file, with made-up secrets: what `--local` would use.
///
/// # Panics
/// When the file has mistakes; the message is what a user would read.
#[track_caller]
pub fn config<C: DeserializeOwned>(file: impl AsRef<Path>) -> C {
    let file = expect(ConfigFile::read(file.as_ref()).map_err(|error| vec![error]));
    expect(read_config(&file))
}

/// The configuration of a stack from a text, with made-up secrets.
///
/// # Panics
/// When the text has mistakes; the message is what a user would read.
#[track_caller]
pub fn config_text<C: DeserializeOwned>(text: &str) -> C {
    expect(read_config(&ConfigFile::from_text("test.toml", text)))
}

fn read_config<C: DeserializeOwned>(file: &ConfigFile) -> Result<C, Vec<Error>> {
    let nothing = |_: &str| None;
    let folder = file.path().parent().unwrap_or(Path::new("."));
    let secrets = Secrets::new("test", folder, &nothing).generating(Generator::from_seed("test"));
    file.base()?;
    file.stack(&secrets)
}

#[track_caller]
fn expect<T>(result: Result<T, Vec<Error>>) -> T {
    match result {
        Ok(value) => value,
        Err(errors) => panic!("{}", render::errors(&errors, Look::default())),
    }
}

/// What a test says about the account that a stack is planned for.
#[derive(Debug, Clone)]
pub struct Planner {
    region: String,
    answers: BTreeMap<String, Value>,
    stacks: BTreeMap<String, Value>,
    altered: Vec<Altered>,
}

/// A change to what the program declares: kind, path, argument, what it becomes.
#[derive(Debug, Clone)]
struct Altered {
    kind: &'static str,
    path: String,
    arg: &'static str,
    value: Expr,
}

impl Default for Planner {
    fn default() -> Self {
        Self::new()
    }
}

impl Planner {
    /// An empty account in [`REGION`], with three availability zones, and one machine image and one prefix list for all lookups of them.
    pub fn new() -> Self {
        Self { region: REGION.to_owned(), answers: BTreeMap::new(), stacks: BTreeMap::new(), altered: Vec::new() }
    }

    /// Another region.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// What a lookup answers: the kind of the read, such as `aws:ec2/availability-zones`, and its outputs by name.
    #[must_use]
    pub fn answer(mut self, read: impl Into<String>, outputs: impl Into<Value>) -> Self {
        self.answers.insert(read.into(), outputs.into());
        self
    }

    /// What another stack has published: its outputs by name. One that is secret may not be read, as in a run.
    ///
    /// ```
    /// # use formwork::prelude::*;
    /// # use formwork::testing;
    /// #[derive(StackOutputs)]
    /// struct Network {
    ///     vpc_id: Output<ec2::VpcId>,
    /// }
    ///
    /// fn app(stack: &mut Stack, cidr_block: &String) -> Result<()> {
    ///     let network = stack.read_stack::<Network>("network");
    ///     stack.add("app", ec2::Subnet::builder().vpc(&network.vpc_id).cidr_block(cidr_block).build());
    ///     Ok(())
    /// }
    ///
    /// let planner = testing::Planner::new().stack("network", [("vpc_id", "vpc-1")]);
    /// let plan = planner.plan(app, &"10.0.0.0/24".to_owned())?;
    /// assert_eq!(plan.resource::<ec2::Subnet>("app").arg("vpc").as_text(), Some("vpc-1"));
    /// # Ok::<(), Vec<Error>>(())
    /// ```
    #[must_use]
    pub fn stack(mut self, name: impl Into<String>, outputs: impl Into<Value>) -> Self {
        self.stacks.insert(name.into(), outputs.into());
        self
    }

    /// Plans as if the program declared another value for an argument: a check that a stack keeps a promise should fail then.
    /// [`Expr::null`] takes the argument away.
    ///
    /// ```
    /// # use formwork::prelude::*;
    /// # use formwork::testing;
    /// # fn network(stack: &mut Stack, cidr_block: &String) -> Result<()> {
    /// #     stack.add("main", ec2::Vpc::builder().cidr_block(cidr_block).build());
    /// #     Ok(())
    /// # }
    /// let planner = testing::Planner::new().altering::<ec2::Vpc>("main", "enable_dns_support", false);
    /// let plan = planner.plan(network, &"10.0.0.0/16".to_owned())?;
    /// assert!(!plan.resource::<ec2::Vpc>("main").args().enable_dns_support);
    /// # Ok::<(), Vec<Error>>(())
    /// ```
    #[must_use]
    pub fn altering<R: Resource>(mut self, path: &str, arg: &'static str, value: impl Into<Expr>) -> Self {
        self.altered.push(Altered { kind: R::schema().kind, path: path.to_owned(), arg, value: value.into() });
        self
    }

    /// The plan of a stack.
    ///
    /// # Errors
    /// The mistakes of the program; something that is to be altered and is not declared; outputs of another stack that are not what the
    /// program takes them for.
    pub fn plan<C>(
        &self,
        declare: impl Fn(&mut Stack, &C) -> crate::Result<()>,
        config: &C,
    ) -> Result<TypedPlan, Vec<Error>> {
        let mut stack = Stack::new("test", "test", BTreeMap::new());
        let declared = declare(&mut stack, config);
        let mut program = match (declared, stack.finish()) {
            (Ok(()), program) => program?,
            (Err(error), Ok(_)) => return Err(vec![error]),
            (Err(error), Err(mut errors)) => {
                errors.insert(0, error);
                return Err(errors);
            }
        };
        for altered in &self.altered {
            altered.alter(&mut program).map_err(|error| vec![error])?;
        }
        let graph = Graph::new(&program)?;
        let recorded = Recorded::of(&Snapshot::default());
        let mut plan = plan::make(&graph, &recorded, &self.observations(&program)?, &Settings::default())?;
        plan.problems = formwork_aws::preflight::check(&preflight::intended(&graph, &plan, &recorded));
        Ok(TypedPlan { plan, program })
    }

    fn observations(&self, program: &Program) -> Result<Observations, Vec<Error>> {
        let place = |region: Option<&String>| Place {
            account: ACCOUNT.to_owned(),
            region: region.unwrap_or(&self.region).clone(),
        };
        let mut seen = Observations::default();
        seen.places.insert(ProviderName::default(), place(None));
        for (name, spec) in &program.providers {
            seen.places.insert(name.clone(), place(spec.region.as_ref()));
        }
        for (urn, read) in &program.reads {
            if let Some(other) = &read.stack {
                let published = self.published(&other.stack).map_err(|error| vec![error])?;
                seen.reads.insert(urn.clone(), exchange::answer(read, &published)?);
                continue;
            }
            let region = &seen.places.get(&read.provider).map_or(self.region.clone(), |place| place.region.clone());
            let args =
                read.args.iter().map(|(name, expr)| (name.clone(), expr.evaluate(&Nothing).unwrap_or(Value::Null)));
            let args = Value::Map(args.collect());
            let outputs = self.answers.get(read.schema.kind).cloned();
            let Some(outputs) = outputs.or_else(|| usual(read.schema.kind, region, &args)) else { continue };
            let answer = ReadAnswer { args, outputs, to_pin: false };
            seen.reads.insert(urn.clone(), answer);
        }
        Ok(seen)
    }

    fn published(&self, stack: &str) -> crate::Result<Published> {
        let Some(values) = self.stacks.get(stack).and_then(Value::as_map) else {
            let reason = format!("the program reads the stack {stack}, and the test says nothing of it");
            return Err(
                crate::mistake(reason).hint(format!("say it with Planner::new().stack(\"{stack}\", [(name, value)])"))
            );
        };
        let output = |value: &Value| {
            let standing = if value.has_secret() { Standing::Secret } else { Standing::Known };
            let value = (!value.has_secret()).then(|| Stored::from_value(value, &Digester::new("test")));
            PublishedOutput { standing, value, sources: Vec::new() }
        };
        Ok(Published {
            format: EXCHANGE_FORMAT,
            project: "test".to_owned(),
            stack: stack.to_owned(),
            lineage: String::new(),
            account: ACCOUNT.to_owned(),
            region: self.region.clone(),
            endpoint: None,
            deployment: 1,
            outputs: values.iter().map(|(name, value)| (name.clone(), output(value))).collect(),
        })
    }
}

impl Altered {
    fn alter(&self, program: &mut Program) -> crate::Result<()> {
        let Self { kind, path, arg, value } = self;
        let mut declared = program.resources.values_mut();
        let Some(declaration) = declared.find(|it| it.schema.kind == *kind && it.urn.path() == path) else {
            return Err(crate::mistake(format!("there is no {kind} at `{path}` to alter")));
        };
        if declaration.schema.arg(arg).is_none() {
            return Err(crate::mistake(format!("{kind} has no argument `{arg}`")));
        }
        match value {
            Expr::Literal(Value::Null) => declaration.args.remove(*arg),
            value => declaration.args.insert((*arg).to_owned(), value.clone()),
        };
        Ok(())
    }
}

/// What a lookup usually answers.
fn usual(read: &str, region: &str, args: &Value) -> Option<Value> {
    match read {
        "aws:ec2/availability-zones" => {
            let zones = ["a", "b", "c"].map(|letter| Value::from(format!("{region}{letter}")));
            Some(Value::from([("names", Value::List(zones.to_vec()))]))
        }
        "aws:ec2/ami" => Some(Value::from([
            ("id", Value::from("ami-0123456789abcdef0")),
            ("name", Value::from("a-made-up-image")),
            ("root_device_name", Value::from("/dev/xvda")),
        ])),
        "aws:ec2/ami-by-parameter" => Some(Value::from([("id", Value::from("ami-0123456789abcdef0"))])),
        "aws:ec2/managed-prefix-list" => Some(Value::from([("id", Value::from("pl-0123456789abcdef0"))])),
        "aws:eks/addon-versions" => Some(Value::from([
            ("default", Value::from("v1.0.0-eksbuild.1")),
            ("newest", Value::from("v1.1.0-eksbuild.1")),
        ])),
        "aws:eks/versions" => {
            let supported = ["1.34", "1.33", "1.32"].map(Value::from);
            let supported = ("supported", Value::List(supported.to_vec()));
            Some(Value::from([supported, ("default", Value::from("1.33")), ("newest", Value::from("1.34"))]))
        }
        "aws:sts/caller-identity" => Some(Value::from([
            ("account", Value::from(ACCOUNT)),
            ("arn", Value::from(format!("arn:aws:iam::{ACCOUNT}:user/test"))),
            ("user_id", Value::from("AIDATEST")),
        ])),
        "aws:route53/hosted-zone-by-name" => {
            let servers = (0..4).map(|number| Value::from(format!("ns-{number}.awsdns-00.com")));
            Some(Value::from([
                ("id", Value::from("Z0123456789ABCDEFGHIJ")),
                ("domain_name", args.get("domain_name").clone()),
                ("name_servers", Value::List(servers.collect())),
            ]))
        }
        "aws:account/region" => Some(Value::from([("name", Value::from(region))])),
        _ => None,
    }
}

/// Knows no output: for arguments of lookups.
struct Nothing;

impl Outputs for Nothing {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        Ok(Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false }))
    }
}

/// Answers every output with its name.
struct ByName;

impl Outputs for ByName {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        Ok(Value::Text(format!("${{{}.{name}}}", urn.path())))
    }
}

/// A plan to assert on.
#[derive(Debug, Clone)]
pub struct TypedPlan {
    plan: Plan,
    program: Program,
}

impl TypedPlan {
    /// The plan as the engine made it.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What AWS would refuse, as far as it can be known without an account: `resource: reason`, a line each.
    pub fn problems(&self) -> Vec<String> {
        let line = |problem: &preflight::Problem| format!("{}: {}", problem.urn.path(), problem.reason);
        self.plan.problems.iter().map(line).collect()
    }

    /// The program as it was declared.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The text that `preview` would print, at 100 columns.
    pub fn text(&self) -> String {
        let heading = render::Heading {
            intent: render::Intent::Preview,
            account: ACCOUNT.to_owned(),
            region: self.plan.steps.first().map_or(REGION.to_owned(), |step| step.region.clone()),
            endpoint: None,
        };
        render::plan(&self.plan, &heading, Look::default())
    }

    /// The paths of everything that is created, such as `network/main`, in alphabetical order.
    pub fn creates(&self) -> Vec<&str> {
        let creates = self.plan.steps.iter().filter(|step| step.op == Op::Create);
        creates.map(|step| step.urn.path()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The resource of that type at a path such as `network/main`.
    ///
    /// # Panics
    /// When the plan creates no such resource: the message lists those of the type.
    #[track_caller]
    pub fn resource<R: Resource>(&self, path: &str) -> PlannedResource<'_, R> {
        let all = self.resources::<R>();
        let paths: Vec<&str> = all.iter().map(|resource| resource.path()).collect();
        match all.iter().find(|resource| resource.path() == path) {
            Some(found) => PlannedResource { step: found.step, program: found.program, marker: PhantomData },
            None => panic!("no {} at `{path}`; there are: {}", R::schema().kind, paths.join(", ")),
        }
    }

    /// All resources of a type.
    pub fn resources<R: Resource>(&self) -> Vec<PlannedResource<'_, R>> {
        let steps = self.plan.steps.iter().filter(|step| step.kind.as_str() == R::schema().kind);
        steps
            .filter(|step| matches!(step.op, Op::Create | Op::Adopt))
            .map(|step| PlannedResource { step, program: &self.program, marker: PhantomData })
            .collect()
    }

    /// An output of the stack after the run, as far as it is known.
    ///
    /// # Panics
    /// When the stack has no such output.
    #[track_caller]
    pub fn output(&self, name: &str) -> &Value {
        match self.plan.outputs.get(name) {
            Some((_, after)) => after,
            None => {
                let names: Vec<&str> = self.plan.outputs.keys().map(String::as_str).collect();
                panic!("no output `{name}`; there are: {}", names.join(", "))
            }
        }
    }
}

/// One planned resource.
#[derive(Debug)]
pub struct PlannedResource<'a, R> {
    step: &'a Step,
    program: &'a Program,
    marker: PhantomData<fn() -> R>,
}

impl<R: Resource> PlannedResource<'_, R> {
    /// Its step.
    pub fn step(&self) -> &Step {
        self.step
    }

    /// Its path, such as `network/main`.
    pub fn path(&self) -> &str {
        self.step.urn.path()
    }

    /// The region it is made in.
    pub fn region(&self) -> &str {
        &self.step.region
    }

    /// An argument, or a part of one: `cidr_block`, `tags.team`, `lifecycle_rules[0].expiration_days`. `Null` where nothing is
    /// declared; unknown where it depends on what is made first.
    ///
    /// # Panics
    /// When the type has no such argument.
    #[track_caller]
    pub fn arg(&self, path: &str) -> &Value {
        let name = path.split(['.', '[']).next().unwrap_or(path);
        let schema = R::schema();
        assert!(schema.arg(name).is_some(), "{} has no argument `{name}`", schema.kind);
        follow(&self.step.planned, path)
    }

    /// The arguments as their struct.
    ///
    /// # Panics
    /// When some are not known yet.
    #[track_caller]
    pub fn args(&self) -> R {
        match R::from_value(&self.step.planned) {
            Ok(args) => args,
            Err(mismatch) => panic!("the arguments of {} are not all known: {mismatch}", self.path()),
        }
    }

    /// A JSON argument such as a policy, as a tree. What is not known yet stands in it by its name, such as `${network/main.id}`.
    ///
    /// # Panics
    /// When nothing is declared for the argument, or what is declared is no JSON.
    #[track_caller]
    pub fn document(&self, arg: &str) -> serde_json::Value {
        let declared = self.program.resources.get(&self.step.urn).and_then(|declaration| declaration.args.get(arg));
        let Some(declared) = declared else { panic!("{} declares no `{arg}`", self.path()) };
        let value = declared.evaluate(&ByName).unwrap_or_else(|error| panic!("{}: {error}", self.path()));
        let tree = value.as_text().and_then(|text| serde_json::from_str(text).ok());
        tree.unwrap_or_else(|| panic!("`{arg}` of {} is no JSON", self.path()))
    }

    /// The resources and lookups that an argument refers to, directly.
    pub fn references(&self, arg: &str) -> BTreeSet<&Urn> {
        let declared = self.program.resources.get(&self.step.urn).and_then(|declaration| declaration.args.get(arg));
        declared.map(Expr::references).unwrap_or_default()
    }

    /// Whether an argument refers to the resource at a path, such as `network/main`.
    pub fn refers_to(&self, arg: &str, path: &str) -> bool {
        self.references(arg).iter().any(|urn| urn.path() == path)
    }

    /// Whether it is made after the resource at a path.
    pub fn comes_after(&self, path: &str, plan: &TypedPlan) -> bool {
        let mut open: Vec<usize> = self.step.after.iter().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(step) = plan.plan.steps.iter().find(|step| step.id == id) else { continue };
            if step.urn.path() == path {
                return true;
            }
            if seen.insert(id) {
                open.extend(&step.after);
            }
        }
        false
    }
}

fn follow<'a>(value: &'a Value, path: &str) -> &'a Value {
    let mut value = value;
    for segment in path.split(['.', '[']) {
        value = match segment.strip_suffix(']').and_then(|index| index.parse::<usize>().ok()) {
            Some(index) => value.as_list().and_then(|list| list.get(index)).unwrap_or(&Value::Null),
            None => value.get(segment),
        };
    }
    value
}
