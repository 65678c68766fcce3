use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::record::{DeploymentStart, RecordedOptions, RowState, Stored};
use crate::urn::{KindName, Uid};

fn binding(lineage: &str) -> Entry {
    Entry::Bound(Binding {
        format: FORMAT,
        lineage: lineage.to_owned(),
        project: "acme".to_owned(),
        stack: "prod".to_owned(),
        identity: crate::kind::Identity {
            account: "123456789012".into(),
            partition: "aws".into(),
            caller: "arn:aws:iam::123456789012:user/ada".into(),
            region: "eu-west-1".into(),
            endpoint: None,
        },
        digest_key: "ab".repeat(32),
    })
}

fn row(name: &str, generation: u32, state: RowState, note: &str) -> Row {
    let kind = KindName::new("test:net/network");
    Row {
        uid: Uid::from_text(name.to_owned()),
        generation,
        urn: Urn::new("prod", &[name], &kind).unwrap(),
        kind,
        kind_version: 1,
        state,
        provider: String::new(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        id: format!("network-{name}"),
        natural_key: String::new(),
        applied: Stored(json!({ "note": note, "password": { "$secret": "00ff" } })),
        observed: None,
        outputs: Stored(json!({ "id": format!("network-{name}") })),
        expressions: BTreeMap::new(),
        formulas: BTreeMap::new(),
        left: BTreeSet::new(),
        waiting: None,
        edges: Vec::new(),
        options: RecordedOptions {
            replace_when: vec![Stored(json!({ "$secret": "aa" }))],
            ..RecordedOptions::default()
        },
        token: None,
        deployment: 1,
        source: None,
        reason: None,
        accepted: BTreeMap::new(),
    }
}

fn by() -> Amender {
    Amender { who: "ada@home".into(), at: 7, command: "state import".into() }
}

fn entry() -> impl Strategy<Value = Entry> {
    let key = || ("[ab]", 1_u32..3);
    let state = prop_oneof![Just(RowState::Creating), Just(RowState::Ready), Just(RowState::Deposed)];
    let rows =
        (key(), state, "[x-z]").prop_map(|((name, generation), state, note)| row(&name, generation, state, &note));
    let uid = |name: &str| Uid::from_text(name.to_owned());
    let urn = |name: &str| Urn::new("prod", &[name], &KindName::new("test:read/zones")).unwrap();
    prop_oneof![
        4 => rows.clone().prop_map(Entry::Row),
        2 => rows.prop_map(|row| Entry::Intent(Intent {
            op: crate::record::IntentOp::Create,
            row,
            before: None,
            token: "00".into(),
            changes: BTreeSet::new(),
            first_sent_at: 1,
            attempts: 1,
        })),
        2 => key().prop_map(move |(name, generation)| Entry::Removed { uid: uid(&name), generation, forgotten: false }),
        1 => ("[ab]", "[x-z]").prop_map(move |(name, answer)| Entry::Pinned {
            urn: urn(&name),
            args: Stored(json!({})),
            outputs: Stored(json!({ "names": answer })),
        }),
        1 => "[x-z]".prop_map(|value| Entry::Outputs { values: [("id".to_owned(), Stored(json!(value)))].into() }),
        1 => (1_u64..4).prop_map(|number| Entry::DeploymentStarted(DeploymentStart {
            number,
            started_at: number,
            who: "ada".into(),
            command: "up".into(),
            plan: Vec::new(),
            saved_plan: None,
            program: None,
            steps: Vec::new(),
        })),
    ]
}

fn store() -> impl Strategy<Value = Snapshot> {
    prop::collection::vec(entry(), 0..16).prop_map(|entries| {
        let mut snapshot = Snapshot::of(&[binding("one")]);
        entries.iter().for_each(|entry| snapshot.fold([entry]));
        snapshot
    })
}

fn imported(exported: &Exported, now: &Snapshot) -> Snapshot {
    let mut after = now.clone();
    let entries = import(exported, now, by());
    after.check(&entries).unwrap();
    after.fold(&entries);
    after
}

/// Everything but the history: the import stands in it as well.
fn parts(snapshot: &Snapshot) -> impl PartialEq + std::fmt::Debug + use<> {
    (snapshot.rows().clone(), snapshot.intents().clone(), snapshot.pins().clone(), snapshot.outputs().clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_exported_comes_back_into_an_empty_store_and_over_any_other(then in store(), now in store()) {
        let document = serde_json::to_value(export(&then, DigestKey::Kept)).unwrap();
        let exported = read(&serde_json::from_str(&document.to_string()).unwrap()).unwrap();
        prop_assert_eq!(&exported, &export(&then, DigestKey::Kept));
        let into_nothing = imported(&exported, &Snapshot::default());
        prop_assert_eq!(parts(&into_nothing), parts(&then));
        prop_assert_eq!(into_nothing.binding(), then.binding());
        for deployment in then.deployments() {
            prop_assert!(into_nothing.deployments().get(deployment.0) == Some(deployment.1));
        }
        prop_assert_eq!(parts(&imported(&exported, &now)), parts(&then));
    }
}

#[test]
fn a_document_in_the_clear_has_no_key_and_replaces_nothing_where_it_begins_a_store() {
    let mut then = Snapshot::of(&[binding("one")]);
    then.fold(&[Entry::Row(row("a", 1, RowState::Ready, "x"))]);
    let exported = export(&then, DigestKey::LeftOut);
    assert!(!serde_json::to_string(&exported).unwrap().contains("digest_key"));
    let begun = imported(&exported, &Snapshot::default());
    assert_ne!(begun.binding().unwrap().digest_key, then.binding().unwrap().digest_key);
    assert!(begun.rows().values().all(|row| row.options.replace_when.is_empty()));
    // Its own store has the key.
    assert_eq!(parts(&imported(&exported, &then)), parts(&then));
}

#[test]
fn another_lineage_and_an_older_document_are_refused_unless_permitted() {
    let (ours, theirs) = (Snapshot::of(&[binding("one")]), Snapshot::of(&[binding("two")]));
    let other = export(&theirs, DigestKey::Kept);
    let error = admit(&other, &ours, Permissions::default()).unwrap_err();
    assert!(error.to_string().contains("it is of the lineage two, and the store of one"), "{error}");
    assert!(admit(&other, &ours, Permissions { other_lineage: true, ..Permissions::default() }).unwrap());
    assert!(!admit(&other, &Snapshot::default(), Permissions::default()).unwrap());

    let mut later = ours.clone();
    later.fold(&[Entry::Row(row("a", 1, RowState::Ready, "x"))]);
    let error = admit(&export(&ours, DigestKey::Kept), &later, Permissions::default()).unwrap_err();
    assert!(error.to_string().contains("exported at commit 1 (deployment 0), and the store is at commit 2"), "{error}");
    let older = Permissions { older: true, ..Permissions::default() };
    assert!(!admit(&export(&ours, DigestKey::Kept), &later, older).unwrap());
    assert!(!admit(&export(&later, DigestKey::Kept), &ours, Permissions::default()).unwrap());
}

#[test]
fn what_is_wrong_with_a_document_is_said_with_its_place() {
    let mut then = Snapshot::of(&[binding("one")]);
    then.fold(&[Entry::Row(row("a", 1, RowState::Ready, "x"))]);
    let whole = serde_json::to_value(export(&then, DigestKey::Kept)).unwrap();
    let said = |change: &dyn Fn(&mut Json)| {
        let mut json = whole.clone();
        change(&mut json);
        read(&json).unwrap_err().to_string()
    };
    type Case<'a> = (&'a dyn Fn(&mut Json), &'a str);
    let cases: [Case<'_>; 8] = [
        (&|json| *json = json!([]), "`version`: it is missing, so this is no export"),
        (&|json| json["version"] = json!(9), "`version`: it is 9, and this build reads 1"),
        (&|json| json["binding"]["format"] = json!(9), "`binding.format`: it is 9"),
        (&|json| drop(json.as_object_mut().unwrap().remove("pins")), "`pins`: it is missing"),
        (
            &|json| json["rows"][0]["state"] = json!("fine"),
            "`rows[0]` (prod::a::test:net/network): unknown variant `fine`",
        ),
        (
            &|json| json["rows"] = json!([json["rows"][0], json["rows"][0]]),
            "`rows[1]`: prod::a::test:net/network, generation 1, is there twice",
        ),
        (
            &|json| json["binding"]["stack"] = json!("dev"),
            "`rows[0]`: prod::a::test:net/network is no name of the stack dev",
        ),
        (&|json| json["pins"] = json!({ "nonsense": {} }), "`pins.nonsense`"),
    ];
    for (change, wanted) in cases {
        let said = said(change);
        assert!(said.contains(wanted), "{said} has no {wanted}");
    }
}
