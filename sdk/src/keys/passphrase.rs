//! Passphrases: where they come from, and how a key is made of one.

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use formwork_engine::Error;
use formwork_engine::error::Turn;
use formwork_engine::seal::DataKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::environment::Environment;
use crate::terminal::Terminal;

/// What a new key takes: the second recommendation of RFC 9106, section 4, which fits every machine that compiles Rust.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// More memory than this is a damaged file, and asking for it would end the process.
const MOST_MEMORY_KIB: u32 = 4 * 1024 * 1024;
/// Shorter ones are guessed from the key file, however slowly.
const SHORTEST: usize = 12;

/// How a passphrase is stretched into a key: argon2id, version 19.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stretch {
    /// KiB of memory.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
    /// Random, as base64.
    pub(crate) salt: String,
}

impl Stretch {
    /// That of a new key, with a salt of its own.
    pub(crate) fn new() -> Self {
        let salt = &DataKey::random().bytes()[..16].to_vec();
        let salt = Base64UrlUnpadded::encode_string(salt);
        Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt }
    }

    /// The key that a passphrase becomes.
    ///
    /// # Errors
    /// When the parameters cannot be used; fits "PATH: …".
    pub(crate) fn key(&self, passphrase: &str) -> Result<DataKey, String> {
        if self.memory_kib > MOST_MEMORY_KIB {
            return Err(format!("argon2id with {} KiB of memory is more than {MOST_MEMORY_KIB}", self.memory_kib));
        }
        let salt = Base64UrlUnpadded::decode_vec(&self.salt).map_err(|_| "the salt is no base64".to_owned())?;
        let unusable = |error: argon2::Error| format!("argon2id cannot be done so: {error}");
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(unusable)?;
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, bytes.as_mut())
            .map_err(unusable)?;
        DataKey::from_bytes(&bytes[..]).ok_or_else(|| "argon2id made a key of another length".to_owned())
    }
}

/// A passphrase, and where it came from, for an error about it.
pub(crate) struct Given {
    pub(crate) passphrase: Zeroizing<String>,
    pub(crate) from: String,
}

/// The passphrase that the environment gives, or the user at a terminal who is asked; `None` when nobody gives one.
///
/// # Errors
/// When the file that should hold it cannot be read.
pub(crate) fn given(environment: Environment, ask: Option<(&Terminal, &str)>) -> Result<Option<Given>, Error> {
    if let Some(given) = named(environment, "FORMWORK_PASSPHRASE")? {
        return Ok(Some(given));
    }
    let Some((terminal, question)) = ask else { return Ok(None) };
    let typed = terminal.ask_hidden(question).filter(|typed| !typed.is_empty());
    Ok(typed.map(|passphrase| Given { passphrase, from: "what was typed".to_owned() }))
}

/// The passphrase of a variable, or of the file that the variable with `_FILE` at its end names.
fn named(environment: Environment, name: &str) -> Result<Option<Given>, Error> {
    if let Some(passphrase) = environment.variable(name) {
        return Ok(Some(Given { passphrase: Zeroizing::new(passphrase), from: name.to_owned() }));
    }
    let Some(path) = environment.variable(&format!("{name}_FILE")) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
            Ok(Some(Given { passphrase: Zeroizing::new(line.to_owned()), from: format!("the file {path}") }))
        }
        Err(error) => {
            let reason = format!("{path}, which {name}_FILE names: {error}");
            Err(Error::new(Turn::You, "read the passphrase", reason).hint(format!("correct {name}_FILE")))
        }
    }
}

/// The passphrase of a key that is to be made: from the variable `name` or its file, or asked for twice. At least twelve characters.
///
/// # Errors
/// When there is none, it is too short, or the two that were typed differ.
pub(crate) fn wanted_new(environment: Environment, terminal: &Terminal, name: &str) -> Result<Given, Error> {
    let act = "take the new passphrase";
    let found = match named(environment, name)? {
        Some(given) => given,
        None => {
            let hint = format!("set {name} or {name}_FILE, or run this in a terminal");
            let asked = terminal.ask_hidden("New passphrase (at least 12 characters): ");
            let passphrase = asked.ok_or_else(|| Error::new(Turn::You, act, "nobody gave one").hint(hint))?;
            if terminal.ask_hidden("The same again: ").as_ref() != Some(&passphrase) {
                return Err(Error::new(Turn::You, act, "the two are not the same").hint("run the command again"));
            }
            Given { passphrase, from: "what was typed".to_owned() }
        }
    };
    if found.passphrase.chars().count() < SHORTEST {
        let reason = format!("{} has fewer than {SHORTEST} characters", found.from);
        let hint = "the key file can be read by many, and a short passphrase is guessed from it: take several words";
        return Err(Error::new(Turn::You, act, reason).hint(hint));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_passphrase_salt_and_parameters() {
        let small = Stretch { memory_kib: 64, passes: 1, lanes: 1, salt: "c2FsdHNhbHRzYWx0c2FsdA".into() };
        let id = |stretch: &Stretch, passphrase: &str| stretch.key(passphrase).unwrap().id();
        assert_eq!(id(&small, "correct horse"), id(&small, "correct horse"));
        let salted = Stretch { salt: "U2FsdHNhbHRzYWx0c2FsdA".into(), ..small.clone() };
        let longer = Stretch { passes: 2, ..small.clone() };
        for other in [id(&small, "correct house"), id(&salted, "correct horse"), id(&longer, "correct horse")] {
            assert_ne!(other, id(&small, "correct horse"));
        }
        assert_ne!(Stretch::new().salt, Stretch::new().salt);
        for wrong in [
            Stretch { memory_kib: u32::MAX, ..small.clone() },
            Stretch { passes: 0, ..small.clone() },
            Stretch { salt: "?".into(), ..small },
        ] {
            assert!(wrong.key("correct horse").is_err(), "{wrong:?}");
        }
    }
}
