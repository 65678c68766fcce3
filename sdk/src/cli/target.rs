//! [`Target`]: which stack, in which account and region, with which store; and the way from its name to its program and its cloud.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use formwork_aws::{AssumeRole, AwsCloud, AwsConfig, EmulatorTarget};
use formwork_engine::error::Turn;
use formwork_engine::kind::{CallClass, CallError, Cloud, Identity};
use formwork_engine::{Error, Program};

use super::args::StackArgs;
use super::keys::{Keys, Need};
use super::local::{self, Local};
use super::{At, EXCHANGE, find_config};
use crate::config::{Base, ConfigFile, Generator, Secrets, StoreSection};
use crate::render::{Heading, Intent, wrapped};

/// How long finding credentials and saying who they are may take: longer than the instance metadata service's own retries.
const IDENTITY_LIMIT: Duration = Duration::from_secs(45);

/// A stack and where it lives. Finding it calls nothing.
pub(super) struct Target {
    pub(super) stack: String,
    pub(super) file: ConfigFile,
    pub(super) base: Base,
    pub(super) local: Option<Local>,
    pub(super) keys: Keys,
}

/// A stack's cloud, after it has said who the credentials are.
pub(super) struct Connected {
    pub(super) cloud: Arc<dyn Cloud>,
    /// The same, unless it is simulated.
    pub(super) aws: Option<Arc<AwsCloud>>,
    pub(super) identity: Identity,
    /// The endpoint to show, when it is not AWS itself.
    pub(super) endpoint: Option<String>,
}

impl Connected {
    /// The first line of a plan.
    pub(super) fn heading(&self, intent: Intent) -> Heading {
        let Identity { account, region, .. } = self.identity.clone();
        Heading { intent, account, region, endpoint: self.endpoint.clone() }
    }
}

impl Target {
    /// Reads the configuration and holds it against the environment.
    pub(super) fn find(at: At<'_>, args: &StackArgs) -> Result<Self, Vec<Error>> {
        let target = Self::find_file(at, args)?;
        target.check(at)?;
        // Nothing can be known of a store that is sealed as a whole before its key is there.
        if target.seals_whole() {
            target.unlock(at, Need::Required)?;
        }
        Ok(target)
    }

    /// Reads the configuration alone.
    pub(super) fn find_file(at: At<'_>, args: &StackArgs) -> Result<Self, Vec<Error>> {
        let file = find_config(at.runner, &args.stack, args.config.as_deref(), at.environment)?;
        let base = file.base()?;
        let local = args.local.then(|| local::for_config(&file, at.environment));
        Ok(Self { stack: args.stack.clone(), file, base, local, keys: Keys::default() })
    }

