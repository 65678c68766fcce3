//! What carries the stack's tag and no row knows: asked for in the lists of tags, and looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reading::{Answers, Registries, evaluate, refused, sights};
use super::{Looking, Observations, Sight};
use crate::compare::complete;
use crate::error::Error;
use crate::graph::Declared;
use crate::kind::{CallError, Kind, Mark, Observed, Sought};
use crate::program::{Declaration, ProviderName};
use crate::shape::Schema;
use crate::state::Snapshot;
use crate::urn::{KindName, Uid};
use crate::value::Value;

/// What the plan of a declared resource takes over, since it carries the tags of this very store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its id.
    pub id: String,
    /// The uid in its tags.
    pub uid: Uid,
}

/// What the lists of tags showed and no row knows.
#[derive(Debug, Default)]
pub(crate) struct Tagged {
    /// Each thing, and the provider through which it was seen.
    pub(crate) marks: Vec<(ProviderName, Mark)>,
    /// The kinds whose lists could not be had, and why.
    pub(crate) refused: Vec<(String, CallError)>,
    /// What was not asked, in sentences.
    pub(crate) unasked: Vec<String>,
}

/// A thing that carries the tag and is there.
#[derive(Debug, Clone)]
pub(crate) struct Stray {
    pub(crate) mark: Mark,
    pub(crate) provider: ProviderName,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) schema: &'static Schema,
    pub(crate) observed: Box<Observed>,
}

impl Looking<'_> {
    /// Asks for everything that carries the tag of the stack, of any lineage, and leaves out what rows know. `kinds` as in [`Sought::kinds`].
    ///
    /// # Errors
    /// When a provider cannot be asked at all.
    pub(crate) async fn tagged(
        &self,
        kinds: Option<BTreeSet<KindName>>,
        most: Option<usize>,
        registries: &Registries,
    ) -> Result<Tagged, Vec<Error>> {
        let program = self.graph.program();
        let stack = format!("{}/{}", program.project, program.stack);
        let known = self.snapshot.rows().values().map(|row| row.id.clone()).filter(|id| !id.is_empty()).collect();
        let sought = Sought { stack, kinds, known, most };
        let known = Known::of(self.snapshot);
        let mut tagged = Tagged::default();
        let mut taken = BTreeSet::new();
        for (name, spec) in self.providers() {
            let found = self.cloud.marked(&name, spec, &sought).await;
            let found = found.map_err(|error| vec![refused(&error, "look for the things of the stack")])?;
            let registry = registries.get(&(name.clone(), String::new()));
            for mark in found.marks {
                let of_ours = registry.is_some_and(|registry| registry.kind(&mark.kind).is_some());
                // What is in no region is seen through each provider.
                if !known.has(&mark, of_ours) && taken.insert((mark.kind.clone(), mark.id.clone())) {
                    tagged.marks.push((name.clone(), mark));
                }
            }
            tagged.refused.extend(found.refused);
            tagged.unasked.extend(found.unasked);
        }
        Ok(tagged)
    }

    /// Reads what was marked: one call per kind and provider. What is gone by now is left out; what cannot be read, or is of no kind of ours, is
    /// said in sentences.
    pub(crate) async fn look_at_marks(
        &self,
        marks: Vec<(ProviderName, Mark)>,
        registries: &Registries,
    ) -> Result<(Vec<Stray>, Vec<String>), Vec<Error>> {
        type Batch = (Arc<dyn Kind>, Vec<Mark>);
        let mut batches: BTreeMap<(ProviderName, String), Batch> = BTreeMap::new();
        let mut said = Vec::new();
        for (provider, mark) in marks {
            let registry = registries.get(&(provider.clone(), String::new()));
            match registry.and_then(|registry| registry.kind(&mark.kind)) {
                Some(kind) => {
                    let batch = batches.entry((provider, mark.kind.clone()));
                    batch.or_insert_with(|| (Arc::clone(kind), Vec::new())).1.push(mark);
                }
                None => said.push(format!(
                    "{} {} carries the tag of this stack, and is of no type that this program knows: delete it, or take its tag off",
                    mark.kind, mark.id
                )),
            }
        }
        let read = batches.into_iter().map(|((provider, _), (kind, marks))| async move {
            let ids: Vec<String> = marks.iter().map(|mark| mark.id.clone()).collect();
            let mut answers = sights(&*kind, &ids).await?;
            let seen = marks.into_iter().map(|mark| {
                let sight = answers.remove(&mark.id).unwrap_or(Sight::Gone);
                ((mark.kind.clone(), mark.id.clone()), (provider.clone(), kind.schema(), mark, sight))
            });
            Ok(seen.collect::<Vec<_>>())
        });
        let read: BTreeMap<_, (ProviderName, &'static Schema, Mark, Sight)> = self.all(read.collect()).await?;
        let mut strays = Vec::new();
        for (provider, schema, mark, sight) in read.into_values() {
            let Some(registry) = registries.get(&(provider.clone(), String::new())) else { continue };
            match sight {
                // A list of tags shows what is gone for a while; and what another has taken over meanwhile is no stray.
                Sight::Gone => {}
                Sight::Seen(observed)
                    if observed.owner.as_ref().is_some_and(|owner| owner.stack != mark.owner.stack) => {}
                Sight::Seen(observed) => {
                    let (account, region) = (registry.account.clone(), registry.region.clone());
                    strays.push(Stray { mark, provider, account, region, schema, observed });
                }
                Sight::Unreadable(reason) => said.push(format!(
                    "{} {} carries the tag of this stack, no row knows it, and it could not be read: {reason}",
                    mark.kind, mark.id
                )),
            }
        }
        Ok((strays, said))
    }

    /// The declared resources that have no row and that nobody asked to adopt under another id, in the order of the graph.
    pub(crate) fn without_rows(&self) -> Vec<&Declaration> {
        let nodes = self.graph.order().iter().map(|&node| self.graph.declared(node));
        let resources = nodes.filter_map(|declared| match declared {
            Declared::Resource(declaration) => Some(declaration),
            Declared::Read(_) => None,
        });
        resources.filter(|declared| !self.has_row(declared) && self.id_to_adopt(declared).is_none()).collect()
    }

    /// The arguments of a declaration, complete, as far as they are known from rows, answers, and what [`Observations::imports`] says of things
    /// without rows; `None` where they cannot be evaluated.
    pub(crate) fn args_of(&self, declaration: &Declaration, seen: &Observations) -> Option<Value> {
        let args = evaluate(&declaration.args, &Answers { looking: self, seen })?;
        Some(complete(declaration.schema.args, &args))
    }
}

