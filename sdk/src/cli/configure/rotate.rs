//! `config init-key` and `config rotate`.
//!
//! A rotation has four steps, each of which replaces one file in one piece, so that at every moment everything opens:
//!
//! 1. The key file holds the new key and the former one, both wrapped in the new way.
//! 2. The sealed values of the configuration are sealed with the new key.
//! 3. So are the stores: the stack's own, in a folder or in S3, and that of `--local`.
//! 4. The key file holds the new key alone.
//!
//! A rotation that was cut short leaves two keys in the file, and the next one goes on with 2.

use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use formwork_aws::Envelope;
use formwork_engine::Error;
use formwork_engine::clock::TokioClock;
use formwork_engine::error::Turn;
use formwork_engine::seal::DataKey;
use formwork_engine::state::{LocalMark, LocalStore, Resealed, SharedStore};

use super::super::At;
use super::super::keys::Need;
use super::super::target::Target;
use super::super::{local, session, store};
use super::write;
use crate::config::Document;
use crate::keys::{Context, KeyFile, Stretch, Unlocked, Wrap, Wrapped, wanted_new, wrap_with_passphrase};

/// What a rotation changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct How<'a> {
    /// The key of KMS that the new key is wrapped with.
    pub(super) kms: Option<&'a str>,
    /// Whether the data key stays.
    pub(super) wrapping_only: bool,
}

/// Makes the key of a stack that has none.
pub(super) fn init(at: At<'_>, target: &Target, kms: Option<&str>) -> Result<(), Vec<Error>> {
    let path = target.key_path();
    if KeyFile::read(&path).map_err(|error| vec![error])?.is_some() {
        let reason = format!("{} is there already", path.display());
        let error = Error::new(Turn::You, "make the key", reason)
            .hint(format!("`config rotate {}` makes another one and seals everything with it", target.stack));
        return Err(vec![error]);
    }
    let wrapping = Wrapping::wanted(at, kms, "FORMWORK_PASSPHRASE")?;
    let key = match kms {
        // The first key is made by KMS itself.
        Some(arn) => at.block_on(async {
            let envelope = Envelope::connect(target.aws_config(None), arn).await;
            let pairs = context(at, target).pairs();
            let (plain, wrapped) = envelope.generate(arn, &pairs).await.map_err(|error| vec![refused(arn, &error)])?;
            let bug = || vec![Error::new(Turn::Provider, "make the key", "KMS made one that has not 32 bytes")];
            let key = DataKey::from_bytes(&plain).ok_or_else(bug)?;
            let wrap = Wrap::Kms { key_arn: arn.to_owned() };
            Ok(Wrapped { id: key.id(), wrapped: Base64::encode_string(&wrapped), wrap })
        })?,
        None => wrapping.wrap(at, target, &[&DataKey::random()])?.remove(0),
    };
    let id = key.id.clone();
    KeyFile { path: path.clone(), keys: vec![key] }.write().map_err(|error| vec![error])?;
    at.terminal.say(&format!(
        "the key {id} is in {}: commit it, it holds no secret; `config set {} KEY --secret` seals with it",
        path.display(),
        target.stack
    ));
    Ok(())
}

