//! State in S3 beyond its lease ([`super::shared`]): sealed, given another key, exported and imported, damaged and rebuilt; and two stacks in it.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use formwork_aws::AwsCloud;
use formwork_emulator::{Action, Fault};

use super::sealed::{NEXT, PASSPHRASE, SECRET, given, with};
use super::{CONFIG, Project, REGION, WHOLE, code, run};

/// A project whose state is in a bucket of its own.
struct Bucket {
    project: Project,
    name: String,
    runtime: tokio::runtime::Runtime,
}

impl Bucket {
    fn new() -> Self {
        let project = Project::new();
        let name = format!("state-of-{}", project.account.id);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bucket = Self { project, name, runtime };
        bucket.configure("small", CONFIG, "");
        bucket.project.expect("state bucket small", code::DONE);
        bucket
    }

    fn store(&self) -> String {
        format!("s3 = {{ bucket = \"{}\", prefix = \"team\" }}", self.name)
    }

    /// Writes the configuration of a stack, with more in the section of its store.
    fn configure(&self, stack: &str, text: &str, store: &str) {
        let account = &self.project.account.id;
        let text = format!(
            "{text}\n[aws]\naccount_id = \"{account}\"\nregion = \"{REGION}\"\n[store]\n{}\n{store}\n",
            self.store()
        );
        std::fs::create_dir_all(self.project.path("stacks")).unwrap();
        std::fs::write(self.project.path(&format!("stacks/{stack}.toml")), text).unwrap();
    }

    async fn client(&self) -> Client {
        AwsCloud::connect(self.project.account.config()).await.store_client(None).0
    }

    /// Every object of the state, by its name.
    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.runtime.block_on(async {
            let client = self.client().await;
            let listed = client.list_objects_v2().bucket(&self.name).send().await.unwrap();
            let mut objects = BTreeMap::new();
            for key in listed.contents.unwrap_or_default().into_iter().filter_map(|object| object.key) {
                let object = client.get_object().bucket(&self.name).key(&key).send().await.unwrap();
                objects.insert(key, object.body.collect().await.unwrap().to_vec());
            }
            objects
        })
    }

    /// Puts other bytes in the place of an object, or removes it.
    fn tamper(&self, key: &str, bytes: Option<Vec<u8>>) {
        self.runtime.block_on(async {
            let client = self.client().await;
            match bytes {
                Some(bytes) => {
                    drop(client.put_object().bucket(&self.name).key(key).body(bytes.into()).send().await.unwrap())
                }
                None => drop(client.delete_object().bucket(&self.name).key(key).send().await.unwrap()),
            }
        });
    }

    /// Whether the store has a text in the clear. What stacks publish is not sealed.
    fn shows(&self, text: &str) -> bool {
        let store = self.objects().into_iter().filter(|(name, _)| !name.contains("/exchange/"));
        store.into_iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    fn standing(&self) -> Vec<String> {
        let all = self.project.account.resources().into_iter().filter(|one| !one.id.contains(&self.name));
        let mut kinds: Vec<String> = all.map(|one| one.kind).collect();
        kinds.sort();
        kinds
    }
}

fn log(sequence: u64) -> String {
    format!("team/tests/small/log/{sequence:020}")
}

