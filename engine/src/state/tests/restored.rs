//! Property: the fold of the log and what the view gives back are the same, whatever was committed.

use proptest::prelude::*;

use super::*;

fn entry() -> impl Strategy<Value = Entry> {
    let key = || ("[ab]", 1u32..3);
    let state = prop_oneof![Just(RowState::Creating), Just(RowState::Ready), Just(RowState::Deposed)];
    let rows = (key(), state, "[a-c]")
        .prop_map(|((name, generation), state, place)| Row { urn: urn(&place), ..row(&name, generation, state) });
    let text = "[a-z$]{0,4}";
    prop_oneof![
        4 => rows.clone().prop_map(Entry::Row),
        2 => rows.clone().prop_map(Entry::Progress),
        1 => rows.clone().prop_map(|row| Entry::Accepted { row }),
        3 => rows.prop_map(|row| intent(IntentOp::Create, row)),
        2 => key().prop_map(|(name, generation)| Entry::Removed { uid: uid(&name), generation, forgotten: true }),
        2 => key().prop_map(|(name, generation)| Entry::Dropped { uid: uid(&name), generation }),
        2 => (key(), text).prop_map(|((name, generation), seen)| Entry::Observed {
            uid: uid(&name),
            generation,
            args: Stored(json!({ "seen": seen })),
            outputs: Stored(json!({})),
        }),
        1 => "[ab]".prop_map(|name| Entry::Unpinned { urn: urn(&name) }),
        1 => ("[ab]", text).prop_map(|(name, args)| Entry::Pinned {
            urn: urn(&name),
            args: Stored(json!(args)),
            outputs: Stored(json!({})),
        }),
        1 => proptest::collection::btree_map("[a-c]", text.prop_map(|text| Stored(json!(text))), 0..3)
            .prop_map(|values| Entry::Outputs { values }),
        1 => (1u64..4).prop_map(started),
        1 => (1u64..4).prop_map(ended),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_entries_of_the_items_fold_to_the_same_snapshot(entries in proptest::collection::vec(entry(), 0..20)) {
        let mut snapshot = Snapshot::of(&[bound()]);
        snapshot.fold(&entries);
        prop_assert_eq!(Snapshot::restored(2, &snapshot.to_entries()), snapshot);
    }
}

proptest! {
    // Each case opens two stores on the disk.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_gives_back_what_the_log_folds_to(
        commits in proptest::collection::vec(proptest::collection::vec(entry(), 1..6), 1..6),
    ) {
        let place = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let binding = [bound()];
        let all: Vec<&[Entry]> = std::iter::once(&binding[..]).chain(commits.iter().map(Vec::as_slice)).collect();
        let written = runtime.block_on(filled(place.path(), &all));
        let viewed = writing(place.path()).unwrap();
        prop_assert_eq!(viewed.notes(), &[] as &[String]);
        prop_assert_eq!(viewed.snapshot(), &written);
        let read = reading(place.path()).unwrap();
        prop_assert_eq!(read.snapshot(), &written);
    }
}
