//! The key of a stack's secrets: `stacks/<stack>.key.toml` beside the configuration, and how it is unlocked.
//!
//! The file holds the data key wrapped, and nothing secret: it belongs into the repository. What unwraps it is a passphrase (argon2id)
//! or a key in KMS. The unwrapped key lives in memory only.

use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::seal::{DataKey, Sealer};

mod file;
mod passphrase;
mod unlock;

pub(crate) use file::{KeyFile, Wrap, Wrapped, replace};
pub(crate) use passphrase::{Given, Stretch, given, wanted_new};
pub(crate) use unlock::{Context, unlock, wrap_with_passphrase};

/// The data keys of a file, the current one first.
pub(crate) struct Unlocked(pub(crate) Vec<DataKey>);

impl Unlocked {
    /// Seals with the current one and opens with all of them.
    ///
    /// # Errors
    /// When there is none, which no key file allows.
    pub(crate) fn sealer(&self) -> Result<Sealer, Error> {
        let (current, former) = self.0.split_first().ok_or_else(|| {
            Error::new(Turn::Bug, "unlock the key", "a key file without a key was taken for one with a key")
        })?;
        Ok(former.iter().fold(Sealer::new(current), Sealer::opening))
    }
}
