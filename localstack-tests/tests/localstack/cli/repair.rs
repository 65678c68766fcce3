//! `state repair`, as a process: findings are named with their way out, and only what is asked for is done.

use formwork_aws::AwsCloud;
use formwork_engine::kind::Cloud as _;
use formwork_engine::{ProviderName, Value};

use super::{Project, WHOLE, code};

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_named_with_their_way_out() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let sound = project.expect("state repair small", code::DONE);
    assert!(sound.out.contains("4 rows looked at, and nothing is wrong"), "{}", sound.out);

    let cloud = AwsCloud::connect(project.account.config()).await;
    let registry = cloud.registry(&ProviderName::default(), None).await.unwrap();
    let recorded = Value::from([("name", "/small/events")]);
    registry.kind("aws:logs/log-group").unwrap().delete("/small/events", &recorded).await.unwrap();
    project.expect("state forget small subnet-0 --yes", code::DONE);
    project.account.news();
    let (rows, found) = (project.rows(), project.expect("state repair small --json", code::DONE).json());
    let of = |name: &str| {
        let mut findings = found["findings"].as_array().unwrap().iter();
        findings.find(|one| one["name"].as_str().unwrap().starts_with(name)).cloned().unwrap()
    };
    assert_eq!(found["findings"].as_array().unwrap().len(), 2, "{found:#}");
    assert_eq!(of("gone:data/events")["of_records"], true);
    let stray = of("stray:subnet-");
    assert_eq!(stray["of_records"], false);
    assert_eq!(project.rows(), rows, "looking changes nothing");

    let name = stray["name"].as_str().unwrap();
    let refused = project.expect(&format!("state repair small --apply {name}"), code::BAD_INPUT);
    refused.says(&["is not put right by a change of the records alone", "take it over with `import`"]);
    let done = project.expect("state repair small --apply gone:data/events", code::DONE);
    assert!(done.out.contains("gone:data/events: done"), "{}", done.out);
    project.expect("state rebuild small --yes", code::DONE).says(&["1 resource is recorded"]);
    let sound = project.expect("state repair small", code::DONE);
    assert!(sound.out.contains("nothing is wrong"), "{}", sound.out);
    assert!(project.account.news().iter().all(|call| !call.mutating));

    project.expect("up small --yes", code::DONE).says(&["done: 1 step done"]);
    assert_eq!(project.standing(), WHOLE);
}
