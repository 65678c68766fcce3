//! What the cloud would refuse, found before anything is called: each resource as it will be ([`Intended`]), and what is wrong with it ([`Problem`]).
//!
//! The engine only says what is intended; what is wrong with it the cloud knows ([`crate::kind::Cloud::preflight`]). All problems are found at once and
//! stand in the plan. A plan with problems is shown and never done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::compare::name_prefix;
use crate::error::{Error, Turn};
use crate::expr::{Expr, Outputs};
use crate::graph::Graph;
use crate::plan::{Op, Plan, Recorded};
use crate::program::ProviderName;
use crate::urn::{SourceLine, Urn};
use crate::value::{Unknown, Value};

/// What a reference in an argument leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The resource or read.
    pub urn: Urn,
    /// Its output.
    pub output: String,
}

/// A declared resource as it will be after the run.
#[derive(Debug, Clone)]
pub struct Intended {
    /// Its name.
    pub urn: Urn,
    /// What the plan does with it; [`Op::Same`] for what stays as it is.
    pub op: Op,
    /// Whether it takes the place of one that goes.
    pub replaces: bool,
    /// Its arguments, complete, as far as they are known. Secrets are in the clear: nothing of them may be repeated in a problem.
    pub args: Value,
    /// The arguments, by name, that are made other than they are. Empty for what is new: all of it is.
    pub changed: BTreeSet<String>,
    /// What its arguments refer to, by argument path (`vpc`, `subnets[0]`).
    pub references: BTreeMap<String, BTreeSet<Reference>>,
    /// Arguments that are JSON documents, by name. What is not known yet is an object with the one key `$unknown`.
    pub documents: BTreeMap<String, Json>,
    /// Names of which only the beginning is declared, by argument; a hyphen and eight characters follow ([`crate::input::SUFFIX_LENGTH`]).
    pub prefixes: BTreeMap<String, String>,
    /// The provider that it is made with.
    pub provider: ProviderName,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// Where the program declares it.
    pub source: Option<SourceLine>,
}

impl Intended {
    /// The kind, such as `aws:ec2/vpc`.
    pub fn kind(&self) -> String {
        self.urn.kind().to_string()
    }

    /// Whether the plan makes or changes it: what stands already has been accepted once.
    pub fn is_touched(&self) -> bool {
        matches!(self.op, Op::Create | Op::Update)
    }

    /// Whether the plan makes a new one that was not there.
    pub fn is_new(&self) -> bool {
        self.op == Op::Create
    }

    /// Whether the plan makes it anew or changes one of these arguments.
    pub fn sets(&self, args: &[&str]) -> bool {
        self.is_new() || self.is_touched() && args.iter().any(|arg| self.changed.contains(*arg))
    }

    /// A text argument, when it is known.
    pub fn text(&self, arg: &str) -> Option<&str> {
        self.args.get(arg).as_text()
    }

    /// The resource that an argument refers to as a whole.
    pub fn refers_to(&self, arg: &str) -> Option<&Urn> {
        let found = self.references.get(arg)?;
        found.iter().next().map(|reference| &reference.urn).filter(|_| found.len() == 1)
    }

    /// A problem of one of its arguments.
    pub fn problem(&self, arg: &str, reason: impl std::fmt::Display, hint: impl Into<String>) -> Problem {
        Problem {
            urn: self.urn.clone(),
            source: self.source.clone(),
            reason: format!("`{arg}` {reason}"),
            hint: hint.into(),
        }
    }
}

/// Something that the cloud would refuse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Of what.
    pub urn: Urn,
    /// Where the program declares it.
    pub source: Option<SourceLine>,
    /// What is wrong; begins with the argument in backticks.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

impl From<&Problem> for Error {
    fn from(problem: &Problem) -> Self {
        Error::new(Turn::You, "plan", problem.reason.clone())
            .about(&problem.urn, problem.source.as_ref())
            .hint(problem.hint.clone())
    }
}

