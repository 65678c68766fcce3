//! Which thing is which declared resource. Pure: from what is declared and what was read.
//!
//! Attributes of the file are not used for this: what AWS says now is compared with what is declared, in the terms of our types. References
//! between declared resources become known as their targets are told, so that one answer leads to the next: the subnets of a VPC can be told
//! by their ranges, and their route tables' associations by the subnets.
//!
//! Nothing is guessed: two are only put together when neither could be anything else.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::compare::{Comparison, complete, name_prefix};
use formwork_engine::digest::Digester;
use formwork_engine::expr::Outputs;
use formwork_engine::graph::Graph;
use formwork_engine::kind::Observed;
use formwork_engine::observe::Sight;
use formwork_engine::plan::{FieldChange, Likeness, likeness, natural_key};
use formwork_engine::program::Declaration;
use formwork_engine::shape::{Change, ChangeRule, Schema};
use formwork_engine::value::Unknown;
use formwork_engine::{Expr, ProviderName, Urn, Value};

use super::look::Sights;
use super::map::Map;
use super::{Is, Item};

/// How a thing was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The mapping file says so.
    Map,
    /// The program says so, with the option `import`.
    Program,
    /// By the name or key that AWS tells it apart by.
    Key,
    /// By arguments that cannot be changed on the living thing.
    Arguments,
    /// All that can be compared is the same, and of no other.
    Everything,
    /// Everything told that refers to the resource refers to this thing.
    References,
    /// It is the only one that could be.
    OnlyOne,
}

impl By {
    /// The words in reports.
    pub(crate) fn words(self) -> &'static str {
        match self {
            By::Map => "the mapping file",
            By::Program => "the program",
            By::Key => "its key",
            By::Arguments => "its arguments",
            By::Everything => "everything that is declared of it",
            By::References => "what refers to it",
            By::OnlyOne => "being the only one",
        }
    }
}

/// How far a thing may be a declared resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is another one.
    No,
    /// Nothing speaks for it or against it.
    Open,
    /// Something that tells things of its type apart is the same.
    Alike,
    /// All that can be compared is the same, and some of it was declared.
    Same,
    /// Its key is the same.
    Key,
}

/// Everything that is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Looking<'a> {
    /// What is declared.
    pub(crate) graph: &'a Graph,
    /// The things of the file.
    pub(crate) items: &'a [Item],
    /// What was seen of them.
    pub(crate) sights: &'a Sights,
    /// The declared resources that have a row.
    pub(crate) recorded: &'a BTreeSet<Urn>,
    /// Makes the digests of secrets.
    pub(crate) digester: &'a Digester,
}

/// What is told so far.
pub(crate) struct Matching<'a> {
    looking: Looking<'a>,
    /// The arguments that were seen, complete.
    seen: BTreeMap<(usize, ProviderName), Value>,
    /// The outputs of what is recorded, of reads, and of what is told.
    known: Known,
    /// The things that are still to be told.
    open: BTreeSet<usize>,
    /// The resources that are still to be told.
    free: BTreeSet<Urn>,
    told: BTreeMap<usize, (Urn, By)>,
}

/// What was told, and what was not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// The resource of each thing that was told.
    pub(crate) told: BTreeMap<usize, (Urn, By)>,
    /// The resources that each other thing could be.
    pub(crate) candidates: BTreeMap<usize, Vec<Urn>>,
    /// The resources of its type that each other thing is not, with the paths that tell them apart: where it could be none.
    pub(crate) unlike: BTreeMap<usize, Vec<(Urn, Vec<String>)>>,
    /// What would change on each thing that was told.
    pub(crate) likeness: BTreeMap<usize, Likeness>,
}

impl Looking<'_> {
    /// The schema of a thing's type, where something of that type is declared.
    fn schema(&self, item: usize) -> Option<&'static Schema> {
        let Is::Thing { kind, .. } = &self.items[item].is else { return None };
        let declared = self.graph.program().resources.values();
        declared.map(|declared| declared.schema).find(|schema| schema.kind == *kind)
    }
}