#[test]
fn a_sealed_store_says_nothing_without_its_key_and_is_given_another() {
    let bucket = Bucket::new();
    let project = &bucket.project;
    with(project, "config init-key small", PASSPHRASE, code::DONE);
    bucket.configure("small", CONFIG, "sealed = true");
    assert_eq!(given(project, "config set small token --secret", PASSPHRASE, SECRET).code, Some(code::DONE));
    let whole = std::fs::read_to_string(project.path("stacks/small.toml")).unwrap();
    with(project, "up small --yes", PASSPHRASE, code::DONE);
    assert!(bucket.objects().contains_key(&log(5)));
    for text in ["vpc-", "aws:ec2", "applied", SECRET] {
        assert!(!bucket.shows(text), "{text}");
    }
    with(project, "preview small --detailed-exitcode", PASSPHRASE, code::DONE);

    // Without the key, with the key of another stack, and where the configuration does not know of the seal: nothing is written.
    let before = bucket.objects();
    for line in ["state list small", "up small --yes", "destroy small --yes", "state rebuild small --yes"] {
        project.expect(line, code::BAD_INPUT).says(&["small.key.toml", "nobody gave its passphrase"]);
        with(project, line, "wrong wrong wrong", code::BAD_INPUT).says(&["is not its passphrase"]);
    }
    let key = project.path("stacks/small.key.toml");
    std::fs::rename(&key, project.path("kept")).unwrap();
    with(project, "config init-key small", PASSPHRASE, code::DONE);
    let unsealed = whole.replace("token = { sealed", "token = \"x\" #").replace("sealed = true", "");
    for line in ["state list small", "destroy small --yes"] {
        let ran = with(project, line, PASSPHRASE, code::BAD_INPUT);
        ran.says(&["s3://", "is sealed with the key", "small.key.toml back"]);
        project.write_config(&unsealed);
        with(project, line, PASSPHRASE, code::BAD_INPUT).says(&["sealed = true under [store]", "config rotate small"]);
        project.write_config(&whole);
    }
    std::fs::rename(project.path("kept"), &key).unwrap();
    assert_eq!(bucket.objects(), before);

    // Another key, killed in the middle of the next log and gone on with.
    let rotate = || {
        let mut rotate = project.command("config rotate small");
        rotate.env("FORMWORK_PASSPHRASE", PASSPHRASE).env("FORMWORK_NEW_PASSPHRASE", NEXT);
        rotate
    };
    let third = "team/tests/small/log.2/00000000000000000003";
    let broken = Action::Error { code: "AccessDenied".into(), message: "no".into(), status: 403 };
    let fault = Fault::new(&project.account.id, broken).service("s3").operation("PutObject").parameter("Key", third);
    project.admin().inject(&fault).unwrap();
    let cut = run(&mut rotate());
    cut.expect(code::BAD_INPUT);
    cut.says(&["could not write the next log of s3://", "`config rotate small` goes on"]);
    project.admin().clear_faults(&project.account.id).unwrap();
    with(project, "preview small --detailed-exitcode", NEXT, code::DONE);
    let mut again = project.command("config rotate small");
    let rotated = run(again.env("FORMWORK_PASSPHRASE", NEXT));
    rotated.expect(code::DONE);
    rotated.says(&["a rotation was cut short", "records"]);
    with(project, "state list small", PASSPHRASE, code::BAD_INPUT);
    with(project, "preview small --detailed-exitcode", NEXT, code::DONE);
    assert_eq!(with(project, "output small token --show-secrets", NEXT, code::DONE).out.trim(), SECRET);
    assert!(bucket.objects().contains_key("team/tests/small/log.3/00000000000000000001"));
    assert!(!bucket.objects().contains_key(&log(1)), "what the former key sealed is gone");

    // The seal is taken off by the same command, as the configuration says.
    project.write_config(
        &std::fs::read_to_string(project.path("stacks/small.toml")).unwrap().replace("sealed = true", ""),
    );
    let mut rotate = project.command("config rotate small --wrapping-only");
    run(rotate.env("FORMWORK_PASSPHRASE", NEXT).env("FORMWORK_NEW_PASSPHRASE", NEXT)).expect(code::DONE);
    assert!(bucket.shows("vpc-") && !bucket.shows(SECRET));
    project.expect("preview small --detailed-exitcode", code::DONE);
    with(project, "destroy small --yes --allow-delete data/events data/token", NEXT, code::DONE);
}

#[test]
fn an_export_comes_back_and_another_lineage_only_when_it_is_asked_for() {
    let bucket = Bucket::new();
    let project = &bucket.project;
    project.expect("up small --yes", code::DONE);
    let export = |name: &str| {
        let document = project.expect("state export small", code::DONE).out;
        std::fs::write(project.path(name), &document).unwrap();
        serde_json::from_str::<serde_json::Value>(&document).unwrap()
    };
    let first = export("first.json");
    assert_eq!(first["rows"].as_array().unwrap().len(), 4);
    project.expect("state forget small data/events --yes", code::DONE);
    // The store has gone on since.
    let older = project.expect("state import small first.json --yes", code::REFUSED);
    older.says(&["it was exported at commit", "--force"]);
    project.expect("state import small first.json --yes --force", code::DONE);
    assert_eq!(export("second.json")["rows"], first["rows"]);
    project.expect("preview small --detailed-exitcode", code::DONE);

    // Another place in the bucket, which is empty: the same store goes on there.
    let text = std::fs::read_to_string(project.path("stacks/small.toml")).unwrap();
    project.write_config(&text.replace("prefix = \"team\"", "prefix = \"elsewhere\""));
    project.expect("state import small second.json", code::DONE).says(&["the next `up` takes secrets for changed"]);
    assert_eq!(project.rows().as_array().unwrap().len(), 4);
    export("third.json");
    project.expect("state import small third.json", code::REFUSED).says(&["small would have 4 rows", "no --yes"]);

    // A store of another life: what is there stays, in a log of its own.
    let mut other = first.clone();
    other["binding"]["lineage"] = "0123456789abcdef0123456789abcdef".into();
    other["rows"].as_array_mut().unwrap().truncate(1);
    std::fs::write(project.path("other.json"), other.to_string()).unwrap();
    let refused = project.expect("state import small other.json --yes", code::REFUSED);
    refused.says(&["it is of the lineage 0123456789abcdef0123456789abcdef", "--replace-lineage"]);
    let anew = project.expect("state import small other.json --yes --replace-lineage --json", code::DONE);
    assert!(anew.json()["moved_aside"].as_str().unwrap().ends_with("/elsewhere/tests/small/log/"), "{}", anew.out);
    assert_eq!(project.rows().as_array().unwrap().len(), 1);
    assert!(bucket.objects().contains_key("elsewhere/tests/small/log.2/00000000000000000001"));
    project.expect("state import small second.json --yes --replace-lineage", code::DONE);
    project.expect("up small --yes --allow-delete data/token", code::DONE);
    assert_eq!(bucket.standing(), WHOLE);
}

