//! [`Aws`]: the clients of one account and region; [`AwsCloud`]: all of them, as the engine asks for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use formwork_engine::clock::{Clock, TokioClock};
use formwork_engine::event::Consumer;
use formwork_engine::kind::{CallClass, CallError, Cloud, Identity, Registry, Sought, Swept, Throttled};
use formwork_engine::preflight::{Intended, Preflight, Preparation};
use formwork_engine::state::Fence;
use formwork_engine::{ProviderName, ProviderSpec};

use crate::deadline::Deadline;
use crate::error::Error;
use crate::pace::{Governor, Paced, Pacer};
use crate::preflight;
use crate::questions::{Memory, only_reads};

/// Where and as whom to work.
#[derive(Debug, Clone, Default)]
pub struct AwsConfig {
    /// The default region; from the standard chain when absent.
    pub region: Option<String>,
    /// The profile of the shared configuration files.
    pub profile: Option<String>,
    /// A role to assume with the credentials of the chain.
    pub assume_role: Option<AssumeRole>,
    /// Tags with these prefixes belong to somebody else: neither shown nor touched.
    pub ignore_tag_prefixes: Vec<String>,
    /// Deletes leave nothing behind: no final snapshots, no recovery windows, full buckets and repositories are emptied. For `--local` and
    /// stacks that are declared ephemeral.
    pub leave_nothing: bool,
    /// The longest time for one call, where it is less than [`CALL_TIMEOUT`]: with a short lease, nothing may be under way after its end.
    pub call_timeout: Option<Duration>,
    /// An emulator: endpoint and credentials are set in code, and neither environment nor profiles are read.
    pub emulator: Option<EmulatorTarget>,
}

/// The role of `[aws] assume_role`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssumeRole {
    /// Its ARN.
    pub arn: String,
    /// The external id that its trust policy wants.
    pub external_id: Option<String>,
    /// The name of the session, seen in CloudTrail; `formwork` when absent.
    pub session_name: Option<String>,
}

/// An emulator on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmulatorTarget {
    /// Such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// Which run of it: it forgets everything on restart.
    pub instance: String,
    /// The account to work in: to the emulator, a 12-digit access key id is the account.
    pub account: String,
}

/// How many times shorter waits are in an emulator: 30 seconds before the first look at a cache become one and a half.
pub const EMULATOR_HASTE: u32 = 20;

/// Longest time for one call, from when it leaves; a request timeout in the terms of the design.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The clients of one account and region, and what all types need to know. Cheap to clone.
#[derive(Clone)]
pub struct Aws {
    shared: Arc<Shared>,
}

struct Shared {
    account: String,
    partition: String,
    region: String,
    ignored_tags: Vec<String>,
    leave_nothing: bool,
    memory: Arc<Memory>,
    governor: Arc<Governor>,
    #[cfg(feature = "ec2")]
    ec2: aws_sdk_ec2::Client,
    #[cfg(feature = "ecr")]
    ecr: aws_sdk_ecr::Client,
    #[cfg(feature = "eks")]
    eks: aws_sdk_eks::Client,
    #[cfg(feature = "elasticache")]
    elasticache: aws_sdk_elasticache::Client,
    #[cfg(feature = "iam")]
    iam: aws_sdk_iam::Client,
    #[cfg(feature = "kms")]
    kms: aws_sdk_kms::Client,
    #[cfg(feature = "logs")]
    logs: aws_sdk_cloudwatchlogs::Client,
    #[cfg(feature = "rds")]
    rds: aws_sdk_rds::Client,
    #[cfg(feature = "s3")]
    s3: aws_sdk_s3::Client,
    #[cfg(feature = "secretsmanager")]
    secretsmanager: aws_sdk_secretsmanager::Client,
    #[cfg(feature = "acm")]
    acm: aws_sdk_acm::Client,
    #[cfg(feature = "cloudcontrol")]
    cloudcontrol: aws_sdk_cloudcontrol::Client,
    #[cfg(feature = "cloudfront")]
    cloudfront: aws_sdk_cloudfront::Client,
    #[cfg(feature = "cloudwatch")]
    cloudwatch: aws_sdk_cloudwatch::Client,
    #[cfg(feature = "dynamodb")]
    dynamodb: aws_sdk_dynamodb::Client,
    #[cfg(feature = "efs")]
    efs: aws_sdk_efs::Client,
    #[cfg(feature = "elbv2")]
    elbv2: aws_sdk_elasticloadbalancingv2::Client,
    #[cfg(feature = "route53")]
    route53: aws_sdk_route53::Client,
    #[cfg(feature = "servicequotas")]
    servicequotas: aws_sdk_servicequotas::Client,
    #[cfg(feature = "sns")]
    sns: aws_sdk_sns::Client,
    #[cfg(feature = "sqs")]
    sqs: aws_sdk_sqs::Client,
    #[cfg(feature = "ssm")]
    ssm: aws_sdk_ssm::Client,
    sts: aws_sdk_sts::Client,
}