/// Something that must be in an account before what is intended can be made there, and that belongs to no stack: the account has it once, for
/// everybody. It is made where it is missing, before the first step; no row knows it, and no destroy takes it away. Made twice it is one: a run that
/// dies after it leaves nothing behind that the next one would have to find.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preparation {
    /// What, in words: `the role that eks.amazonaws.com acts with`.
    pub what: String,
    /// By what the cloud knows it: `eks.amazonaws.com`.
    pub key: String,
    /// The account.
    pub account: String,
    /// The provider that it is made with.
    pub provider: ProviderName,
    /// What cannot be made without it.
    pub needed_by: BTreeSet<Urn>,
}

/// What a cloud found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preflight {
    /// What it would refuse.
    pub problems: Vec<Problem>,
    /// What could not be checked, and why, in a sentence each.
    pub warnings: Vec<String>,
    /// What is missing in the account and is made first.
    pub preparations: Vec<Preparation>,
}

/// What a plan intends with what is declared. Nothing of a resource that is not declared any more.
pub fn intended(graph: &Graph, plan: &Plan, recorded: &Recorded) -> Vec<Intended> {
    let ends = |op: Op| matches!(op, Op::Delete | Op::Forget | Op::Read);
    let mut found = Vec::new();
    for step in plan.steps.iter().filter(|step| !ends(step.op)) {
        let Some(declaration) = graph.resource(&step.urn) else { continue };
        let Some(node) = graph.nodes().iter().find(|node| node.urn == step.urn) else { continue };
        let mut references: BTreeMap<String, BTreeSet<Reference>> = BTreeMap::new();
        for edge in &node.edges {
            let Some(output) = &edge.output else { continue };
            let reference = Reference { urn: graph.node(edge.to).urn.clone(), output: output.clone() };
            references.entry(edge.field.clone()).or_default().insert(reference);
        }
        let args = match step.planned.is_null() {
            false => step.planned.clone(),
            true => Value::Map(standing(&declaration.args, recorded.live(&step.urn).map(|row| &row.applied))),
        };
        let changed = step.changes.iter().map(|change| top(&change.path).to_owned()).chain(step.changed_args.clone());
        let documents = declaration.args.iter().filter_map(|(name, expr)| Some((name.clone(), document(expr)?)));
        let prefixes = declaration.args.iter().filter_map(|(name, expr)| {
            let value = expr.evaluate(&Nothing).ok()?;
            Some((name.clone(), name_prefix(&value)?.to_owned()))
        });
        found.push(Intended {
            urn: step.urn.clone(),
            op: step.op,
            replaces: step.replaces,
            documents: documents.collect(),
            prefixes: prefixes.collect(),
            args,
            changed: changed.collect(),
            references,
            provider: declaration.options.provider.clone(),
            account: step.account.clone(),
            region: step.region.clone(),
            source: step.source.clone(),
        });
    }
    found
}

/// The arguments of what stays as it is, which a plan does not repeat: as they are declared, and where that names something that is looked up or
/// made elsewhere, as they were last made true.
fn standing(declared: &BTreeMap<String, Expr>, applied: Option<&Value>) -> BTreeMap<String, Value> {
    let known = declared.iter().filter_map(|(name, expr)| {
        let value = expr.evaluate(&Nothing).ok()?;
        let recorded = applied.map(|applied| applied.get(name)).filter(|recorded| !recorded.is_null());
        Some((name.clone(), recorded.filter(|_| !value.is_known()).unwrap_or(&value).clone()))
    });
    known.collect()
}

/// The argument that a path begins with: `subnets` of `subnets[0]`.
fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// Outputs of which none is known.
struct Nothing;

impl Outputs for Nothing {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        Ok(Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false }))
    }
}

/// The document that an expression is the text of, with what is not known in its place; nothing for secrets and for what is no document.
fn document(expr: &Expr) -> Option<Json> {
    match expr {
        Expr::Json(inner) => match inner.evaluate(&Nothing).ok()? {
            value if value.has_secret() => None,
            value => Some(value.to_json()),
        },
        Expr::Literal(Value::Text(text)) => serde_json::from_str(text).ok().filter(Json::is_object),
        _ => None,
    }
}
