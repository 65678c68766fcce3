//! The patch document of an update (RFC 6902), as far as whole properties go.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::property::covers;

/// Sets each planned property that is not so yet, and says those again that cannot be read: without them the service takes them for absent.
///
/// `add` to an object replaces what is there. What the program does not declare is not touched.
pub(super) fn patch(
    now: &BTreeMap<String, Json>,
    planned: &BTreeMap<String, Json>,
    unread: &BTreeMap<String, Json>,
) -> Vec<Json> {
    let changed = planned.iter().filter(|(name, wanted)| !now.get(*name).is_some_and(|found| covers(wanted, found)));
    changed.chain(unread).map(|(name, value)| json!({"op": "add", "path": pointer(name), "value": value})).collect()
}

/// The JSON pointer (RFC 6901) of a property.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties<const N: usize>(of: [(&str, Json); N]) -> BTreeMap<String, Json> {
        of.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn only_what_is_not_so_yet_is_set() {
        let now = properties([("Delay", json!(5)), ("Made", json!("by AWS")), ("Size", json!({"Max": 1, "Min": 0}))]);
        let planned = properties([("Delay", json!(6)), ("Size", json!({"Max": 1}))]);
        assert_eq!(patch(&now, &planned, &BTreeMap::new()), [json!({"op": "add", "path": "/Delay", "value": 6})]);
    }

    #[test]
    fn what_cannot_be_read_is_said_again_with_every_change() {
        let now = properties([("Delay", json!(5))]);
        let unread = properties([("Password", json!("hush"))]);
        assert_eq!(patch(&now, &now, &unread), [json!({"op": "add", "path": "/Password", "value": "hush"})]);
    }

    #[test]
    fn a_property_may_be_named_like_a_path() {
        assert_eq!(pointer("a/b~c"), "/a~1b~0c");
    }
}
