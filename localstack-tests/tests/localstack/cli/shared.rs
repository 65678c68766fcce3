//! The store of a team in S3: two processes that want it, one of which is killed or stands still.

use std::path::Path;
use std::process::Command;

use formwork_emulator::{Action, Config, Emulator, Fault, Lifetime};
use localstack_tests::REGION;
use rustix::process::Signal;

use super::{CONFIG, LONG, Project, Ran, Running, WHOLE, code, run};
use crate::conformance::used;

/// A project whose state is in a bucket of an emulator of its own: with `--local`, windows are as short as they can be.
struct Team {
    project: Project,
    emulator: Emulator,
    bucket: String,
}

impl Team {
    fn new() -> Self {
        let project = Project::new();
        let config = Config {
            cache: localstack_tests::cache(),
            run: project.path(".formwork/emulator"),
            port: None,
            lifetime: Lifetime::WithParent(std::process::id()),
            python: None,
        };
        let emulator = Emulator::ensure(&config, &mut |_| {}).unwrap();
        let bucket = format!("team-state-{}", project.account.id);
        let team = Self { project, emulator, bucket };
        team.configure(true);
        team
    }

    fn configure(&self, shared: bool) {
        let Self { project, bucket, .. } = self;
        let s3 = format!("s3 = {{ bucket = \"{bucket}\", prefix = \"team\" }}\nlease_seconds = 15\n");
        let store = if shared { s3 } else { String::new() };
        let account = &project.account.id;
        project.write_config(&format!(
            "{CONFIG}\n[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"\n[store]\n{store}"
        ));
    }

    /// With the environment of the test, which says where LocalStack is installed.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_small"));
        command.args(line.split(' ')).arg("--local").current_dir(self.project.folder.path());
        command.env("SMALL_TOKEN", "hunter2-of-the-test");
        command
    }

    fn run(&self, line: &str) -> Ran {
        run(&mut self.command(line))
    }

    #[track_caller]
    fn expect(&self, line: &str, code: i32) -> Ran {
        let ran = self.run(line);
        ran.expect(code);
        ran
    }

    /// Begins a command, and waits until it is held by this fault.
    fn held_at(&self, line: &str, fault: &Fault) -> Running {
        let account = &self.project.account.id;
        self.emulator.admin().inject(fault).unwrap();
        let running = Running::begin(&mut self.command(line));
        assert!(!self.emulator.admin().held(account, LONG).unwrap().is_empty(), "nothing was held");
        running
    }

    /// Runs it until the store is not held any more.
    #[track_caller]
    fn until_not_held(&self, line: &str) -> (usize, Ran) {
        for refused in 0..500 {
            let ran = self.run(line);
            if ran.code != Some(code::HELD) {
                return (refused, ran);
            }
        }
        panic!("`{line}` found the store held again and again");
    }

    /// The kinds of everything that stands in the account, but for the bucket of the state.
    fn standing(&self) -> Vec<String> {
        let all = self.emulator.admin().resources(&self.project.account.id, None).unwrap();
        let mut kinds: Vec<String> =
            all.into_iter().filter(|one| !one.id.contains(&self.bucket)).map(|one| one.kind).collect();
        kinds.sort();
        kinds
    }

    /// The calls that change something beside the store, after call number `since`.
    fn changing(&self, since: u64) -> Vec<String> {
        let calls = self.emulator.admin().calls(&self.project.account.id, since).unwrap();
        let reads = |name: &str| ["Describe", "Get", "List", "Head"].iter().any(|verb| name.starts_with(verb));
        let changing = calls.into_iter().filter(|call| call.service != "s3" && !reads(&call.operation));
        changing.map(|call| call.operation).collect()
    }

    fn last_call(&self) -> u64 {
        let calls = self.emulator.admin().calls(&self.project.account.id, 0).unwrap();
        calls.last().map_or(0, |call| call.seq)
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        // The command made it outlive this process, as `--local` always does.
        let run = self.emulator.log().parent().unwrap_or(Path::new("."));
        let _ = Emulator::stop(run);
    }
}