macro_rules! clients {
    ($($feature:literal $name:ident $type:ty;)*) => {$(
        #[doc = concat!("The client of ", $feature, ".")]
        #[cfg(feature = $feature)]
        pub fn $name(&self) -> &$type {
            &self.shared.$name
        }
    )*};
}

impl Aws {
    /// The account, such as `123456789012`.
    pub fn account(&self) -> &str {
        &self.shared.account
    }

    /// The partition, such as `aws`.
    pub fn partition(&self) -> &str {
        &self.shared.partition
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.shared.region
    }

    /// Prefixes of tags that are somebody else's.
    pub fn ignored_tags(&self) -> &[String] {
        &self.shared.ignored_tags
    }

    /// Whether a delete must leave nothing behind, whatever its arguments say.
    pub fn leaves_nothing(&self) -> bool {
        self.shared.leave_nothing
    }

    /// Whether the account is being looked at as a whole, and nothing is changed meanwhile.
    pub(crate) fn is_observing(&self) -> bool {
        self.shared.memory.is_observing()
    }

    /// The answer to a question about this account and region. During an observation it is asked once; the text of the question says what is
    /// asked, and is the same for the same answer only.
    pub(crate) async fn once<T: Send + Sync + 'static>(
        &self,
        question: impl std::fmt::Display,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<Arc<T>, Error> {
        let question = format!("{question} ({} {})", self.shared.account, self.shared.region);
        self.shared.memory.once(question, ask).await
    }

    /// Something that whoever reads the plan must know about how the account was looked at; said once.
    pub(crate) fn warn(&self, sentence: impl Into<String>) {
        self.shared.memory.warn(sentence.into());
    }

    /// How time goes for what waits between calls.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.shared.governor.clock()
    }

    /// The client of sts, which is always there.
    pub fn sts(&self) -> &aws_sdk_sts::Client {
        &self.shared.sts
    }

    clients! {
        "ec2" ec2 aws_sdk_ec2::Client;
        "ecr" ecr aws_sdk_ecr::Client;
        "eks" eks aws_sdk_eks::Client;
        "elasticache" elasticache aws_sdk_elasticache::Client;
        "iam" iam aws_sdk_iam::Client;
        "kms" kms aws_sdk_kms::Client;
        "logs" logs aws_sdk_cloudwatchlogs::Client;
        "rds" rds aws_sdk_rds::Client;
        "s3" s3 aws_sdk_s3::Client;
        "acm" acm aws_sdk_acm::Client;
        "cloudcontrol" cloudcontrol aws_sdk_cloudcontrol::Client;
        "cloudfront" cloudfront aws_sdk_cloudfront::Client;
        "cloudwatch" cloudwatch aws_sdk_cloudwatch::Client;
        "dynamodb" dynamodb aws_sdk_dynamodb::Client;
        "efs" efs aws_sdk_efs::Client;
        "elbv2" elbv2 aws_sdk_elasticloadbalancingv2::Client;
        "route53" route53 aws_sdk_route53::Client;
        "servicequotas" servicequotas aws_sdk_servicequotas::Client;
        "sns" sns aws_sdk_sns::Client;
        "sqs" sqs aws_sdk_sqs::Client;
        "ssm" ssm aws_sdk_ssm::Client;
        "secretsmanager" secretsmanager aws_sdk_secretsmanager::Client;
    }
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Aws({} {})", self.shared.account, self.shared.region)
    }
}

