//! Exports as Pulumi writes them, and ones that it does not.

use super::*;

fn parse(text: &str) -> Result<File, Error> {
    export(&Document::parse("export.json", ACT, text.as_bytes())?)
}

/// A stack, a provider, a component with resources in it, a secret in each form, one looked up, one that is to be deleted.
const WHOLE: &str = include_str!("../../../tests/fixtures/migrate/pulumi.json");

fn thing(kind: &'static str, id: &str) -> Is {
    Is::Thing { kind, id: id.to_owned() }
}

#[test]
fn every_resource_has_its_urn_and_its_id() {
    let file = parse(WHOLE).unwrap();
    assert_eq!(file.written_by, "Pulumi v3.187.0");
    assert_eq!(file.notes, ["1 operation of Pulumi had not ended: what it made may be missing in the file"]);
    let found: Vec<(&str, &Is)> = file.items.iter().map(|item| (item.short(), &item.is)).collect();
    let left_out = |why: &str| Is::LeftOut(why.to_owned());
    let wanted = [
        ("pulumi:pulumi:Stack::shop-dev", left_out("it is Pulumi's own")),
        ("pulumi:providers:aws::default_7_19_0", left_out("it is Pulumi's own")),
        ("shop:net:Network::network", left_out("it is a component: what it holds is listed by itself")),
        ("shop:net:Network$aws:ec2/vpc:Vpc::main", thing("aws:ec2/vpc", "vpc-0a1b2c3d4e5f60718")),
        ("shop:net:Network$aws:ec2/subnet:Subnet::private-0", thing("aws:ec2/subnet", "subnet-01")),
        ("shop:net:Network$aws:ec2/route:Route::private-0", thing("aws:ec2/route", "rtb-01|0.0.0.0/0")),
        ("aws:ec2/vpc:Vpc::shared", left_out("it was only looked up")),
        (
            "aws:s3/bucketVersioning:BucketVersioning::files",
            Is::Part { kind: "aws:s3/bucket", of: Some("shop-files".into()), argument: "versioning" },
        ),
        ("aws:s3/bucket:Bucket::files", thing("aws:s3/bucket", "shop-files")),
        ("aws:s3/bucket:Bucket::files", left_out("Pulumi has replaced it and not deleted it yet")),
        ("aws:rds/instance:Instance::main", thing("aws:rds/instance", "shop")),
        (
            "random:index/randomPassword:RandomPassword::db",
            Is::Unsupported("random:index/randomPassword:RandomPassword is no resource of AWS".into()),
        ),
    ];
    let wanted: Vec<(&str, &Is)> = wanted.iter().map(|(address, is)| (*address, is)).collect();
    assert_eq!(found, wanted);
    assert_eq!(file.items[4].notes, ["Pulumi could not finish making it"]);
}

#[test]
fn nothing_secret_of_the_file_is_kept() {
    assert!(WHOLE.matches("hunter2-canary").count() >= 2);
    assert!(!format!("{:?}", parse(WHOLE)).contains("canary"));
}

#[test]
fn what_makes_up_an_id_is_not_taken_where_it_is_a_secret() {
    let text = r#"{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:d::p::aws:iam/role:Role::a", "custom": true,
        "type": "aws:iam/role:Role", "id": "a", "outputs": {"name":
        {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "\"hunter2\""}}}]}}"#;
    let file = parse(text).unwrap();
    assert!(matches!(&file.items[0].is, Is::Unsupported(why) if why.contains("marked as a secret")), "{file:?}");
    assert!(!format!("{file:?}").contains("hunter2"));
}

#[test]
fn a_deployment_without_resources_has_nothing() {
    assert!(parse(r#"{"version": 3, "deployment": {"manifest": {}}}"#).unwrap().items.is_empty());
    let newer = r#"{"version": 4, "features": ["taint"], "deployment": {"manifest": {}, "resources": []}}"#;
    assert!(parse(newer).unwrap().items.is_empty());
}

#[track_caller]
fn fails(text: &str, reason: &str, hint: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.reason, format!("export.json: {reason}"));
    assert!(error.hints.iter().any(|said| said.contains(hint)), "{:?}", error.hints);
}

#[test]
fn what_is_no_export_says_what_it_is() {
    fails(
        r#"{"version": 2, "deployment": {}}"#,
        "it is a deployment of version 2, and 3 and 4 are read",
        "stack export",
    );
    fails(
        r#"{"version": 9, "deployment": {}}"#,
        "it is a deployment of version 9, and 3 and 4 are read",
        "stack export",
    );
    fails(r#"{"version": 3}"#, "`deployment` is missing", "");
    fails(r#"{"version": 3, "deployment": []}"#, "deployment: it is a list where an object must be", "");
    fails(r#"{"version": 4, "terraform_version": "1.9.8"}"#, "it is a file of Terraform's", "--from-terraform");
    let checkpoint = r#"{"version": 3, "checkpoint": {"latest": {}}}"#;
    fails(checkpoint, "it is a checkpoint, as a backend of Pulumi keeps it", "pulumi stack export");
}

#[test]
fn what_is_wrong_within_is_named_by_its_place() {
    let of = |resource: &str| format!("{{\"version\": 3, \"deployment\": {{\"resources\": [{resource}]}}}}");
    fails(&of("{}"), "deployment.resources[0]: `urn` is missing", "");
    let vpc = r#""urn": "urn:pulumi:d::p::aws:ec2/vpc:Vpc::a", "type": "aws:ec2/vpc:Vpc""#;
    fails(
        &of(&format!("{{{vpc}, \"custom\": 1}}")),
        "deployment.resources[0].custom: it is a number where a truth value must be",
        "",
    );
    fails(
        &of(&format!("{{{vpc}, \"custom\": true, \"outputs\": \"hunter2\"}}")),
        "deployment.resources[0].outputs: it is text where an object must be",
        "",
    );
    fails(
        &of(&format!("{{{vpc}, \"custom\": true, \"id\": 5}}")),
        "deployment.resources[0].id: it is a number where text must be",
        "",
    );
}

#[test]
fn an_export_that_was_cut_off_is_refused_wherever_that_was() {
    let end = WHOLE.trim_end().len();
    for length in (0..end).step_by(7) {
        let Some(cut) = WHOLE.get(..length) else { continue };
        let error = parse(cut).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
