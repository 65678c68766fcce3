//! The configuration of a stack: `stacks/<name>.toml`, split into what every stack has ([`Base`]) and the stack's own struct.
//!
//! ```toml
//! cluster_version = "1.33"                      # the stack's own struct: any serde type
//! redis_auth_token = { env = "REDIS_AUTH_TOKEN" } # a field of type `Secret`
//!
//! [aws]
//! account_id = "123456789012"
//! region = "eu-west-1"
//!
//! [store]
//! path = ".formwork"
//! ```
//!
//! Unknown keys are errors at every depth, whether or not the struct says `deny_unknown_fields`, and every error names file,
//! line and key. A field of type [`crate::Secret`] says where its value stands: `{ env = "NAME" }`, `{ file = "PATH" }` (beside the
//! configuration; a line end at its end is dropped), `{ sealed = "v1:…" }` as `config set --secret` writes it, or the value itself, which is
//! warned about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use formwork_engine::{Error, error::Turn};
use serde::Deserialize;
use serde::de::DeserializeOwned;

mod edit;
mod fault;
mod read;
mod secrets;
mod typo;

pub(crate) use edit::{Document, Shown};
pub(crate) use fault::Fault;
pub(crate) use secrets::{Generator, Opened, Secrets};
pub(crate) use typo::nearest;

use read::Reader;

/// What every stack's configuration may hold beside the stack's own keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Base {
    /// Which account and region, and how to get there.
    pub aws: AwsSection,
    /// Where state lives.
    pub store: StoreSection,
    /// Whether the stack is made to be thrown away: `--allow-delete '*'` is then accepted.
    pub ephemeral: bool,
}

/// The section `[aws]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AwsSection {
    /// The only account that may be operated on, twelve digits; required without `--local`.
    pub account_id: Option<String>,
    /// The region, such as `eu-west-1`; from the standard chain when absent.
    pub region: Option<String>,
    /// The profile of the AWS configuration files.
    pub profile: Option<String>,
    /// A role to assume first.
    pub assume_role: Option<AssumeRole>,
    /// Tags for every resource that has tags; a resource's own win.
    pub default_tags: BTreeMap<String, String>,
    /// Tags whose keys begin so are left alone: others write them.
    pub ignore_tag_prefixes: Vec<String>,
}

/// The section `[aws.assume_role]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AssumeRole {
    /// The role's ARN.
    pub arn: String,
    /// The external id that its trust policy asks for.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The name of the session; `formwork` when absent.
    #[serde(default)]
    pub session_name: Option<String>,
}

/// The section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StoreSection {
    /// The folder of state, relative to the folder that holds `stacks/`.
    pub path: PathBuf,
    /// Whether every record is sealed with the stack's key, and not only the secrets in it. Without effect on the stores of `--local`.
    pub sealed: bool,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self { path: PathBuf::from(".formwork"), sealed: false }
    }
}

/// The keys of [`Base`]; all others belong to the stack.
const BASE_KEYS: [&str; 3] = ["aws", "store", "ephemeral"];

/// A configuration file that was read and not yet understood.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
}

