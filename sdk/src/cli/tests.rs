//! The commands, run against an account in memory: what they print, where, and with which exit code.

mod stacks;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use formwork_aws::ec2;
use formwork_engine::error::exit;
use formwork_engine::kind::{CallClass, Identity};
use formwork_engine::options;
use formwork_engine::testing::{Fault, ScriptedCloud};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::terminal::{Kept, Terminal};
use crate::{Runner, Stack};

#[derive(Debug, Deserialize)]
struct Config {
    cidr_block: String,
    #[serde(default)]
    subnets: u8,
}

fn prod(stack: &mut Stack, config: &Config) -> crate::Result<()> {
    let vpc = stack.add("main", ec2::Vpc::builder().cidr_block(&config.cidr_block).build());
    stack.component("private", |stack| {
        for index in 0..config.subnets {
            let cidr = format!("10.0.{index}.0/24");
            let subnet = ec2::Subnet::builder().vpc(&vpc).cidr_block(cidr).build();
            stack.add_with(&format!("subnet-{index}"), subnet, options());
        }
    });
    stack.export("vpc_id", &vpc.id);
    Ok(())
}

/// A project folder and the account that its stack lives in.
struct Project {
    folder: tempfile::TempDir,
    cloud: ScriptedCloud,
}

impl Project {
    fn new() -> Self {
        let cloud = ScriptedCloud::new(&formwork_aws::schemas());
        cloud.set_identity(Identity {
            account: "123456789012".into(),
            partition: "aws".into(),
            caller: "arn:aws:iam::123456789012:user/somebody".into(),
            region: "eu-west-1".into(),
            endpoint: None,
        });
        let project = Self { folder: tempfile::tempdir().unwrap(), cloud };
        project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 2\n");
        project
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("stacks/prod.toml")
    }

    fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.folder.path().join("stacks")).unwrap();
        let text = format!("{text}[aws]\naccount_id = \"123456789012\"\n");
        std::fs::write(self.file(), text).unwrap();
    }

    fn run(&self, line: &str) -> (u8, Kept) {
        let args: Vec<OsString> =
            format!("formwork {line} --config {}", self.file().display()).split(' ').map(OsString::from).collect();
        run(&Runner::new("acme").stack("prod", prod).simulating(Arc::new(self.cloud.clone())), args)
    }
}

fn run(runner: &Runner, args: Vec<OsString>) -> (u8, Kept) {
    let (terminal, kept) = Terminal::keeping();
    let code = runner.run(args, &terminal);
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (code, kept)
}

#[track_caller]
fn expect(found: (u8, Kept), code: u8, out: &[&str], err: &[&str]) -> Kept {
    let (found, kept) = found;
    assert_eq!(found, code, "stdout:\n{}\nstderr:\n{}", kept.out, kept.err);
    // Where lines break depends on the length of paths.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in out {
        assert!(flat(&kept.out).contains(&flat(text)), "no `{text}` in stdout:\n{}", kept.out);
    }
    for text in err {
        assert!(flat(&kept.err).contains(&flat(text)), "no `{text}` in stderr:\n{}", kept.err);
    }
    kept
}

#[test]
fn a_stack_comes_up_stays_and_goes() {
    let project = Project::new();
    expect(project.run("preview prod --detailed-exitcode"), exit::CHANGES, &["Plan: 3 to create"], &[]);
    expect(
        project.run("up prod --yes"),
        exit::DONE,
        &["vpc_id = "],
        &["+ main (ec2/vpc) created", "done: 3 steps done"],
    );
    assert_eq!(project.cloud.things().len(), 3);

    expect(project.run("up prod --yes"), exit::DONE, &[], &["nothing to do: 3 resources are as declared"]);
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do"], &[]);
    expect(project.run("up prod --yes --expect-no-changes"), exit::DONE, &[], &[]);

    let listed = expect(project.run("state list prod --json"), exit::DONE, &[], &[]);
    let listed: Json = serde_json::from_str(&listed.out).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 3);
    assert_eq!((&listed[0]["status"], &listed[0]["generation"]), (&"ready".into(), &1.into()));
    expect(project.run("state show prod main"), exit::DONE, &["cidr_block: \"10.0.0.0/16\""], &[]);
    let export = expect(project.run("state export prod"), exit::DONE, &["\"rows\""], &[]);
    assert!(!export.out.contains("digest_key"));
    let output = expect(project.run("output prod vpc_id"), exit::DONE, &[], &[]);
    assert!(!output.out.contains(['=', '"']), "for scripts: {}", output.out);
    expect(project.run("refresh prod"), exit::DONE, &["3 resources read, 0 changed outside, 0 gone"], &[]);

    expect(project.run("destroy prod --yes"), exit::DONE, &[], &["destroyed: 3 steps done"]);
    assert!(project.cloud.things().is_empty());
    expect(project.run("destroy prod --yes"), exit::DONE, &[], &["nothing to do: the stack has no resources"]);
    expect(project.run("up prod --yes"), exit::DONE, &["vpc_id = "], &["done: 3 steps done"]);
}

#[test]
fn nobody_to_ask_is_refused_and_nothing_is_made() {
    let project = Project::new();
    expect(project.run("up prod"), exit::REFUSED, &[], &["Plan: 3 to create", "no --yes"]);
    expect(project.run("up prod --json"), exit::REFUSED, &[], &["--json asks nothing"]);
    expect(project.run("up prod --yes --expect-no-changes"), exit::REFUSED, &[], &["none were expected"]);
    assert!(project.cloud.things().is_empty());
}

