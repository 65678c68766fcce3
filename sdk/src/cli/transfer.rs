//! `state export` and `state import`: a store as one document. Nothing is called.

use std::path::{Path, PathBuf};

use clap::Args;
use formwork_engine::Error;
use formwork_engine::amend::Amender;
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::error::{Turn, exit};
use formwork_engine::record::{Entry, Exported};
use formwork_engine::seal;
use formwork_engine::state::{LocalStore, OpenMode, SharedMode, SharedPurpose, SharedStore, Snapshot, Store};
use formwork_engine::transfer::{self, DigestKey, Permissions};
use serde_json::{Value as Json, json};

use super::args::StackArgs;
use super::keys::Need;
use super::session::{self, open_for_reading};
use super::store::{self, Opening, let_go, open_store};
use super::target::Target;
use super::{At, local, prompt};
use crate::render::plural;

const ACT: &str = "import the state";

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Leave it in the clear although the stack has a key. Secrets are digests then, and what compares them is left out.
    #[arg(long)]
    pub(crate) plain: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StateImportArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// What `state export` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Import it although the store has gone on since.
    #[arg(long)]
    pub(crate) force: bool,
    /// Import it although the store is of another lineage: that one is moved aside.
    #[arg(long)]
    pub(crate) replace_lineage: bool,
    /// Print an object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs `state export`.
pub(super) fn export(at: At<'_>, args: &ExportArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let sealed = target.key_path().is_file() && !args.plain;
    let sealer = match sealed {
        true => target.unlock(at, Need::Required).map_err(|errors| {
            errors.into_iter().map(|error| error.hint("or add --plain: secrets are digests then")).collect::<Vec<_>>()
        })?,
        false => None,
    };
    let store = open_for_reading(at, &target)?;
    let key = if sealer.is_some() { DigestKey::Kept } else { DigestKey::LeftOut };
    let exported = json!(transfer::export(store.snapshot(), key));
    let document = match &sealer {
        Some(sealer) => seal::document(sealer, &exported),
        None => exported,
    };
    at.terminal.data(&format!("{document:#}"));
    Ok(exit::DONE)
}

/// Runs `state import`.
pub(super) fn import(at: At<'_>, args: &StateImportArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let exported = read(at, &target, &args.file)?;
    check_place(at, &target, &exported).map_err(|error| vec![error])?;
    let clock = TokioClock::new();
    let holder = session::holder(at, &format!("state import {}", target.stack), &clock);
    let permitted = Permissions { older: args.force, other_lineage: args.replace_lineage };
    let emulator = match target.base.store.s3 {
        Some(_) => target.emulator(at)?,
        None => None,
    };
    at.block_on(async {
        let connected = match target.base.store.s3 {
            Some(_) => Some(target.connect(at, emulator).await?),
            None => None,
        };
        // A document that is not admitted must not begin a store.
        let now = open_store(at, &target, connected.as_ref(), Opening::Read).await.map_err(|error| vec![error])?;
        transfer::admit(&exported, now.snapshot(), permitted).map_err(|error| vec![error])?;
        drop(now);
        let import = Import { at, args, target: &target, exported: &exported, permitted };
        match (&target.base.store.s3, &connected) {
            (Some(s3), Some(connected)) => {
                let by = store::claimant(at, &target, holder);
                let mode = SharedMode::Write { by, purpose: SharedPurpose::Run };
                let opened = store::open_shared(at, &target, connected, s3, mode).await;
                let mut store = opened.map_err(|error| vec![error])?;
                let done = import.shared(&mut store, clock.now_millis()).await;
                let_go(at, &mut store).await;
                done
            }
            _ => import.local(&clock, &OpenMode::Write(holder)).await,
        }
    })
}

/// An import that was admitted.
struct Import<'a> {
    at: At<'a>,
    args: &'a StateImportArgs,
    target: &'a Target,
    exported: &'a Exported,
    permitted: Permissions,
}

impl Import<'_> {
    /// Holds the document against the store now that nobody else writes it, and asks; answers whether the store is to be begun anew.
    fn agreed(&self, now: &Snapshot) -> Result<bool, Vec<Error>> {
        let anew = transfer::admit(self.exported, now, self.permitted).map_err(|error| vec![error])?;
        if now.binding().is_some() && !self.args.yes {
            let (rows, standing) = (self.exported.rows.len(), now.rows().len());
            let text = format!("{} would have {} in place of its {standing}", self.target.stack, plural(rows, "row"));
            self.at.terminal.say(&text);
            prompt::go_ahead("Import it?", self.at.terminal).map_err(|error| vec![error])?;
        }
        Ok(anew)
    }

    fn by(&self, millis: u64) -> Amender {
        let who = format!("{}@{}", self.at.environment.user(), self.at.environment.host());
        Amender { who, at: millis, command: "state import".to_owned() }
    }

    async fn local(&self, clock: &TokioClock, mode: &OpenMode) -> Result<u8, Vec<Error>> {
        let mut store = self.target.open_store(mode.clone()).map_err(|error| vec![error])?;
        let anew = self.agreed(store.snapshot())?;
        let begun = anew || store.snapshot().binding().is_none();
        let aside = if anew {
            let entries = transfer::import(self.exported, &Snapshot::default(), self.by(clock.now_millis()));
            let aside = replace(self.target, store, &entries, clock.now_millis(), mode).await?;
            Some(aside.display().to_string())
        } else {
            let entries = transfer::import(self.exported, store.snapshot(), self.by(clock.now_millis()));
            commit(&mut store, &entries).await?;
            None
        };
        tell(self.at, self.args, self.target, self.exported, aside.as_deref(), begun);
        Ok(exit::DONE)
    }

    async fn shared(&self, store: &mut SharedStore, millis: u64) -> Result<u8, Vec<Error>> {
        let anew = self.agreed(store.snapshot())?;
        let begun = anew || store.snapshot().binding().is_none();
        let aside = if anew {
            let entries = transfer::import(self.exported, &Snapshot::default(), self.by(millis));
            Some(store.begin_anew(&entries).await.map_err(|error| vec![error.into()])?)
        } else {
            let entries = transfer::import(self.exported, store.snapshot(), self.by(millis));
            commit(store, &entries).await?;
            None
        };
        tell(self.at, self.args, self.target, self.exported, aside.as_deref(), begun);
        Ok(exit::DONE)
    }
}

