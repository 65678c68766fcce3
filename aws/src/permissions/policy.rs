//! [`policy`]: the document that a stack needs for a command, and why it needs each part.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Program;
use serde_json::{Value as Json, json};

use super::arns::{Place, filled};
use super::needs::{Wanted, wanted};
use super::{EVERY_RUN, Existing, Permission, StateAccess, Verb, document, of_preflight, of_read, of_strays};

/// IAM's limit for a managed policy, in characters without white space.
pub const MANAGED_LIMIT: usize = 6144;

/// For which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `preview`: only looks.
    Preview,
    /// `up`: makes, changes, and deletes what is replaced or not declared any more.
    Up,
    /// `destroy`.
    Destroy,
}

impl Purpose {
    fn has(self, verb: Verb) -> bool {
        match self {
            Purpose::Preview => verb == Verb::Look,
            Purpose::Up => true,
            Purpose::Destroy => matches!(verb, Verb::Look | Verb::Delete | Verb::Record),
        }
    }
}

/// Actions that are allowed on the same things under the same condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// A name, unique in its document.
    pub sid: String,
    /// In order.
    pub actions: Vec<String>,
    /// ARNs with wildcards, or `*` alone.
    pub resources: Vec<String>,
    /// A condition key and the values that it may have.
    pub only: Option<(String, Vec<String>)>,
}

impl Statement {
    /// As IAM takes it.
    pub fn to_json(&self) -> Json {
        let mut statement =
            json!({ "Sid": self.sid, "Effect": "Allow", "Action": self.actions, "Resource": self.resources });
        if let Some((key, values)) = &self.only {
            let entry = BTreeMap::from([(key, values)]);
            statement["Condition"] = json!({ "StringEquals": entry });
        }
        statement
    }

    /// The statement, or parts of it that fit into a document of their own.
    fn within_limit(&self) -> Vec<Statement> {
        if characters(&document(std::slice::from_ref(self))) <= MANAGED_LIMIT || self.resources.len() < 2 {
            return vec![self.clone()];
        }
        let (first, second) = self.resources.split_at(self.resources.len() / 2);
        let part = |resources: &[String], letter: &str| {
            let sid = format!("{}{letter}", self.sid);
            Statement { sid, resources: resources.to_vec(), ..self.clone() }
        };
        [part(first, "a"), part(second, "b")].iter().flat_map(Statement::within_limit).collect()
    }

    /// Why it is not narrower, where it allows everything.
    pub fn why_everything(&self) -> Option<&'static str> {
        let reads = |action: &String| {
            let name = action.split(':').nth(1).unwrap_or_default();
            ["Describe", "List", "Get"].iter().any(|verb| name.starts_with(verb))
        };
        match self.resources.iter().any(|resource| resource == "*") {
            false => None,
            true if self.actions.iter().all(reads) => {
                Some("these list, or look by ids that are not known before something is made")
            }
            true => Some("AWS makes the ids of what these act on, so that none is known before it is made"),
        }
    }
}

/// Why an action is in a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The action.
    pub action: String,
    /// For which verb.
    pub verb: Verb,
    /// Why, where the name of the operation does not say it.
    pub because: Option<&'static str>,
    /// For which resources, by path; empty for what every run needs.
    pub resources: BTreeSet<String>,
}

/// What a stack needs for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The statements.
    pub statements: Vec<Statement>,
    /// Why, in the order of the actions.
    pub uses: Vec<Use>,
}

impl Policy {
    /// As IAM takes it.
    pub fn to_json(&self) -> Json {
        document(&self.statements)
    }

    /// How many characters IAM counts: white space is not among them.
    pub fn characters(&self) -> usize {
        characters(&self.to_json())
    }

    /// The same as several documents, each of at most [`MANAGED_LIMIT`] characters: a role takes ten managed policies.
    pub fn documents(&self) -> Vec<Json> {
        let mut documents: Vec<Vec<Statement>> = vec![Vec::new()];
        for statement in self.statements.iter().flat_map(Statement::within_limit) {
            let mut longer = documents.last().cloned().unwrap_or_default();
            longer.push(statement.clone());
            match documents.last_mut() {
                Some(last) if last.is_empty() || characters(&document(&longer)) <= MANAGED_LIMIT => *last = longer,
                _ => documents.push(vec![statement]),
            }
        }
        documents.iter().map(|statements| document(statements)).collect()
    }

    /// Whether it allows an action, on whatever.
    pub fn allows(&self, action: &str) -> bool {
        self.statements.iter().any(|statement| statement.actions.iter().any(|allowed| allowed == action))
    }
}

