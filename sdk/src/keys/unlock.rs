//! The way from a wrapped data key to one that can be used, and back.

use base64ct::{Base64, Encoding as _};
use formwork_aws::Envelope;
use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::seal::{DataKey, OpenError, Sealer};

use super::{Given, KeyFile, Stretch, Unlocked, Wrap, Wrapped};

/// What a data key is wrapped for with a passphrase.
const PURPOSE: &[u8] = b"formwork data key v1";

/// Whose key it is: with KMS this is authenticated, and stands in the records of CloudTrail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) project: &'a str,
    pub(crate) stack: &'a str,
}

impl Context<'_> {
    /// As KMS takes it.
    pub(crate) fn pairs(self) -> [(&'static str, String); 2] {
        [("formwork:project", self.project.to_owned()), ("formwork:stack", self.stack.to_owned())]
    }
}

/// Unwraps every key of a file. `passphrase` and `kms` are asked for once, and only when a key needs them.
///
/// # Errors
/// The wrong passphrase; what KMS says; a key that is not the one its file names.
pub(crate) async fn unlock(
    file: &KeyFile,
    context: Context<'_>,
    passphrase: Option<&Given>,
    kms: Option<&Envelope>,
) -> Result<Unlocked, Error> {
    let mut keys = Vec::new();
    for key in &file.keys {
        let wrong = |turn: Turn, reason: String| {
            Error::new(turn, "unlock the key", format!("{} of {}: {reason}", key.id, file.path.display()))
        };
        let damaged = |reason: &str| wrong(Turn::You, reason.to_owned()).hint("put the file back from the repository");
        let bytes = match (&key.wrap, passphrase, kms) {
            (Wrap::Passphrase { argon2id }, Some(given), _) => {
                let stretched = argon2id.key(&given.passphrase).map_err(|reason| damaged(&reason))?;
                let wrapped = Base64::decode_vec(&key.wrapped).map_err(|_| damaged("it is no base64"))?;
                match Sealer::new(&stretched).open(PURPOSE, &wrapped) {
                    Ok(bytes) => bytes,
                    Err(OpenError::OtherKey { .. }) => {
                        let reason = format!(
                            "{} is not its passphrase; nothing was read with it and nothing was changed",
                            given.from
                        );
                        return Err(wrong(Turn::You, reason)
                            .hint("give the passphrase with FORMWORK_PASSPHRASE or FORMWORK_PASSPHRASE_FILE, or type it at the prompt"));
                    }
                    Err(error) => return Err(damaged(&error.to_string())),
                }
            }
            (Wrap::Kms { key_arn }, _, Some(kms)) => {
                let wrapped = Base64::decode_vec(&key.wrapped).map_err(|_| damaged("it is no base64"))?;
                kms.open(key_arn, &wrapped, &context.pairs()).await.map_err(|error| {
                    wrong(Turn::You, "KMS does not unwrap it".to_owned())
                        .answered(error.0.answer.clone())
                        .hint(format!("use credentials that may call kms:Decrypt with {key_arn}"))
                })?
            }
            _ => return Err(wrong(Turn::Bug, "what unwraps it was not brought".to_owned())),
        };
        let unwrapped = DataKey::from_bytes(&bytes).filter(|unwrapped| unwrapped.id() == key.id);
        keys.push(unwrapped.ok_or_else(|| damaged("it unwraps to another key than the one it names"))?);
    }
    Ok(Unlocked(keys))
}

/// A data key, wrapped with a passphrase.
///
/// # Errors
/// When the key cannot be made of it, which the parameters of a new one do not allow.
pub(crate) fn wrap_with_passphrase(key: &DataKey, passphrase: &str, argon2id: Stretch) -> Result<Wrapped, Error> {
    let stretched = argon2id.key(passphrase).map_err(|reason| Error::new(Turn::Bug, "wrap the key", reason))?;
    let wrapped = Base64::encode_string(&Sealer::new(&stretched).seal(PURPOSE, key.bytes()));
    Ok(Wrapped { id: key.id(), wrapped, wrap: Wrap::Passphrase { argon2id } })
}
