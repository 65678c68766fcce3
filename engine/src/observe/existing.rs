//! What exists and has no row: things to adopt by their ids or their natural keys, things that a create would overwrite, and what earlier
//! deletions left under names that are to be taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reading::{Answers, Registries, emptied, evaluate, kind_of, refused, sights};
use super::{Looking, Observations, Sight};
use crate::compare::complete;
use crate::error::Error;
use crate::kind::{CallClass, Candidate, Kind, Owner};
use crate::program::{Declaration, ProviderName};
use crate::record::owner_tag;
use crate::shape::Guard;
use crate::urn::{KindName, Uid, Urn, random_hex};
use crate::value::Value;

/// What was found; the fields of [`Observations`] of the same names.
#[derive(Default)]
pub(super) struct Existing {
    pub(super) imports: BTreeMap<Urn, Sight>,
    pub(super) other_kinds: BTreeMap<Urn, Vec<KindName>>,
    pub(super) foreign: BTreeMap<Urn, String>,
}

impl Looking<'_> {
    /// Reads what is to be adopted by id, then looks for natural keys, in waves: the key of a subnet is known once its VPC was found.
    pub(super) async fn existing(&self, registries: &Registries) -> Result<Existing, Vec<Error>> {
        let declared = self.graph.program().resources.values().filter(|declared| !self.has_row(declared));
        // A run that adopts what it was told plans nothing else.
        let only = !self.settings.imports.is_empty();
        let (by_id, by_key): (Vec<_>, Vec<_>) = declared
            .filter(|declared| !only || self.settings.import(&declared.urn).is_some())
            .partition(|declared| self.id_to_adopt(declared).is_some());
        let ids = by_id.into_iter().filter_map(|one| Some((one, self.id_to_adopt(one)?.to_owned()))).collect();
        let mut seen = Observations { imports: self.read_existing(ids, registries).await?, ..Observations::default() };
        let mut open: Vec<&Declaration> = by_key
            .into_iter()
            .filter(|declared| declared.schema.guard == Guard::Upsert || declared.options.adopt_if_exists)
            .collect();
        loop {
            let mut asked = Vec::new();
            open.retain(|declared| match self.literal(declared, &seen) {
                Some(args) => {
                    asked.push((*declared, args));
                    false
                }
                None => true,
            });
            let found = self.find_by_key(asked, registries).await?;
            let adopted = found.iter().filter_map(|(urn, id)| {
                let declared = self.graph.resource(urn).filter(|declared| declared.options.adopt_if_exists)?;
                Some((declared, id.clone()))
            });
            let adopted = self.read_existing(adopted.collect(), registries).await?;
            seen.foreign.extend(found);
            if adopted.is_empty() {
                break;
            }
            seen.imports.extend(adopted);
        }
        let other_kinds = self.look_elsewhere(&seen.imports, registries).await?;
        Ok(Existing { imports: seen.imports, other_kinds, foreign: seen.foreign })
    }

    pub(super) fn id_to_adopt<'d>(&'d self, declared: &'d Declaration) -> Option<&'d str> {
        let told = self.settings.import(&declared.urn).or(declared.options.import.as_deref());
        told.or_else(|| self.claims.get(&declared.urn).map(|claim| claim.id.as_str()))
    }

    /// What these are now: one call per kind and provider.
    pub(super) async fn read_existing(
        &self,
        wanted: Vec<(&Declaration, String)>,
        registries: &Registries,
    ) -> Result<BTreeMap<Urn, Sight>, Vec<Error>> {
        type Batch = (Arc<dyn Kind>, BTreeMap<String, Vec<Urn>>);
        let mut batches: BTreeMap<(&str, &ProviderName), Batch> = BTreeMap::new();
        for (declared, id) in wanted {
            let Some(kind) = kind_of(declared, registries) else { continue };
            let place = (declared.schema.kind, &declared.options.provider);
            let (_, ids) = batches.entry(place).or_insert_with(|| (kind, BTreeMap::new()));
            ids.entry(id).or_default().push(declared.urn.clone());
        }
        let read = batches.into_values().map(|(kind, ids)| async move {
            let asked: Vec<String> = ids.keys().cloned().collect();
            let answers = sights(&*kind, &asked).await?;
            let found = ids.into_iter().flat_map(|(id, urns)| {
                let sight = answers.get(&id).cloned().unwrap_or(Sight::Gone);
                urns.into_iter().map(move |urn| (urn, sight.clone())).collect::<Vec<_>>()
            });
            Ok(found.collect::<Vec<_>>())
        });
        self.all(read.collect()).await
    }

    /// The ids of what exists under the natural keys of these.
    pub(super) async fn find_by_key(
        &self,
        wanted: Vec<(&Declaration, Value)>,
        registries: &Registries,
    ) -> Result<BTreeMap<Urn, String>, Vec<Error>> {
        let program = self.graph.program();
        let lineage = self.snapshot.binding().map(|binding| binding.lineage.clone()).unwrap_or_default();
        let stack = owner_tag(&program.project, &program.stack, &lineage);
        let mut asked = Vec::new();
        for (declared, args) in wanted {
            let Some(kind) = kind_of(declared, registries) else { continue };
            let key = crate::plan::natural_key(declared.schema, &args);
            // The same key in a row means the same thing under another name: the plan moves the row.
            let ours =
                self.snapshot.rows().values().any(|row| row.kind == declared.urn.kind() && row.natural_key == key);
            if key.is_empty() || ours {
                continue;
            }
            // A uid that nobody has: whatever is found can only have been found by its name.
            let owner =
                Owner { stack: stack.clone(), uid: Uid::random(), token: random_hex(), urn: declared.urn.clone() };
            asked.push(async move {
                match kind.find(&owner, Some(&args)).await {
                    Ok(candidates) => {
                        let first = candidates.into_iter().next();
                        Ok(first.map(|Candidate { id, .. }| (owner.urn, id)).into_iter().collect())
                    }
                    Err(error) => {
                        Err(refused(&error, "look for what may stand in the place of").about(&owner.urn, None))
                    }
                }
            });
        }
        self.all(asked).await
    }

    /// What earlier deletions left under the names that creates will take, in sentences.
    pub(super) async fn find_left_over(
        &self,
        registries: &Registries,
        seen: &Observations,
    ) -> Result<BTreeMap<Urn, String>, Vec<Error>> {
        let program = self.graph.program();
        let lineage = self.snapshot.binding().map(|binding| binding.lineage.clone()).unwrap_or_default();
        let stack = owner_tag(&program.project, &program.stack, &lineage);
        let stands = |declared: &Declaration| {
            let row = self.snapshot.live(&declared.urn);
            row.is_some_and(|row| !matches!(seen.rows.get(&row.key()), Some(Sight::Gone)))
                || row.is_none() && self.has_row(declared)
        };
        let made = program.resources.values().filter(|declared| {
            let named = !declared.schema.natural_key.is_empty();
            named && self.id_to_adopt(declared).is_none() && !stands(declared)
        });
        let mut asked = Vec::new();
        for declared in made {
            let Some(args) = self.literal(declared, &Observations::default()) else { continue };
            let Some(kind) = kind_of(declared, registries) else { continue };
            // A name that is made anew meets nothing.
            if crate::plan::natural_key(declared.schema, &args).is_empty() {
                continue;
            }
            // What is left over carries no uid that any row has.
            let owner =
                Owner { stack: stack.clone(), uid: Uid::random(), token: random_hex(), urn: declared.urn.clone() };
            asked.push(async move {
                match kind.left_over(&owner, &args).await {
                    Ok(sentence) => Ok(sentence.map(|sentence| (owner.urn, sentence)).into_iter().collect()),
                    // A name that the service does not even take has nothing left under it; what is wrong with it is said of the plan.
                    Err(error) if error.class == CallClass::Refused => Ok(Vec::new()),
                    Err(error) => {
                        Err(refused(&error, "look for what an earlier deletion left of").about(&owner.urn, None))
                    }
                }
            });
        }
        self.all(asked).await
    }

    /// The arguments that are known without a change; `None` where those of the natural key are not. What else is not known is left out, or
    /// empty where it must be there: a look for a name does not need it.
    pub(super) fn literal(&self, declared: &Declaration, seen: &Observations) -> Option<Value> {
        let args = evaluate(&declared.args, &Answers { looking: self, seen })?;
        let args = complete(declared.schema.args, &args);
        if !declared.schema.natural_key.iter().all(|name| args.get(name).is_known()) {
            return None;
        }
        let known = declared.schema.args.iter().filter_map(|arg| match args.get(arg.name) {
            value if value.is_known() => Some((arg.name.to_owned(), value.clone())),
            value => arg.required.then(|| (arg.name.to_owned(), emptied(value))),
        });
        Some(Value::Map(known.collect()))
    }

    /// Of ids that name nothing of their kind: the kinds of which they name something. Asked only when the plan is refused for it.
    async fn look_elsewhere(
        &self,
        imports: &BTreeMap<Urn, Sight>,
        registries: &Registries,
    ) -> Result<BTreeMap<Urn, Vec<KindName>>, Vec<Error>> {
        let gone = imports.iter().filter(|(_, sight)| **sight == Sight::Gone);
        let gone: BTreeSet<&Urn> = gone.map(|(urn, _)| urn).collect();
        let mut asked = Vec::new();
        for declared in gone.into_iter().filter_map(|urn| self.graph.resource(urn)) {
            let registry = registries.get(&(declared.options.provider.clone(), String::new()));
            let (Some(registry), Some(id)) = (registry, self.id_to_adopt(declared)) else { continue };
            for kind in registry.kinds().filter(|kind| kind.schema().kind != declared.schema.kind) {
                let (kind, id, urn) = (Arc::clone(kind), id.to_owned(), declared.urn.clone());
                asked.push(async move {
                    // One that refuses the id, or may not be asked, has nothing to say.
                    let found = kind.read(std::slice::from_ref(&id)).await.unwrap_or_default();
                    let name = KindName::new(kind.schema().kind);
                    Ok(found.get(&id).is_some_and(Result::is_ok).then_some(((urn, name), ())).into_iter().collect())
                });
            }
        }
        let found: BTreeMap<(Urn, KindName), ()> = self.all(asked).await?;
        let mut other_kinds: BTreeMap<Urn, Vec<KindName>> = BTreeMap::new();
        for (urn, kind) in found.into_keys() {
            other_kinds.entry(urn).or_default().push(kind);
        }
        Ok(other_kinds)
    }
}
