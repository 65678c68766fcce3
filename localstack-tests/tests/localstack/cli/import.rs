//! Things that were made by hand are imported by the command line, and written as code by it.

use formwork_aws::{Aws, AwsCloud};

use super::{Project, code};

/// A VPC and its subnet, and a log group, as the small stack declares them.
struct Theirs {
    aws: Aws,
    vpc: String,
    subnet: String,
}

impl Theirs {
    async fn made(project: &Project) -> Self {
        let aws = AwsCloud::connect(project.account.config()).await.aws().await.unwrap();
        let vpc = aws.ec2().create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
        let vpc = vpc.vpc.and_then(|vpc| vpc.vpc_id).unwrap();
        let subnet = aws.ec2().create_subnet().vpc_id(&vpc).cidr_block("10.0.1.0/24").send().await.unwrap();
        let subnet = subnet.subnet.and_then(|subnet| subnet.subnet_id).unwrap();
        aws.logs().create_log_group().log_group_name("/small/events").send().await.unwrap();
        Self { aws, vpc, subnet }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_is_taken_over_in_one_command() {
    let project = Project::new();
    let theirs = Theirs::made(&project).await;
    let before = project.standing();
    let import = format!("import small main {} subnet-0 {} data/events /small/events", theirs.vpc, theirs.subnet);
    project.account.news();
    // What is declared of the log group lets events go that are kept now: that needs consent, and the rest a yes.
    let shown = project.expect(&format!("{import} --yes"), code::REFUSED);
    shown.says(&["Adopting into small", "ownership tags: (none) → \"tests/small\"", "retention_in_days: 0 → 30"]);
    shown.says(&["data/events: the change of `retention_in_days` may lose data", "--allow-delete data/events"]);
    let import = format!("{import} --allow-delete data/events");
    project.expect(&import, code::REFUSED).says(&["there is no terminal to ask on, and no --yes"]);
    assert!(project.account.news().iter().all(|call| !call.mutating));

    project.expect(&format!("{import} --yes"), code::DONE).says(&["done: 3 steps done"]);
    assert_eq!(project.standing(), before, "nothing was made and nothing deleted");
    let marks: Vec<String> = project
        .account
        .resources()
        .into_iter()
        .filter_map(|one| one.tags.get("formwork:stack").map(|stack| stack.split(':').next().unwrap().to_owned()))
        .collect();
    assert_eq!(marks, ["tests/small"; 3]);
    project.expect(&import, code::BAD_INPUT).says(&["it is managed already"]);

    // The rest is made by an ordinary run, which leaves what was adopted alone.
    project.expect("up small --yes", code::DONE).says(&["done: 1 step done"]);
    project.expect("preview small --detailed-exitcode", code::DONE);
    project.expect("destroy small --yes --allow-delete data/events data/token", code::DONE);
    // The secret is kept for as long as it may be restored.
    assert_eq!(project.standing(), ["aws:secretsmanager/secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_over_is_named_with_the_way_out() {
    let project = Project::new();
    let theirs = Theirs::made(&project).await;
    let Theirs { vpc, subnet, .. } = &theirs;
    for (pairs, said) in [
        (format!("main {subnet}"), vec!["is a aws:ec2/subnet, and a aws:ec2/vpc is wanted"]),
        ("main vpc-00000000000000000".to_owned(), vec!["there is no aws:ec2/vpc with the id"]),
        (format!("mian {vpc}"), vec!["the program declares no `mian`", "nearest: main"]),
        (format!("subnet-0 {subnet}"), vec!["its `vpc` refers to main, of which nothing is recorded"]),
    ] {
        project.expect(&format!("import small {pairs} --yes"), code::BAD_INPUT).says(&said);
    }
    let owner = aws_sdk_ec2::types::Tag::builder().key("formwork:stack").value("other/stack:1").build();
    let uid = aws_sdk_ec2::types::Tag::builder().key("formwork:id").value("1234").build();
    theirs.aws.ec2().create_tags().resources(vpc).tags(owner).tags(uid).send().await.unwrap();
    let refused = project.expect(&format!("import small main {vpc} --yes"), code::BAD_INPUT);
    refused.says(&["belongs to the stack other/stack:1", "retain_on_delete"]);
    assert!(project.account.calls(0).iter().all(|call| !call.operation.contains("Delete")));
}

#[tokio::test(flavor = "multi_thread")]
async fn code_is_printed_for_what_exists() {
    let project = Project::new();
    let Theirs { vpc, subnet, .. } = Theirs::made(&project).await;
    project.account.news();
    let line = format!("generate small ec2/subnet {subnet} ec2/vpc {vpc} logs/log-group /small/events --component net");
    let printed = project.expect(&line, code::DONE);
    for wanted in [
        "pub fn net(stack: &mut Stack) {".to_owned(),
        format!("let vpc = stack.add_with(\"vpc\", vpc, options().import(\"{vpc}\"));"),
        ".vpc(&vpc)".to_owned(),
        "logs::LogGroup::builder().name(\"/small/events\").build()".to_owned(),
    ] {
        assert!(printed.out.contains(&wanted), "{wanted} is not in\n{}", printed.out);
    }
    assert!(project.account.news().iter().all(|call| !call.mutating));
    project.expect(&format!("generate small ec2/subnet {vpc}"), code::BAD_INPUT).says(&["there is no aws:ec2/subnet"]);
}