/// Makes another key, or wraps the same in another way, and seals everything with it.
pub(super) fn rotate(at: At<'_>, target: &Target, how: How<'_>) -> Result<(), Vec<Error>> {
    let path = target.key_path();
    let fail = |error: Error| vec![error];
    let Some(mut file) = KeyFile::read(&path).map_err(fail)? else {
        target.unlock(at, Need::Required)?;
        return Ok(());
    };
    if target.base.store.s3.is_some() {
        // Whoever cannot reach the store changes nothing.
        target.check(at)?;
        at.block_on(async { target.connect(at, None).await.map(drop) })?;
    }
    let bug = || vec![Error::new(Turn::Bug, "unlock the key", "it was required and is not there")];
    let Unlocked(mut keys) = target.unwrap(at, &file, Need::Required)?.ok_or_else(bug)?;
    let going_on = keys.len() > 1;
    if going_on {
        at.terminal.say("a rotation was cut short: it is gone on with, with the key that it had made");
    } else {
        // What stands in the way is found before the first file is changed.
        let sealer = Unlocked(keys.clone()).sealer().map_err(fail)?;
        Document::of(&target.file).and_then(|mut document| document.reseal(&sealer)).map_err(fail)?;
        let wrapping = Wrapping::wanted(at, how.kms, "FORMWORK_NEW_PASSPHRASE")?;
        if !how.wrapping_only {
            keys.insert(0, DataKey::random());
        }
        file.keys = wrapping.wrap(at, target, &keys.iter().collect::<Vec<_>>())?;
        file.write().map_err(fail)?;
    }
    let sealer = Unlocked(keys).sealer().map_err(fail)?;

    let mut document = Document::of(&target.file).map_err(fail)?;
    let values = document.reseal(&sealer).map_err(fail)?;
    if values > 0 {
        write(target, &document)?;
    }
    let clock = TokioClock::new();
    let holder = session::holder(at, &format!("config rotate {}", target.stack), &clock);
    let mut records = 0;
    let locals = local::for_config(&target.file, at.environment).store(&target.stack);
    let goes_on = |error: Error| {
        let then =
            format!("then `config rotate {}` goes on; until then both keys are in {}", target.stack, path.display());
        vec![error.hint(then)]
    };
    let mut count = |resealed: Resealed| match resealed {
        Resealed::Records(number) => records += number,
        Resealed::Nothing | Resealed::Already => {}
    };
    for (store, whole) in [(target.store(), target.seals_whole()), (locals, false)] {
        // Of what has moved to S3, the key is changed there.
        if LocalMark::read(&store).map_err(|error| goes_on(error.into()))?.is_none() {
            let resealed = LocalStore::reseal(&store, &holder, &sealer, whole);
            count(resealed.map_err(|error| goes_on(error.into()))?);
        }
    }
    if let Some(s3) = &target.base.store.s3 {
        let resealed = at.block_on(async {
            let connected = target.connect(at, None).await?;
            let objects = store::objects(at, target, &connected, s3).map_err(fail)?;
            let by = store::claimant(at, target, holder.clone());
            let resealed = SharedStore::reseal(Arc::new(objects), store::clock(), by, &sealer, target.seals_whole());
            resealed.await.map_err(|error| vec![Error::from(error)])
        });
        count(resealed.map_err(|errors| errors.into_iter().flat_map(goes_on).collect::<Vec<_>>())?);
    }
    file.keys.truncate(1);
    file.write().map_err(fail)?;
    at.terminal.say(&format!(
        "the key is {} now; sealed anew: {}, {}",
        sealer.id(),
        super::super::counted(values, "value of the configuration", "values of the configuration"),
        super::super::counted(usize::try_from(records).unwrap_or(usize::MAX), "record", "records"),
    ));
    Ok(())
}

/// What new keys are wrapped with.
enum Wrapping<'a> {
    Passphrase(crate::keys::Given),
    Kms(&'a str),
}

impl<'a> Wrapping<'a> {
    fn wanted(at: At<'_>, kms: Option<&'a str>, variable: &str) -> Result<Self, Vec<Error>> {
        match kms {
            Some(arn) if arn.starts_with("arn:") => Ok(Self::Kms(arn)),
            Some(other) => {
                let reason = format!("`{other}` is no ARN");
                let hint = "give the key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID: it says in which region to ask";
                Err(vec![Error::new(Turn::You, "wrap the key", reason).hint(hint)])
            }
            None => match wanted_new(at.environment, at.terminal, variable) {
                Ok(given) => Ok(Self::Passphrase(given)),
                Err(error) => Err(vec![error]),
            },
        }
    }

    fn wrap(&self, at: At<'_>, target: &Target, keys: &[&DataKey]) -> Result<Vec<Wrapped>, Vec<Error>> {
        match self {
            Self::Passphrase(given) => {
                let wrap = |key: &&DataKey| wrap_with_passphrase(key, &given.passphrase, Stretch::new());
                keys.iter().map(wrap).collect::<Result<_, _>>().map_err(|error| vec![error])
            }
            Self::Kms(arn) => at.block_on(async {
                let envelope = Envelope::connect(target.aws_config(None), arn).await;
                let pairs = context(at, target).pairs();
                let mut wrapped = Vec::new();
                for key in keys {
                    let bytes = envelope.wrap(arn, key.bytes(), &pairs).await;
                    let bytes = bytes.map_err(|error| vec![refused(arn, &error)])?;
                    let wrap = Wrap::Kms { key_arn: (*arn).to_owned() };
                    wrapped.push(Wrapped { id: key.id(), wrapped: Base64::encode_string(&bytes), wrap });
                }
                Ok(wrapped)
            }),
        }
    }
}

fn context<'a>(at: At<'a>, target: &'a Target) -> Context<'a> {
    Context { project: at.runner.project(), stack: &target.stack }
}

fn refused(arn: &str, error: &formwork_aws::Error) -> Error {
    Error::new(Turn::You, "wrap the key", format!("KMS does not do it with {arn}"))
        .answered(error.0.answer.clone())
        .hint(
            "the credentials need kms:GenerateDataKey, kms:Encrypt and kms:Decrypt with this key; nothing was changed",
        )
}