impl<'a> Matching<'a> {
    /// Begins with the outputs of what is recorded and of reads.
    pub(crate) fn new(looking: Looking<'a>, outputs: BTreeMap<Urn, Value>) -> Self {
        let things = looking.items.iter().enumerate().filter(|(_, item)| matches!(item.is, Is::Thing { .. }));
        let open = things.map(|(index, _)| index).collect();
        let program = looking.graph.program();
        let free = program.order.iter().filter(|urn| !looking.recorded.contains(urn)).cloned().collect();
        let complete = |((item, provider), sight): (&(usize, ProviderName), &Sight)| {
            let (schema, observed) = (looking.schema(*item)?, sight.seen()?);
            Some(((*item, provider.clone()), complete(schema.args, &observed.args)))
        };
        let seen = looking.sights.seen.iter().filter_map(complete).collect();
        Self { looking, seen, known: Known(outputs), open, free, told: BTreeMap::new() }
    }

    /// Leaves a thing out: it is told already, or not to be told.
    pub(crate) fn skip(&mut self, item: usize) {
        self.open.remove(&item);
    }

    /// Tells everything that can be told.
    pub(crate) fn run(mut self, map: &Map) -> Told {
        for (item, urn) in map {
            if self.open.contains(item) && self.free.contains(urn) {
                self.tell(*item, urn.clone(), By::Map);
            }
        }
        self.by_program();
        loop {
            let fits = self.fits();
            let mut found = unique(&fits, |fit| fit == Fit::Key, By::Key);
            if found.is_empty() {
                found = unique(&fits, |fit| fit > Fit::No, By::Arguments);
                found.retain(|(item, urn, _)| fits.get(&(*item, urn.clone())).is_some_and(|fit| *fit >= Fit::Alike));
            }
            if found.is_empty() {
                found = unique(&fits, |fit| fit == Fit::Same, By::Everything);
            }
            if found.is_empty() {
                found = self.referred(&fits);
            }
            if found.is_empty() {
                found = unique(&fits, |fit| fit > Fit::No, By::OnlyOne);
            }
            if found.is_empty() {
                return self.end(&fits);
            }
            for (item, urn, by) in found {
                self.tell(item, urn, by);
            }
        }
    }

    fn by_program(&mut self) {
        let program = self.looking.graph.program();
        for declared in program.resources.values() {
            let Some(id) = declared.options.import.as_ref().filter(|_| self.free.contains(&declared.urn)) else {
                continue;
            };
            let same = |item: &&usize| match &self.looking.items[**item].is {
                Is::Thing { kind, id: theirs } => *kind == declared.schema.kind && theirs == id,
                _ => false,
            };
            match self.open.iter().find(same).copied() {
                Some(item) => self.tell(item, declared.urn.clone(), By::Program),
                // It is something else, whatever that looks like.
                None => drop(self.free.remove(&declared.urn)),
            }
        }
    }

    fn tell(&mut self, item: usize, urn: Urn, by: By) {
        if let Some(observed) = self.observed(item, &urn) {
            let outputs = observed.outputs.clone();
            self.known.0.insert(urn.clone(), outputs);
        }
        self.open.remove(&item);
        self.free.remove(&urn);
        self.told.insert(item, (urn, by));
    }

