//! What the things of a file are in the account: read in one batch per type and provider.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use formwork_engine::error::Turn;
use formwork_engine::kind::{CallClass, CallError, Cloud, Registry};
use formwork_engine::observe::Sight;
use formwork_engine::{Error, Program, ProviderName};
use tokio::task::JoinSet;

use super::{Is, Item};

/// What was seen of the things: by number of the item, and by the provider through which it was looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sights {
    /// What was seen.
    pub(crate) seen: BTreeMap<(usize, ProviderName), Sight>,
    /// Things that were not looked at, since they are elsewhere: why.
    pub(crate) elsewhere: BTreeMap<usize, String>,
}

type Batches = BTreeMap<(ProviderName, &'static str), BTreeMap<String, Vec<usize>>>;

/// Reads every thing of the file through each provider of the program that may have it.
///
/// # Guarantees
/// Changes nothing. A thing that cannot be read does not fail the rest.
///
/// # Errors
/// When a provider is not to be had, or the credentials are no longer valid.
pub(crate) async fn look(cloud: &dyn Cloud, program: &Program, items: &[Item]) -> Result<Sights, Vec<Error>> {
    let registries = registries(cloud, program).await?;
    let mut sights = Sights::default();
    let mut batches = Batches::new();
    for (index, item) in items.iter().enumerate() {
        let Is::Thing { kind, id } = &item.is else { continue };
        match places(item, kind, program, &registries) {
            Ok(providers) => {
                for provider in providers {
                    let ids = batches.entry((provider, kind)).or_default();
                    ids.entry(id.clone()).or_default().push(index);
                }
            }
            Err(reason) => drop(sights.elsewhere.insert(index, reason)),
        }
    }
    let mut reading = JoinSet::new();
    for ((provider, kind), ids) in batches {
        let Some(kind) = registries.get(&provider).and_then(|registry| registry.kind(kind)).cloned() else { continue };
        reading.spawn(async move {
            let asked: Vec<String> = ids.keys().cloned().collect();
            (provider, kind.read(&asked).await, ids)
        });
    }
    while let Some(read) = reading.join_next().await {
        let (provider, answer, ids) =
            read.map_err(|error| vec![Error::new(Turn::Bug, "read the account", error.to_string())])?;
        let mut answers = match answer {
            Ok(answers) => Ok(answers),
            Err(error) if error.class == CallClass::Credentials => {
                return Err(vec![refused("read the account", &error)]);
            }
            Err(error) => Err(Sight::Unreadable(error.to_string())),
        };
        for (id, indices) in ids {
            let sight = match &mut answers {
                Ok(answers) => match answers.remove(&id) {
                    Some(Ok(observed)) => Sight::Seen(Box::new(observed)),
                    Some(Err(error)) => Sight::Unreadable(error.to_string()),
                    None => Sight::Gone,
                },
                Err(unreadable) => unreadable.clone(),
            };
            for index in indices {
                sights.seen.insert((index, provider.clone()), sight.clone());
            }
        }
    }
    Ok(sights)
}

async fn registries(cloud: &dyn Cloud, program: &Program) -> Result<BTreeMap<ProviderName, Arc<Registry>>, Vec<Error>> {
    let named = program.providers.iter().map(|(name, spec)| (name.clone(), Some(spec)));
    let mut registries = BTreeMap::new();
    let mut errors = Vec::new();
    for (name, spec) in std::iter::once((ProviderName::default(), None)).chain(named) {
        match cloud.registry(&name, spec).await {
            Ok(registry) => drop(registries.insert(name, registry)),
            Err(error) => errors.push(refused(&format!("use the provider {name}"), &error)),
        }
    }
    if errors.is_empty() { Ok(registries) } else { Err(errors) }
}

/// The providers that may have a thing: those of the declared resources of its type, the default one where there is none, without those of
/// another account or region.
fn places(
    item: &Item,
    kind: &str,
    program: &Program,
    registries: &BTreeMap<ProviderName, Arc<Registry>>,
) -> Result<Vec<ProviderName>, String> {
    let declared = program.resources.values().filter(|declared| declared.schema.kind == kind);
    let mut used: BTreeSet<ProviderName> = declared.map(|declared| declared.options.provider.clone()).collect();
    if used.is_empty() {
        used.insert(ProviderName::default());
    }
    let of = |provider: &ProviderName| registries.get(provider);
    let accounts: BTreeSet<&str> = used.iter().filter_map(of).map(|registry| registry.account.as_str()).collect();
    if let Some(account) = item.place.account.as_deref().filter(|account| !accounts.contains(account)) {
        return Err(format!("it is in the account {account}, and the stack is in {}", joined(&accounts)));
    }
    let fits = |provider: &&ProviderName| {
        of(provider).is_some_and(|registry| {
            item.place.account.as_ref().is_none_or(|account| *account == registry.account)
                && item.place.region.as_ref().is_none_or(|region| *region == registry.region)
        })
    };
    let fitting: Vec<ProviderName> = used.iter().filter(fits).cloned().collect();
    if !fitting.is_empty() {
        return Ok(fitting);
    }
    let regions: BTreeSet<&str> = used.iter().filter_map(of).map(|registry| registry.region.as_str()).collect();
    Err(format!(
        "it is in the region {}, and what the stack declares of its type is in {}",
        item.place.region.as_deref().unwrap_or_default(),
        joined(&regions)
    ))
}

fn joined(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

fn refused(act: &str, error: &CallError) -> Error {
    let turn = if error.class == CallClass::Credentials { Turn::Credentials } else { Turn::Provider };
    Error::new(turn, act, error.to_string()).answered(error.answer.clone())
}
