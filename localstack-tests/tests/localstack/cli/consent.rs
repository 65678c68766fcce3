//! Data stores are deleted with consent, and consent for all at once is for stacks that are made to be thrown away.

use super::{CONFIG, Project, WHOLE, code, flat};

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
fn a_database_that_leaves_the_program_is_refused_with_the_way_to_consent() {
    let project = Project::new();
    let with = |protected: bool| format!("{CONFIG}\n[database]\nbackup_days = 7\nprotected = {protected}\n");
    project.configure(&with(true));
    project.expect("up small --yes", code::DONE);
    project.called();

    project.configure(CONFIG);
    let preview = project.expect("preview small", code::DONE);
    let sentence = "data/orders is deleted with everything it holds; `deletion_protection` is lifted before; it leaves a final \
                    snapshot behind";
    for said in [
        "- data/orders rds/instance small-orders",
        "! data store: its contents are deleted",
        "deletion_protection: true → false",
        sentence,
        "given by: --allow-delete data/orders",
    ] {
        assert!(flat(&preview.out).contains(&flat(said)), "no `{said}` in\n{}", preview.out);
    }
    let refused = project.expect("up small --yes", code::REFUSED);
    refused.says(&[
        sentence,
        "failed to begin: it needs consent, which --yes does not give",
        "add --allow-delete data/orders",
    ]);
    let changed: Vec<_> = project.account.news().into_iter().filter(|call| call.mutating).collect();
    assert!(changed.is_empty(), "{changed:?}");
    project.expect("up small --yes --allow-delete data/orders", code::DONE);
    project.expect("preview small --detailed-exitcode", code::DONE);
    assert!(!project.standing().contains(&"aws:rds/instance".to_owned()));
}

#[test]
fn less_protection_of_a_database_needs_the_same_consent() {
    let project = Project::new();
    let with =
        |days: u32, protected: bool| format!("{CONFIG}\n[database]\nbackup_days = {days}\nprotected = {protected}\n");
    project.configure(&with(7, true));
    project.expect("up small --yes", code::DONE);
    project.configure(&with(0, false));
    let refused = project.expect("up small --yes", code::REFUSED);
    refused.says(&[
        "data/orders: the change of `backup_retention_period`, `deletion_protection` may lose data",
        "add --allow-delete data/orders",
    ]);
    project.configure(&with(14, true));
    project.expect("up small --yes", code::DONE);
}

#[test]
fn a_lifecycle_rule_that_would_expire_all_objects_is_refused_with_the_way_to_consent() {
    let project = Project::new();
    let name = format!("small-archive-{}", project.account.id);
    let with = |rule: &str| format!("{CONFIG}\n[archive]\nname = \"{name}\"\n{rule}");
    project.configure(&with(""));
    project.expect("up small --yes", code::DONE);
    project.called();

    project.configure(&with("expire_after_days = 1\n"));
    let refused = project.expect("up small --yes", code::REFUSED);
    refused.says(&[
        "! data may be lost",
        "data/archive: the change of `lifecycle_rules` may lose data",
        "failed to begin: it needs consent, which --yes does not give",
        "add --allow-delete data/archive",
    ]);
    let put = project.called().into_iter().find(|operation| operation.starts_with("Put"));
    assert_eq!(put, None);
    project.expect("up small --yes --allow-delete data/archive", code::DONE);
    // Later, or not at all, loses nothing.
    project.configure(&with("expire_after_days = 30\n"));
    project.expect("up small --yes", code::DONE);
    project.configure(&with(""));
    project.expect("up small --yes", code::DONE);
}

#[test]
fn the_key_of_a_last_snapshot_stays_and_the_plan_says_so() {
    let project = Project::new();
    project.configure(&format!("{CONFIG}\n[database]\nbackup_days = 7\nprotected = false\nown_key = true\n"));
    project.expect("up small --yes", code::DONE);
    project.configure(CONFIG);
    let done = project.expect("up small --yes --allow-delete data/orders", code::DONE);
    done.says(&[
        "stays in the account and is forgotten: it encrypts what data/orders leaves behind (a final snapshot)",
    ]);
    assert!(project.standing().contains(&"aws:kms/key".to_owned()), "{:?}", project.standing());
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
