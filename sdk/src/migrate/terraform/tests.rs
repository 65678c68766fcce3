//! States as Terraform writes them, and ones that it does not.

use super::*;

fn parse(text: &str) -> Result<File, Error> {
    state(&Document::parse("terraform.tfstate", ACT, text.as_bytes())?)
}

/// Nested modules, `count` and `for_each` of modules and resources, a data source, a deposed and a tainted instance, secrets.
const WHOLE: &str = include_str!("../../../tests/fixtures/migrate/terraform.tfstate");

fn thing(kind: &'static str, id: &str) -> Is {
    Is::Thing { kind, id: id.to_owned() }
}

#[test]
fn every_instance_has_its_address_and_its_id() {
    let file = parse(WHOLE).unwrap();
    assert_eq!(file.written_by, "Terraform 1.9.8, serial 42");
    let found: Vec<(&str, &Is)> = file.items.iter().map(|item| (item.address.as_str(), &item.is)).collect();
    let wanted = [
        ("data.aws_caller_identity.current", Is::LeftOut("it was only looked up".into())),
        ("aws_iam_role.app", thing("aws:iam/role", "app")),
        (
            "aws_iam_role_policy_attachment.app[0]",
            thing("aws:iam/role-policy-attachment", "app|arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ),
        ("random_password.db", Is::Unsupported("random_password is no resource of AWS".into())),
        ("aws_db_instance.main", thing("aws:rds/instance", "shop")),
        ("module.network.aws_vpc.main", thing("aws:ec2/vpc", "vpc-0a1b2c3d4e5f60718")),
        (
            "module.network.module.zone[\"eu-west-1a\"].aws_subnet.private[\"10.0.1.0/24\"]",
            thing("aws:ec2/subnet", "subnet-01"),
        ),
        (
            "module.network.module.zone[\"eu-west-1a\"].aws_subnet.private[\"10.0.2.0/24\"]",
            thing("aws:ec2/subnet", "subnet-02"),
        ),
        (
            "module.network.module.zone[\"eu-west-1b\"].aws_subnet.private[\"10.0.3.0/24\"] (deposed 9f3e1c2b)",
            Is::LeftOut("Terraform has replaced it and not deleted it yet".into()),
        ),
        (
            "module.network.module.zone[\"eu-west-1b\"].aws_subnet.private[\"10.0.3.0/24\"]",
            thing("aws:ec2/subnet", "subnet-03"),
        ),
    ];
    let wanted: Vec<(&str, &Is)> = wanted.iter().map(|(address, is)| (*address, is)).collect();
    assert_eq!(found, wanted);
    assert_eq!(file.items[7].notes, ["it is tainted: Terraform would replace it"]);
    assert_eq!(file.items[4].place.region.as_deref(), Some("eu-west-1"));
    assert_eq!(file.items[4].place.account.as_deref(), Some("123456789012"));
    assert_eq!(file.items[1].place.region, None);
}

#[test]
fn nothing_secret_of_the_file_is_kept() {
    assert!(WHOLE.matches("hunter2-canary").count() >= 3);
    assert!(!format!("{:?}", parse(WHOLE)).contains("canary"));
}

#[test]
fn what_makes_up_an_id_is_not_taken_where_it_is_marked_as_a_secret() {
    let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "a", "instances": [
        {"attributes": {"bucket": "hunter2", "id": "hunter2"},
         "sensitive_attributes": [[{"type": "get_attr", "value": "bucket"}]]}]}]}"#;
    let file = parse(text).unwrap();
    let Is::Unsupported(why) = &file.items[0].is else { panic!("{file:?}") };
    assert!(why.contains("marked as a secret"), "{why}");
    assert!(!format!("{file:?}").contains("hunter2"));
}

#[test]
fn a_thing_that_is_there_twice_is_told_once() {
    let one =
        r#"{"mode": "managed", "type": "aws_vpc", "name": "NAME", "instances": [{"attributes": {"id": "vpc-1"}}]}"#;
    let both = format!("{}, {}", one.replace("NAME", "a"), one.replace("NAME", "b"));
    let file = parse(&format!("{{\"version\": 4, \"resources\": [{both}]}}")).unwrap();
    assert_eq!(file.items[0].is, thing("aws:ec2/vpc", "vpc-1"));
    assert_eq!(file.items[1].is, Is::LeftOut("the same thing as aws_vpc.a".into()));
}

