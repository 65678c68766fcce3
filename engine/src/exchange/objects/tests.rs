//! What stacks tell each other through objects, and the run that stood still meanwhile.

use super::*;
use crate::exchange::local::tests::{published, uses};
use crate::record::Standing;
use crate::state::objects::MemoryObjects;
use crate::testing::ScriptedClock;

fn exchange(objects: &MemoryObjects) -> ObjectExchange {
    ObjectExchange::new(Arc::new(objects.clone()), Arc::new(ScriptedClock::new()), None)
}

#[tokio::test]
async fn what_was_written_is_read_by_whoever_looks_next() {
    let objects = MemoryObjects::seeded(1);
    let (ours, theirs) = (exchange(&objects), exchange(&objects));
    assert_eq!(theirs.fetch("shop", "network").await.unwrap(), None);
    assert!(theirs.registered("shop").await.unwrap().is_empty() && theirs.published("shop").await.unwrap().is_empty());
    assert!(objects.all().is_empty(), "looking makes nothing");
    ours.publish(&published()).await.unwrap();
    let again = Published { deployment: 4, ..published() };
    ours.publish(&again).await.unwrap();
    assert_eq!(theirs.fetch("shop", "network").await.unwrap(), Some(again));
    assert_eq!(theirs.published("shop").await.unwrap(), ["network"]);
    for stack in ["web", "app"] {
        ours.register(&uses(stack)).await.unwrap();
    }
    for _ in 0..2 {
        ours.withdraw("shop", "web").await.unwrap();
    }
    assert_eq!(theirs.registered("shop").await.unwrap(), [uses("app")]);
    // Who comes back is there again.
    ours.register(&uses("web")).await.unwrap();
    assert_eq!(theirs.registered("shop").await.unwrap().len(), 2);
    assert_eq!(theirs.place("shop", "app"), "memory/uses/app.json");
}

#[tokio::test]
async fn a_run_that_stood_still_puts_nothing_back() {
    let objects = MemoryObjects::seeded(2);
    let (stood_still, took_over) = (exchange(&objects), exchange(&objects));
    stood_still.publish(&published()).await.unwrap();
    let mut leaving = published();
    leaving.outputs.values_mut().for_each(|output| output.standing = Standing::Leaving);
    took_over.publish(&leaving).await.unwrap();
    let error = stood_still.publish(&published()).await.unwrap_err();
    assert!(error.to_string().contains("memory/published/network.json: it was changed by somebody else"), "{error}");
    assert_eq!(took_over.fetch("shop", "network").await.unwrap(), Some(leaving));
    // Nor does one that had never looked, where there is something by now.
    let app = exchange(&objects);
    assert!(app.fetch("shop", "app").await.unwrap().is_none());
    app.remember("uses/app.json", None);
    took_over.register(&uses("app")).await.unwrap();
    assert!(app.register(&Uses { lineage: "another".into(), ..uses("app") }).await.is_err());
    // A write of its own that was executed although its answer was lost is no stranger's.
    app.remember("uses/app.json", None);
    app.register(&uses("app")).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_understood_is_an_error_and_not_nothing() {
    let objects = MemoryObjects::seeded(3);
    let exchange = exchange(&objects);
    exchange.register(&uses("app")).await.unwrap();
    let whole = String::from_utf8(objects.all()["uses/app.json"].clone()).unwrap();
    for broken in ["", &whole[..whole.len() / 2], &whole.replace("lineage", "linage")] {
        objects.tamper("uses/app.json", Some(broken.as_bytes().to_vec()));
        let error = exchange.registered("shop").await.unwrap_err();
        assert!(error.to_string().contains("memory/uses/app.json"), "{error}");
    }
    objects.tamper("uses/app.json", Some(whole.replace("\"format\": 1", "\"format\": 2").into_bytes()));
    assert!(matches!(exchange.registered("shop").await.unwrap_err(), StateError::Newer { found: 2, known: 1, .. }));
}
