//! The commands, run against an account in memory: what they print, where, and with which exit code.

mod history;
mod stacks;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use formwork_aws::ec2;
use formwork_engine::error::exit;
use formwork_engine::kind::{CallClass, Cloud as _, Identity};
use formwork_engine::testing::{Fault, ScriptedCloud};
use formwork_engine::{Value, options};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::terminal::{Kept, Terminal};
use crate::{Runner, Stack};

mod migrate;

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
    let moved = "main: what cidr_block is to become was \"10.0.0.0/16\", is \"10.1.0.0/16\"";
    expect(project.run(&apply), exit::REFUSED, &[], &["what it was made from has moved", moved]);
    assert!(project.cloud.things().is_empty());
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 2\n");
    let destroy = format!("destroy prod --plan {}", plan.display());
    expect(project.run(&destroy), exit::BAD_INPUT, &[], &["it is a plan for `up`, and this is `destroy`"]);
    let other = format!("{apply} --target main");
    expect(project.run(&other), exit::BAD_INPUT, &[], &["the saved plan was made with another --target"]);
    expect(project.run(&apply), exit::DONE, &[], &["done: 3 steps done"]);
    expect(project.run(&apply), exit::REFUSED, &[], &["it was done already, by run 1"]);
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &[], &[]);
}

#[test]
fn what_a_saved_plan_did_not_read_may_move_and_stays_as_it_is() {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    let thing = |kind: &str| project.cloud.things().into_iter().find(|thing| thing.kind == kind).unwrap();
    let plan = project.folder.path().join("plan.json");
    project.configure("cidr_block = \"10.0.0.0/16\"\nsubnets = 1\n");
    expect(project.run(&format!("preview prod --save {}", plan.display())), exit::DONE, &[], &[]);
    project.cloud.drift(&thing("aws:ec2/vpc").id, "enable_dns_support", false);
    let apply = format!("up prod --plan {}", plan.display());
    let told = "not in the saved plan, and left as it is: update of main";
    expect(project.run(&apply), exit::DONE, &[], &[told, "done: 1 step done"]);
    assert_eq!(thing("aws:ec2/vpc").args.get("enable_dns_support"), &formwork_engine::Value::Bool(false));
    expect(project.run("preview prod"), exit::DONE, &["enable_dns_support: false → true", "1 to update"], &[]);
}

#[test]
fn what_is_excluded_stays() {
    let project = Project::new();
    expect(project.run("up prod --yes --exclude private/subnet-1"), exit::DONE, &[], &["done: 2 steps done"]);
    let told = "excluded as well, since it depends on what is excluded: private/subnet-0, private/subnet-1";
    expect(project.run("up prod --yes --exclude main"), exit::DONE, &[], &[told]);
    expect(project.run("preview prod --exclude main"), exit::DONE, &["nothing to do: 3 excluded"], &[]);
    expect(project.run("up prod --yes --exclude private/subnet-9"), exit::BAD_INPUT, &[], &["private/subnet-9"]);
    expect(project.run("destroy prod --yes --exclude private/subnet-0"), exit::DONE, &[], &["main", "stays for now"]);
    assert_eq!(project.cloud.things().len(), 2);
    let left = "nothing to do: 1 excluded";
    expect(project.run("destroy prod --yes --exclude private/subnet-0"), exit::DONE, &[], &[left]);
    expect(project.run("output prod vpc_id"), exit::DONE, &["vpc-"], &[]);
}

#[test]
fn accepted_drift_is_a_note_until_something_moves() {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    expect(project.run("accept prod main"), exit::BAD_INPUT, &[], &["nothing of it has drifted"]);
    let vpc = project.cloud.things().into_iter().find(|thing| thing.kind == "aws:ec2/vpc").unwrap();
    project.cloud.drift(&vpc.id, "enable_dns_support", false);
    let calls = project.cloud.calls();
    let accepted = expect(project.run("accept prod main --json"), exit::DONE, &[], &[]);
    let accepted: Json = serde_json::from_str(&accepted.out).unwrap();
    let one = &accepted["accepted"][0];
    assert_eq!(
        (&one["path"], &one["declared"], &one["observed"]),
        (&"enable_dns_support".into(), &true.into(), &false.into())
    );
    let read = |name: &&String| !name.contains("read") && !name.contains("status");
    let changed = |calls: &std::collections::BTreeMap<String, u64>| -> Vec<(String, u64)> {
        calls.iter().filter(|(name, _)| read(name)).map(|(name, count)| (name.clone(), *count)).collect()
    };
    assert_eq!(changed(&project.cloud.calls()), changed(&calls), "accepting only reads");

    let note = "note: accepted drift stays as it is: main enable_dns_support is false, declared true";
    expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do", note], &[]);
    expect(project.run("up prod --yes"), exit::DONE, &[], &["nothing to do"]);
    expect(project.run("state show prod main"), exit::DONE, &["accepted enable_dns_support is false"], &[]);
    expect(project.run("accept prod private"), exit::BAD_INPUT, &[], &["nothing is recorded as `private`"]);
    project.cloud.drift(&vpc.id, "enable_dns_support", true);
    let shown = expect(project.run("preview prod --detailed-exitcode"), exit::DONE, &["nothing to do"], &[]);
    assert!(!shown.out.contains("note:"), "{}", shown.out);
}