#[test]
fn a_killed_run_is_taken_over_when_its_lease_ends_and_finished() {
    let team = Team::new();
    team.expect("up small --yes", code::BAD_INPUT).says(&["NoSuchBucket", "state bucket"]);
    let made = team.expect("state bucket small", code::DONE);
    // Public access is blocked in a new bucket by S3 itself.
    for done in ["made the bucket", "over TLS", "versioning on", "replaced versions"] {
        assert!(made.out.contains(done), "{}", made.out);
    }
    let again = team.expect("state bucket small", code::DONE);
    assert!(again.out.contains("nothing was done"), "{}", again.out);

    let account = team.project.account.id.clone();
    let subnet = Fault::new(&account, Action::HoldBefore).operation("CreateSubnet");
    let first = team.held_at("up small --yes", &subnet);
    let holder = format!("(process {})", first.pid());
    // Meanwhile others are told who has it, and see what is committed.
    team.expect("up small --yes", code::HELD).says(&[
        "held by `up small` of",
        &holder,
        "since 20",
        "its lease ends at",
    ]);
    team.expect("destroy small --yes", code::HELD).says(&[&holder]);
    let preview = team.expect("preview small", code::DONE);
    assert!(preview.out.contains("subnet-0"), "{}", preview.out);
    assert_eq!(team.expect("state list small --json", code::DONE).json().as_array().unwrap().len(), 3);

    first.signal(Signal::KILL);
    drop(first);
    // What was under way is executed only now: the taker must find it.
    team.emulator.admin().clear_faults(&account).unwrap();
    let (refused, ran) = team.until_not_held("up small --yes");
    assert!(refused > 0, "the lease of a killed run lasts on");
    ran.expect(code::DONE);
    ran.says(&["took over from `up small` of", &holder]);
    assert_eq!(team.standing(), WHOLE);
    let history = team.expect("history small", code::DONE).out;
    assert!(history.contains("taken over"), "{history}");
    let first = team.expect("history show small 1", code::DONE).out;
    assert!(first.contains("by `up small` of") && first.contains("the lease had ended at"), "{first}");
    team.expect("preview small --detailed-exitcode", code::DONE);
    assert!(team.expect("output small vpc_id", code::DONE).out.starts_with("vpc-"));
    // Let go of properly, it is free at once.
    team.expect("destroy small --yes", code::DONE);
    assert_eq!(team.standing(), Vec::<String>::new());
}

#[test]
fn a_run_that_stood_still_between_intent_and_call_sends_nothing_and_cannot_write() {
    let team = Team::new();
    team.expect("state bucket small", code::DONE);
    let account = team.project.account.id.clone();
    // The commit of the first intents, executed; its answer comes when the process stands still.
    let intents = "team/tests/small/log/00000000000000000002";
    let fault = Fault::new(&account, Action::HoldAfter).service("s3").operation("PutObject").parameter("Key", intents);
    let first = team.held_at("up small --yes", &fault);
    first.signal(Signal::STOP);
    team.emulator.admin().clear_faults(&account).unwrap();
    let began = team.last_call();
    let (_, ran) = team.until_not_held("up small --yes");
    ran.expect(code::DONE);
    ran.says(&["took over from `up small` of", &format!("(process {})", first.pid())]);
    assert_eq!(team.standing(), WHOLE);
    assert!(team.changing(began).contains(&"CreateVpc".to_owned()));

    let (before, state) = (team.last_call(), team.expect("state export small", code::DONE).out);
    first.signal(Signal::CONT);
    let ended = first.end();
    ended.expect(code::HELD);
    ended.says(&["taken over by `up small` of", "since 20"]);
    assert_eq!(team.changing(before), Vec::<String>::new());
    assert_eq!(team.expect("state export small", code::DONE).out, state);
    assert_eq!(team.standing(), WHOLE);
    team.expect("preview small --detailed-exitcode", code::DONE);
}