impl ConfigFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text }),
            Err(error) => Err(Error::new(Turn::You, "read the configuration", format!("{}: {error}", path.display()))),
        }
    }

    /// Takes a text as the content of a file at `path`; for tests.
    pub fn from_text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Finds `stacks/<stack>.toml` from `start` upwards, then `<stack>.toml` and `stacks/<stack>.toml` beside the manifest.
    ///
    /// # Errors
    /// When there is none: names the places.
    pub(crate) fn find(stack: &str, start: &Path, manifest: Option<&Path>) -> Result<Self, Error> {
        let file = format!("{stack}.toml");
        let above = start.ancestors().map(|folder| folder.join("stacks").join(&file));
        let beside = manifest.into_iter().flat_map(|folder| [folder.join(&file), folder.join("stacks").join(&file)]);
        match above.chain(beside).find(|path| path.is_file()) {
            Some(path) => Self::read(path),
            None => {
                let reason = format!("there is no stacks/{file} in {} or above it", start.display());
                Err(Error::new(Turn::You, "find the configuration", reason)
                    .hint(format!("write stacks/{file}, or name a file with --config FILE")))
            }
        }
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The folder that relative paths of the configuration start from: the one that holds `stacks/`, or the file's own.
    pub fn root(&self) -> &Path {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match folder.parent() {
            Some(above) if folder.ends_with("stacks") && above.as_os_str().is_empty() => Path::new("."),
            Some(above) if folder.ends_with("stacks") => above,
            _ => folder,
        }
    }

    /// What every stack has: `[aws]`, `[store]`, `ephemeral`.
    ///
    /// # Errors
    /// A file that is no TOML, and unknown keys and wrong types in these sections.
    pub fn base(&self) -> Result<Base, Vec<Error>> {
        self.parse(&Secrets::none(), |key| BASE_KEYS.contains(&key))
    }

    /// The stack's own struct: everything but [`Base`].
    ///
    /// # Errors
    /// A file that is no TOML; unknown keys, missing and mistyped ones; secrets that are not where the file says.
    pub(crate) fn stack<C: DeserializeOwned>(&self, secrets: &Secrets<'_>) -> Result<C, Vec<Error>> {
        self.parse(secrets, |key| !BASE_KEYS.contains(&key))
    }

    fn parse<C: DeserializeOwned>(
        &self,
        secrets: &Secrets<'_>,
        belongs: impl Fn(&str) -> bool,
    ) -> Result<C, Vec<Error>> {
        let document = toml::de::DeTable::parse(&self.text).map_err(|error| {
            vec![self.error(Fault { span: error.span(), ..Fault::new(error.message().replace('\n', ", ")) })]
        })?;
        let reader = Reader::new(secrets);
        let result = reader.table(document.get_ref(), &belongs);
        let mut faults = reader.into_faults();
        match result {
            Ok(value) if faults.is_empty() => Ok(value),
            Ok(_) => Err(faults.into_iter().map(|fault| self.error(fault)).collect()),
            Err(fault) => {
                faults.push(fault);
                Err(faults.into_iter().map(|fault| self.error(fault)).collect())
            }
        }
    }

    fn error(&self, fault: Fault) -> Error {
        let line =
            fault.span.as_ref().map(|span| 1 + self.text[..span.start.min(self.text.len())].matches('\n').count());
        let place = match line {
            Some(line) => format!("{}:{line}", self.path.display()),
            None => self.path.display().to_string(),
        };
        let key = match fault.path.as_str() {
            "" => String::new(),
            path => format!("`{path}`: "),
        };
        let error = Error::new(Turn::You, "read the configuration", format!("{place}: {key}{}", fault.reason));
        fault.hints.into_iter().fold(error, Error::hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_engine::Secret;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sized {
        cluster: Cluster,
        zones: Vec<String>,
        #[serde(default)]
        mode: Mode,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Cluster {
        version: String,
        nodes: u16,
        public: Option<bool>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        #[default]
        Plain,
        Shared {
            zones: u16,
        },
    }

    #[derive(Debug, Deserialize)]
    struct WithSecret {
        token: Secret,
        #[serde(default)]
        other: Option<Secret>,
    }

    fn file(text: &str) -> ConfigFile {
        ConfigFile::from_text("stacks/prod.toml", text)
    }

    fn reasons<T: std::fmt::Debug>(result: Result<T, Vec<Error>>) -> Vec<String> {
        result
            .unwrap_err()
            .into_iter()
            .map(|error| [error.reason].into_iter().chain(error.hints).collect::<Vec<_>>().join(" | "))
            .collect()
    }

    const GOOD: &str =
        "zones = [\"a\", \"b\"]\n[cluster]\nversion = \"1.33\"\nnodes = 3\n[aws]\nregion = \"eu-west-1\"\n";

    #[test]
    fn the_sections_and_the_rest_are_read_apart() {
        let config: Sized = file(GOOD).stack(&Secrets::none()).unwrap();
        assert_eq!(config.cluster, Cluster { version: "1.33".into(), nodes: 3, public: None });
        assert_eq!((config.zones.len(), config.mode), (2, Mode::Plain));
        let base = file(GOOD).base().unwrap();
        assert_eq!(base.aws.region.as_deref(), Some("eu-west-1"));
        assert_eq!(base.store.path, Path::new(".formwork"));
        let shared: Sized =
            file(&format!("mode = {{ shared = {{ zones = 2 }} }}\n{GOOD}")).stack(&Secrets::none()).unwrap();
        assert_eq!(shared.mode, Mode::Shared { zones: 2 });
    }

    #[test]
    fn unknown_keys_are_named_together_with_line_and_nearest_key() {
        let text = GOOD.replace("nodes = 3", "nodes = 3\nverison = \"1\"\nsomething_else = 1");
        assert_eq!(
            reasons(file(&text).stack::<Sized>(&Secrets::none())),
            [
                "stacks/prod.toml:5: `cluster.verison`: this key is not known | did you mean `version`?",
                "stacks/prod.toml:6: `cluster.something_else`: this key is not known | known here: nodes, public, version",
            ]
        );
        let wrong = "[aws]\nacount_id = \"1\"\n";
        assert_eq!(
            reasons(file(wrong).base()),
            ["stacks/prod.toml:2: `aws.acount_id`: this key is not known | did you mean `account_id`?"]
        );
    }

    #[test]
    fn missing_and_mistyped_values_name_the_key() {
        let text = GOOD.replace("nodes = 3", "nodes = \"three\"");
        assert_eq!(
            reasons(file(&text).stack::<Sized>(&Secrets::none())),
            ["stacks/prod.toml:4: `cluster.nodes`: invalid type: string \"three\", expected u16"]
        );
        let text = GOOD.replace("nodes = 3\n", "");
        assert_eq!(
            reasons(file(&text).stack::<Sized>(&Secrets::none())),
            ["stacks/prod.toml:2: `cluster.nodes`: this key is required and missing"]
        );
        assert!(reasons(file("a = = 1").base())[0].starts_with("stacks/prod.toml:1: "));
    }

    #[test]
    fn secrets_come_from_where_the_file_says() {
        let lookup = |name: &str| (name == "TOKEN").then(|| "from-env".to_owned());
        let secrets = Secrets::new("prod", Path::new("."), &lookup);
        let config: WithSecret = file("token = { env = \"TOKEN\" }").stack(&secrets).unwrap();
        assert_eq!(config.token.reveal(), "from-env");
        assert!(config.other.is_none() && secrets.warnings().is_empty());

        let plain: WithSecret = file("token = \"hunter2\"").stack(&secrets).unwrap();
        assert_eq!(plain.token.reveal(), "hunter2");
        assert_eq!(
            secrets.warnings(),
            [
                "`token` stands in the clear in the configuration; write { env = \"NAME\" } or { file = \"PATH\" } instead, or seal it with `config set prod token --secret`"
            ]
        );

        assert_eq!(
            reasons(file("token = { env = \"ABSENT\" }").stack::<WithSecret>(&secrets)),
            [
                "stacks/prod.toml:1: `token`: the environment variable ABSENT is not set | set ABSENT, or try the stack with --local, which makes up the secrets that are missing"
            ]
        );
        // All that are missing are told at once, beside other mistakes.
        let wrong = "token = { env = \"ABSENT\" }\nother = { env = \"GONE\" }\nmore = 1";
        assert_eq!(reasons(file(wrong).stack::<WithSecret>(&secrets)).len(), 3);
        let wrong = reasons(file("token = 12345").stack::<WithSecret>(&secrets));
        assert!(!wrong[0].contains("12345"), "{wrong:?}");
    }

    #[test]
    fn sealed_secrets_are_opened_or_stood_for() {
        use formwork_engine::{Field as _, Value};
        let lookup = |_: &str| None;
        let open = |sealed: &str| match sealed {
            "v1:here" => Ok(Opened::Value("hunter2".into())),
            "v1:known" => Ok(Opened::Digest("abc".into())),
            "v1:away" => Ok(Opened::NotAtHand),
            _ => Err(Fault::new("it does not open")),
        };
        let config = |text: &str, secrets: &Secrets<'_>| file(text).stack::<WithSecret>(secrets);
        let secrets = Secrets::new("prod", Path::new("."), &lookup).opening(&open);
        let found = config("token = { sealed = \"v1:here\" }\nother = { sealed = \"v1:known\" }", &secrets).unwrap();
        assert_eq!(found.token.reveal(), "hunter2");
        assert_eq!(found.other.unwrap().to_value(), Value::Digest("abc".into()));
        let found = config("token = { sealed = \"v1:away\" }", &secrets).unwrap();
        assert!(found.token.reveal().is_empty() && !found.token.to_value().is_known());
        assert_eq!(secrets.unopened(), ["other", "token"]);
        assert_eq!(
            reasons(config("token = { sealed = \"v1:x\" }", &secrets)),
            ["stacks/prod.toml:1: `token`: it does not open"]
        );
        let made_up =
            Secrets::new("prod", Path::new("."), &lookup).opening(&open).generating(Generator::from_seed("s"));
        let found = config("token = { sealed = \"v1:away\" }", &made_up).unwrap();
        assert_eq!((found.token.reveal().len(), made_up.generated()), (32, vec!["token".to_owned()]));
    }

    #[test]
    fn missing_secrets_are_generated_the_same_every_time() {
        let lookup = |_: &str| None;
        let generated = |seed: &str| {
            let secrets = Secrets::new("prod", Path::new("."), &lookup).generating(Generator::from_seed(seed));
            let config: WithSecret =
                file("token = { env = \"ABSENT\" }\nother = { file = \"absent\" }").stack(&secrets).unwrap();
            (config.token.reveal().clone(), config.other.unwrap().reveal().clone())
        };
        let (token, other) = generated("seed");
        assert_eq!((token.clone(), other.clone()), generated("seed"));
        assert!(token != other && generated("another").0 != token);
        assert!(token.len() == 32 && token.chars().all(|c| c.is_ascii_alphanumeric()));
    }

    #[test]
    fn the_root_is_the_folder_that_holds_stacks() {
        for (path, root) in
            [("/a/stacks/prod.toml", "/a"), ("/a/b/prod.toml", "/a/b"), ("stacks/prod.toml", "."), ("prod.toml", ".")]
        {
            assert_eq!(ConfigFile::from_text(path, "").root(), Path::new(root), "{path}");
        }
    }
}
