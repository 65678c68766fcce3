//! The registries that a run needs, by provider and region; and what it took there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{Error, Turn};
use crate::kind::{CallClass, Cloud, Registry, Throttled};
use crate::program::{Program, ProviderName, ProviderSpec};

/// The registry of each provider and region. A row may stand in another region than its provider has now, or name a provider that the program
/// no longer has: it is reached all the same.
///
/// # Errors
/// Each that is not to be had.
pub(super) async fn registries(
    cloud: &dyn Cloud,
    program: &Program,
    places: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<(String, String), Arc<Registry>>, Vec<Error>> {
    let places: BTreeSet<(String, String)> = places.into_iter().collect();
    let mut registries = BTreeMap::new();
    let mut errors = Vec::new();
    for (provider, region) in places {
        match registry(cloud, program, &provider, &region).await {
            Ok(registry) => drop(registries.insert((provider, region), registry)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(registries) } else { Err(errors) }
}

async fn registry(cloud: &dyn Cloud, program: &Program, provider: &str, region: &str) -> Result<Arc<Registry>, Error> {
    let fail = |error: crate::kind::CallError| {
        let turn = if error.class == CallClass::Credentials { Turn::Credentials } else { Turn::Provider };
        Error::new(
            turn,
            format!("use the provider {} in {region}", ProviderName(provider.to_owned())),
            error.to_string(),
        )
        .answered(error.answer)
    };
    let name = ProviderName(provider.to_owned());
    let spec = program.providers.get(&name);
    if spec.is_some() || provider.is_empty() {
        let registry = cloud.registry(&name, spec).await.map_err(fail)?;
        if region.is_empty() || registry.region == region {
            return Ok(registry);
        }
    }
    let assume_role = spec.and_then(|spec| spec.assume_role.clone());
    let there = ProviderSpec { region: Some(region.to_owned()), assume_role };
    cloud.registry(&ProviderName(region.to_owned()), Some(&there)).await.map_err(fail)
}

/// Calls made since an earlier count.
pub(super) fn since(now: BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let counted = now.into_iter().map(|(name, count)| {
        let made = count.saturating_sub(before.get(&name).copied().unwrap_or_default());
        (name, made)
    });
    counted.filter(|(_, count)| *count > 0).collect()
}

/// Calls that were refused since an earlier count for coming too fast. The fewest calls per second are those of the whole time.
pub(super) fn throttled_since(now: Vec<Throttled>, before: &[Throttled]) -> Vec<Throttled> {
    let place = |of: &Throttled| (of.service.clone(), of.region.clone(), of.mutate);
    let counted = now.into_iter().map(|one| {
        let earlier = before.iter().find(|earlier| place(earlier) == place(&one)).cloned().unwrap_or_default();
        let refused = one.refused.saturating_sub(earlier.refused);
        Throttled { refused, waited: one.waited.saturating_sub(earlier.waited), ..one }
    });
    counted.filter(|one| one.refused > 0).collect()
}
