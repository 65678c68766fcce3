//! `config …`: the configuration read and edited, its secrets sealed, and the key that seals them.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use formwork_engine::Error;
use formwork_engine::error::{Turn, exit};
use formwork_engine::seal::Sealer;
use serde_json::{Map, Value as Json, json};
use zeroize::Zeroizing;

use super::At;
use super::args::StackArgs;
use super::keys::Need;
use super::target::Target;
use crate::config::{Document, Shown};
use crate::render::table;

pub(super) mod rotate;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Makes the key of the stack's secrets, and the file that holds it wrapped: stacks/<STACK>.key.toml, for the repository.
    InitKey {
        #[command(flatten)]
        stack: OfStack,
        /// Wrap it with this key of KMS, and not with a passphrase.
        #[arg(long, value_name = "KEY_ARN")]
        kms: Option<String>,
    },
    /// Sets a value. Comments and layout of the file stay.
    Set {
        #[command(flatten)]
        stack: OfStack,
        /// The key, such as database.password.
        key: String,
        /// The value: TOML, or a text.
        #[arg(required_unless_present = "secret", conflicts_with = "secret")]
        value: Option<String>,
        /// Seal it; it is asked for, or read from stdin, since a command line is seen by everybody on the machine.
        #[arg(long)]
        secret: bool,
    },
    /// Prints a value.
    Get {
        #[command(flatten)]
        stack: OfStack,
        /// The key.
        key: String,
        /// Print an object.
        #[arg(long)]
        json: bool,
        /// Print what is sealed too.
        #[arg(long)]
        show_secrets: bool,
    },
    /// Prints all values; what is sealed is not shown.
    List {
        #[command(flatten)]
        stack: OfStack,
        /// Print an object.
        #[arg(long)]
        json: bool,
    },
    /// Takes a value out.
    Rm {
        #[command(flatten)]
        stack: OfStack,
        /// The key.
        key: String,
    },
    /// Makes a new key, and seals everything with it that the former one sealed: configuration and store. Goes on with a rotation that was
    /// cut short. Also seals a store, or takes the seal off, as [store] says.
    Rotate {
        #[command(flatten)]
        stack: OfStack,
        /// Wrap the new key with this key of KMS, and not with a passphrase.
        #[arg(long, value_name = "KEY_ARN")]
        kms: Option<String>,
        /// Keep the key and change only what it is wrapped with: another passphrase, or --kms.
        #[arg(long)]
        wrapping_only: bool,
    },
}

/// Which stack.
#[derive(Debug, Clone, Args)]
pub(crate) struct OfStack {
    /// The stack's name.
    pub(crate) stack: String,
    /// The configuration, instead of stacks/<STACK>.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl OfStack {
    /// The stack, found without holding its configuration against the environment.
    fn target(&self, at: At<'_>) -> Result<Target, Vec<Error>> {
        let args = StackArgs { stack: self.stack.clone(), config: self.config.clone(), local: false };
        Target::find_file(at, &args)
    }
}

