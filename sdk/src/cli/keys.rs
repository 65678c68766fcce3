//! The key of a stack's secrets, as a command needs it: unlocked once, asked for only when something cannot be done without it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use formwork_aws::Envelope;
use formwork_engine::Error;
use formwork_engine::digest::Sealed;
use formwork_engine::error::Turn;
use formwork_engine::seal::{self, OpenError, Sealer};
use formwork_engine::state::{LocalStore, OpenMode, Sealing, StateError};

use super::At;
use super::session::open_quietly;
use super::target::Target;
use crate::config::{Fault, Opened};
use crate::keys::{Context, KeyFile, Unlocked, Wrapped, given, unlock};

/// How much a command depends on the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Not at all: it is used where it can be had without asking anybody.
    Welcome,
    /// It cannot go on without it.
    Required,
}

/// The key of one command, once it is unlocked.
#[derive(Debug, Default)]
pub(super) struct Keys {
    sealer: OnceCell<Sealer>,
    /// What the records keep sealed, for when the key is not at hand.
    recorded: OnceCell<Sealed>,
}

impl Target {
    /// Where the key stands.
    pub(super) fn key_path(&self) -> PathBuf {
        KeyFile::beside(self.file.path())
    }

    /// What was unlocked so far.
    pub(super) fn unlocked(&self) -> Option<Sealer> {
        self.keys.sealer.get().cloned()
    }

    /// Unlocks the key. Blocks: on the terminal, on the stretching of a passphrase, or on KMS.
    ///
    /// # Errors
    /// A wrong passphrase, always. Without a key file, or what unlocks it: when it is required.
    pub(super) fn unlock(&self, at: At<'_>, need: Need) -> Result<Option<Sealer>, Vec<Error>> {
        if let Some(sealer) = self.unlocked() {
            return Ok(Some(sealer));
        }
        let path = self.key_path();
        let Some(file) = KeyFile::read(&path).map_err(|error| vec![error])? else {
            return match need {
                Need::Welcome => Ok(None),
                Need::Required => Err(vec![self.no_key_file(at)]),
            };
        };
        let Some(unlocked) = self.unwrap(at, &file, need)? else { return Ok(None) };
        let sealer = unlocked.sealer().map_err(|error| vec![error])?;
        Ok(Some(self.keys.sealer.get_or_init(|| sealer).clone()))
    }

    /// The keys of a file.
    pub(super) fn unwrap(&self, at: At<'_>, file: &KeyFile, need: Need) -> Result<Option<Unlocked>, Vec<Error>> {
        let by_kms = file.keys.iter().find_map(Wrapped::kms_key);
        let by_passphrase = file.keys.iter().any(|key| key.kms_key().is_none());
        let id = file.current().map(|key| key.id.clone()).unwrap_or_default();
        let question = format!("Passphrase of the key {id} ({}): ", file.path.display());
        let ask = (need == Need::Required).then_some((at.terminal, question.as_str()));
        let passphrase = match by_passphrase {
            true => given(at.environment, ask).map_err(|error| vec![error])?,
            false => None,
        };
        if by_passphrase && passphrase.is_none() {
            return match need {
                Need::Welcome => Ok(None),
                Need::Required => {
                    let reason = format!("{id} of {}: nobody gave its passphrase", file.path.display());
                    let again = "then run the same command again";
                    Err(vec![
                        Error::new(Turn::You, "unlock the key", reason)
                            .hint(format!("export FORMWORK_PASSPHRASE=…, or FORMWORK_PASSPHRASE_FILE=PATH, {again}"))
                            .hint("or run it in a terminal, which is asked for it"),
                    ])
                }
            };
        }
        // The emulator knows nothing of a key in AWS, and --local calls nothing else.
        if by_kms.is_some() && self.local.is_some() {
            return match need {
                Need::Welcome => Ok(None),
                Need::Required => {
                    let reason = format!("{id} of {}: KMS is not asked with --local", file.path.display());
                    Err(vec![Error::new(Turn::You, "unlock the key", reason).hint("run it without --local")])
                }
            };
        }
        let (project, stack) = (at.runner.project(), self.stack.as_str());
        let unlocked = at.block_on(async {
            let kms = match by_kms {
                Some(arn) => Some(Envelope::connect(self.aws_config(None), arn).await),
                None => None,
            };
            let unlocked = unlock(file, Context { project, stack }, passphrase.as_ref(), kms.as_ref()).await;
            unlocked.map_err(|error| vec![error])
        });
        match (unlocked, need) {
            // Credentials that may look and not decrypt: a preview goes on without.
            (Err(_), Need::Welcome) if by_kms.is_some() => Ok(None),
            (unlocked, _) => unlocked.map(Some),
        }
    }