#[test]
fn a_damaged_log_says_what_is_lost_and_is_rebuilt_with_what_is_left() {
    let bucket = Bucket::new();
    let project = &bucket.project;
    project.expect("up small --yes", code::DONE);
    let (rows, whole) = (project.rows(), bucket.objects());
    let last = whole.keys().rfind(|name| name.contains("/log/")).unwrap().clone();
    let count: u64 = last.rsplit('/').next().unwrap().parse().unwrap();
    // Each record of the log: missing, cut, altered, and empty.
    for sequence in 1..=count {
        let bytes = &whole[&log(sequence)];
        let mut altered = bytes.clone();
        let middle = 76 + (altered.len() - 76) / 2;
        altered[middle] ^= 1;
        for bytes in [None, Some(bytes[..bytes.len() / 2].to_vec()), Some(altered), Some(Vec::new())] {
            bucket.tamper(&log(sequence), bytes);
            if sequence % 4 == 1 {
                let ran = project.expect("up small --yes", code::BAD_INPUT);
                ran.says(&[&format!("{sequence}"), "nothing was changed", "`state rebuild`"]);
            }
            let ran = project.expect("state list small", code::BAD_INPUT);
            ran.says(&[&format!("{sequence}"), "state of commit"].map(|text| {
                if sequence == 1 && text == "state of commit" { "no state before that is left" } else { text }
            }));
        }
        bucket.tamper(&log(sequence), Some(whole[&log(sequence)].clone()));
    }
    assert_eq!(project.rows(), rows);

    // Commits in the middle and at the end are gone: what they said is found by its tags.
    for sequence in [4, count - 1] {
        bucket.tamper(&log(sequence), None);
    }
    project.account.news();
    let rebuilt = project.expect("state rebuild small --yes", code::DONE);
    rebuilt.says(&[&format!("lost: commit 4, commit {}", count - 1), "the damaged log was kept as s3://"]);
    let calls = project.called();
    assert!(!calls.iter().any(|call| call.starts_with("Create") || call.starts_with("Delete")), "{calls:?}");
    project.expect("up small --yes", code::DONE);
    assert_eq!(bucket.standing(), WHOLE);
    project.expect("preview small --detailed-exitcode", code::DONE);

    // Everything but the lease is gone: the records begin anew, from the account alone.
    for name in bucket.objects().into_keys().filter(|name| name.contains("/log") || name.ends_with("/head")) {
        bucket.tamper(&name, None);
    }
    project.expect("preview small", code::BAD_INPUT).says(&["missing from s3://"]);
    let anew = project.expect("state rebuild small --yes", code::DONE);
    anew.says(&["nothing is left of the records", "4 resources are recorded"]);
    project.expect("preview small --detailed-exitcode", code::DONE);
    project.expect("destroy small --yes --allow-delete data/events data/token", code::DONE);
}

/// A bucket with the configurations of two stacks, of which one uses what the other has.
fn two() -> Bucket {
    let bucket = Bucket::new();
    bucket.configure("network", "cidr_block = \"10.0.0.0/16\"", "");
    bucket.configure("app", "cidr_block = \"10.0.1.0/24\"", "");
    bucket
}

