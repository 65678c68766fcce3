//! Secrets under a key: in the configuration, beside digests in rows, and stores that are sealed as a whole.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use formwork_emulator::{Action, Fault};

use super::{CONFIG, Project, Ran, code, run};

pub(super) const PASSPHRASE: &str = "correct horse battery";
pub(super) const NEXT: &str = "another horse entirely";
pub(super) const SECRET: &str = "hunter2-sealed-of-the-test";

/// Runs a command with a passphrase, and with a text on stdin.
pub(super) fn given(project: &Project, line: &str, passphrase: &str, stdin: &str) -> Ran {
    let mut command = project.command(line);
    command.env("FORMWORK_PASSPHRASE", passphrase).env_remove("SMALL_TOKEN");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) }
}

#[track_caller]
pub(super) fn with(project: &Project, line: &str, passphrase: &str, code: i32) -> Ran {
    let ran = given(project, line, passphrase, "");
    assert_eq!(ran.code, Some(code), "{line}\nstdout:\n{}\nstderr:\n{}", ran.out, ran.err);
    ran
}

/// A project whose secret is sealed in its configuration.
fn sealed() -> Project {
    let project = Project::new();
    project.configure(&CONFIG.replace("{ env = \"SMALL_TOKEN\" }", "{ env = \"SMALL_TOKEN\" } # from the vault"));
    with(&project, "config init-key small", PASSPHRASE, code::DONE);
    let set = given(&project, "config set small token --secret", PASSPHRASE, SECRET);
    assert_eq!(set.code, Some(code::DONE), "{}", set.err);
    let text = std::fs::read_to_string(project.path("stacks/small.toml")).unwrap();
    assert!(text.contains("token = { sealed = \"v1:") && text.contains("\" } # from the vault"), "{text}");
    project
}

/// Every file of the state and of the configuration, with its bytes.
fn files(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    fn add(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, found)
            } else {
                drop(found.insert(path.clone(), std::fs::read(&path).unwrap()))
            }
        }
    }
    let mut found = BTreeMap::new();
    add(project.folder.path(), &mut found);
    found
}

