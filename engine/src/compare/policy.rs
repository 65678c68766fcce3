//! Equality of JSON documents: as trees, and for access policies as the services that keep them see them.
//!
//! A document whose top is an object with a `Statement` is taken for an access policy. Services hand such a document back in
//! another form than it was sent in, so two of them are equal when they are equal after this:
//!
//! - a list of one element is that element (`"Action": ["s3:Get*"]` and `"Action": "s3:Get*"`), the list of statements too;
//! - lists of texts are unordered and hold nothing twice (actions, resources, principals, values of a condition);
//! - in conditions and principals every scalar is text (`true` and `"true"`);
//! - the principal `"123456789012"` is `"arn:aws:iam::123456789012:root"`, in any partition;
//! - the principal `"*"` is `{"AWS": "*"}`;
//! - the case of actions and of the names of condition keys makes no difference;
//! - without a `Version` it is `2008-10-17`; an empty `Sid` or `Condition` is none.
//!
//! Statements keep their order, and nothing else is rewritten: the case of resources and values, wildcards, effects and names of
//! statements stay as they stand.

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
    /// In a condition, beneath its operator or not.
    Condition,
    Operator,
    Action,
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
        Json::Object(map) => {
            let mut map: serde_json::Map<String, Json> = map
                .iter()
                .filter(|(key, value)| !is_empty(key, value))
                .map(|(key, value)| {
                    let (key, inner) = inside(key, place);
                    match value.as_str() {
                        Some("*") if inner == Place::Principal && place != Place::Principal => (key, everybody()),
                        _ => (key, normal(value, inner)),
                    }
                })
                .collect();
            if map.contains_key("Statement") {
                map.entry("Version").or_insert_with(|| Json::from("2008-10-17"));
            }
            Json::Object(map)
        }
        Json::String(text) => match place {
            Place::Principal => Json::from(account_of(text).unwrap_or(text)),
            Place::Action => Json::from(text.to_ascii_lowercase()),
            _ => json.clone(),
        },
        Json::Bool(_) | Json::Number(_) if matches!(place, Place::Principal | Place::Condition | Place::Operator) => {
            Json::String(json.to_string())
        }
        other => other.clone(),
    }
}

/// Every principal, in the longer of its two forms.
fn everybody() -> Json {
    serde_json::json!({ "AWS": "*" })
}

/// What counts as absent.
fn is_empty(key: &str, value: &Json) -> bool {
    match key {
        "Sid" => value.as_str() == Some(""),
        "Condition" => value.as_object().is_some_and(serde_json::Map::is_empty),
        _ => false,
    }
}