/// Counts the calls that leave, by `service operation`, and makes the memory forget what a call may change.
#[derive(Debug, Clone, Default)]
struct Counter {
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
    memory: Arc<Memory>,
    fence: Arc<OnceLock<Arc<dyn Fence>>>,
}

/// A call was not sent: the lease of the store has too little left.
#[derive(Debug, thiserror::Error)]
#[error("the lease of the store ends too soon for this call to leave")]
pub(crate) struct Fenced;

#[dyn_dispatch_hint]
impl Intercept for Counter {
    fn name(&self) -> &'static str {
        "Counter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = bag.load::<Metadata>() {
            // The last thing before the bytes leave: whatever kept this process until now, the store must still be its own.
            if !only_reads(metadata.name()) && self.fence.get().is_some_and(|fence| !fence.allows()) {
                return Err(Fenced.into());
            }
            let key = format!("{} {}", metadata.service(), metadata.name());
            *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
            if !only_reads(metadata.name()) {
                self.memory.forget();
            }
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Whoever asked while the call was under way may have been answered from before it.
        if bag.load::<Metadata>().is_some_and(|metadata| !only_reads(metadata.name())) {
            self.memory.forget();
        }
        Ok(())
    }
}

/// All accounts and regions of a run.
pub struct AwsCloud {
    base: SdkConfig,
    config: AwsConfig,
    counter: Counter,
    governor: Arc<Governor>,
    identity: tokio::sync::OnceCell<Identity>,
    registries: tokio::sync::Mutex<BTreeMap<ProviderName, (Aws, Arc<Registry>)>>,
}

impl AwsCloud {
    /// Resolves configuration and credentials; calls nothing in AWS itself.
    pub async fn connect(config: AwsConfig) -> Self {
        let (base, haste) = match &config.emulator {
            Some(emulator) => (emulated(emulator, &config), EMULATOR_HASTE),
            None => (real(&config).await, 1),
        };
        Self {
            base,
            config,
            counter: Counter::default(),
            governor: governor(haste),
            identity: tokio::sync::OnceCell::new(),
            registries: tokio::sync::Mutex::default(),
        }
    }

    /// The same where calls may leave so many times as fast as AWS takes them. Without it: once, and [`EMULATOR_HASTE`] times in an emulator.
    #[must_use]
    pub fn hastened(mut self, haste: u32) -> Self {
        self.governor = governor(haste);
        self
    }

    /// What all clients have in common.
    #[cfg(feature = "kms")]
    pub(crate) fn base(&self) -> &SdkConfig {
        &self.base
    }

    /// The same with another way to AWS.
    #[cfg(test)]
    pub(crate) fn answered_by(mut self, http: SharedHttpClient) -> Self {
        self.base = self.base.into_builder().http_client(http).build();
        self
    }

