//! The wrong account, the wrong store, no store, no credentials, no network: refused before anything is changed, with the way out.

use std::collections::BTreeMap;

use localstack_tests::{Account, REGION};

use super::{CONFIG, Project, WHOLE, bare, code, run};

#[test]
fn another_account_is_refused_before_anything_is_called() {
    let project = Project::new();
    project.configure_for(CONFIG, "999999999999");
    for line in ["preview small", "up small --yes", "destroy small --yes", "refresh small"] {
        let refused = project.expect(line, code::REFUSED);
        refused.says(&[&format!("the credentials are of account {}", project.account.id), "allows 999999999999 only"]);
        assert_eq!(project.called(), ["GetCallerIdentity"], "{line}");
    }
    project.write_config(&format!("{CONFIG}[aws]\nregion = \"{REGION}\"\n"));
    project.expect("preview small", code::BAD_INPUT).says(&["`aws.account_id` is required and missing", "--local"]);
    assert_eq!(project.called(), [""; 0]);
}

#[test]
fn a_store_of_another_account_is_refused() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let other = Account::new(super::super::emulator());
    project.configure_for(CONFIG, &other.id);
    for line in ["preview small", "up small --yes", "destroy small --yes --allow-delete data/token data/events"] {
        let refused = run(project.command(line).env("AWS_ACCESS_KEY_ID", &other.id));
        refused.expect(code::REFUSED);
        refused.says(&[
            &format!("it belongs to the account {}, and this run is for the account {}", project.account.id, other.id),
            "use the credentials and the profile of the account that the store belongs to",
        ]);
        let called: Vec<String> = other.news().into_iter().map(|call| call.operation).collect();
        assert_eq!(called, ["GetCallerIdentity"], "{line}");
    }
    assert_eq!((project.standing(), other.listed()), (WHOLE.map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn an_empty_store_is_not_taken_for_an_empty_account() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    std::fs::rename(project.path(".formwork/small"), project.path("elsewhere")).unwrap();
    project.called();
    for line in ["preview small", "up small --yes"] {
        let refused = project.expect(line, code::REFUSED);
        refused.says(&[
            "the store is empty, and the account has",
            "that are tagged as tests/small",
            "use the store that they were made with",
            "then take them over with `import`",
        ]);
    }
    assert!(project.account.news().iter().all(|call| !call.mutating));
    assert_eq!(project.standing(), WHOLE);

    std::fs::remove_dir_all(project.path(".formwork/small")).unwrap();
    std::fs::rename(project.path("elsewhere"), project.path(".formwork/small")).unwrap();
    project.expect("preview small --detailed-exitcode", code::DONE);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_named() {
    let project = Project::new();
    let base = format!("[aws]\naccount_id = \"{}\"\nregion = \"{REGION}\"\n", project.account.id);
    project.write_config(&format!("{CONFIG}\n[store]\npath = \"stacks/small.toml/state\"\n{base}"));
    for line in ["preview small", "up small --yes", "state list small"] {
        let failed = project.expect(line, code::BAD_INPUT);
        failed.says(&["stacks/small.toml/state/small", "choose another folder in [store]"]);
    }
    assert!(project.account.news().iter().all(|call| !call.mutating));
    assert_eq!(project.standing(), [""; 0]);
}

#[test]
fn without_credentials_the_two_ways_on_are_said() {
    let project = Project::new();
    project.configure(&CONFIG.replace("{ env = \"SMALL_TOKEN\" }", "{ file = \"token\" }"));
    std::fs::write(project.path("stacks/token"), "a-token-in-a-file").unwrap();
    let failed = run(&mut bare(project.folder.path(), "preview small"));
    failed.expect(code::BAD_INPUT);
    failed.says(&["there are no valid AWS credentials", "aws configure sso", "preview small --local"]);
}

#[test]
fn without_a_network_the_two_ways_on_are_said() {
    let project = Project::new();
    // Nothing listens there.
    let nobody = BTreeMap::from([("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
    let failed = run(project.command("preview small").envs(nobody));
    failed.expect(code::BAD_INPUT);
    failed.says(&["AWS cannot be reached from here", "check the network", "preview small --local"]);
}
