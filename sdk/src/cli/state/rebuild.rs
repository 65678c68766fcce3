//! `state rebuild`: a damaged store goes on with what is left of it; what no row knows is looked for in the account, shown, and recorded.

use std::sync::Arc;

use clap::Args;
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::error::{Turn, exit};
use formwork_engine::observe::Evidence;
use formwork_engine::run::{Rebuilding, Rebuilt, Session};
use formwork_engine::settings::Settings;
use formwork_engine::state::{Holder, LocalStore, OpenMode, SharedMode, SharedStore, StateError, Store as _};
use formwork_engine::{Error, Program};
use serde_json::{Value as Json, json};

use crate::cli::args::StackArgs;
use crate::cli::keys::Need;
use crate::cli::session::{self, Purpose};
use crate::cli::store::{self, let_go};
use crate::cli::target::Target;
use crate::cli::{At, counted, local, prompt};
use crate::config::S3Section;
use crate::render::{Ink, Last, Look, Progress, Telling, table, wrapped};

/// The flags of `state rebuild`.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print an object; without --yes nothing is written.
    #[arg(long)]
    pub(crate) json: bool,
    /// Whose things are recorded, where the account has things of several stores of this stack.
    #[arg(long, value_name = "LINEAGE")]
    pub(crate) lineage: Option<String>,
}

/// Runs `state rebuild`.
pub(super) fn command(at: At<'_>, args: &RebuildArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    target.unlock(at, Need::Welcome)?;
    let program = target.program(at)?;
    let store = mended(at, args, &target)?;
    let settings = session::settings(&target, &crate::cli::args::PlanArgs::default())?;
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let telling = if at.terminal.is_live() { Telling::Live } else { Telling::Lines };
        let purpose = match args.json && !args.yes {
            true => Purpose::Look,
            false => Purpose::Change(format!("state rebuild {}", target.stack)),
        };
        let settings = Settings { refresh: true, ..settings };
        let (mut session, progress) = session::open(at, &target, &connected, settings, telling, &purpose).await?;
        let ended = rebuild(at, args, (&target, &program, &store), &mut session, &progress, &purpose).await;
        let_go(at, &mut *session.store).await;
        ended
    })
}

async fn rebuild(
    at: At<'_>,
    args: &RebuildArgs,
    (target, program, store): (&Target, &Program, &[String]),
    session: &mut Session,
    progress: &Progress,
    purpose: &Purpose,
) -> Result<u8, Vec<Error>> {
    // What a cut log had left open is resolved first: it may be what would else be looked for.
    let recovered = match purpose {
        Purpose::Look => Ok(Vec::new()),
        Purpose::Change(_) => session.recover(program).await,
    };
    let rebuilding = match recovered {
        Ok(_told_as_events) => session.rebuild(program, args.lineage.as_deref()).await,
        Err(errors) => Err(errors),
    };
    progress.end();
    let rebuilding = rebuilding?;
    if args.json {
        at.terminal.data(&format!("{:#}", object(&rebuilding, store, args.yes)));
    } else {
        at.terminal.data(&page(&rebuilding, at.terminal.out_look()));
    }
    if rebuilding.rows.is_empty() || (args.json && !args.yes) {
        return Ok(exit::DONE);
    }
    if !args.yes {
        let question = format!("Record this as the state of {}? Nothing in the account is changed.", target.stack);
        prompt::go_ahead(&question, at.terminal).map_err(|error| vec![error])?;
    }
    let count = counted(rebuilding.rows.len(), "resource is", "resources are");
    session.record(rebuilding).await?;
    if !args.json {
        let preview = target.command(at, "preview", &args.stack);
        at.terminal.say(&format!("{count} recorded; nothing in the account was changed\n  next: {preview}"));
    }
    Ok(exit::DONE)
}

/// Brings a store that does not open to where it does. Answers what was done, in sentences.
fn mended(at: At<'_>, args: &RebuildArgs, target: &Target) -> Result<Vec<String>, Vec<Error>> {
    let clock = TokioClock::new();
    let holder = session::holder(at, &format!("state rebuild {}", target.stack), &clock);
    if let Some(s3) = &target.base.store.s3 {
        return mended_in_s3(at, args, target, s3, holder);
    }
    let folder = target.store();
    let sealing = target.sealing().map_err(|error| vec![error])?;
    let damage = match LocalStore::open_sealed(&folder, OpenMode::Read, &sealing) {
        Ok(_) => return Ok(Vec::new()),
        Err(damage @ (StateError::Damaged { .. } | StateError::Lost { .. })) => damage,
        Err(other) => return Err(vec![target.store_error(other)]),
    };
    agreed(at, args, damage, "Go on with what is left of the records? The damaged files are kept beside them.")?;
    let notes = match LocalStore::rebuild_sealed(&folder, &holder, &sealing) {
        Ok(notes) => notes,
        // Neither log nor view has anything left: the records begin anew, from the account alone.
        Err(StateError::Damaged { .. } | StateError::Lost { .. }) => {
            let aside = local::begin_anew(&folder, clock.now_millis()).map_err(|error| vec![error])?;
            vec![format!("nothing is left of the records; the damaged store was kept as {}", aside.display())]
        }
        Err(other) => return Err(vec![Error::from(other)]),
    };
    told(at, &notes);
    match LocalStore::open_sealed(&folder, OpenMode::Read, &sealing) {
        Ok(_) => Ok(notes),
        Err(error) => Err(vec![still(&error)]),
    }
}