/// What rows know.
struct Known<'a> {
    ids: BTreeSet<(&'a str, &'a str)>,
    of_services: BTreeSet<(&'a str, &'a str)>,
    uids: BTreeSet<&'a Uid>,
}

impl<'a> Known<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let rows = snapshot.rows().values();
        Self {
            ids: rows.clone().map(|row| (row.kind.as_str(), row.id.as_str())).collect(),
            of_services: rows.clone().map(|row| (service(row.kind.as_str()), row.id.as_str())).collect(),
            uids: rows.map(|row| &row.uid).collect(),
        }
    }

    /// Whether a row knows the thing. What is of no kind of ours is known by its id in its service, and where it is a part of something that a row
    /// knows, as the disk of a machine is, which was tagged with it.
    fn has(&self, mark: &Mark, of_ours: bool) -> bool {
        let made_as = mark.urn.as_ref().map(crate::Urn::kind);
        self.ids.contains(&(&*mark.kind, &*mark.id))
            // A list of several kinds may call it by another of them.
            || made_as.is_some_and(|kind| self.ids.contains(&(kind.as_str(), &*mark.id)))
            || !of_ours
                && (self.of_services.contains(&(service(&mark.kind), &*mark.id)) || self.uids.contains(&mark.owner.uid))
    }
}

/// `aws:ec2` of `aws:ec2/vpc`.
fn service(kind: &str) -> &str {
    kind.split_once('/').map_or(kind, |(service, _)| service)
}