    /// The ARNs of the KMS keys that unwrap the key of the stack.
    pub(super) fn wrapping_keys(&self) -> Result<Vec<String>, Error> {
        let keys = KeyFile::read(&self.key_path())?.map(|file| file.keys).unwrap_or_default();
        Ok(keys.iter().filter_map(Wrapped::kms_key).map(str::to_owned).collect())
    }

    /// How the records of the store are written.
    ///
    /// # Errors
    /// When they are to be sealed and the key was not unlocked, which is a bug of the command.
    pub(super) fn sealing(&self) -> Result<Sealing, Error> {
        if !self.seals_whole() {
            return Ok(Sealing::clear());
        }
        let bug = || Error::new(Turn::Bug, "open the store", "its key was not unlocked");
        self.unlocked().map(Sealing::whole).ok_or_else(bug)
    }

    /// Whether the store is sealed as a whole. What `--local` has is made up, and gone with the emulator.
    pub(super) fn seals_whole(&self) -> bool {
        self.base.store.sealed && self.local.is_none()
    }

    /// Opens the store.
    ///
    /// # Errors
    /// Those of the store, with what to do about a key.
    pub(super) fn open_store(&self, mode: OpenMode) -> Result<LocalStore, Error> {
        self.open_store_in(&self.store(), mode)
    }

    /// The same in another folder.
    pub(super) fn open_store_in(&self, folder: &Path, mode: OpenMode) -> Result<LocalStore, Error> {
        let opened = LocalStore::open_sealed(folder, mode, &self.sealing()?);
        opened.map_err(|error| self.store_error(error))
    }

    /// The error of a store, with what to do about a key.
    pub(super) fn store_error(&self, error: StateError) -> Error {
        let (file, config) = (self.key_path(), self.file.path());
        match (&error, self.seals_whole()) {
            (StateError::Locked { key: Some(_), .. }, true) => Error::from(error).hint(format!(
                "nothing was touched; put the {} back that has this key (it is in the repository's history)",
                file.display()
            )),
            (StateError::Locked { key: Some(_), .. }, false) => Error::from(error)
                .hint(format!("write sealed = true under [store] in {}", config.display()))
                .hint(format!("or take the seal off the store with `config rotate {}`", self.stack)),
            (StateError::Locked { key: None, .. }, _) => Error::from(error)
                .hint(format!("`config rotate {}` seals what is there", self.stack))
                .hint(format!("or take sealed = true out of {}", config.display())),
            _ => Error::from(error),
        }
    }

    fn no_key_file(&self, at: At<'_>) -> Error {
        let path = self.key_path();
        let reason = format!("there is no {}", path.display());
        Error::new(Turn::You, "unlock the key", reason)
            .hint("where the stack has a key already, that file belongs into the repository: get it from there")
            .hint(format!("`{} config init-key {}` makes a new one", at.environment.invocation(), self.stack))
    }

    /// Opens a sealed value of the configuration. Where the key is only welcome and not at hand, the records may know the value's digest.
    pub(super) fn open_sealed(&self, at: At<'_>, sealed: &str, need: Need) -> Result<Opened, Fault> {
        let Some(id) = seal::key_of(sealed) else {
            let hints = vec!["set it again with `config set … --secret`".to_owned()];
            return Err(Fault { hints, ..Fault::new("it is not in the form of a sealed value") });
        };
        let fault = |error: Error| {
            let said = error.answer.map(|answer| format!(" ({}: {})", answer.code, answer.message)).unwrap_or_default();
            let reason = format!("it is sealed with the key {id}: {}{said}", error.reason);
            Fault { hints: error.hints, ..Fault::new(reason) }
        };
        let first = |errors: Vec<Error>| match errors.into_iter().next() {
            Some(error) => fault(error),
            None => Fault::new("it cannot be opened"),
        };
        let Some(sealer) = self.unlock(at, need).map_err(first)? else {
            return Ok(self.digest_of(at, sealed).map_or(Opened::NotAtHand, Opened::Digest));
        };
        match sealer.open_text(sealed) {
            Ok(text) => Ok(Opened::Value(text.to_string())),
            Err(error) => {
                let hint = match error {
                    OpenError::OtherKey { .. } => format!(
                        "put the {} back that has this key, or set the value again with `config set … --secret`",
                        self.key_path().display()
                    ),
                    _ => "put the value back from the repository, or set it again with `config set … --secret`"
                        .to_owned(),
                };
                let reason = format!("{error} (the key at hand is {})", sealer.id());
                Err(Fault { hints: vec![hint], ..Fault::new(reason) })
            }
        }
    }

    /// The digest under which the records have the same sealed value.
    fn digest_of(&self, at: At<'_>, sealed: &str) -> Option<String> {
        let recorded = self.keys.recorded.get_or_init(|| {
            let store = open_quietly(at, self).ok();
            store.map(|store| store.snapshot().sealed()).unwrap_or_default()
        });
        recorded.iter().find_map(|(digest, text)| (text == sealed).then(|| digest.clone()))
    }
}
