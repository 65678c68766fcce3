//! `import --from-terraform`: what it says, what it changes, and what it does not.

use formwork_engine::Value;
use formwork_engine::kind::Ownership;
use formwork_engine::urn::Uid;

use super::*;

impl Project {
    /// The network of the stack as somebody else made it; answers the ids of VPC and subnets.
    fn theirs(&self) -> [String; 3] {
        let vpc = self.put("aws:ec2/vpc", Value::from([("cidr_block", "10.0.0.0/16")]));
        let subnet =
            |cidr: &str| self.put("aws:ec2/subnet", Value::from([("vpc", vpc.as_str()), ("cidr_block", cidr)]));
        let [one, two] = ["10.0.0.0/24", "10.0.1.0/24"].map(subnet);
        [vpc, one, two]
    }

    fn put(&self, kind: &str, args: Value) -> String {
        let schema = formwork_aws::schemas().into_iter().find(|schema| schema.kind == kind).unwrap();
        self.cloud.put_foreign(kind, formwork_engine::compare::complete(schema.args, &args), None)
    }

    /// A state of Terraform with these things, and one of every other sort.
    fn state(&self, [vpc, one, two]: &[String; 3]) -> String {
        let state = serde_json::json!({ "version": 4, "terraform_version": "1.9.8", "serial": 7, "resources": [
            { "mode": "data", "type": "aws_caller_identity", "name": "me", "instances": [{ "attributes": { "id": "1" } }] },
            { "mode": "managed", "type": "aws_lambda_function", "name": "f", "instances": [{ "attributes": { "id": "hunter2" } }] },
            { "mode": "managed", "type": "aws_internet_gateway_attachment", "name": "g", "instances": [
                { "attributes": { "internet_gateway_id": "igw-1" } }] },
            { "mode": "managed", "type": "aws_vpc", "name": "main", "module": "module.net", "instances": [
                { "attributes": { "id": vpc, "tags": { "password": "hunter2" } } }] },
            { "mode": "managed", "type": "aws_subnet", "name": "private", "module": "module.net", "instances": [
                { "index_key": "a", "attributes": { "id": one } }, { "index_key": "b", "attributes": { "id": two } }] },
        ] });
        self.write("terraform.tfstate", &state.to_string())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

#[test]
fn what_terraform_made_is_told_and_taken_over_with_consent() {
    let project = Project::new();
    let theirs = project.theirs();
    let state = project.state(&theirs);
    let line = format!("import prod --from-terraform {state}");
    let report = expect(
        project.run(&line),
        exit::REFUSED,
        &[
            "Import into prod from",
            "Terraform 1.9.8, serial 7",
            "= module.net.aws_vpc.main is main (ec2/vpc)",
            "= module.net.aws_subnet.private[\"b\"] is private/subnet-1 (ec2/subnet)",
            "- aws_lambda_function.f",
            "· aws_internet_gateway_attachment.g is `vpc` of ec2/internet-gateway igw-1",
            "Formwork has no type for aws_lambda_function",
            "6 resources in the file: 3 as declared, 1 part of another, 1 not supported, 1 left out",
        ],
        &["nothing was changed: the same command with --yes takes over 3 resources"],
    );
    assert!(!report.out.contains("hunter2") && !report.err.contains("hunter2"));
    assert!(project.cloud.things().iter().all(|thing| thing.owner.is_none()));

    expect(project.run(&format!("{line} --yes")), exit::DONE, &[], &["done: 3 steps done"]);
    assert_eq!(project.cloud.things().len(), 3, "nothing was made");
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do: 3 resources"], &[]);
    // Once more there is nothing to do but to say so.
    let again = ["the stack has it already", "3 in the stack already"];
    expect(project.run(&line), exit::REFUSED, &again, &[]);
    let exported = expect(project.run("state export prod"), exit::DONE, &[], &[]);
    assert!(!exported.out.contains("hunter2"));
}

#[test]
fn what_differs_is_shown_by_field_and_changed_with_consent() {
    let project = Project::new();
    let theirs = project.theirs();
    project.cloud.drift(&theirs[1], "map_public_ip_on_launch", true);
    let state = project.state(&theirs);
    let line = format!("import prod --from-terraform {state}");
    let json = expect(project.run(&format!("{line} --json")), exit::REFUSED, &[], &[]);
    let json: Json = serde_json::from_str(&json.out).unwrap();
    let subnet = &json["resources"][4];
    assert_eq!(
        (&subnet["status"], &subnet["urn"]),
        (&"differs".into(), &"prod::private/subnet-0::aws:ec2/subnet".into())
    );
    let change = serde_json::json!({
        "path": "map_public_ip_on_launch", "observed": true, "declared": false, "readable": true, "forces_replacement": false
    });
    assert_eq!(subnet["changes"], Json::Array(vec![change]));
    assert_eq!(json["summary"]["matches"], 2);
    expect(
        project.run(&format!("{line} --yes")),
        exit::DONE,
        &[
            "~ module.net.aws_subnet.private[\"a\"] is private/subnet-0 (ec2/subnet) map_public_ip_on_launch: true → false",
        ],
        &["done: 3 steps done"],
    );
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &[], &[]);
}

#[test]
fn what_cannot_be_taken_over_is_left_and_what_needs_it_waits() {
    let project = Project::new();
    let owner = Ownership::of("acme/other:1", &Uid::random());
    let vpc = project.cloud.put_foreign("aws:ec2/vpc", Value::from([("cidr_block", "10.0.0.0/16")]), Some(owner));
    let args = Value::from([("vpc", vpc.as_str()), ("cidr_block", "10.0.0.0/24")]);
    let one = project.put("aws:ec2/subnet", args);
    let state = project.state(&[vpc, one, "subnet-9999".into()]);
    expect(
        project.run(&format!("import prod --from-terraform {state} --yes")),
        exit::REFUSED,
        &[
            "it carries the tag of the stack acme/other:1",
            "it needs main (ec2/vpc) first, which is neither in the stack nor taken over with it",
            "there is no ec2/subnet subnet-9999",
            "+ private/subnet-1 (ec2/subnet)",
        ],
        &[],
    );
    assert!(
        project
            .cloud
            .things()
            .iter()
            .all(|thing| thing.owner.as_ref().is_none_or(|owner| owner.stack == "acme/other:1"))
    );
}

#[test]
fn a_mapping_decides_and_a_wrong_one_is_refused() {
    let project = Project::new();
    let theirs = project.theirs();
    let state = project.state(&theirs);
    let map = project.write("map.toml", "\"module.net.aws_vpc.main\" = \"main\"\n");
    let report = project.run(&format!("import prod --from-terraform {state} --map {map} --json"));
    let json: Json = serde_json::from_str(&expect(report, exit::REFUSED, &[], &[]).out).unwrap();
    assert_eq!(json["resources"][3]["by"], "the mapping file");
    expect(project.run(&format!("import prod --from-terraform {state} --yes")), exit::DONE, &[], &[]);
    let other = project.put("aws:ec2/vpc", Value::from([("cidr_block", "10.0.0.0/16")]));
    let others = project.state(&[other, theirs[1].clone(), theirs[2].clone()]);
    let taken = format!("the mapping file says so, and the stack has {} for it already", theirs[0]);
    let line = format!("import prod --from-terraform {others} --map {map} --yes");
    expect(project.run(&line), exit::REFUSED, &[&taken], &[]);
    let map = project.write("map.toml", "\"module.net.aws_vpc.main\" = \"private/subnet-0\"\n");
    expect(
        project.run(&format!("import prod --from-terraform {state} --map {map}")),
        exit::BAD_INPUT,
        &[],
        &["map.toml: `module.net.aws_vpc.main`: aws_vpc is aws:ec2/vpc here, and `private/subnet-0` is aws:ec2/subnet"],
    );
}

#[test]
fn malformed_files_are_named_and_nothing_is_called() {
    let project = Project::new();
    let whole = std::fs::read_to_string(project.state(&project.theirs())).unwrap();
    for (name, text, said) in [
        ("cut", &whole[..whole.len() - 20], "it ends in the middle"),
        ("empty", "", "it is empty"),
        ("old", "{\"version\": 3}", "it is a state of format 3, and 4 is read"),
        ("other", "{\"version\": 3, \"deployment\": {}}", "it is a file of Pulumi's"),
        ("wrong", "{\"version\": 4, \"resources\": [{\"mode\": \"managed\"}]}", "resources[0]: `type` is missing"),
    ] {
        let file = project.write(name, text);
        let before = project.cloud.journal().points();
        let refused =
            expect(project.run(&format!("import prod --from-terraform {file} --yes")), exit::BAD_INPUT, &[], &[said]);
        assert!(refused.err.contains(name) && !refused.err.contains("hunter2"), "{}", refused.err);
        assert_eq!(project.cloud.journal().points(), before, "{name}");
    }
    expect(
        project.run("import prod --from-pulumi nowhere.json"),
        exit::BAD_INPUT,
        &[],
        &["failed to read the export of Pulumi: nowhere.json: No such file"],
    );
    let file = project.write("none", "{\"version\": 4, \"resources\": []}");
    expect(
        project.run(&format!("import prod --from-terraform {file} --yes")),
        exit::DONE,
        &["0 resources: there is nothing in the file"],
        &[],
    );
    assert!(!project.folder.path().join(".formwork/prod").exists() || project.cloud.things().len() == 3);
}