#[test]
fn a_failure_says_what_is_left_and_how_to_go_on() {
    let project = Project::new();
    project.cloud.fail(Fault::new("aws:ec2/subnet", "create", CallClass::Refused));
    let failed = project.run("up prod --yes");
    expect(failed, exit::FAILED, &[], &["error: failed to", "declared", "1 failed", "next: ", " up prod --config "]);
    expect(project.run("up prod --yes"), exit::DONE, &[], &["done: 1 step done"]);
}

#[test]
fn a_saved_plan_is_done_or_refused() {
    let project = Project::new();
    let plan = project.folder.path().join("plan.json");
    let save = format!("preview prod --save {}", plan.display());
    let apply = format!("up prod --plan {}", plan.display());
    expect(project.run(&save), exit::DONE, &[], &["saved: "]);
    project.configure("cidr_block = \"10.1.0.0/16\"\nsubnets = 2\n");
    expect(project.run(&apply), exit::REFUSED, &[], &["what it was made from has moved"]);
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 2\n");
    expect(project.run(&apply), exit::DONE, &[], &["done: 3 steps done"]);
}

#[test]
fn drift_stops_a_run_that_nobody_watches() {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    let vpc = project.cloud.things().into_iter().find(|thing| thing.kind == "aws:ec2/vpc").unwrap();
    project.cloud.drift(&vpc.id, "enable_dns_support", false);
    expect(project.run("preview prod"), exit::DONE, &["enable_dns_support: false → true", "drifted"], &[]);
    expect(project.run("up prod --yes"), exit::REFUSED, &[], &["--on-drift"]);
    expect(project.run("up prod --yes --on-drift revert"), exit::DONE, &[], &["~ main (ec2/vpc) updated"]);
}

#[test]
fn json_is_on_stdout_and_nothing_else_is() {
    let project = Project::new();
    let preview = expect(project.run("preview prod --json"), exit::DONE, &[], &[]);
    let plan: Json = serde_json::from_str(&preview.out).unwrap();
    assert_eq!((&plan["version"], &plan["summary"]["create"]), (&1.into(), &3.into()));
    let up = expect(project.run("up prod --yes --json"), exit::DONE, &[], &[]);
    let lines: Vec<Json> = up.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["version"] == 1 && line["event"].is_string()));
    assert_eq!(lines.iter().filter(|line| line["event"] == "step_finished").count(), 3);
    assert_eq!(lines.last().unwrap()["event"], "summary");
}

#[test]
fn wrong_input_is_named_and_calls_nothing() {
    let project = Project::new();
    expect(
        project.run("preview prd"),
        exit::BAD_INPUT,
        &[],
        &["there is no stack `prd`", "did you mean `prod`?", "stacks here: prod"],
    );
    expect(project.run("preview"), exit::BAD_INPUT, &[], &["Usage"]);
    expect(project.run("up prod --yes --target nothing/here"), exit::BAD_INPUT, &[], &["nothing/here"]);
    expect(project.run("up prod --yes --allow-delete *"), exit::BAD_INPUT, &[], &["ephemeral = true"]);
    project.configure("cidr_blok = \"10.0.0.0/16\"\n");
    let wrong = ["prod.toml:1: `cidr_blok`: this key is not known", "did you mean `cidr_block`?"];
    expect(project.run("preview prod"), exit::BAD_INPUT, &[], &wrong);
    assert!(project.cloud.things().is_empty());
}

#[test]
fn another_account_than_the_configured_one_is_refused() {
    let project = Project::new();
    let text = std::fs::read_to_string(project.file()).unwrap().replace("123456789012", "999999999999");
    std::fs::write(project.file(), text).unwrap();
    let err = ["the credentials are of account 123456789012", "allows 999999999999 only"];
    expect(project.run("up prod --yes"), exit::REFUSED, &[], &err);
}

#[test]
fn a_store_that_another_run_holds_is_left_alone() {
    use formwork_engine::state::{Holder, LocalStore, OpenMode};
    let project = Project::new();
    let holder = Holder {
        pid: 1,
        boot: String::new(),
        host: "here".into(),
        user: "somebody".into(),
        started_at: 0,
        command: "up prod".into(),
    };
    let folder = project.folder.path().join(".formwork/prod");
    let _held = LocalStore::open(&folder, OpenMode::Write(holder)).unwrap();
    expect(project.run("up prod --yes"), exit::HELD, &[], &["held by `up prod` of somebody"]);
    expect(project.run("preview prod"), exit::DONE, &["3 to create"], &[]);
}

#[test]
fn the_types_are_listed_for_people_and_machines() {
    let runner = Runner::new("acme");
    let ask = |line: &str| run(&runner, line.split(' ').map(OsString::from).collect());
    expect(ask("formwork schema"), exit::DONE, &["aws:ec2/vpc", "AWS::EC2::VPC"], &[]);
    expect(ask("formwork schema ec2/vpc"), exit::DONE, &["cidr_block", "required, a change replaces"], &[]);
    expect(ask("formwork schema ec2/vpk"), exit::BAD_INPUT, &[], &["did you mean aws:ec2/vpc?"]);
    let json = expect(ask("formwork schema aws:ec2/vpc --json"), exit::DONE, &[], &[]);
    let json: Json = serde_json::from_str(&json.out).unwrap();
    let cidr = &json[0]["args"][0];
    assert_eq!((&cidr["cloudformation"], &cidr["change"]), (&"CidrBlock".into(), &"replace".into()));
}

#[test]
fn the_folder_of_state_keeps_itself_out_of_the_repository() {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    let folder = project.folder.path().join(".formwork");
    assert!(folder.join(".gitignore").is_file() && Path::new(&folder.join("prod")).is_dir());
}
