//! Equality of JSON documents: as trees, and for access policies as the services that keep them see them.
//!
//! A document whose top is an object with a `Statement` is taken for an access policy. Services hand such a document back in
//! another form than it was sent in, so two of them are equal when they are equal after this:
//!
//! - a list of one element is that element (`"Action": ["s3:Get*"]` and `"Action": "s3:Get*"`), the list of statements too;
//! - lists of texts are unordered and hold nothing twice (actions, resources, principals, values of a condition);
//! - in conditions and principals every scalar is text (`true` and `"true"`);
//! - the principal `"123456789012"` is `"arn:aws:iam::123456789012:root"`, in any partition.
//!
//! Statements keep their order, and nothing else is rewritten: case, wildcards and defaults stay as they stand.

use serde_json::Value as Json;

/// Whether two JSON texts say the same. Texts that are no JSON are compared as they are.
pub(super) fn same_json(wanted: &str, found: &str) -> bool {
    if wanted == found {
        return true;
    }
    match (serde_json::from_str::<Json>(wanted), serde_json::from_str::<Json>(found)) {
        (Ok(wanted), Ok(found)) if is_policy(&wanted) && is_policy(&found) => {
            normal(&wanted, Place::Elsewhere) == normal(&found, Place::Elsewhere)
        }
        (Ok(wanted), Ok(found)) => wanted == found,
        _ => false,
    }
}

fn is_policy(document: &Json) -> bool {
    document.get("Statement").is_some()
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Principal,
    Condition,
    Elsewhere,
}

fn normal(json: &Json, place: Place) -> Json {
    match json {
        Json::Array(list) => {
            let mut list: Vec<Json> = list.iter().map(|item| normal(item, place)).collect();
            if list.iter().all(Json::is_string) {
                list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                list.dedup();
            }
            if list.len() == 1 { list.remove(0) } else { Json::Array(list) }
        }
        Json::Object(map) => Json::Object(
            map.iter()
                .map(|(key, value)| {
                    let inner = match key.as_str() {
                        "Principal" | "NotPrincipal" => Place::Principal,
                        "Condition" => Place::Condition,
                        _ => place,
                    };
                    (key.clone(), normal(value, inner))
                })
                .collect(),
        ),
        Json::String(text) if place == Place::Principal => Json::String(account_of(text).unwrap_or(text).to_owned()),
        Json::Bool(_) | Json::Number(_) if place != Place::Elsewhere => Json::String(json.to_string()),
        other => other.clone(),
    }
}

/// The account of `arn:aws:iam::123456789012:root`.
fn account_of(arn: &str) -> Option<&str> {
    let (partition, rest) = arn.strip_prefix("arn:")?.split_once(":iam::")?;
    let account = rest.strip_suffix(":root")?;
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (digits && !partition.contains(':')).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_equal_as_the_service_sees_them() {
        let policy = |body: &str| format!(r#"{{"Version":"2012-10-17","Statement":{body}}}"#);
        for (a, b, same) in [
            (r#"[{"Action":["a","b"]}]"#, r#"{"Action":["b","a"]}"#, true),
            (r#"[{"Action":["a"]}]"#, r#"[{"Action":"a"}]"#, true),
            (r#"[{"Action":"a"},{"Action":"b"}]"#, r#"[{"Action":"b"},{"Action":"a"}]"#, false),
            (r#"{"Action":"a"}"#, r#"{"Action":"A"}"#, false),
            (
                r#"{"Principal":{"AWS":"123456789012"}}"#,
                r#"{"Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}"#,
                true,
            ),
            (r#"{"Condition":{"Bool":{"x":true}}}"#, r#"{"Condition":{"Bool":{"x":["true"]}}}"#, true),
            (r#"{"Resource":true}"#, r#"{"Resource":"true"}"#, false),
        ] {
            assert_eq!(same_json(&policy(a), &policy(b)), same, "{a} and {b}");
        }
    }

    #[test]
    fn other_documents_are_compared_as_trees() {
        assert!(same_json(r#"{"a":1,"b":[1]}"#, r#"{ "b": [1], "a": 1 }"#));
        assert!(!same_json(r#"{"a":["x"]}"#, r#"{"a":"x"}"#));
        assert!(same_json("no json", "no json"));
        assert!(!same_json("no json", "{}"));
    }
}