    /// A client for the objects of a shared store, and its region. Its calls are the store's own: they are not counted, nor fenced.
    #[cfg(feature = "s3")]
    pub fn store_client(&self, region: Option<&str>) -> (aws_sdk_s3::Client, String) {
        let mut config = self.base.clone();
        if let Some(region) = region {
            config = config.into_builder().region(Region::new(region.to_owned())).build();
        }
        let path_style = config.endpoint_url().is_some();
        let client = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style).build();
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        (aws_sdk_s3::Client::from_conf(client), region)
    }

    /// The clients of the default provider.
    ///
    /// # Errors
    /// When the credentials are missing or refused.
    pub async fn aws(&self) -> Result<Aws, CallError> {
        self.provider(&ProviderName::default(), None).await.map(|(aws, _)| aws)
    }

    async fn provider(
        &self,
        name: &ProviderName,
        spec: Option<&ProviderSpec>,
    ) -> Result<(Aws, Arc<Registry>), CallError> {
        let mut registries = self.registries.lock().await;
        if let Some(known) = registries.get(name) {
            return Ok(known.clone());
        }
        let identity = self.identity().await?;
        let mut config = self.base.clone();
        let mut account = identity.account.clone();
        if let Some(spec) = spec {
            if let Some(role) = &spec.assume_role {
                let role = AssumeRole { arn: role.clone(), ..AssumeRole::default() };
                config = assumed(config, &role).await;
                account = who(&config, &self.counter).await?.0;
            }
            if let Some(region) = &spec.region {
                config = config.into_builder().region(Region::new(region.clone())).build();
            }
        }
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let aws = Aws {
            shared: Arc::new(self.clients(&config, account.clone(), identity.partition.clone(), region.clone())),
        };
        let mut registry = Registry::new(account, region);
        crate::register(&aws, &mut registry);
        let made = (aws, Arc::new(registry));
        registries.insert(name.clone(), made.clone());
        Ok(made)
    }

    fn clients(&self, config: &SdkConfig, account: String, partition: String, region: String) -> Shared {
        macro_rules! client {
            ($sdk:ident, $service:literal) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(config)
                        .interceptor(self.counter.clone())
                        .interceptor(Pacer::new(&self.governor, &account, &region, $service))
                        .build(),
                )
            };
        }
        Shared {
            ignored_tags: self.config.ignore_tag_prefixes.clone(),
            leave_nothing: self.config.leave_nothing,
            memory: Arc::clone(&self.counter.memory),
            governor: Arc::clone(&self.governor),
            #[cfg(feature = "ec2")]
            ec2: client!(aws_sdk_ec2, "ec2"),
            #[cfg(feature = "ecr")]
            ecr: client!(aws_sdk_ecr, "ecr"),
            #[cfg(feature = "eks")]
            eks: client!(aws_sdk_eks, "eks"),
            #[cfg(feature = "elasticache")]
            elasticache: client!(aws_sdk_elasticache, "elasticache"),
            #[cfg(feature = "iam")]
            iam: client!(aws_sdk_iam, "iam"),
            #[cfg(feature = "kms")]
            kms: client!(aws_sdk_kms, "kms"),
            #[cfg(feature = "logs")]
            logs: client!(aws_sdk_cloudwatchlogs, "logs"),
            #[cfg(feature = "rds")]
            rds: client!(aws_sdk_rds, "rds"),
            #[cfg(feature = "s3")]
            s3: aws_sdk_s3::Client::from_conf(
                // Other endpoints than AWS's own rarely resolve a bucket's name as a host.
                aws_sdk_s3::config::Builder::from(config)
                    .force_path_style(config.endpoint_url().is_some())
                    .interceptor(self.counter.clone())
                    .interceptor(Pacer::new(&self.governor, &account, &region, "s3"))
                    .build(),
            ),
            #[cfg(feature = "acm")]
            acm: client!(aws_sdk_acm, "acm"),
            #[cfg(feature = "cloudcontrol")]
            cloudcontrol: client!(aws_sdk_cloudcontrol, "cloudcontrol"),
            #[cfg(feature = "cloudfront")]
            cloudfront: client!(aws_sdk_cloudfront, "cloudfront"),
            #[cfg(feature = "cloudwatch")]
            cloudwatch: client!(aws_sdk_cloudwatch, "cloudwatch"),
            #[cfg(feature = "dynamodb")]
            dynamodb: client!(aws_sdk_dynamodb, "dynamodb"),
            #[cfg(feature = "efs")]
            efs: client!(aws_sdk_efs, "efs"),
            #[cfg(feature = "elbv2")]
            elbv2: client!(aws_sdk_elasticloadbalancingv2, "elbv2"),
            #[cfg(feature = "route53")]
            route53: client!(aws_sdk_route53, "route53"),
            #[cfg(feature = "servicequotas")]
            servicequotas: client!(aws_sdk_servicequotas, "servicequotas"),
            #[cfg(feature = "sns")]
            sns: client!(aws_sdk_sns, "sns"),
            #[cfg(feature = "sqs")]
            sqs: client!(aws_sdk_sqs, "sqs"),
            #[cfg(feature = "ssm")]
            ssm: client!(aws_sdk_ssm, "ssm"),
            #[cfg(feature = "secretsmanager")]
            secretsmanager: client!(aws_sdk_secretsmanager, "secretsmanager"),
            sts: client!(aws_sdk_sts, "sts"),
            account,
            partition,
            region,
        }
    }
}