#[test]
fn what_a_command_calls_for_its_state_is_in_the_policy_that_is_printed_for_it() {
    let team = Team::new();
    // Whoever may not read the bucket yet wants the policy all the more.
    let early = team.expect("permissions small --up --json", code::DONE);
    early.says(&["what is recorded and not declared any more is left out", "NoSuchBucket"]);
    team.expect("state bucket small", code::DONE);
    let (own, beside) = (format!("arn:aws:s3:::{}/team/tests/small/*", team.bucket), "/team/tests/exchange/*");
    for (flag, line) in [("up", "up small --yes"), ("preview", "preview small"), ("destroy", "destroy small --yes")] {
        let printed = team.expect(&format!("permissions small --{flag} --json"), code::DONE).json();
        let statements = printed["Statement"].as_array().unwrap();
        let on = |action: &str| -> Vec<String> {
            let on = statements.iter().filter(|one| one["Action"].as_array().unwrap().iter().any(|it| it == action));
            on.flat_map(|one| one["Resource"].as_array().unwrap()).map(|arn| arn.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(on("s3:ListBucket"), [format!("arn:aws:s3:::{}", team.bucket)], "{flag}");
        let writes = on("s3:PutObject");
        let written = writes.contains(&own) && writes.iter().any(|arn| arn.ends_with(beside));
        assert_eq!(written, flag != "preview", "{flag}: {writes:?}");
        let began = team.last_call();
        team.expect(line, code::DONE);
        let calls = team.emulator.admin().calls(&team.project.account.id, began).unwrap();
        let used = used(&calls);
        assert!(used.contains("s3:GetObject"), "{flag}: {used:?}");
        let missing: Vec<_> = used.iter().filter(|action| on(action).is_empty()).collect();
        assert!(missing.is_empty(), "{flag} called {missing:?}, which its policy does not allow");
    }
}

#[test]
fn ctrl_c_lets_go_of_the_lease() {
    let team = Team::new();
    team.expect("state bucket small", code::DONE);
    let account = team.project.account.id.clone();
    let mut first = team.held_at("up small --yes", &Fault::new(&account, Action::HoldBefore).operation("CreateVpc"));
    first.signal(Signal::INT);
    first.until("stopping:");
    team.emulator.admin().clear_faults(&account).unwrap();
    first.end().expect(code::INTERRUPTED);
    // While it still looks, too.
    let reads = Fault::new(&account, Action::HoldBefore).service("ec2").operation("DescribeVpcs");
    let second = team.held_at("up small --yes", &reads);
    second.signal(Signal::INT);
    let ended = second.end();
    ended.expect(code::INTERRUPTED);
    ended.says(&["nothing was changed"]);
    team.emulator.admin().clear_faults(&account).unwrap();
    team.expect("up small --yes", code::DONE);
    assert_eq!(team.standing(), WHOLE);
}

#[test]
fn state_moves_to_the_bucket_and_back() {
    let team = Team::new();
    team.configure(false);
    team.expect("up small --yes", code::DONE);
    team.expect("state migrate small --to s3", code::BAD_INPUT).says(&["names no bucket", "[store]"]);
    let rows = team.expect("state list small --json", code::DONE).out;
    team.configure(true);
    team.expect("state migrate small --to s3", code::BAD_INPUT).says(&["state bucket"]);
    team.expect("state bucket small", code::DONE);
    // Killed in the middle: the same command goes on.
    let third = "team/tests/small/log/00000000000000000003";
    let account = team.project.account.id.clone();
    let fault = Fault::new(&account, Action::HoldBefore).service("s3").operation("PutObject").parameter("Key", third);
    let killed = team.held_at("state migrate small --to s3", &fault);
    killed.signal(Signal::KILL);
    drop(killed);
    team.emulator.admin().clear_faults(&account).unwrap();
    let (_, moved) = team.until_not_held("state migrate small --to s3");
    moved.expect(code::DONE);
    assert!(moved.out.contains("is marked as moved") && moved.out.contains("were there already"), "{}", moved.out);
    assert_eq!(team.expect("state list small --json", code::DONE).out, rows);
    team.expect("preview small --detailed-exitcode", code::DONE);
    team.expect("up small --yes", code::DONE);
    // Who still has the former configuration is told.
    team.configure(false);
    team.expect("up small --yes", code::BAD_INPUT).says(&["has moved to s3://", "[store]"]);
    team.configure(true);
    team.expect("state migrate small --to local", code::DONE);
    team.expect("up small --yes", code::BAD_INPUT).says(&["has moved to"]);
    team.configure(false);
    assert_eq!(team.expect("state list small --json", code::DONE).out, rows);
    team.expect("preview small --detailed-exitcode", code::DONE);
    team.expect("destroy small --yes", code::DONE);
}
