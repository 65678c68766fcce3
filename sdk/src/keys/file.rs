//! [`KeyFile`]: the wrapped data key of a stack on the disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use formwork_engine::Error;
use formwork_engine::error::Turn;
use serde::{Deserialize, Serialize};

use super::Stretch;

/// The version of the file.
const FORMAT: u32 = 1;

/// What stands above the keys.
const HEADING: &str = "\
# The key of this stack's secrets, wrapped: what opens it is not in here, so this file belongs into the repository.
# Whoever loses it, or what opens it, loses the secrets that are sealed with it.
";

/// A key file: the key in use, and those that it is taking the place of while a rotation is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyFile {
    /// Where it stands.
    pub(crate) path: PathBuf,
    /// The current one first; never empty.
    pub(crate) keys: Vec<Wrapped>,
}

/// A data key that is wrapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wrapped {
    /// The name of the data key: whatever unwraps to another one was the wrong way.
    pub(crate) id: String,
    /// The wrapped key.
    pub(crate) wrapped: String,
    /// What it is wrapped with.
    #[serde(flatten)]
    pub(crate) wrap: Wrap,
}

/// What a data key is wrapped with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Wrap {
    /// A passphrase.
    Passphrase {
        /// How it is stretched.
        argon2id: Stretch,
    },
    /// A key in KMS.
    Kms {
        /// Its ARN.
        key_arn: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    key: Vec<Wrapped>,
}

impl Wrapped {
    /// The ARN of the key in KMS that it is wrapped with.
    pub(crate) fn kms_key(&self) -> Option<&str> {
        match &self.wrap {
            Wrap::Kms { key_arn } => Some(key_arn),
            Wrap::Passphrase { .. } => None,
        }
    }
}

impl KeyFile {
    /// Where the key of a configuration stands: `prod.key.toml` beside `prod.toml`.
    pub(crate) fn beside(config: &Path) -> PathBuf {
        config.with_extension("key.toml")
    }

    /// Reads it; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is no key file of a known format.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let wrong = |reason: String| Error::new(Turn::You, "read the key", format!("{}: {reason}", path.display()));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let document: Document = toml::from_str(&text)
            .map_err(|error| wrong(error.message().replace('\n', ", ")).hint("put it back from the repository"))?;
        if document.format > FORMAT {
            let reason = format!("it has format {}, and this Formwork knows formats up to {FORMAT}", document.format);
            return Err(wrong(reason).hint("use the version of Formwork that wrote it, or a newer one"));
        }
        if document.key.is_empty() {
            return Err(wrong("it has no key in it".to_owned()).hint("put it back from the repository"));
        }
        Ok(Some(Self { path: path.to_owned(), keys: document.key }))
    }

    /// Writes it in one piece.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let failed = |reason: String| {
            Error::new(Turn::You, "write the key", format!("{}: {reason}", self.path.display()))
                .hint("let the user who runs this write there")
        };
        let document = Document { format: FORMAT, key: self.keys.clone() };
        let text = toml::to_string(&document).map_err(|error| failed(error.to_string()))?;
        replace(&self.path, &format!("{HEADING}{text}")).map_err(|error| failed(error.to_string()))
    }

    /// The key in use.
    pub(crate) fn current(&self) -> Option<&Wrapped> {
        self.keys.first()
    }
}

/// Puts a text in the place of a file: it is whole on the disk before it does.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let next = path.with_extension("toml.next");
    let mut file = File::create(&next)?;
    // What was readable by some stays so.
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_comes_back_as_it_was_and_its_faults_are_named() {
        let place = tempfile::tempdir().unwrap();
        let path = KeyFile::beside(&place.path().join("prod.toml"));
        assert!(path.ends_with("prod.key.toml"));
        assert_eq!(KeyFile::read(&path).unwrap(), None);
        let argon2id = Stretch { memory_kib: 64, passes: 1, lanes: 1, salt: "c2FsdA".into() };
        let keys = vec![
            Wrapped { id: "00".into(), wrapped: "v1:x".into(), wrap: Wrap::Passphrase { argon2id } },
            Wrapped { id: "01".into(), wrapped: "x".into(), wrap: Wrap::Kms { key_arn: "arn:aws:kms:x".into() } },
        ];
        let file = KeyFile { path: path.clone(), keys };
        file.write().unwrap();
        assert_eq!(KeyFile::read(&path).unwrap(), Some(file));

        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# The key of this stack"), "{text}");
        for (from, to, reason) in [
            ("format = 1", "format = 7", "it has format 7"),
            ("kind = \"kms\"", "kind = \"gpg\"", "unknown variant `gpg`"),
            ("format = 1", "format = ", "prod.key.toml: "),
        ] {
            fs::write(&path, text.replace(from, to)).unwrap();
            let error = KeyFile::read(&path).unwrap_err();
            assert!(error.reason.contains(reason) && error.hints.len() == 1, "{error}");
        }
    }
}