#[test]
fn records_are_renamed_and_forgotten_without_a_call() {
    let project = Project::new();
    expect(project.run("state rename prod a b"), exit::BAD_INPUT, &[], &["nothing is recorded of prod"]);
    assert!(!project.folder.path().join(".formwork").exists(), "no store is begun for that");
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    let calls = project.cloud.calls();
    let renamed = ["private/subnet-0 is inner/subnet-0 now", "private/subnet-1 is inner/subnet-1 now"];
    expect(project.run("state rename prod private inner"), exit::DONE, &renamed, &["declare it under the new name"]);
    let back = expect(project.run("state rename prod inner private --json"), exit::DONE, &[], &[]);
    let back: Json = serde_json::from_str(&back.out).unwrap();
    assert_eq!(back["renamed"].as_array().unwrap().len(), 2);
    expect(project.run("state rename prod privat x"), exit::BAD_INPUT, &[], &["nothing is recorded as `privat`"]);

    expect(project.run("state forget prod main --yes"), exit::REFUSED, &[], &["depend on it: private/subnet-0"]);
    let asked = ["private/subnet-1 would be forgotten", "stays in the account", "no --yes"];
    expect(project.run("state forget prod private/subnet-1"), exit::REFUSED, &[], &asked);
    let told = ["private/subnet-1 is forgotten; ", " stays in the account"];
    expect(project.run("state forget prod private/subnet-1 --yes"), exit::DONE, &told, &["makes another one"]);
    assert_eq!((project.cloud.calls(), project.cloud.things().len()), (calls, 3));
    expect(project.run("preview prod"), exit::DONE, &["1 to create", "2 unchanged"], &[]);
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

/// What somebody made in the account by hand: a VPC and a subnet of it.
fn by_hand(project: &Project) -> (String, String) {
    let args = Value::from([("cidr_block", Value::from("10.0.0.0/16")), ("enable_dns_support", Value::from(true))]);
    let vpc = project.cloud.put_foreign("aws:ec2/vpc", args, None);
    let args = [("vpc", Value::from(vpc.as_str())), ("cidr_block", Value::from("10.0.0.0/24"))];
    let subnet = project.cloud.put_foreign("aws:ec2/subnet", Value::from(args), None);
    (vpc, subnet)
}

#[test]
fn what_exists_is_imported_by_its_id_and_nothing_else_is_made() {
    let project = Project::new();
    let (vpc, subnet) = by_hand(&project);
    let import = format!("import prod main {vpc} private/subnet-0 {subnet}");
    let shown = ["Adopting into prod:", "adopts vpc-", "ownership tags: (none) → \"acme/prod\"", "no --yes"];
    expect(project.run(&import), exit::REFUSED, &[], &shown);
    expect(project.run(&format!("{import} --json")), exit::REFUSED, &[], &["--json asks nothing"]);
    expect(project.run("state list prod --json"), exit::DONE, &["[]"], &[]);

    let line = format!("{import} --yes");
    expect(project.run(&line), exit::DONE, &[], &["Plan: 0 to create, 2 to update", "done: 2 steps done"]);
    let things: Vec<String> = project.cloud.things().into_iter().map(|thing| thing.id).collect();
    assert_eq!(things.len(), 2, "{things:?}");
    expect(project.run(&line), exit::BAD_INPUT, &[], &["main", "it is managed already"]);
    expect(project.run("preview prod"), exit::DONE, &["Plan: 1 to create, 0 to update", "2 unchanged"], &[]);
}

#[test]
fn an_import_tells_machines_what_it_did() {
    let project = Project::new();
    let (vpc, _) = by_hand(&project);
    let kept = expect(project.run(&format!("import prod main {vpc} --yes --json")), exit::DONE, &[], &[]);
    let lines: Vec<Json> = kept.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let planned = lines.iter().find(|line| line["event"] == "planned").unwrap();
    let step = &planned["plan"]["steps"][0];
    assert_eq!((&step["op"], &step["ownership"]), (&"adopt".into(), &"ownership tags".into()));
    assert_eq!(step["changes"][0]["path"], "ownership tags");
    assert_eq!(lines.last().unwrap()["done"][0]["op"], "adopt");
}

#[test]
fn a_wrong_import_says_what_would_be_right() {
    let project = Project::new();
    let (vpc, subnet) = by_hand(&project);
    for (pairs, said) in [
        ("main".to_owned(), "Usage"),
        (format!("main {vpc} private/subnet-0"), "`private/subnet-0` has no id after it"),
        (format!("mian {vpc}"), "the program declares no `mian`"),
        (format!("main {subnet}"), "is a aws:ec2/subnet, and a aws:ec2/vpc is wanted"),
        (format!("private/subnet-0 {subnet}"), "its `vpc` refers to main, of which nothing is recorded"),
    ] {
        expect(project.run(&format!("import prod {pairs} --yes")), exit::BAD_INPUT, &[], &[said]);
    }
}

#[test]
fn an_import_that_failed_is_gone_on_with_by_the_command_it_names() {
    let project = Project::new();
    let (vpc, subnet) = by_hand(&project);
    project.cloud.fail(Fault::new("aws:ec2/subnet", "update", CallClass::Refused));
    let failed = project.run(&format!("import prod main {vpc} private/subnet-0 {subnet} --yes"));
    let kept = expect(failed, exit::FAILED, &[], &["1 failed", "next: "]);
    let next = kept.err.split_whitespace().collect::<Vec<_>>().join(" ");
    let next = next.rsplit("import prod").next().unwrap_or_default();
    assert!(next.contains(&format!("private/subnet-0 {subnet}")) && !next.contains(" main "), "{next}");
    let again = project.run(&format!("import prod private/subnet-0 {subnet} --yes"));
    expect(again, exit::DONE, &[], &["done: 1 step done"]);
}

#[test]
fn code_is_generated_for_what_exists() {
    let project = Project::new();
    let (vpc, subnet) = by_hand(&project);
    let line = format!("generate prod ec2/subnet {subnet} aws:ec2/vpc {vpc} --component net");
    let code = expect(project.run(&line), exit::DONE, &["pub fn net(stack: &mut Stack) {"], &[]);
    assert!(code.out.contains(&format!("let vpc = stack.add_with(\"vpc\", vpc, options().import(\"{vpc}\"));")));
    assert!(code.out.contains("ec2::Subnet::builder().vpc(&vpc).cidr_block(\"10.0.0.0/24\")"), "{}", code.out);
    let json = expect(project.run(&format!("{line} --json")), exit::DONE, &[], &[]);
    let json: Json = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["code"], &json["resources"][0]["path"]), (&code.out.into(), &"net/vpc".into()));

    for (pairs, said) in [
        ("ec2/vpk a".to_owned(), "did you mean aws:ec2/vpc?"),
        (format!("ec2/subnet {vpc}"), "there is no aws:ec2/subnet with the id"),
        (format!("ec2/vpc {vpc} aws:ec2/vpc {vpc}"), "is named twice"),
        (format!("ec2/vpc {vpc} ec2/subnet"), "has no id after it"),
        (format!("ec2/vpc {vpc} --component a/b"), "name the component"),
    ] {
        expect(project.run(&format!("generate prod {pairs}")), exit::BAD_INPUT, &[], &[said]);
    }
    expect(project.run(&format!("import prod main {vpc} --yes")), exit::DONE, &[], &[]);
    let warning = "is managed already, as main: the code would declare it twice";
    expect(project.run(&format!("generate prod ec2/vpc {vpc}")), exit::DONE, &["pub fn existing"], &[warning]);
}