#[test]
fn an_empty_state_has_nothing() {
    assert!(
        parse(r#"{"version": 4, "terraform_version": "1.9.8", "serial": 1, "resources": []}"#)
            .unwrap()
            .items
            .is_empty()
    );
    assert!(parse(r#"{"version": 4}"#).unwrap().items.is_empty());
}

#[test]
fn flat_attributes_of_old_states_are_read() {
    let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "aws_vpc", "name": "a", "each": "list", "instances":
        [{"index_key": 1, "schema_version": 0, "attributes_flat": {"id": "vpc-1", "cidr_block": "10.0.0.0/16"}}]}]}"#;
    let file = parse(text).unwrap();
    assert_eq!((file.items[0].address.as_str(), &file.items[0].is), ("aws_vpc.a[1]", &thing("aws:ec2/vpc", "vpc-1")));
}

#[track_caller]
fn fails(text: &str, reason: &str, hint: &str) {
    let error = parse(text).unwrap_err();
    assert_eq!(error.reason, format!("terraform.tfstate: {reason}"));
    assert!(error.hints.iter().any(|said| said.contains(hint)), "{:?}", error.hints);
}

#[test]
fn what_is_no_state_of_format_4_says_what_it_is() {
    fails(r#"{"version": 3, "modules": []}"#, "it is a state of format 3, and 4 is read", "refresh-only");
    fails(r#"{"version": 5}"#, "it is a state of format 5, and 4 is read", "");
    fails(r#"{"version": "4"}"#, "`version` is no number: it is no state of Terraform", "");
    fails("{}", "`version` is missing", "nothing was called");
    fails(r#"{"version": 3, "deployment": {}}"#, "it is a file of Pulumi's", "--from-pulumi");
    let shown = r#"{"format_version": "1.0", "values": {}}"#;
    fails(shown, "it is the output of `terraform show -json`, which is another format", "terraform state pull");
    fails(r#"{"serial": 1, "encrypted_data": "x", "encryption_version": "v0"}"#, "it is encrypted", "tofu state pull");
}

#[test]
fn what_is_wrong_within_is_named_by_its_place() {
    let with = |resource: &str| format!("{{\"version\": 4, \"resources\": [{resource}]}}");
    let of = |instance: &str| {
        with(&format!(r#"{{"mode": "managed", "type": "aws_vpc", "name": "a", "instances": [{instance}]}}"#))
    };
    fails(r#"{"version": 4, "resources": {}}"#, "resources: it is an object where a list must be", "");
    fails(&with("7"), "resources[0]: `mode` is missing", "");
    fails(
        &with(r#"{"mode": "ephemeral", "type": "a", "name": "b"}"#),
        "resources[0]: `mode` is neither managed nor data",
        "",
    );
    fails(&with(r#"{"mode": "managed", "type": 1}"#), "resources[0].type: it is a number where text must be", "");
    fails(&with(r#"{"mode": "managed", "type": "a", "name": "b"}"#), "resources[0]: `instances` is missing", "");
    fails(&of("{}"), "resources[0].instances[0]: `attributes` is missing", "");
    fails(
        &of(r#"{"attributes": "hunter2"}"#),
        "resources[0].instances[0].attributes: it is text where an object must be",
        "",
    );
    fails(
        &of(r#"{"index_key": {}, "attributes": {}}"#),
        "resources[0].instances[0].index_key: it is an object where text or a number must be",
        "",
    );
    fails(
        &of(r#"{"attributes": {}, "status": "hunter2"}"#),
        "resources[0].instances[0]: `status` is not tainted, which is all that it can be",
        "",
    );
    let cut = &WHOLE[..WHOLE.len() / 2];
    let error = parse(cut).unwrap_err();
    assert!(error.reason.contains("it ends in the middle"), "{}", error.reason);
}

/// Cut anywhere, it is refused, and nothing of it is repeated.
#[test]
fn a_state_that_was_cut_off_is_refused_wherever_that_was() {
    let end = WHOLE.trim_end().len();
    for length in (0..end).step_by(7) {
        let Some(cut) = WHOLE.get(..length) else { continue };
        let error = parse(cut).unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