/// Whether the store has a text in the clear.
fn shows(project: &Project, text: &str) -> bool {
    let state = files(project).into_iter().filter(|(path, _)| path.starts_with(project.path(".formwork/small")));
    state.into_iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn a_sealed_secret_is_used_compared_without_the_key_and_shown_without_aws() {
    let project = sealed();
    // Before anything is recorded, what is sealed is not known without the key.
    let preview = project.run("preview small");
    assert_eq!(preview.code, Some(code::DONE), "{}", preview.err);
    preview.says(&["the key is not at hand (FORMWORK_PASSPHRASE)", "token"]);
    with(&project, "up small --yes", PASSPHRASE, code::DONE);
    assert!(!shows(&project, SECRET) && shows(&project, "$sealed"));

    // Without the passphrase: the same sealed value is the same value, and another one is another.
    project.expect("preview small --detailed-exitcode", code::DONE);
    let set = given(&project, "config set small token --secret", PASSPHRASE, "hunter2-another-of-the-test");
    assert_eq!(set.code, Some(code::DONE));
    project.expect("preview small --detailed-exitcode", code::CHANGES);

    // To change something the key is needed: its name, its file and the way to give it are said, and nothing is done.
    let before = files(&project);
    let up = project.run("up small --yes");
    assert_eq!(up.code, Some(code::BAD_INPUT), "{}", up.err);
    up.says(&["small.key.toml", "nobody gave its passphrase", "export FORMWORK_PASSPHRASE="]);
    let wrong = with(&project, "up small --yes", "wrong wrong wrong", code::BAD_INPUT);
    wrong.says(&["small.key.toml", "FORMWORK_PASSPHRASE is not its passphrase", "nothing was changed"]);
    assert_eq!(files(&project), before);

    // The output is kept sealed: shown with the key, and with no way to AWS.
    let mut command = project.command("output small token --show-secrets");
    command.env("FORMWORK_PASSPHRASE", PASSPHRASE).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    assert_eq!(run(&mut command).out.trim(), SECRET);
    assert_eq!(project.run("output small token").out.trim(), "(secret)");

    // Without the key file: a fresh clone of a repository that forgot it.
    std::fs::remove_file(project.path("stacks/small.key.toml")).unwrap();
    let up = with(&project, "up small --yes", PASSPHRASE, code::BAD_INPUT);
    up.says(&["`token`: it is sealed with the key", "there is no", "small.key.toml", "config init-key small"]);
}

#[test]
fn a_sealed_store_says_nothing_without_its_key_and_is_given_another() {
    let project = sealed();
    let config = std::fs::read_to_string(project.path("stacks/small.toml")).unwrap();
    let whole = format!("{config}\n[store]\nsealed = true\n");
    project.write_config(&whole);
    with(&project, "up small --yes", PASSPHRASE, code::DONE);
    for text in ["vpc-", "eu-west-1", "aws:ec2", "applied", SECRET] {
        assert!(!shows(&project, text), "{text}");
    }
    with(&project, "preview small --detailed-exitcode", PASSPHRASE, code::DONE);

    let before = files(&project);
    for line in ["state list small", "preview small", "up small --yes", "refresh small", "destroy small --yes"] {
        let ran = project.run(line);
        assert_eq!(ran.code, Some(code::BAD_INPUT), "{line}: {}", ran.err);
        ran.says(&["small.key.toml", "nobody gave its passphrase", "export FORMWORK_PASSPHRASE="]);
        with(&project, line, "wrong wrong wrong", code::BAD_INPUT).says(&["is not its passphrase"]);
    }
    // A key of another stack, and a configuration that does not know of the seal.
    let key = project.path("stacks/small.key.toml");
    std::fs::rename(&key, project.path("kept")).unwrap();
    with(&project, "config init-key small", PASSPHRASE, code::DONE);
    with(&project, "state list small", PASSPHRASE, code::BAD_INPUT)
        .says(&["is sealed with the key", "small.key.toml back"]);
    std::fs::rename(project.path("kept"), &key).unwrap();
    project.write_config(&config);
    project.expect("state list small", code::BAD_INPUT).says(&["sealed = true under [store]", "config rotate small"]);
    project.write_config(&whole);
    assert_eq!(files(&project), before);

    // Another key: everything is sealed with it, and the former passphrase opens nothing any more.
    let mut rotate = project.command("config rotate small");
    rotate.env("FORMWORK_PASSPHRASE", PASSPHRASE).env("FORMWORK_NEW_PASSPHRASE", NEXT);
    let rotated = run(&mut rotate);
    rotated.expect(code::DONE);
    rotated.says(&["sealed anew: 1 value of the configuration"]);
    with(&project, "state list small", PASSPHRASE, code::BAD_INPUT);
    with(&project, "preview small --detailed-exitcode", NEXT, code::DONE);
    assert_eq!(with(&project, "output small token --show-secrets", NEXT, code::DONE).out.trim(), SECRET);
    assert_eq!(with(&project, "config get small token --show-secrets", NEXT, code::DONE).out.trim(), SECRET);

    // The seal is taken off by the same command, as the configuration says.
    let open =
        std::fs::read_to_string(project.path("stacks/small.toml")).unwrap().replace("sealed = true", "sealed = false");
    project.write_config(&open);
    let mut rotate = project.command("config rotate small --wrapping-only");
    rotate.env("FORMWORK_PASSPHRASE", NEXT).env("FORMWORK_NEW_PASSPHRASE", NEXT);
    run(&mut rotate).expect(code::DONE);
    assert!(shows(&project, "vpc-") && !shows(&project, SECRET));
    project.expect("preview small --detailed-exitcode", code::DONE);
    with(&project, "destroy small --yes --allow-delete data/events data/token", NEXT, code::DONE);
}

#[test]
fn a_key_of_kms_opens_for_its_own_stack_and_is_changed_for_a_passphrase() {
    let project = Project::new();
    let section =
        format!("description = \"small\"\n[aws]\naccount_id = \"{}\"\nregion = \"eu-west-1\"\n", project.account.id);
    std::fs::write(project.path("stacks/vault.toml"), section).unwrap();
    project.expect("up vault --yes", code::DONE);
    let arn = project.expect("output vault key_arn", code::DONE).out.trim().to_owned();

    project.expect(&format!("config init-key small --kms {arn}"), code::DONE);
    let set = given(&project, "config set small token --secret", "", SECRET);
    assert_eq!(set.code, Some(code::DONE), "{}", set.err);
    assert_eq!(project.run("config get small token --show-secrets").out.trim(), SECRET);
    project.expect("up small --yes", code::DONE);
    assert!(!shows(&project, SECRET));

    // Whoever may not decrypt still previews; who wants to change something is told which call was refused.
    let denied = || Fault::error(&project.account.id, "AccessDeniedException", 400).operation("Decrypt").count(9);
    project.admin().inject(&denied()).unwrap();
    project.expect("preview small --detailed-exitcode", code::DONE);
    let up = project.run("up small --yes");
    assert_eq!(up.code, Some(code::BAD_INPUT), "{}", up.err);
    up.says(&["KMS does not unwrap it", "kms:Decrypt"]);
    project.admin().clear_faults(&project.account.id).unwrap();

    // The key of one stack is none of another's.
    std::fs::copy(project.path("stacks/small.key.toml"), project.path("stacks/vault.key.toml")).unwrap();
    let other = given(&project, "config set vault description --secret", "", "x");
    assert_eq!(other.code, Some(code::BAD_INPUT), "{}", other.err);

    let mut rotate = project.command("config rotate small");
    run(rotate.env("FORMWORK_NEW_PASSPHRASE", NEXT)).expect(code::DONE);
    assert_eq!(with(&project, "config get small token --show-secrets", NEXT, code::DONE).out.trim(), SECRET);
    with(&project, "up small --yes --expect-no-changes", NEXT, code::DONE);
}

#[test]
fn what_aws_repeats_of_a_secret_is_masked() {
    let project = Project::new();
    let message = "the value hunter2-of-the-test is not taken";
    let refused = Action::Error { code: "InvalidParameterException".into(), message: message.into(), status: 400 };
    project.admin().inject(&Fault::new(&project.account.id, refused).operation("CreateSecret")).unwrap();
    let mut up = project.command("up small --yes");
    let ran = run(up.env("FORMWORK_LOG", "trace"));
    ran.expect(3);
    ran.says(&["the value (secret) is not taken"]);
}
