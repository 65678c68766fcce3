//! The files of an exchange: what is written, what is passed over, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::digest::Digester;
use crate::record::{PublishedOutput, Source, Standing, Stored};
use crate::urn::Uid;
use crate::value::Value;

/// As the files under `tests/fixtures/exchange-1` have it.
pub(crate) fn published() -> Published {
    let source = Source {
        urn: "network::main::aws:ec2/vpc".parse().unwrap(),
        uid: Uid::from_text("0123456789abcdef0123456789abcdef"),
        generation: 2,
        id: "vpc-1".to_owned(),
    };
    let known = PublishedOutput {
        standing: Standing::Known,
        value: Some(Stored::from_value(&Value::from("vpc-1"), &Digester::new("a key"))),
        sources: vec![source],
    };
    let secret = PublishedOutput { standing: Standing::Secret, value: None, sources: Vec::new() };
    Published {
        format: 1,
        project: "shop".to_owned(),
        stack: "network".to_owned(),
        lineage: "0123456789abcdef0123456789abcdef".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: None,
        deployment: 3,
        outputs: [("vpc_id".to_owned(), known), ("password".to_owned(), secret)].into(),
    }
}

pub(crate) fn uses(stack: &str) -> Uses {
    let sources = published().outputs["vpc_id"].sources.clone();
    Uses {
        format: 1,
        project: "shop".to_owned(),
        stack: stack.to_owned(),
        lineage: "fedcba9876543210fedcba9876543210".to_owned(),
        endpoint: None,
        of: [("network".to_owned(), [("vpc_id".to_owned(), sources)].into())].into(),
    }
}

fn exchange() -> (tempfile::TempDir, LocalExchange) {
    let folder = tempfile::tempdir().unwrap();
    let exchange = LocalExchange::new(folder.path().join(".formwork/exchange"));
    (folder, exchange)
}

#[tokio::test]
async fn what_was_written_is_read_by_whoever_looks_next() {
    let (folder, exchange) = exchange();
    assert_eq!(exchange.fetch("shop", "network").await.unwrap(), None);
    assert!(
        exchange.registered("shop").await.unwrap().is_empty() && exchange.published("shop").await.unwrap().is_empty()
    );
    assert!(!folder.path().join(".formwork").exists(), "looking makes nothing");
    exchange.publish(&published()).await.unwrap();
    let again = Published { deployment: 4, ..published() };
    exchange.publish(&again).await.unwrap();
    assert_eq!(exchange.fetch("shop", "network").await.unwrap(), Some(again));
    assert_eq!(exchange.published("shop").await.unwrap(), ["network"]);
    assert_eq!(exchange.fetch("other", "network").await.unwrap(), None, "projects are apart");
    for stack in ["web", "app"] {
        exchange.register(&uses(stack)).await.unwrap();
    }
    exchange.withdraw("shop", "web").await.unwrap();
    exchange.withdraw("shop", "web").await.unwrap();
    assert_eq!(exchange.registered("shop").await.unwrap(), [uses("app")]);
    let file = folder.path().join(".formwork/exchange/uses/shop/app.json");
    assert_eq!(exchange.place("shop", "app"), file.display().to_string());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "nobody else's");
    assert!(folder.path().join(".formwork/.gitignore").is_file());
}

#[tokio::test]
async fn users_are_those_of_the_same_endpoint_and_of_other_stacks() {
    let (_folder, exchange) = exchange();
    let emulator = Some("http://127.0.0.1:1 (instance)".to_owned());
    for uses in [uses("app"), uses("network"), Uses { endpoint: emulator.clone(), ..uses("web") }] {
        exchange.register(&uses).await.unwrap();
    }
    exchange.register(&Uses { of: [("dns".to_owned(), Default::default())].into(), ..uses("other") }).await.unwrap();
    let users = async |endpoint| {
        let me = crate::exchange::Party { project: "shop".into(), stack: "network".into(), endpoint };
        let users = exchange.users_of(&me).await.unwrap();
        users.into_iter().map(|uses| uses.stack).collect::<Vec<_>>()
    };
    assert_eq!((users(None).await, users(emulator).await), (vec!["app".to_owned()], vec!["web".to_owned()]));
}

#[tokio::test]
async fn a_half_written_file_is_passed_over_and_written_anew() {
    let (folder, exchange) = exchange();
    exchange.register(&uses("app")).await.unwrap();
    let half = folder.path().join(".formwork/exchange/uses/shop/web.json.next");
    fs::write(&half, "{ \"form").unwrap();
    assert_eq!(exchange.registered("shop").await.unwrap().len(), 1);
    exchange.register(&uses("web")).await.unwrap();
    assert_eq!(exchange.registered("shop").await.unwrap().len(), 2);
    assert!(!half.exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_an_error_and_not_nothing() {
    let (folder, exchange) = exchange();
    exchange.register(&uses("app")).await.unwrap();
    let file = folder.path().join(".formwork/exchange/uses/shop/app.json");
    let whole = fs::read_to_string(&file).unwrap();
    for broken in ["", &whole[..whole.len() / 2], &whole.replace("lineage", "linage")] {
        fs::write(&file, broken).unwrap();
        let error = exchange.registered("shop").await.unwrap_err();
        assert!(error.to_string().contains("app.json") && error.hint().unwrap().contains("run `up`"), "{error}");
    }
    fs::write(&file, whole.replace("\"format\": 1", "\"format\": 2")).unwrap();
    let error = exchange.registered("shop").await.unwrap_err();
    assert!(matches!(error, StateError::Newer { found: 2, known: 1, .. }), "{error}");
}

#[tokio::test]
async fn the_files_of_format_1_are_understood() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/exchange-1");
    let exchange = LocalExchange::new(kept);
    assert_eq!(exchange.fetch("shop", "network").await.unwrap(), Some(published()));
    assert_eq!(exchange.registered("shop").await.unwrap(), [uses("app")]);
}

#[test]
fn every_name_is_a_file_name_of_its_own() {
    assert_eq!(file_name("web-1.eu"), "web-1.eu");
    assert_eq!((file_name(".."), file_name("."), file_name("a/b")), ("%2E.".into(), "%2E".into(), "a%2Fb".into()));
    assert_ne!(file_name("a%2Fb"), file_name("a/b"));
}
