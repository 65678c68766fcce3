//! The stack `prod`, seen through AWS's own API: one test for each row of what it promises, and sequences of changes.
//!
//! It is brought up twice for all rows together: as it is committed, and with every row broken. A row's test reads both accounts: it must hold
//! in the one and fail in the other, in words that say what was broken. What a row reads, it reads from AWS, never from Formwork's records.

mod broken;
mod cluster;
mod network;
mod outputs;
mod permissions;
mod rollback;
mod sequences;
mod stores;
mod workloads;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};
use formwork::config::ConfigFile;
use formwork_aws::{Aws, AwsCloud};
use formwork_engine::{Program, Stack, Value};
use localstack_tests::{Account, Trial};
use stacks::ProdConfig;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../stacks/prod.toml");

/// The committed configuration, with made-up secrets.
pub(crate) fn config() -> ProdConfig {
    formwork::testing::config(FILE)
}

/// The committed default tags.
fn default_tags() -> BTreeMap<String, String> {
    let file = ConfigFile::read(FILE).unwrap();
    file.base().unwrap().aws.default_tags
}

/// What `prod` declares.
pub(crate) fn program(config: &ProdConfig) -> Program {
    program_with_tags(config, default_tags())
}

fn program_with_tags(config: &ProdConfig, default_tags: BTreeMap<String, String>) -> Program {
    let mut stack = Stack::new("stacks", "prod", default_tags);
    stacks::prod(&mut stack, config).unwrap();
    stack.finish().unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// An account in which a program stands.
struct Standing {
    account: Account,
    outputs: BTreeMap<String, Value>,
}

/// `prod` as it is committed, brought up by the first test that asks.
fn prod() -> &'static Standing {
    static PROD: OnceLock<Standing> = OnceLock::new();
    PROD.get_or_init(|| stand(program(&config())))
}

/// `prod` with every row broken.
fn broken() -> &'static Standing {
    static BROKEN: OnceLock<Standing> = OnceLock::new();
    BROKEN.get_or_init(|| stand(broken::program()))
}

/// Brings a program up, on a runtime that ends when it stands: connections of one test's runtime are of no use to another's.
fn stand(program: Program) -> Standing {
    let up = async |program: Program| {
        let trial = Trial::new(crate::emulator()).await;
        let summary = trial.up(&program).await.unwrap_or_else(|error| panic!("{error:#}"));
        let Trial { account, .. } = trial;
        Standing { account, outputs: summary.outputs }
    };
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    std::thread::spawn(move || runtime().unwrap().block_on(up(program))).join().unwrap()
}

/// What a row's test looks at.
struct Seen {
    aws: Aws,
    outputs: BTreeMap<String, Value>,
}

impl Seen {
    async fn of(standing: &Standing) -> Self {
        let aws = AwsCloud::connect(standing.account.config()).await.aws().await.unwrap();
        Self { aws, outputs: standing.outputs.clone() }
    }

    /// An output of the stack that is text.
    fn text(&self, output: &str) -> Result<String> {
        let value = self.outputs.get(output).and_then(Value::as_text);
        value.map(str::to_owned).with_context(|| format!("there is no output {output}"))
    }

    /// An output of the stack that is a list of texts.
    fn texts(&self, output: &str) -> Result<Vec<String>> {
        let list = self.outputs.get(output).and_then(Value::as_list);
        let list = list.with_context(|| format!("there is no output {output}"))?;
        Ok(list.iter().filter_map(Value::as_text).map(str::to_owned).collect())
    }
}

/// The row holds in `prod`, and where it was broken its words say so.
async fn check(row: impl AsyncFn(&Seen) -> Result<()>, words: &str) {
    let held = row(&Seen::of(prod()).await).await;
    held.unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let said = match row(&Seen::of(broken()).await).await {
        Ok(()) => panic!("the row holds where it was broken: {words}"),
        Err(wrong) => format!("{wrong:#}"),
    };
    assert!(said.contains(words), "the row says `{said}` where `{words}` was broken");
}

/// What AWS must have answered.
fn one<T>(found: Option<T>, what: &str) -> Result<T> {
    found.ok_or_else(|| anyhow!("AWS answers no {what}"))
}