impl std::fmt::Debug for AwsCloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsCloud").field("config", &self.config).finish_non_exhaustive()
    }
}

fn governor(haste: u32) -> Arc<Governor> {
    Arc::new(Governor::new(Arc::new(TokioClock::new()), haste))
}

/// Credentials are kept until they are about to end. A call comes to them when it is its turn.
fn credentials_cache() -> Paced {
    Paced(aws_config::identity::IdentityCache::lazy().build())
}

/// TLS by ring. The roots are the system's and are loaded with the first connection that needs them.
fn http(config: &AwsConfig) -> SharedHttpClient {
    let client = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    Deadline::of(config.call_timeout.unwrap_or(CALL_TIMEOUT).min(CALL_TIMEOUT), client)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).build()
}

async fn real(config: &AwsConfig) -> SdkConfig {
    // The SDK's retries are off: they would repeat a create whose answer was lost. The engine repeats mutating calls, which knows
    // their tokens, and `Erased` repeats reads.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http(config))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .identity_cache(credentials_cache());
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    let base = loader.load().await;
    match &config.assume_role {
        Some(role) => assumed(base, role).await,
        None => base,
    }
}

async fn assumed(base: SdkConfig, role: &AssumeRole) -> SdkConfig {
    let session = role.session_name.as_deref().unwrap_or("formwork");
    // To assume a role twice harms nobody: a lost answer must not end the run.
    let repeating = base.clone().into_builder().retry_config(RetryConfig::standard()).build();
    let mut provider =
        aws_config::sts::AssumeRoleProvider::builder(&role.arn).session_name(session).configure(&repeating);
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    let credentials = SharedCredentialsProvider::new(provider.build().await);
    base.into_builder().credentials_provider(credentials).build()
}

fn emulated(emulator: &EmulatorTarget, config: &AwsConfig) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http(config))
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        .sleep_impl(aws_smithy_async_sleep())
        .identity_cache(credentials_cache())
        .endpoint_url(&emulator.endpoint)
        .region(Region::new(config.region.as_deref().unwrap_or("eu-west-1").to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            &emulator.account,
            "local",
            None,
            None,
            "formwork --local",
        )))
        .build()
}

fn aws_smithy_async_sleep() -> aws_smithy_async::rt::sleep::SharedAsyncSleep {
    aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new())
}