/// The policy of a stack, from what it declares, what exists of it and where its state is. Calls nothing. Where account or region are not
/// known, `*` stands in their place.
pub fn policy(
    program: &Program,
    existing: &[Existing],
    state: &StateAccess,
    purpose: Purpose,
    (partition, account, region): (&str, &str, &str),
) -> Policy {
    let place = Place { partition, account, region };
    let all = wanted(program, existing, &place);
    let tables: BTreeMap<&str, _> = crate::tables().into_iter().map(|table| (table.kind, table)).collect();
    let mut needs = Needs { purpose, ..Needs::default() };
    for kind in all.iter().map(|one| one.kind).collect::<BTreeSet<_>>() {
        needs.add(&of_strays(kind), None, &["*".to_owned()]);
        needs.add(&of_preflight(kind), None, &["*".to_owned()]);
    }
    for permission in EVERY_RUN {
        needs.add(permission, None, &["*".to_owned()]);
    }
    for (permission, on) in state.needs(partition) {
        needs.add(&permission, None, &on);
    }
    for read in program.reads.values() {
        for permission in of_read(read.schema.kind) {
            needs.add(permission, Some(read.urn.path()), &["*".to_owned()]);
        }
    }
    for one in &all {
        let here = Place { region: one.region.as_deref().unwrap_or(region), ..place.clone() };
        for permission in tables.get(one.kind).map_or(&[][..], |table| table.permissions) {
            if permission.when.is_empty() || permission.when.iter().any(|arg| one.says(arg)) {
                let on = resources(permission, one, &all, &here);
                needs.add(permission, Some(&one.path), &on);
            }
        }
    }
    Policy { statements: needs.statements(), uses: needs.uses() }
}

fn resources(permission: &Permission, one: &Wanted, all: &[Wanted], place: &Place<'_>) -> Vec<String> {
    match permission.on {
        [] => vec!["*".to_owned()],
        templates => templates.iter().map(|template| filled(template, one, all, place)).collect(),
    }
}

type Condition = Option<(&'static str, &'static str)>;

#[derive(Default)]
struct Needs {
    purpose: Purpose,
    on: BTreeMap<(String, Condition), BTreeSet<String>>,
    why: BTreeMap<(String, Verb, Option<&'static str>), BTreeSet<String>>,
}

#[expect(clippy::derivable_impls, reason = "only to begin with a collection; which command is meant is always said")]
impl Default for Purpose {
    fn default() -> Self {
        Purpose::Preview
    }
}

impl Needs {
    fn add(&mut self, permission: &Permission, path: Option<&str>, on: &[String]) {
        if !self.purpose.has(permission.verb) {
            return;
        }
        for action in permission.actions {
            let action = (*action).to_owned();
            self.on.entry((action.clone(), permission.only)).or_default().extend(on.iter().cloned());
            let paths = self.why.entry((action, permission.verb, permission.because)).or_default();
            paths.extend(path.map(str::to_owned));
        }
    }

    /// Actions of a service with the same resources and the same condition stand together.
    fn statements(&self) -> Vec<Statement> {
        let mut grouped: BTreeMap<(String, BTreeSet<String>, Condition), BTreeSet<String>> = BTreeMap::new();
        for ((action, only), on) in &self.on {
            let service = action.split(':').next().unwrap_or_default().to_owned();
            let on = match on.contains("*") {
                true => BTreeSet::from(["*".to_owned()]),
                false => narrowed(on),
            };
            grouped.entry((service, on, *only)).or_default().insert(action.clone());
        }
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let grouped = grouped.into_iter().map(|((service, resources, only), actions)| {
            let number = numbers.entry(service.clone()).or_default();
            *number += 1;
            let only = only.map(|(key, value)| (key.to_owned(), vec![value.to_owned()]));
            let sid = format!("{}{number}", capital(&service));
            Statement { sid, actions: actions.into_iter().collect(), resources: resources.into_iter().collect(), only }
        });
        grouped.collect()
    }

    fn uses(self) -> Vec<Use> {
        let uses =
            self.why.into_iter().map(|((action, verb, because), resources)| Use { action, verb, because, resources });
        uses.collect()
    }
}

/// Without what another one covers: `key/*` and `key/1` are `key/*`.
fn narrowed(on: &BTreeSet<String>) -> BTreeSet<String> {
    let covered = |one: &String| {
        let covers = |other: &String| {
            let beginning = other.strip_suffix('*').filter(|beginning| !beginning.contains(['*', '?']));
            other != one && beginning.is_some_and(|beginning| one.starts_with(beginning))
        };
        on.iter().any(covers)
    };
    on.iter().filter(|one| !covered(one)).cloned().collect()
}

fn characters(document: &Json) -> usize {
    document.to_string().chars().count()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
