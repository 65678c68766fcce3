//! Two stacks of which one uses the other, through the commands.

use super::*;
use crate::{Output, StackOutputs};

#[derive(Debug, Deserialize)]
struct Range {
    cidr_block: String,
    #[serde(default)]
    team: String,
}

fn network(stack: &mut Stack, config: &Range) -> crate::Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    stack.export("vpc_id", &vpc.id);
    stack.export("team", config.team.as_str());
    stack.export("zones", crate::all(["a", "b"].map(|zone| Output::known(zone.to_owned()))));
    Ok(())
}

#[derive(StackOutputs)]
struct Network {
    vpc_id: Output<ec2::VpcId>,
    team: Output<String>,
}

fn app(stack: &mut Stack, config: &Range) -> crate::Result<()> {
    let network = stack.read_stack::<Network>("network");
    let subnet = ec2::Subnet::builder().vpc(&network.vpc_id).cidr_block(&config.cidr_block);
    stack.add("app", subnet.tags([("team", &network.team)]).build());
    Ok(())
}

/// Reads what the network does not have, and as something it is not.
#[derive(StackOutputs)]
struct Wrong {
    #[output(name = "vpc-id")]
    vpc: Output<ec2::VpcId>,
    zones: Output<i64>,
}

fn wrong(stack: &mut Stack, _: &Range) -> crate::Result<()> {
    let network = stack.read_stack::<Wrong>("network");
    stack.export("vpc", &network.vpc);
    stack.export("zones", &network.zones);
    Ok(())
}

struct Stacks {
    folder: tempfile::TempDir,
    cloud: ScriptedCloud,
}

impl Stacks {
    fn new() -> Self {
        let stacks = Self { folder: tempfile::tempdir().unwrap(), cloud: Project::new().cloud };
        for (stack, range) in [("network", "10.0.0.0/16"), ("app", "10.0.1.0/24"), ("wrong", "")] {
            stacks.configure(stack, range);
        }
        stacks
    }

    fn configure(&self, stack: &str, range: &str) {
        std::fs::create_dir_all(self.folder.path().join("stacks")).unwrap();
        let text = format!("cidr_block = \"{range}\"\n[aws]\naccount_id = \"123456789012\"\n");
        std::fs::write(self.file(stack), text).unwrap();
    }

    fn file(&self, stack: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("stacks/{stack}.toml"))
    }

    fn run(&self, verb: &str, stack: &str, flags: &str) -> (u8, Kept) {
        let line = format!("formwork {verb} {stack} {flags} --config {}", self.file(stack).display());
        let runner = Runner::new("acme").stack("network", network).stack("app", app).stack("wrong", wrong);
        run(&runner.simulating(Arc::new(self.cloud.clone())), line.split_whitespace().map(OsString::from).collect())
    }
}

#[test]
fn a_stack_is_not_taken_away_under_another_that_uses_it() {
    let stacks = Stacks::new();
    let err = ["no run of the stack network has published any", "bring it up first: `up network`"];
    expect(stacks.run("preview", "app", ""), exit::BAD_INPUT, &[], &err);
    expect(stacks.run("up", "network", "--yes"), exit::DONE, &["vpc_id = "], &[]);
    expect(stacks.run("up", "app", "--yes"), exit::DONE, &[], &["done: 1 step done"]);
    expect(stacks.run("preview", "app", "--detailed-exitcode"), exit::DONE, &["nothing to do"], &[]);
    stacks.configure("network", "10.0.0.0/16\"\nteam = \"platform");
    expect(stacks.run("up", "network", "--yes"), exit::DONE, &["team = \"platform\""], &[]);
    let follows = ["~ app ec2/subnet follows stack network's team", "tags.team: \"\" → \"platform\""];
    expect(stacks.run("preview", "app", ""), exit::DONE, &follows, &[]);
    expect(stacks.run("up", "app", "--yes"), exit::DONE, &[], &["done: 1 step done"]);
    let output = expect(stacks.run("output", "network", ""), exit::DONE, &["vpc_id = "], &[]);
    assert!(!output.out.contains("app"));

    let err = [
        "failed to delete main: the stack app uses `vpc_id`, which comes from it",
        "first `destroy app`, or take `vpc_id` of network out of it and run `up app`",
    ];
    for verb in ["destroy network", "up network"] {
        stacks.configure("network", "10.1.0.0/16");
        let err =
            if verb.starts_with("up") { ["failed to replace main: the stack app uses `vpc_id`", err[1]] } else { err };
        let (verb, stack) = verb.split_once(' ').unwrap();
        expect(stacks.run(verb, stack, "--yes --allow-delete main"), exit::REFUSED, &[], &err);
    }
    expect(stacks.run("preview", "network", ""), exit::REFUSED, &[], &["the stack app uses `vpc_id`"]);
    assert_eq!(stacks.cloud.things().len(), 2);

    expect(stacks.run("destroy", "app", "--yes"), exit::DONE, &[], &["destroyed: 1 step done"]);
    expect(stacks.run("up", "network", "--yes"), exit::DONE, &[], &["main (ec2/vpc)"]);
    expect(stacks.run("destroy", "network", "--yes"), exit::DONE, &[], &["destroyed: 1 step done"]);
    assert!(stacks.cloud.things().is_empty());
    expect(
        stacks.run("up", "app", "--yes"),
        exit::BAD_INPUT,
        &[],
        &["it was destroyed, or exports none", "`up network`"],
    );
}

#[test]
fn a_wrong_read_names_stack_output_and_what_is_near() {
    let stacks = Stacks::new();
    expect(stacks.run("up", "network", "--yes"), exit::DONE, &[], &[]);
    let err = [
        "failed to read the outputs of stack/network: the last run of network exported no `vpc-id`",
        "exported and near is: vpc_id",
        "its output `zones` is of another type than it is read as: a number is wanted, and a list was found",
    ];
    expect(stacks.run("up", "wrong", "--yes"), exit::BAD_INPUT, &[], &err);
}

#[test]
fn the_folder_of_the_exchange_is_no_stack() {
    let stacks = Stacks::new();
    let err = "`exchange` cannot be the name of a stack";
    expect(stacks.run("up", "exchange", "--yes"), exit::BAD_INPUT, &[], &[err]);
}