    fn declaration(&self, urn: &Urn) -> Option<&'a Declaration> {
        self.looking.graph.resource(urn)
    }

    fn observed(&self, item: usize, urn: &Urn) -> Option<&'a Observed> {
        let provider = self.declaration(urn)?.options.provider.clone();
        self.looking.sights.seen.get(&(item, provider)).and_then(Sight::seen)
    }

    /// How far each thing may be each resource. Answers nothing of what is of another type or was not seen.
    fn fits(&self) -> BTreeMap<(usize, Urn), Fit> {
        let mut fits = BTreeMap::new();
        for urn in &self.free {
            let Some(declaration) = self.declaration(urn) else { continue };
            let declared = self.known.declared(declaration);
            let key = natural_key(declaration.schema, &declared);
            for &item in &self.open {
                let Is::Thing { kind, .. } = &self.looking.items[item].is else { continue };
                if *kind != declaration.schema.kind {
                    continue;
                }
                let Some(observed) = self.observed(item, urn) else { continue };
                let Some(now) = self.seen.get(&(item, declaration.options.provider.clone())) else { continue };
                let fit = match self.key(declaration, &declared, now) {
                    false => Fit::No,
                    true if !key.is_empty() => Fit::Key,
                    true => self.fit(declaration, &declared, observed),
                };
                fits.insert((item, urn.clone()), fit);
            }
        }
        fits
    }

    /// Whether the key is the same, as far as it is known. Most things are told by it, and most pairs told apart.
    fn key(&self, declaration: &Declaration, declared: &Value, now: &Value) -> bool {
        let comparison = Comparison::new(self.looking.digester);
        declaration.schema.natural_key.iter().filter_map(|name| declaration.schema.arg(name)).all(|arg| {
            let wanted = declared.get(arg.name);
            arg.write_only || !wanted.is_known() || comparison.same_arg(arg, wanted, now.get(arg.name))
        })
    }

    /// How far a thing may be a resource of which the key is not known, or which has none.
    fn fit(&self, declaration: &Declaration, declared: &Value, observed: &Observed) -> Fit {
        let schema = declaration.schema;
        let changes = likeness(declaration, declared, observed, self.looking.digester);
        if changes.refused.iter().chain(&changes.changes).any(|change| tells_apart(schema, declared, change)) {
            return Fit::No;
        }
        let differs = |name: &str| changes.changes.iter().any(|change| argument(change) == name);
        let same = |name: &str| !declared.get(name).is_null() && declared.get(name).is_known() && !differs(name);
        let given = || schema.args.iter().filter(|arg| declaration.args.contains_key(arg.name) && same(arg.name));
        let alike = given().any(|arg| identifies(schema, arg.name));
        let all = changes.changes.iter().all(|change| !settled(declared, change));
        let own = given().any(|arg| arg.default.is_none_or(|default| default() != *declared.get(arg.name)));
        match (alike, all && own) {
            (_, true) => Fit::Same,
            (true, false) => Fit::Alike,
            (false, false) => Fit::Open,
        }
    }

    /// The other way round: a resource that is told and declared to use another one says which thing that is. Only where all that use it agree,
    /// and nothing is said twice.
    fn referred(&self, fits: &BTreeMap<(usize, Urn), Fit>) -> Vec<(usize, Urn, By)> {
        let mut ids: BTreeMap<&Urn, BTreeSet<&str>> = BTreeMap::new();
        for (item, (urn, _)) in &self.told {
            let (Some(declaration), Some(observed)) = (self.declaration(urn), self.observed(*item, urn)) else {
                continue;
            };
            for (name, expr) in &declaration.args {
                references(expr, observed.args.get(name), &mut |urn, id| {
                    ids.entry(urn).or_default().insert(id);
                });
            }
        }
        let is = |item: usize, id: &str| matches!(&self.looking.items[item].is, Is::Thing { id: theirs, .. } if theirs == id);
        let said = |(item, urn): &(usize, Urn)| {
            let ids = ids.get(urn)?;
            (ids.len() == 1 && ids.iter().all(|id| is(*item, id))).then_some(Fit::Alike)
        };
        let fitting = fits.iter().filter(|(_, fit)| **fit > Fit::No);
        let said = fitting.filter_map(|(pair, _)| Some((pair.clone(), said(pair)?))).collect();
        unique(&said, |_| true, By::References)
    }

    fn end(self, fits: &BTreeMap<(usize, Urn), Fit>) -> Told {
        let mut told = Told::default();
        for ((item, urn), fit) in fits {
            if *fit > Fit::No {
                told.candidates.entry(*item).or_default().push(urn.clone());
            }
        }
        for ((item, urn), _) in fits.iter().filter(|((item, _), _)| !told.candidates.contains_key(item)) {
            let (Some(declaration), Some(observed)) = (self.declaration(urn), self.observed(*item, urn)) else {
                continue;
            };
            let declared = self.known.declared(declaration);
            let changes = likeness(declaration, &declared, observed, self.looking.digester);
            let apart = changes.refused.iter().chain(&changes.changes);
            let apart = apart.filter(|change| tells_apart(declaration.schema, &declared, change));
            let paths = apart.map(|change| change.path.clone()).collect();
            told.unlike.entry(*item).or_default().push((urn.clone(), paths));
        }
        for (item, (urn, _)) in &self.told {
            if let (Some(declaration), Some(observed)) = (self.declaration(urn), self.observed(*item, urn)) {
                let declared = self.known.declared(declaration);
                let like = likeness(declaration, &declared, observed, self.looking.digester);
                told.likeness.insert(*item, like);
            }
        }
        told.told = self.told;
        told
    }
}