/// The document in a file, opened where it is sealed.
fn read(at: At<'_>, target: &Target, file: &Path) -> Result<Exported, Vec<Error>> {
    let wrong = |reason: String| Error::new(Turn::You, ACT, format!("{}: {reason}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| vec![wrong(error.to_string())])?;
    let json: Json = serde_json::from_str(&text)
        .map_err(|error| vec![wrong(format!("it is no JSON: {error}")).hint("`state export` writes one")])?;
    let json = match seal::is_document(&json) {
        false => json,
        true => {
            let Some(sealer) = target.unlock(at, Need::Required)? else {
                return Err(vec![wrong("it is sealed, and the stack has no key".to_owned())]);
            };
            seal::open_document(&sealer, &json).map_err(|error| {
                let key = json.get("key").and_then(Json::as_str).unwrap_or_default();
                vec![wrong(format!("it does not open: {error}")).hint(format!(
                    "it was sealed with the key {key}, and the key of {} is {}",
                    target.key_path().display(),
                    sealer.id()
                ))]
            })?
        }
    };
    transfer::read(&json)
        .map_err(|error| vec![Error { reason: format!("{}: {}", file.display(), error.reason), ..error }])
}

/// Whether the document is of this stack, and of the account that it may touch.
fn check_place(at: At<'_>, target: &Target, exported: &Exported) -> Result<(), Error> {
    let Some(binding) = &exported.binding else { return Ok(()) };
    let (project, stack) = (at.runner.project(), &target.stack);
    if binding.project != project || binding.stack != *stack {
        let reason = format!("it is of {}/{}, and this is {project}/{stack}", binding.project, binding.stack);
        return Err(Error::new(Turn::Refused, ACT, reason).hint("import it into the stack that it was exported from"));
    }
    let account = &binding.identity.account;
    match &target.base.aws.account_id {
        Some(wanted) if wanted != account && target.local.is_none() => {
            let reason =
                format!("it is of the account {account}, and {} allows {wanted} only", target.file.path().display());
            Err(Error::new(Turn::Refused, ACT, reason).hint("correct account_id, or import the export of that account"))
        }
        _ => Ok(()),
    }
}

async fn commit(store: &mut dyn Store, entries: &[Entry]) -> Result<(), Vec<Error>> {
    store.commit(entries).await.map_err(|error| vec![Error::from(error)])
}

/// Puts a store of another lineage in the place of this one, which is moved aside: written beside it first, so that nothing is lost when that fails.
async fn replace(
    target: &Target,
    store: LocalStore,
    entries: &[Entry],
    millis: u64,
    mode: &OpenMode,
) -> Result<PathBuf, Vec<Error>> {
    let folder = target.store();
    let next = folder.with_file_name(format!("{}.{millis}.next", target.stack));
    let mut begun = target.open_store_in(&next, mode.clone()).map_err(|error| vec![error])?;
    commit(&mut begun, entries).await?;
    drop(begun);
    // Held until now: nobody has written it meanwhile.
    drop(store);
    let aside = local::begin_anew(&folder, millis).map_err(|error| vec![error])?;
    std::fs::rename(&next, &folder).map_err(|error| {
        let reason = format!("{} cannot be put in its place: {error}", next.display());
        vec![Error::new(Turn::State, ACT, reason).hint(format!("the former store is {}", aside.display()))]
    })?;
    Ok(aside)
}

fn tell(at: At<'_>, args: &StateImportArgs, target: &Target, exported: &Exported, aside: Option<&str>, begun: bool) {
    let keyless = begun && exported.binding.as_ref().is_some_and(|binding| binding.digest_key.is_none());
    if args.json {
        let object = json!({
            "version": 1,
            "imported": { "sequence": exported.sequence, "rows": exported.rows.len(), "open": exported.intents.len() },
            "moved_aside": aside,
            "secrets_comparable": !keyless,
        });
        at.terminal.data(&format!("{object:#}"));
        return;
    }
    let (rows, sequence) = (plural(exported.rows.len(), "row"), exported.sequence);
    at.terminal.data(&format!("{} has {rows} now, as of commit {sequence} of the export", target.stack));
    if let Some(aside) = aside {
        at.terminal.say(&format!("the former store is {aside}"));
    }
    if keyless {
        at.terminal.say(
            "the export was in the clear and without the key of its digests: the next `up` takes secrets for changed",
        );
    }
    let preview = target.command(at, "preview", &args.stack);
    at.terminal.say(&format!("nothing was called; look at `{preview}`"));
}
