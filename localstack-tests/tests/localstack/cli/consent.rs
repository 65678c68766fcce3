//! Data stores are deleted with consent, and consent for all at once is for stacks that are made to be thrown away.

use super::{CONFIG, Project, WHOLE, code};

#[test]
fn a_data_store_is_deleted_only_with_consent() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    assert_eq!(project.standing(), WHOLE);
    project.called();

    project.configure(&CONFIG.replace("retention_in_days = 30\n", ""));
    let preview = project.expect("preview small", code::DONE);
    assert!(preview.out.contains("given by: --allow-delete data/events"), "{}", preview.out);
    let refused = project.expect("up small --yes", code::REFUSED);
    refused.says(&["it needs consent, which --yes does not give", "add --allow-delete data/events"]);
    assert_eq!(project.standing(), WHOLE);
    let deletes = project.called().into_iter().find(|operation| operation.starts_with("Delete"));
    assert_eq!(deletes, None);

    // Consent to something else is none.
    project.expect("up small --yes --allow-delete data/token", code::REFUSED);
    let urn = "small::data/events::aws:logs/log-group";
    project.expect(&format!("up small --yes --allow-delete {urn}"), code::DONE);
    assert_eq!(project.standing(), ["aws:ec2/subnet", "aws:ec2/vpc", "aws:secretsmanager/secret"]);
    project.expect("preview small --detailed-exitcode", code::DONE);
}

#[test]
fn consent_to_everything_is_for_ephemeral_stacks() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    project.expect("destroy small --yes", code::REFUSED).says(&["--allow-delete data/events data/token"]);
    let refused = project.expect("destroy small --yes --allow-delete *", code::BAD_INPUT);
    refused.says(&["is for stacks that are made to be thrown away", "ephemeral = true"]);
    assert_eq!(project.standing(), WHOLE);

    project.configure(&format!("ephemeral = true\n{CONFIG}"));
    project.expect("destroy small --yes", code::REFUSED);
    project.expect("destroy small --yes --allow-delete *", code::DONE).says(&["destroyed: 4 steps done"]);
    assert_eq!(project.standing(), [""; 0]);
    project.expect("destroy small --yes", code::DONE).says(&["nothing to do"]);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let project = Project::new();
    let refused = project.expect("up small", code::REFUSED);
    refused.says(&["Plan: 4 to create", "there is no terminal to ask on, and no --yes"]);
    project.expect("up small --json", code::REFUSED).says(&["--json asks nothing, and there is no --yes"]);
    assert_eq!(project.standing(), [""; 0]);
}