/// Calls `visit` with each resource whose id an expression is made of alone, and the id that was seen in its place.
fn references<'a>(expr: &'a Expr, seen: &'a Value, visit: &mut impl FnMut(&'a Urn, &'a str)) {
    match expr {
        Expr::Output { urn, name } if name == "id" => {
            if let Some(id) = seen.as_text() {
                visit(urn, id);
            }
        }
        Expr::Record(fields) => {
            for (name, field) in fields {
                references(field, seen.get(name), visit);
            }
        }
        // What stands in a list may stand in another order.
        _ => {}
    }
}

/// The pairs of which neither side could be anything else.
fn unique(fits: &BTreeMap<(usize, Urn), Fit>, counts: impl Fn(Fit) -> bool, by: By) -> Vec<(usize, Urn, By)> {
    let pairs: Vec<&(usize, Urn)> = fits.iter().filter(|(_, fit)| counts(**fit)).map(|(pair, _)| pair).collect();
    let mut items: BTreeMap<usize, usize> = BTreeMap::new();
    let mut urns: BTreeMap<&Urn, usize> = BTreeMap::new();
    for (item, urn) in &pairs {
        *items.entry(*item).or_default() += 1;
        *urns.entry(urn).or_default() += 1;
    }
    let alone = pairs.into_iter().filter(|(item, urn)| items[item] == 1 && urns[urn] == 1);
    alone.map(|(item, urn)| (*item, urn.clone(), by)).collect()
}

/// The argument that a change is in.
fn argument(change: &FieldChange) -> &str {
    change.path.split(['.', '[']).next().unwrap_or_default()
}

/// Whether it is known what is wanted. Of a name of which only the beginning is declared it is known that this is another one.
fn settled(declared: &Value, change: &FieldChange) -> bool {
    change.after.is_known() || name_prefix(declared.get(argument(change))).is_some()
}

/// Whether a change shows that the thing is another one: in its key, or where the living thing cannot be changed.
fn tells_apart(schema: &Schema, declared: &Value, change: &FieldChange) -> bool {
    let key = schema.natural_key.contains(&argument(change));
    let hard = change.forces_replacement || identity_only(schema, argument(change));
    settled(declared, change) && (key || hard)
}

/// Whether an argument can never be changed.
fn identity_only(schema: &Schema, name: &str) -> bool {
    schema.arg(name).is_some_and(|arg| matches!(arg.change, ChangeRule::Always(Change::Never)))
}

/// Whether an argument helps to tell things of a type apart.
fn identifies(schema: &Schema, name: &str) -> bool {
    let keys = std::iter::once(&schema.natural_key).chain(schema.exclusive);
    let lasting = schema.arg(name).is_some_and(|arg| {
        matches!(arg.change, ChangeRule::Always(Change::Replace | Change::Never) | ChangeRule::Decide(_))
    });
    lasting || keys.into_iter().any(|key| key.contains(&name))
}

/// The outputs that are known.
struct Known(BTreeMap<Urn, Value>);

impl Known {
    /// The arguments of a declaration, complete, as far as they are known.
    fn declared(&self, declaration: &Declaration) -> Value {
        let unknown = || Value::Unknown(Unknown { expression: String::new(), secret: false });
        let entry = |(name, expr): (&String, &Expr)| {
            // What cannot be evaluated is the plan's to say.
            (name.clone(), expr.evaluate(self).unwrap_or_else(|_| unknown()))
        };
        complete(declaration.schema.args, &Value::Map(declaration.args.iter().map(entry).collect()))
    }
}

impl Outputs for Known {
    fn output(&self, urn: &Urn, name: &str) -> Result<Value, String> {
        let found = self.0.get(urn).map(|outputs| outputs.get(name).clone()).filter(|value| !value.is_null());
        let unknown = || Value::Unknown(Unknown { expression: format!("{}.{name}", urn.path()), secret: false });
        Ok(found.unwrap_or_else(unknown))
    }
}

#[cfg(test)]
mod tests;