/// Account and ARN of the caller.
async fn who(config: &SdkConfig, counter: &Counter) -> Result<(String, String), CallError> {
    let sts =
        aws_sdk_sts::Client::from_conf(aws_sdk_sts::config::Builder::from(config).interceptor(counter.clone()).build());
    let mut pause = Duration::from_millis(200);
    let answer = loop {
        match sts.get_caller_identity().send().await.map_err(Error::from) {
            // It was there, and did not answer: that is no reason to give up before the run began.
            Err(Error(error))
                if matches!(error.class, CallClass::Throttled | CallClass::Uncertain)
                    && pause < Duration::from_secs(8) =>
            {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            answer => break answer?,
        }
    };
    let (Some(account), Some(arn)) = (answer.account, answer.arn) else {
        return Err(Error::unexpected("sts GetCallerIdentity", "the answer names no account").into());
    };
    Ok((account, arn))
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn identity(&self) -> Result<Identity, CallError> {
        let make = || async {
            let region = self.base.region().map(ToString::to_string).ok_or_else(|| {
                Error::refused(
                    "configuration",
                    "no region: set `region` under [aws], or AWS_REGION, or a region in the profile",
                )
            })?;
            let (account, caller) = who(&self.base, &self.counter).await?;
            let partition = caller.split(':').nth(1).unwrap_or("aws").to_owned();
            let endpoint = match &self.config.emulator {
                Some(emulator) => Some(format!("{}#{}", emulator.endpoint, emulator.instance)),
                None => self.base.endpoint_url().map(str::to_owned),
            };
            Ok::<_, CallError>(Identity { account, partition, caller, region, endpoint })
        };
        self.identity.get_or_try_init(make).await.cloned()
    }

    async fn registry(&self, name: &ProviderName, spec: Option<&ProviderSpec>) -> Result<Arc<Registry>, CallError> {
        self.provider(name, spec).await.map(|(_, registry)| registry)
    }

    async fn marked(
        &self,
        name: &ProviderName,
        spec: Option<&ProviderSpec>,
        sought: &Sought,
    ) -> Result<Swept, CallError> {
        let (aws, _) = self.provider(name, spec).await?;
        Ok(crate::sweep::marked(&aws, sought).await)
    }

    async fn preflight(&self, intended: &[Intended]) -> Preflight {
        let mut found = Preflight { problems: preflight::check(intended), ..Preflight::default() };
        let mut providers: BTreeMap<&ProviderName, Vec<Intended>> = BTreeMap::new();
        for one in intended {
            providers.entry(&one.provider).or_default().push(one.clone());
        }
        for (name, intended) in providers {
            // Observing has made the clients of every provider; one that it could not make has ended the preview.
            let known = self.registries.lock().await.get(name).map(|(aws, _)| aws.clone());
            if let Some(aws) = known {
                let mut asked = preflight::ask(&aws, &intended, self.config.emulator.is_some()).await;
                found.problems.extend(asked.problems);
                found.warnings.extend(asked.warnings);
                // Two providers may be two regions of one account.
                for one in &mut found.preparations {
                    let same = |other: &Preparation| (&other.account, &other.key) == (&one.account, &one.key);
                    asked
                        .preparations
                        .extract_if(.., |other| same(other))
                        .for_each(|mut other| one.needed_by.append(&mut other.needed_by));
                }
                found.preparations.extend(asked.preparations);
            }
        }
        found.problems.sort();
        found.problems.dedup();
        found
    }

    async fn prepare(&self, preparation: &Preparation) -> Result<(), CallError> {
        let known = self.registries.lock().await.get(&preparation.provider).map(|(aws, _)| aws.clone());
        let Some(aws) = known else { return Ok(()) };
        preflight::prepare(&aws, preparation).await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.counter.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fence(&self, fence: Arc<dyn Fence>) {
        // One store for one cloud; a second one would be a run of its own.
        let _ = self.counter.fence.set(fence);
    }

    fn listen(&self, events: Arc<dyn Consumer>) {
        self.governor.listen(events);
    }

    fn throttled(&self) -> Vec<Throttled> {
        self.governor.throttled()
    }

    fn observation_begins(&self) {
        self.counter.memory.begin();
    }

    fn observation_ends(&self) -> Vec<String> {
        self.counter.memory.end()
    }
}
