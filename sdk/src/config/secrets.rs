//! Where the secrets of a configuration come from, and how `--local` makes up those that are missing.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use formwork_engine::mask::Mask;
use sha2::{Digest, Sha256};

use super::Fault;

/// How long a made-up secret is: as long as the longest minimum of a service (ElastiCache asks for 16 to 128 characters, RDS for 8).
const GENERATED_LENGTH: usize = 32;

/// Where a configuration says that a secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    /// In the configuration itself.
    Clear(String),
    /// In an environment variable.
    Variable(String),
    /// In a file.
    File(PathBuf),
    /// In the configuration itself, sealed.
    Sealed(String),
}

/// What was found of a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Its value.
    Value(String),
    /// The digest that the records have of it.
    Digest(String),
    /// That it exists, under this name.
    Unknown(String),
}

/// What opening a sealed value came to.
pub(crate) enum Opened {
    /// Its value.
    Value(String),
    /// The key is not at hand, and the records have this digest of the same sealed value.
    Digest(String),
    /// The key is not at hand.
    NotAtHand,
}

/// Opens sealed values; what it says of one that it cannot open fits "`key`: …".
pub(crate) type Opener<'a> = &'a dyn Fn(&str) -> Result<Opened, Fault>;

/// Makes up secrets from a seed: the same for the same seed and key, so that a second run plans nothing.
#[derive(Clone)]
pub(crate) struct Generator {
    seed: String,
}

impl Generator {
    /// Takes a seed.
    pub(crate) fn from_seed(seed: impl Into<String>) -> Self {
        Self { seed: seed.into() }
    }

    /// Takes the seed kept in `file`, or makes one and keeps it there, readable by its owner only.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn kept_in(file: &Path) -> std::io::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(seed) => Ok(Self::from_seed(seed.trim())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let seed = formwork_engine::urn::random_hex();
                write_private(file, &seed)?;
                Ok(Self::from_seed(seed))
            }
            Err(error) => Err(error),
        }
    }

    fn value(&self, stack: &str, key: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
        let digest = Sha256::digest(format!("{}\0{stack}\0{key}", self.seed));
        digest
            .iter()
            .cycle()
            .take(GENERATED_LENGTH)
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
            .collect()
    }
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}

/// Finds the secrets that a configuration refers to.
pub(crate) struct Secrets<'a> {
    stack: &'a str,
    folder: &'a Path,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    generator: Option<Generator>,
    opener: Option<Opener<'a>>,
    mask: Option<&'a Mask>,
    warnings: RefCell<Vec<String>>,
    generated: RefCell<Vec<String>>,
    unopened: RefCell<Vec<String>>,
}

impl<'a> Secrets<'a> {
    /// Finds variables with `lookup` and files in `folder`.
    pub(crate) fn new(stack: &'a str, folder: &'a Path, lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            stack,
            folder,
            lookup,
            generator: None,
            opener: None,
            mask: None,
            warnings: RefCell::default(),
            generated: RefCell::default(),
            unopened: RefCell::default(),
        }
    }

    /// Opens sealed values with this.
    pub(crate) fn opening(mut self, opener: Opener<'a>) -> Self {
        self.opener = Some(opener);
        self
    }

    /// Finds nothing: for sections that have no secrets.
    pub(crate) fn none() -> Secrets<'static> {
        Secrets::new("", Path::new("."), &|_| None)
    }

    /// Tells this of every secret that is found.
    pub(crate) fn telling(mut self, mask: &'a Mask) -> Self {
        self.mask = Some(mask);
        self
    }

    /// Makes up those that are missing.
    pub(crate) fn generating(mut self, generator: Generator) -> Self {
        self.generator = Some(generator);
        self
    }

    /// What the user should know about the secrets that were found.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.borrow().clone()
    }

    /// The keys of the secrets that were made up.
    pub(crate) fn generated(&self) -> Vec<String> {
        self.generated.borrow().clone()
    }

    /// The keys of the secrets that something else stands for, since what opens them is not at hand.
    pub(crate) fn unopened(&self) -> Vec<String> {
        self.unopened.borrow().clone()
    }

    /// The secret of `key` that stands at `place`.
    pub(crate) fn find(&self, key: &str, place: &SecretPlace) -> Result<Found, Fault> {
        let found = self.found(key, place)?;
        if let (Some(mask), Found::Value(value)) = (self.mask, &found) {
            mask.learn_text(value);
        }
        Ok(found)
    }

    fn found(&self, key: &str, place: &SecretPlace) -> Result<Found, Fault> {
        let SecretPlace::Sealed(sealed) = place else { return self.value(key, place).map(Found::Value) };
        let opened = match self.opener {
            Some(open) => open(sealed)?,
            None => Opened::NotAtHand,
        };
        Ok(match (opened, &self.generator) {
            (Opened::Value(value), _) => Found::Value(value),
            (_, Some(generator)) => {
                self.generated.borrow_mut().push(key.to_owned());
                Found::Value(generator.value(self.stack, key))
            }
            (Opened::Digest(digest), None) => {
                self.unopened.borrow_mut().push(key.to_owned());
                Found::Digest(digest)
            }
            (Opened::NotAtHand, None) => {
                self.unopened.borrow_mut().push(key.to_owned());
                Found::Unknown(format!("config {key}"))
            }
        })
    }

    fn value(&self, key: &str, place: &SecretPlace) -> Result<String, Fault> {
        let local = "or try the stack with --local, which makes up the secrets that are missing";
        let missing = |reason: String, hint: String| match &self.generator {
            Some(generator) => {
                self.generated.borrow_mut().push(key.to_owned());
                Ok(generator.value(self.stack, key))
            }
            None => Err(Fault { hints: vec![format!("{hint}, {local}")], ..Fault::new(reason) }),
        };
        match place {
            SecretPlace::Clear(value) => {
                self.warnings.borrow_mut().push(format!(
                    "`{key}` stands in the clear in the configuration; write {{ env = \"NAME\" }} or {{ file = \"PATH\" }} instead, or seal it with `config set {} {key} --secret`",
                    self.stack
                ));
                Ok(value.clone())
            }
            SecretPlace::Sealed(_) => Err(Fault::new("a sealed value was read as if it were in the clear")),
            SecretPlace::Variable(name) => match (self.lookup)(name) {
                Some(value) => Ok(value),
                None => missing(format!("the environment variable {name} is not set"), format!("set {name}")),
            },
            SecretPlace::File(path) => {
                let path = self.folder.join(path);
                match std::fs::read_to_string(&path) {
                    Ok(text) => Ok(text
                        .strip_suffix('\n')
                        .map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t))
                        .to_owned()),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        missing(format!("there is no file {}", path.display()), "write the secret into it".to_owned())
                    }
                    Err(error) => Err(Fault::new(format!("{}: {error}", path.display()))),
                }
            }
        }
    }
}
