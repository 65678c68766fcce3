//! The command line around the stacks of the canary test: `prod` as it is, and `paths`, in which a secret of every origin goes every way that
//! a secret can go.

use std::process::ExitCode;

use formwork::prelude::*;
use serde::Deserialize;

/// `stacks/paths.toml`.
#[derive(Debug, Deserialize)]
struct PathsConfig {
    /// Stands in the configuration in the clear.
    clear: Secret,
    /// From the environment.
    variable: Secret,
    /// From a file.
    file: Secret,
    /// Sealed in the configuration.
    sealed: Secret,
    /// Made up by `--local`.
    generated: Secret,
    /// A JSON document with secrets in it.
    document: Secret,
    /// Days for which the log group keeps events; changes between runs.
    days: i32,
    /// Whether the program panics, with a secret in its words.
    #[serde(default)]
    panics: bool,
    /// Whether a closure of the program panics, with a secret in its words.
    #[serde(default)]
    fails: bool,
}

fn paths(stack: &mut Stack, config: &PathsConfig) -> Result<()> {
    assert!(!config.panics, "the password is {}", config.sealed.reveal());
    let secret = |stack: &mut Stack, name: &str, value: &Secret| {
        stack.add(name, secretsmanager::Secret::builder().name(name).secret_string(value).build())
    };
    secret(stack, "canary-clear", &config.clear);
    secret(stack, "canary-variable", &config.variable);
    secret(stack, "canary-generated", &config.generated);
    secret(stack, "canary-document", &config.document);
    stack.add("events", logs::LogGroup::builder().name("/canary/events").retention_in_days(config.days).build());
    let database = rds::Instance::builder()
        .identifier("canary")
        .engine("postgres")
        .instance_class("db.t4g.micro")
        .allocated_storage(20)
        .master_username("orders")
        .master_user_password(&config.sealed)
        .final_snapshot_identifier("canary-last");
    let database = stack.add("orders", database.build());
    let cache = elasticache::ReplicationGroup::builder()
        .name("canary")
        .description("canary")
        .node_type("cache.t4g.micro")
        .transit_encryption(true)
        .auth_token(&config.file);
    stack.add("sessions", cache.build());
    let url = join([
        "postgres://orders:".into(),
        (&config.sealed).into(),
        "@".into(),
        (&database.address).into(),
        "/".into(),
    ]);
    stack.add("url", secretsmanager::Secret::builder().name("canary-url").secret_string(&url).build());
    let fails = config.fails;
    let path = url.map(move |url| {
        assert!(!fails, "`{url}` is no URL");
        url.rsplit('/').next().unwrap_or_default().to_owned()
    });
    stack.export("path", &path);
    stack.export("url", &url);
    stack.export("document", join([(&config.document).into()]));
    Ok(())
}

fn main() -> ExitCode {
    formwork::Runner::new("canary").stack("prod", stacks::prod).stack("paths", paths).main()
}
