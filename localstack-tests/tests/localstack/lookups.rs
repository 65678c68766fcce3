//! What somebody else keeps is read while planning: parameters and secrets, of which the value stays one wherever it goes.

use std::collections::BTreeMap;

use formwork_aws::ssm::{Parameter, ParameterType};
use formwork_aws::{secretsmanager, ssm};
use formwork_engine::{Program, Stack};
use localstack_tests::{Trial, told};

const VALUE: &str = "correct-horse-battery-staple";

fn program() -> Program {
    let mut stack = Stack::new("tests", "lookups", BTreeMap::new());
    let domain = ssm::parameter(&mut stack, "/shared/domain");
    let secret = secretsmanager::secret(&mut stack, "shared/api-key");
    let value = secretsmanager::secret_value(&mut stack, "shared/api-key");
    let copy = Parameter::builder().name("/copy/api-key").parameter_type(ParameterType::SecureString);
    stack.add("copy", copy.secret_value(&value).description(&domain).build());
    stack.export("domain", &domain);
    stack.export("arn", &secret.arn);
    stack.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_keeps_is_followed_and_a_secret_stays_one() -> anyhow::Result<()> {
    let trial = Trial::new(crate::emulator()).await;
    let program = program();
    let missing = trial.plan(&program).await.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(missing.contains("there is no parameter /shared/domain in eu-west-1"), "{missing}");
    assert!(missing.contains("there is no secret shared/api-key in eu-west-1"), "{missing}");

    let aws = trial.cloud.aws().await?;
    let put = || aws.ssm().put_parameter().name("/shared/domain").r#type("String".into());
    put().value("example.com").send().await?;
    aws.secretsmanager().create_secret().name("shared/api-key").secret_string(VALUE).send().await?;
    let plan = trial.plan(&program).await?;
    assert!(!format!("{plan}\n{}", told(&plan)).contains(VALUE));
    let summary = trial.up(&program).await?;
    assert_eq!(summary.outputs["domain"].as_text(), Some("example.com"));
    assert!(summary.outputs["arn"].as_text().is_some_and(|arn| arn.contains(":secret:shared/api-key-")));
    let copied = || async {
        let answer = aws.ssm().get_parameter().name("/copy/api-key").with_decryption(true).send().await?;
        anyhow::Ok(answer.parameter.and_then(|parameter| parameter.value))
    };
    assert_eq!(copied().await?.as_deref(), Some(VALUE));
    assert!(trial.plan(&program).await?.is_noop());
    for entry in files(&trial.store()) {
        let bytes = std::fs::read(&entry)?;
        assert!(!bytes.windows(VALUE.len()).any(|part| part == VALUE.as_bytes()), "{}", entry.display());
    }

    // Both are read anew for every plan.
    put().value("example.org").overwrite(true).send().await?;
    let other = "another-horse";
    aws.secretsmanager().put_secret_value().secret_id("shared/api-key").secret_string(other).send().await?;
    let plan = trial.plan(&program).await?;
    let changed: Vec<&str> =
        plan.steps.iter().flat_map(|step| &step.changes).map(|change| change.path.as_str()).collect();
    assert_eq!(changed, ["secret_value", "description"], "{}", told(&plan));
    trial.up(&program).await?;
    assert_eq!(copied().await?.as_deref(), Some(other));

    // A parameter that is a secret is not read where its value would stand in a plan.
    let mut stack = Stack::new("tests", "lookups", BTreeMap::new());
    let secret = ssm::parameter(&mut stack, "/copy/api-key");
    stack.export("secret", &secret);
    let refused = trial.plan(&stack.finish().unwrap()).await.err().map(|error| format!("{error:#}"));
    assert!(refused.is_some_and(|said| said.contains("is a SecureString")));
    Ok(())
}

/// All files of a folder, at any depth.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