fn mended_in_s3(
    at: At<'_>,
    args: &RebuildArgs,
    target: &Target,
    s3: &S3Section,
    holder: Holder,
) -> Result<Vec<String>, Vec<Error>> {
    let emulator = target.emulator(at)?;
    at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let objects = Arc::new(store::objects(at, target, &connected, s3).map_err(|error| vec![error])?);
        let sealing = target.sealing().map_err(|error| vec![error])?;
        let open = || SharedStore::open(objects.clone(), store::clock(), &sealing, SharedMode::Read);
        // The history too: what is missing there is noticed by no run.
        let whole = match open().await {
            Ok(store) => store.commits().await.map(drop),
            Err(error) => Err(error),
        };
        let damage = match whole {
            Ok(()) => return Ok(Vec::new()),
            Err(damage) if damage.is_of_objects() => damage,
            Err(other) => return Err(vec![target.store_error(other)]),
        };
        agreed(at, args, damage, "Go on with what is left of the records? The damaged log stays beside the next one.")?;
        let by = store::claimant(at, target, holder);
        let notes = SharedStore::rebuild(objects.clone(), store::clock(), by, &sealing).await;
        let notes = notes.map_err(|error| vec![Error::from(error)])?;
        told(at, &notes);
        match open().await {
            Ok(_) => Ok(notes),
            Err(error) => Err(vec![still(&error)]),
        }
    })
}

/// Says what is wrong with the store, and asks whether to go on without what is lost.
fn agreed(at: At<'_>, args: &RebuildArgs, damage: StateError, question: &str) -> Result<(), Vec<Error>> {
    if args.json && !args.yes {
        return Err(vec![Error::from(damage).hint("with --yes, the store goes on with what is left of it")]);
    }
    at.terminal.say(&wrapped(&format!("{damage}"), at.terminal.err_look().width, "! ", "  "));
    match args.yes {
        true => Ok(()),
        false => prompt::go_ahead(question, at.terminal).map_err(|error| vec![error]),
    }
}

fn told(at: At<'_>, notes: &[String]) {
    let width = at.terminal.err_look().width;
    notes.iter().for_each(|note| at.terminal.say(&wrapped(&format!("note: {note}"), width, "", "  ")));
}

fn still(error: &StateError) -> Error {
    Error::new(Turn::Bug, "rebuild the store", format!("it still does not open: {error}"))
}

fn object(rebuilding: &Rebuilding, store: &[String], recorded: bool) -> Json {
    let row = |one: &Rebuilt| {
        json!({
            "urn": one.row.urn,
            "kind": one.row.kind,
            "id": one.row.id,
            "status": one.row.state.word(),
            "proof": one.evidence.words(),
            "declared": one.declared,
            "differs": one.differs,
            "believed": one.believed,
        })
    };
    let missing = rebuilding.missing.iter().map(|(urn, reason)| json!({ "urn": urn, "reason": reason }));
    json!({
        "version": 1,
        "lineage": rebuilding.lineage,
        "rows": rebuilding.rows.iter().map(row).collect::<Vec<_>>(),
        "missing": missing.collect::<Vec<_>>(),
        "unknown": rebuilding.unknown,
        "warnings": rebuilding.warnings,
        "store": store,
        "calls": rebuilding.calls,
        "recorded": recorded && !rebuilding.rows.is_empty(),
    })
}

/// What would be recorded, for people.
fn page(rebuilding: &Rebuilding, look: Look) -> String {
    let Rebuilding { rows, missing, unknown, warnings, lineage, .. } = rebuilding;
    let mut text = String::new();
    if rows.is_empty() {
        text.push_str("everything that was found is recorded already\n");
    } else {
        let count = counted(rows.len(), "resource", "resources");
        text.push_str(&format!("{}\n", look.paint(Ink::Strong, &format!("To record: {count} of lineage {lineage}"))));
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|one| {
                let kind = one.row.kind.as_str();
                let kind = kind.split_once(':').map_or(kind, |(_, short)| short);
                vec![
                    one.row.urn.path().to_owned(),
                    kind.to_owned(),
                    one.evidence.words().to_owned(),
                    one.row.id.clone(),
                ]
            })
            .collect();
        text.push_str(&table(&["NAME", "TYPE", "PROOF", "ID"], &cells, Last::Whole, look));
    }
    let mut list = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("\n{}\n", look.paint(Ink::Strong, title)));
            lines.iter().for_each(|line| text.push_str(&format!("{}\n", wrapped(line, look.width, "  ", "    "))));
        }
    };
    let path = |one: &Rebuilt| one.row.urn.path().to_owned();
    let named: Vec<&Rebuilt> = rows.iter().filter(|one| one.evidence == Evidence::Name).collect();
    if !named.is_empty() {
        let names = named.iter().map(|one| path(one)).collect::<Vec<_>>().join(", ");
        let sentence = format!("these types take no tags, so that nothing proves who made them: {names}");
        list("Known by their names only", vec![sentence]);
    }
    let differs = rows.iter().filter(|one| !one.differs.is_empty());
    list(
        "Not as declared; the next plan shows it as changes",
        differs.map(|one| format!("{}: {}", path(one), one.differs.join(", "))).collect(),
    );
    let believed = rows.iter().filter(|one| !one.believed.is_empty());
    list(
        "Taken as declared, since nobody can read it",
        believed.map(|one| format!("{}: {}", path(one), one.believed.join(", "))).collect(),
    );
    let undeclared = rows.iter().filter(|one| !one.declared);
    let sentence = |one: &Rebuilt| {
        format!(
            "{} ({}): the next `up` deletes it, unless the program declares it, or names it as an alias",
            path(one),
            one.row.id
        )
    };
    list("Tagged as this stack's, and not declared", undeclared.map(sentence).collect());
    list(
        "Declared and not found; the next `up` makes it",
        missing.iter().map(|(urn, reason)| format!("{}: {reason}", urn.path())).collect(),
    );
    list("Tagged as this stack's, and not to be recorded", unknown.clone());
    list("Warnings", warnings.clone());
    text
}