#[test]
fn the_graph_of_a_stack_is_printed_without_a_call() {
    let project = Project::new();
    let calls = project.cloud.calls();
    let page = ["main (ec2/vpc)\n├─ private/subnet-0 (ec2/subnet) by vpc\n└─ private/subnet-1", "3 resources, 2 edges"];
    expect(project.run("graph prod"), exit::DONE, &page, &[]);
    let json = expect(project.run("graph prod --json"), exit::DONE, &[], &[]);
    let json: Json = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json["nodes"].as_array().unwrap().len(), &json["edges"][0]["field"]), (3, &Json::from("vpc")));
    expect(project.run("graph prod --dot"), exit::DONE, &["digraph \"prod\" {"], &[]);
    expect(project.run("graph prod --dot --json"), exit::BAD_INPUT, &[], &["cannot be used with"]);
    assert_eq!(project.cloud.calls(), calls);
}

#[test]
fn the_policy_of_a_command_is_printed_without_a_call() {
    let project = Project::new();
    let calls = project.cloud.calls();
    let page = ["what `preview prod` needs to be allowed: 8 actions", "ec2:DescribeSubnets", "# these list"];
    expect(project.run("permissions prod --preview"), exit::DONE, &page, &[]);
    let up = expect(project.run("permissions prod --up --json"), exit::DONE, &[], &[]);
    let document: Json = serde_json::from_str(&up.out).unwrap();
    assert_eq!(document["Version"], "2012-10-17");
    let why =
        ["ec2:CreateSubnet <- private/subnet-0, private/subnet-1 (create)", "ec2:DescribeTags <- every run (look)"];
    expect(project.run("permissions prod --up --explain"), exit::DONE, &why, &[]);
    let parts = expect(project.run("permissions prod --up --split"), exit::DONE, &[], &[]);
    assert_eq!(serde_json::from_str::<Json>(&parts.out).unwrap(), Json::Array(vec![document]));
    expect(project.run("permissions prod"), exit::BAD_INPUT, &[], &["--preview", "--destroy"]);
    assert_eq!(project.cloud.calls(), calls);
}

#[test]
fn what_is_recorded_and_not_declared_any_more_needs_its_permissions() {
    let project = Project::new();
    expect(project.run("up prod --yes"), exit::DONE, &[], &[]);
    project.configure("cidr_block = \"10.0.0.0/16\"\n");
    expect(project.run("permissions prod --destroy"), exit::DONE, &["ec2:DeleteSubnet"], &[]);
}