#[test]
fn a_network_is_not_taken_away_under_the_stack_that_uses_it() {
    let bucket = two();
    let project = &bucket.project;
    project.expect("up app --yes", code::BAD_INPUT).says(&["no run of the stack network", "`up network`"]);
    project.expect("up network --yes", code::DONE);
    project.expect("up app --yes", code::DONE);
    assert_eq!(bucket.standing(), ["aws:ec2/subnet", "aws:ec2/vpc"]);
    for stack in ["network", "app"] {
        project.expect(&format!("preview {stack} --detailed-exitcode"), code::DONE);
    }
    let uses = "team/tests/exchange/uses/app.json";
    assert!(bucket.objects().contains_key(uses) && !project.path(".formwork").exists());

    project.called();
    let place = format!("s3://{}/{uses}", bucket.name);
    let says =
        ["failed to delete main: the stack app uses `vpc_id`, which comes from it", "first `destroy app`", &place];
    project.expect("destroy network --yes --allow-delete main", code::REFUSED).says(&says);
    bucket.configure("network", "cidr_block = \"10.8.0.0/16\"", "");
    project.expect("preview network", code::REFUSED).says(&["failed to replace main: the stack app uses `vpc_id`"]);
    project.expect("up network --yes", code::REFUSED);
    assert!(!project.called().iter().any(|call| call == "DeleteVpc"));

    project.expect("destroy app --yes", code::DONE);
    project.expect("up network --yes", code::DONE);
    project.expect("destroy network --yes", code::DONE);
    assert!(bucket.standing().is_empty());
    project.expect("up app --yes", code::BAD_INPUT).says(&["it was destroyed, or exports none"]);
}

#[test]
fn nobody_begins_to_use_a_network_that_is_being_deleted() {
    let bucket = two();
    let project = &bucket.project;
    project.expect("up network --yes", code::DONE);
    let going = project.held_at("destroy network --yes", "DeleteVpc", Action::HoldBefore);
    project.expect("up app --yes", code::REFUSED).says(&["its output `vpc_id` is being taken away"]);
    project.admin().clear_faults(&project.account.id).unwrap();
    going.end().expect(code::DONE);
    project.expect("up app --yes", code::BAD_INPUT);
    assert!(bucket.standing().is_empty());
}

#[test]
fn stacks_that_move_to_the_bucket_one_after_the_other_still_know_of_each_other() {
    let bucket = two();
    let project = &bucket.project;
    let file = |stack: &str| project.path(&format!("stacks/{stack}.toml"));
    let in_s3 = ["network", "app"].map(|stack| std::fs::read_to_string(file(stack)).unwrap());
    for (stack, text) in ["network", "app"].into_iter().zip(&in_s3) {
        std::fs::write(file(stack), text.replace(&bucket.store(), "")).unwrap();
        project.expect(&format!("up {stack} --yes"), code::DONE);
    }
    std::fs::write(file("network"), &in_s3[0]).unwrap();
    let moved = project.expect("state migrate network --to s3", code::DONE);
    moved.says(&["network has outputs that are used by app", "move that too"]);
    std::fs::write(file("app"), &in_s3[1]).unwrap();
    project.expect("state migrate app --to s3", code::DONE);
    project.expect("preview app --detailed-exitcode", code::DONE);
    project.expect("destroy network --yes --allow-delete main", code::REFUSED).says(&["the stack app uses `vpc_id`"]);
    project.expect("destroy app --yes", code::DONE);
    project.expect("destroy network --yes", code::DONE);
    assert!(bucket.standing().is_empty());
}

#[test]
fn the_store_asks_s3_no_more_than_it_must() {
    let bucket = Bucket::new();
    let project = &bucket.project;
    // By operation, of one command.
    let asked = |line: &str| {
        project.account.news();
        project.expect(line, code::DONE);
        let calls = project.account.news().into_iter().filter(|call| call.service == "s3");
        let mut asked = BTreeMap::new();
        calls.for_each(|call| *asked.entry(call.operation).or_insert(0_usize) += 1);
        let of = |operation: &str| asked.get(operation).copied().unwrap_or_default();
        (of("GetObject"), of("ListObjectsV2"), of("PutObject"))
    };
    let commits = |bucket: &Bucket| bucket.objects().keys().filter(|name| name.contains("/log/")).count();
    // `head`, `lease`, `moved`, and what the stack has published; beside a commit each, the lease is taken and let go of, and the outputs are
    // published.
    let first = asked("up small --yes");
    let made = commits(&bucket);
    assert_eq!(first, (4, 3, made + 3));
    // The same, and the records.
    assert_eq!(asked("up small --yes"), (made + 4, 3, 2));
    assert_eq!(asked("preview small"), (made + 3, 2, 0));
    assert_eq!(asked("state list small"), (made + 3, 1, 0));
    assert_eq!(commits(&bucket), made);
}