/// The name of an entry as it is compared, and where its value stands.
fn inside(key: &str, place: Place) -> (String, Place) {
    match (key, place) {
        // Names of condition keys: what stands beneath an operator.
        (key, Place::Operator) => (key.to_ascii_lowercase(), Place::Condition),
        (key, Place::Condition) => (key.to_owned(), Place::Operator),
        ("Principal" | "NotPrincipal", _) => (key.to_owned(), Place::Principal),
        ("Action" | "NotAction", _) => (key.to_owned(), Place::Action),
        ("Condition", _) => (key.to_owned(), Place::Condition),
        (key, place) => (key.to_owned(), place),
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

    /// Pairs from the documentation of IAM, of its policy elements and of what its services answer, with whether they say the same.
    #[test]
    fn policies_are_equal_as_the_service_sees_them() {
        let policy = |body: &str| format!(r#"{{"Version":"2012-10-17","Statement":{body}}}"#);
        for (a, b, same) in [
            (r#"[{"Action":["a","b"]}]"#, r#"{"Action":["b","a"]}"#, true),
            (r#"[{"Action":["a"]}]"#, r#"[{"Action":"a"}]"#, true),
            (r#"[{"Action":"a"},{"Action":"b"}]"#, r#"[{"Action":"b"},{"Action":"a"}]"#, false),
            // "iam:ListAccessKeys is the same as IAM:listaccesskeys".
            (r#"{"Action":"iam:ListAccessKeys"}"#, r#"{"Action":["IAM:listaccesskeys"]}"#, true),
            (r#"{"NotAction":"s3:Get*"}"#, r#"{"NotAction":"S3:get*"}"#, true),
            (r#"{"Resource":"arn:aws:s3:::A"}"#, r#"{"Resource":"arn:aws:s3:::a"}"#, false),
            (
                r#"{"Principal":{"AWS":"123456789012"}}"#,
                r#"{"Principal":{"AWS":"arn:aws-cn:iam::123456789012:root"}}"#,
                true,
            ),
            (
                r#"{"Principal":{"AWS":["123456789012","555555555555"]}}"#,
                r#"{"Principal":{"AWS":["arn:aws:iam::555555555555:root","arn:aws:iam::123456789012:root"]}}"#,
                true,
            ),
            (
                r#"{"Principal":{"AWS":"123456789012"}}"#,
                r#"{"Principal":{"AWS":"arn:aws:iam::123456789012:user/a"}}"#,
                false,
            ),
            (r#"{"Principal":"*"}"#, r#"{"Principal":{"AWS":"*"}}"#, true),
            (r#"{"Principal":"*"}"#, r#"{"Principal":{"AWS":["*"]}}"#, true),
            (r#"{"Principal":"*"}"#, r#"{"Principal":{"Service":"*"}}"#, false),
            (
                r#"{"Principal":{"Service":["ecs.amazonaws.com","elasticloadbalancing.amazonaws.com"]}}"#,
                r#"{"Principal":{"Service":["elasticloadbalancing.amazonaws.com","ecs.amazonaws.com"]}}"#,
                true,
            ),
            (r#"{"Condition":{"Bool":{"x":true}}}"#, r#"{"Condition":{"Bool":{"x":["true"]}}}"#, true),
            (
                r#"{"Condition":{"NumericLessThanEquals":{"aws:MultiFactorAuthAge":3600}}}"#,
                r#"{"Condition":{"NumericLessThanEquals":{"aws:multifactorauthage":"3600"}}}"#,
                true,
            ),
            (
                r#"{"Condition":{"StringEquals":{"aws:SourceIp":"A"}}}"#,
                r#"{"Condition":{"StringEquals":{"aws:SourceIp":"a"}}}"#,
                false,
            ),
            (
                r#"{"Condition":{"StringEquals":{"s3:prefix":["","home/","home/a"]}}}"#,
                r#"{"Condition":{"StringEquals":{"s3:prefix":["home/a","","home/"]}}}"#,
                true,
            ),
            (r#"{"Action":"a","Condition":{}}"#, r#"{"Action":"a"}"#, true),
            (r#"{"Sid":"","Action":"a"}"#, r#"{"Action":"a"}"#, true),
            (r#"{"Sid":"One","Action":"a"}"#, r#"{"Sid":"Two","Action":"a"}"#, false),
            (r#"{"Sid":"One","Action":"a"}"#, r#"{"Action":"a"}"#, false),
            (r#"{"Resource":true}"#, r#"{"Resource":"true"}"#, false),
            (r#"{"Effect":"Allow"}"#, r#"{"Effect":"Deny"}"#, false),
        ] {
            assert_eq!(same_json(&policy(a), &policy(b)), same, "{a} and {b}");
        }
        let (without, old) = (r#"{"Statement":[]}"#, r#"{"Version":"2008-10-17","Statement":[]}"#);
        assert!(same_json(without, old) && !same_json(without, &policy("[]")));
    }

    #[test]
    fn other_documents_are_compared_as_trees() {
        assert!(same_json(r#"{"a":1,"b":[1]}"#, r#"{ "b": [1], "a": 1 }"#));
        assert!(!same_json(r#"{"a":["x"]}"#, r#"{"a":"x"}"#));
        assert!(same_json("no json", "no json"));
        assert!(!same_json("no json", "{}"));
    }
}
