//! Tests of the comparison.

use super::*;
use crate::fixtures::{RULE, digester};
use crate::rust::Rust;
use crate::value::Unknown;

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::List(items.into_iter().map(Value::from).collect())
}

fn secret(text: &str) -> Value {
    Value::from(text).into_secret()
}

fn digest(text: &str) -> Value {
    digester().seal(&secret(text))
}

fn unknown() -> Value {
    Value::Unknown(Unknown { expression: "a.id".into(), secret: false })
}

#[test]
fn equality_belongs_to_the_shape_and_has_a_direction() {
    const TEXT: Shape = Shape::Text;
    const SECRET: Shape = Shape::Secret(&TEXT);
    static RULES: Shape = Shape::Block(&RULE);
    let prefix = Value::from([(PREFIX_KEY, "app")]);
    let rule = |days: i64| Value::from([("days", days)]);
    let rules = |days: &[i64]| Value::List(days.iter().map(|d| rule(*d)).collect());
    for (shape, wanted, found, same) in [
        (&Shape::Bool, true.into(), true.into(), true),
        (&Shape::Int, Value::Int(1), Value::Int(2), false),
        (&TEXT, "a".into(), "A".into(), false),
        (&Shape::Caseless, "a".into(), "A".into(), true),
        (&Shape::Choice(&["a", "b"]), "a".into(), "b".into(), false),
        (&Shape::Version, "16".into(), "16.4".into(), true),
        (&Shape::Version, "16.4".into(), "16".into(), false),
        (&Shape::Version, "1".into(), "16.4".into(), false),
        (&Shape::Name, prefix.clone(), "app-0a1b2c3d".into(), true),
        (&Shape::Name, prefix.clone(), "App-0a1b2c3d".into(), true),
        (&Shape::Name, prefix.clone(), "app-0A1B2C3D".into(), false),
        (&Shape::Name, prefix.clone(), "ap".into(), false),
        (&Shape::Name, prefix.clone(), "app-0a1b2c3".into(), false),
        (&Shape::Name, prefix, "application".into(), false),
        (&Shape::Name, "app".into(), "app-0a1b2c3d".into(), false),
        (&Shape::Json, r#"{"a":[1]}"#.into(), r#"{ "a" : [ 1 ] }"#.into(), true),
        (&Shape::List(&TEXT), list(["a", "b"]), list(["b", "a"]), false),
        (&Shape::Set(&TEXT), list(["a", "b"]), list(["b", "a"]), true),
        (&Shape::Set(&TEXT), list(["a", "a"]), list(["a"]), true),
        (&Shape::Set(&TEXT), list(["a"]), list(["a", "b"]), false),
        (&Shape::Set(&RULES), rules(&[1, 2]), rules(&[2, 1]), true),
        (&Shape::Set(&RULES), rules(&[1, 2]), rules(&[2, 3]), false),
        (&Shape::Map(&TEXT), Value::from([("a", "x")]), Value::from([("a", "x"), ("b", "y")]), false),
        (&Shape::Optional(&TEXT), Value::Null, "x".into(), true),
        (&Shape::Optional(&TEXT), "x".into(), Value::Null, false),
        (&SECRET, secret("x"), digest("x"), true),
        (&SECRET, digest("x"), secret("x"), true),
        (&SECRET, digest("x"), "x".into(), true),
        (&SECRET, secret("x"), digest("y"), false),
        (&TEXT, unknown(), unknown(), false),
        (&Shape::List(&TEXT), list(["a"]).into_secret(), list(["a"]), true),
    ] {
        let compared = Comparison::new(&digester()).same(shape, &wanted, &found);
        assert_eq!(compared, same, "{shape:?}: {wanted:?} and {found:?}");
    }
}

static BLOCK: [ArgSchema; 1] = [ArgSchema { required: true, ..rule_like("days") }];
static ARGS: [ArgSchema; 5] = [
    ArgSchema { shape: Shape::Block(&RULE), ..rule_like("rule") },
    ArgSchema { shape: Shape::List(&Shape::Block(&RULE)), ..rule_like("rules") },
    ArgSchema { shape: Shape::Map(&Shape::Text), ..rule_like("tags") },
    ArgSchema { shape: Shape::Set(&Shape::Text), ..rule_like("zones") },
    ArgSchema { same: Some(first_letter), shape: Shape::Optional(&Shape::Text), ..rule_like("word") },
];

fn first_letter(a: &Value, b: &Value) -> bool {
    a.as_text().and_then(|t| t.chars().next()) == b.as_text().and_then(|t| t.chars().next())
}

const fn rule_like(name: &'static str) -> ArgSchema {
    ArgSchema {
        name,
        cfn: "",
        doc: "",
        shape: Shape::Int,
        rust: Rust::literal::<String>(),
        required: false,
        default: None,
        change: ChangeRule::Always(Change::InPlace),
        after_create: false,
        write_only: false,
        drift_ignored: false,
        tags: false,
        hazards: None,
        same: None,
        instead_of: None,
    }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::from(entries)
}

fn paths(wanted: &Value, found: &Value) -> Vec<String> {
    let differences = Comparison::new(&digester()).diff(&ARGS, &complete(&ARGS, wanted), &complete(&ARGS, found));
    let word = |change| if change == Change::Replace { " replaces" } else { "" };
    differences.into_iter().map(|d| format!("{}{}", d.path, word(d.change))).collect()
}

#[test]
fn completion_fills_defaults_at_all_depths_and_drops_what_is_unknown_to_the_schema() {
    let value =
        map([("rule", Value::empty_map()), ("rules", Value::List(vec![Value::empty_map()])), ("gone", Value::Int(1))]);
    let rule = map([("days", Value::Int(30)), ("prefix", Value::Null)]);
    assert_eq!(
        complete(&ARGS, &value),
        map([
            ("rule", rule.clone()),
            ("rules", Value::List(vec![rule])),
            ("tags", Value::Null),
            ("zones", Value::Null),
            ("word", Value::Null)
        ])
    );
    assert_eq!(complete(&BLOCK, &Value::empty_map()), map([("days", Value::Null)]));
    let tags = map([("tags", map([("a", Value::Null), ("b", "x".into())]))]);
    assert_eq!(complete(&ARGS, &tags).get("tags"), &map([("b", "x".into())]), "a key without a value is no key");
}

#[test]
fn a_block_with_its_defaults_spelt_out_is_the_same_block() {
    let spelt = map([("rule", map([("days", Value::Int(30))]))]);
    assert_eq!(paths(&map([("rule", Value::empty_map())]), &spelt), Vec::<String>::new());
}

#[test]
fn differences_are_named_as_deep_as_the_forms_agree() {
    let wanted = map([
        ("rule", map([("days", Value::Int(1)), ("prefix", "b".into())])),
        ("rules", Value::List(vec![map([("days", Value::Int(7))]), Value::empty_map()])),
        ("tags", map([("team", "x".into()), ("new", "y".into())])),
        ("zones", list(["a", "b"])),
        ("word", "alpha".into()),
    ]);
    let found = map([
        ("rule", map([("days", Value::Int(2)), ("prefix", "a".into())])),
        ("rules", Value::List(vec![Value::empty_map()])),
        ("tags", map([("team", "z".into()), ("kubernetes.io/x", "y".into())])),
        ("zones", list(["c", "a"])),
        ("word", "arrow".into()),
    ]);
    assert_eq!(
        paths(&wanted, &found),
        [
            "rule.days",
            "rule.prefix replaces",
            "rules[0].days",
            "rules[1]",
            r#"tags["kubernetes.io/x"]"#,
            "tags.new",
            "tags.team",
            "zones"
        ]
    );
}

#[test]
fn only_the_unknown_leaf_is_a_difference() {
    let wanted = map([("tags", map([("a", "x".into()), ("b", unknown())]))]);
    assert_eq!(paths(&wanted, &map([("tags", map([("a", "x".into()), ("b", "y".into())]))])), ["tags.b"]);
}

#[test]
fn secrecy_is_inherited_by_path_and_a_list_is_secret_as_a_whole() {
    let recorded = map([("tags", map([("key", digest("x"))])), ("zones", Value::List(vec![digest("x"), "a".into()]))]);
    let observed = map([("tags", map([("key", "y".into()), ("team", "z".into())])), ("zones", list(["a", "y"]))]);
    let tainted = taint(&observed, &[&recorded, &Value::Null]);
    assert_eq!(tainted.get("tags").get("key"), &secret("y"));
    assert_eq!(tainted.get("tags").get("team"), &Value::from("z"));
    assert_eq!(tainted.get("zones"), &list(["a", "y"]).into_secret());
    assert_eq!(taint(&"y".into(), &[&unknown()]), "y".into());
}