/// Runs `config …`.
pub(super) fn command(at: At<'_>, command: &ConfigCommand) -> Result<u8, Vec<Error>> {
    match command {
        ConfigCommand::InitKey { stack, kms } => rotate::init(at, &stack.target(at)?, kms.as_deref())?,
        ConfigCommand::Rotate { stack, kms, wrapping_only } => {
            let how = rotate::How { kms: kms.as_deref(), wrapping_only: *wrapping_only };
            rotate::rotate(at, &stack.target(at)?, how)?;
        }
        ConfigCommand::Set { stack, key, value, secret } => {
            let target = stack.target(at)?;
            let mut document = Document::of(&target.file).map_err(|error| vec![error])?;
            match value {
                Some(value) if !secret => document.set(key, value).map_err(|error| vec![error])?,
                _ => {
                    let sealer = required(at, &target)?;
                    let value = secret_value(at, key).map_err(|error| vec![error])?;
                    document.set_sealed(key, &sealer.seal_text(&value)).map_err(|error| vec![error])?;
                }
            }
            write(&target, &document)?;
            at.terminal.say(&format!("{key} is set{}", if *secret { ", sealed" } else { "" }));
        }
        ConfigCommand::Rm { stack, key } => {
            let target = stack.target(at)?;
            let mut document = Document::of(&target.file).map_err(|error| vec![error])?;
            document.remove(key).map_err(|error| vec![error])?;
            write(&target, &document)?;
            at.terminal.say(&format!("{key} is removed"));
        }
        ConfigCommand::Get { stack, key, json, show_secrets } => {
            let target = stack.target(at)?;
            let entries =
                Document::of(&target.file).and_then(|document| document.get(key)).map_err(|error| vec![error])?;
            let sealer = match *show_secrets && entries.iter().any(|entry| matches!(entry.value, Shown::Sealed(_))) {
                true => Some(required(at, &target)?),
                false => None,
            };
            let mut values = Vec::new();
            for entry in entries {
                let value = shown(&entry.key, entry.value, sealer.as_ref()).map_err(|error| vec![error])?;
                values.push((entry.key, value));
            }
            at.terminal.data(&match values.as_slice() {
                values if *json => format!("{:#}", object(values)),
                [(found, value)] if found == key => value.clone(),
                values => values.iter().map(|(key, value)| format!("{key} = {value}\n")).collect(),
            });
        }
        ConfigCommand::List { stack, json } => {
            let target = stack.target(at)?;
            let document = Document::of(&target.file).map_err(|error| vec![error])?;
            let mut values = Vec::new();
            for entry in document.entries() {
                let value = shown(&entry.key, entry.value, None).map_err(|error| vec![error])?;
                values.push((entry.key, value));
            }
            let rows: Vec<Vec<String>> = values.iter().map(|(key, value)| vec![key.clone(), value.clone()]).collect();
            at.terminal.data(&match json {
                true => format!("{:#}", object(&values)),
                false => table(&["KEY", "VALUE"], &rows, crate::render::Last::Whole, at.terminal.out_look()),
            });
        }
    }
    Ok(exit::DONE)
}

fn required(at: At<'_>, target: &Target) -> Result<Sealer, Vec<Error>> {
    let bug = || vec![Error::new(Turn::Bug, "unlock the key", "it was required and is not there")];
    target.unlock(at, Need::Required)?.ok_or_else(bug)
}

fn object(values: &[(String, String)]) -> Json {
    Json::Object(values.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>())
}

/// A value for people; a sealed one where it can be opened, and `(secret)` otherwise.
fn shown(key: &str, value: Shown, sealer: Option<&Sealer>) -> Result<String, Error> {
    match (value, sealer) {
        (Shown::Clear(text), _) => Ok(text),
        (Shown::Sealed(_), None) => Ok("(secret)".to_owned()),
        (Shown::Sealed(sealed), Some(sealer)) => match sealer.open_text(&sealed) {
            Ok(text) => Ok(text.to_string()),
            Err(error) => Err(Error::new(Turn::You, "print the key", format!("`{key}`: {error}"))
                .hint("put the key file back that it was sealed with, or set it again")),
        },
    }
}

/// A secret from the terminal or from stdin; of the latter one line end at its end is dropped.
fn secret_value(at: At<'_>, key: &str) -> Result<Zeroizing<String>, Error> {
    let act = "take the secret";
    let value = if at.terminal.can_ask() {
        at.terminal.ask_hidden(&format!("Value of {key}: "))
    } else {
        let mut text = Zeroizing::new(String::new());
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| Error::new(Turn::You, act, format!("`{key}`: stdin: {error}")))?;
        let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        Some(Zeroizing::new(line.to_owned()))
    };
    match value.filter(|value| !value.is_empty()) {
        Some(value) => Ok(value),
        None => Err(Error::new(Turn::You, act, format!("`{key}`: nobody gave a value"))
            .hint("type it at the prompt, or pipe it in: `… --secret < FILE`")),
    }
}

/// Writes the configuration in one piece, unless what every stack has would not be understood any more.
fn write(target: &Target, document: &Document) -> Result<(), Vec<Error>> {
    let (path, text) = (target.file.path(), document.text());
    crate::config::ConfigFile::from_text(path, text.clone()).base()?;
    crate::keys::replace(path, &text)
        .map_err(|error| vec![Error::new(Turn::You, "write the configuration", format!("{}: {error}", path.display()))])
}
