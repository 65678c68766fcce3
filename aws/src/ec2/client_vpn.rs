//! What the parts of a Client VPN endpoint share. They have no tags and AWS lists them per endpoint only, so that their ids begin with the
//! endpoint's, and each endpoint is asked once for all of its parts of a sort.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::questions::each;

/// What AWS says of an endpoint that is not there, and of all of its parts then.
pub(super) const ENDPOINT_GONE: &str = "InvalidClientVpnEndpointId.NotFound";

/// Each of these ids that the list of its endpoint has, with what it says there; an id whose list was not answered, with the error.
///
/// `endpoint` is the endpoint of an id, `list` what one endpoint has, and `is` whether an entry is that of an id.
pub(super) async fn listed<'i, I, T, F>(
    ids: &'i [I],
    endpoint: impl Fn(&'i I) -> &'i str,
    list: impl Fn(&'i str) -> F,
    is: impl Fn(&I, &T) -> bool,
) -> BTreeMap<I, Result<T>>
where
    I: Ord + Clone,
    T: Clone,
    F: Future<Output = Result<Vec<T>>>,
{
    let endpoints: BTreeSet<&str> = ids.iter().map(&endpoint).collect();
    let lists = each(endpoints.iter().copied(), list).await;
    let lists: BTreeMap<&str, Result<Vec<T>>> = endpoints.into_iter().zip(lists).collect();
    let mut found = BTreeMap::new();
    for id in ids {
        match lists.get(endpoint(id)) {
            Some(Ok(entries)) => {
                let entry = entries.iter().find(|entry| is(id, entry));
                found.extend(entry.map(|entry| (id.clone(), Ok(entry.clone()))));
            }
            Some(Err(error)) => drop(found.insert(id.clone(), Err(error.clone()))),
            None => {}
        }
    }
    found
}

/// Whether one of these is leaving already: what AWS says of a second delete is not documented.
pub(super) fn leaves<I, T>(found: BTreeMap<I, Result<T>>, stands: impl Fn(&T) -> bool) -> Result<bool> {
    for entry in found.into_values() {
        if !stands(&entry?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The endpoint and the rest of an id whose parts are joined by a bar.
pub(super) fn split(id: &str) -> (&str, &str) {
    id.split_once('|').unwrap_or((id, ""))
}

/// What AWS says beside a state, or the state where it says nothing.
pub(super) fn words(state: &str, message: Option<&str>) -> String {
    message.filter(|message| !message.is_empty()).unwrap_or(state).to_owned()
}