    /// Holds the configuration against the environment.
    pub(super) fn check(&self, at: At<'_>) -> Result<(), Vec<Error>> {
        let aws = &self.base.aws;
        let path = self.file.path().display();
        let wrong = |reason: String| Error::new(Turn::You, "read the configuration", format!("{path}: {reason}"));
        let mut errors = Vec::new();
        match &aws.account_id {
            Some(account) if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) => {
                errors.push(wrong(format!("`aws.account_id` is \"{account}\", and an account is twelve digits")));
            }
            None if self.local.is_none() => errors.push(
                wrong("`aws.account_id` is required and missing".to_owned())
                    .hint("write account_id = \"…\" under [aws]: no other account will ever be touched")
                    .hint("or run with --local, which needs no account"),
            ),
            _ => {}
        }
        let store = &self.base.store;
        let (shortest, longest) = (StoreSection::SHORTEST_LEASE, StoreSection::LONGEST_LEASE);
        if let Some(seconds) = store.lease_seconds.filter(|seconds| !(shortest..=longest).contains(seconds)) {
            errors.push(
                wrong(format!("`store.lease_seconds` is {seconds}, and a lease lasts {shortest} to {longest} seconds"))
                    .hint("180 is good: every call then has its full minute"),
            );
        }
        if store.s3.as_ref().is_some_and(|s3| s3.bucket.is_empty() || s3.bucket.contains('/')) {
            errors.push(
                wrong("`store.s3.bucket` is no name of a bucket".to_owned())
                    .hint("what comes after a `/` is the `prefix`"),
            );
        }
        if self.local.is_none() {
            if let (Some(wanted), Some((name, found))) = (&aws.region, at.environment.aws_region())
                && *wanted != found
            {
                let reason = format!("`aws.region` is \"{wanted}\", and {name} says {found}");
                errors.push(wrong(reason).hint(format!("unset {name}, or make the two agree")));
            }
            if let (Some(wanted), Some(found)) = (&aws.profile, at.environment.aws_profile())
                && *wanted != found
            {
                let reason = format!("`aws.profile` is \"{wanted}\", and AWS_PROFILE says {found}");
                errors.push(wrong(reason).hint("unset AWS_PROFILE, or make the two agree"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The folder of the stack's store.
    pub(super) fn store(&self) -> PathBuf {
        match &self.local {
            Some(local) => local.store(&self.stack),
            None => self.file.root().join(&self.base.store.path).join(&self.stack),
        }
    }

    /// The folder in which the stacks that have their stores beside this one's publish and register.
    pub(super) fn exchange(&self) -> PathBuf {
        match &self.local {
            Some(local) => local.store(EXCHANGE),
            None => self.file.root().join(&self.base.store.path).join(EXCHANGE),
        }
    }

    /// The whole line to type for a command about this stack.
    pub(super) fn command(&self, at: At<'_>, verb: &str, args: &StackArgs) -> String {
        let config = args.config.as_ref().map(|file| format!(" --config {}", file.display())).unwrap_or_default();
        let local = if self.local.is_some() { " --local" } else { "" };
        format!("{} {verb} {}{local}{config}", at.environment.invocation(), self.stack)
    }

    /// Runs the stack's function with its configuration. Sealed values are opened; the key is asked for when there are some.
    pub(super) fn program(&self, at: At<'_>) -> Result<Program, Vec<Error>> {
        // The emulator's secrets may be made up, and nobody is asked for those of a stack that needs no account.
        let need = if self.local.is_some() { Need::Welcome } else { Need::Required };
        let program = self.declared(at, need)?;
        if self.unlock(at, Need::Welcome)?.is_none() && self.key_path().is_file() && self.local.is_none() {
            at.terminal
                .say("note: the stack has a key and nobody gave its passphrase: secrets are recorded as digests alone");
        }
        Ok(program)
    }

    /// The same for a command that only looks: digests, or names, stand for the sealed values when the key is not at hand.
    pub(super) fn program_to_look_at(&self, at: At<'_>) -> Result<Program, Vec<Error>> {
        self.declared(at, Need::Welcome)
    }

    fn declared(&self, at: At<'_>, need: Need) -> Result<Program, Vec<Error>> {
        let folder = self.file.path().parent().unwrap_or(std::path::Path::new("."));
        let lookup = |name: &str| at.environment.variable(name);
        let open = |sealed: &str| self.open_sealed(at, sealed, need);
        let mut secrets = Secrets::new(&self.stack, folder, &lookup).opening(&open).telling(at.terminal.mask());
        if let Some(local) = &self.local {
            let seed = local.seed();
            let generator = Generator::kept_in(&seed).map_err(|error| {
                vec![Error::new(Turn::State, "keep a seed for made-up secrets", format!("{}: {error}", seed.display()))]
            })?;
            secrets = secrets.generating(generator);
        }
        let program = at.runner.program(&self.stack, &self.file, &secrets, self.base.aws.default_tags.clone())?;
        for warning in secrets.warnings() {
            at.terminal.say(&format!("warning: {warning}"));
        }
        let generated = secrets.generated();
        if !generated.is_empty() {
            let text = format!("--local makes up the secrets that are missing: {}", generated.join(", "));
            at.terminal.say(&wrapped(&text, at.terminal.err_look().width, "", "  "));
        }
        let unopened = secrets.unopened();
        if !unopened.is_empty() {
            let text = format!(
                "note: the key is not at hand (FORMWORK_PASSPHRASE), so what was sealed is compared and not read: {}",
                unopened.join(", ")
            );
            at.terminal.say(&wrapped(&text, at.terminal.err_look().width, "", "  "));
        }
        Ok(program)
    }

    /// Starts the emulator where it is meant. Blocks.
    pub(super) fn emulator(&self, at: At<'_>) -> Result<Option<EmulatorTarget>, Vec<Error>> {
        let Some(local) = &self.local else { return Ok(None) };
        let emulator = local.ensure(at.terminal).map_err(|error| vec![error])?;
        Ok(Some(EmulatorTarget {
            endpoint: emulator.endpoint().to_owned(),
            instance: emulator.instance().to_owned(),
            account: local::account(&self.base),
        }))
    }

    /// Finds credentials and asks who they are; the first call of a run. Refuses another account than the configured one.
    pub(super) async fn connect(&self, at: At<'_>, emulator: Option<EmulatorTarget>) -> Result<Connected, Vec<Error>> {
        let aws = &self.base.aws;
        let endpoint = match &emulator {
            Some(emulator) => Some(emulator.endpoint.clone()),
            None => at.environment.aws_endpoint(),
        };
        let config = self.aws_config(emulator);
        let find = async {
            let (cloud, aws): (Arc<dyn Cloud>, _) = match at.runner.simulated() {
                Some(cloud) => (cloud, None),
                None => {
                    let aws = Arc::new(AwsCloud::connect(config).await);
                    (aws.clone(), Some(aws))
                }
            };
            let identity = cloud.identity().await;
            (cloud, aws, identity)
        };
        let (cloud, aws_cloud, identity) = match tokio::time::timeout(IDENTITY_LIMIT, find).await {
            Ok((cloud, aws, identity)) => (cloud, aws, identity.map_err(|error| vec![self.unreachable(at, &error)])?),
            Err(_) => {
                let reason = format!("nobody answered within {} seconds", IDENTITY_LIMIT.as_secs());
                let error = Error::new(Turn::You, "find out who the credentials are", reason);
                return Err(vec![self.two_ways_on(at, error)]);
            }
        };
        if let Some(wanted) = aws.account_id.as_ref().filter(|wanted| **wanted != identity.account) {
            let reason = format!(
                "the credentials are of account {} ({}), and {} allows {wanted} only",
                identity.account,
                identity.caller,
                self.file.path().display()
            );
            let error = Error::new(Turn::Refused, "work in this account", reason)
                .hint("use credentials of the configured account (`profile` or `assume_role` under [aws])")
                .hint("or correct account_id, if the stack is to live in another account from the start");
            return Err(vec![error]);
        }
        Ok(Connected { cloud, aws: aws_cloud, identity, endpoint })
    }

    /// Where and as whom to work.
    pub(super) fn aws_config(&self, emulator: Option<EmulatorTarget>) -> AwsConfig {
        let aws = &self.base.aws;
        AwsConfig {
            region: match &self.local {
                Some(_) => Some(aws.region.clone().unwrap_or_else(|| local::REGION.to_owned())),
                None => aws.region.clone(),
            },
            profile: aws.profile.clone(),
            assume_role: aws.assume_role.as_ref().filter(|_| self.local.is_none()).map(|role| AssumeRole {
                arn: role.arn.clone(),
                external_id: role.external_id.clone(),
                session_name: role.session_name.clone(),
            }),
            ignore_tag_prefixes: aws.ignore_tag_prefixes.clone(),
            leave_nothing: self.local.is_some() || self.base.ephemeral,
            call_timeout: self.base.store.s3.as_ref().map(|_| super::store::terms(self).request),
            emulator,
        }
    }

    fn unreachable(&self, at: At<'_>, error: &CallError) -> Error {
        let act = "find out who the credentials are";
        let answer = error.answer.clone();
        let (turn, reason) = match error.class {
            // Expired ones may be renewed and the run taken up again; missing ones are like a missing configuration.
            CallClass::Credentials if answer.code.contains("Expired") => {
                (Turn::Credentials, "the credentials have expired")
            }
            CallClass::Credentials => (Turn::You, "there are no valid AWS credentials"),
            CallClass::Unsent | CallClass::Uncertain => (Turn::You, "AWS cannot be reached from here"),
            _ => return Error::new(Turn::Provider, act, answer.message.clone()).answered(answer),
        };
        self.two_ways_on(at, Error::new(turn, act, reason).answered(answer))
    }

    fn two_ways_on(&self, at: At<'_>, error: Error) -> Error {
        if self.local.is_some() {
            return error.hint("look at `local status`; `local stop` and the same command again begin anew");
        }
        error
            .hint("configure credentials (`aws configure sso`, `aws sso login`, AWS_PROFILE, or `profile` under [aws]), and check the network")
            .hint(format!(
                "or try the stack without an AWS account: `{} preview {} --local`",
                at.environment.invocation(),
                self.stack
            ))
    }
}
