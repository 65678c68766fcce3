//! `state bucket` and `state migrate`: state in S3 is begun, and moved there and back.

use clap::{Args, ValueEnum};
use formwork_aws::store::bucket;
use formwork_engine::Error;
use formwork_engine::clock::{Clock, TokioClock};
use formwork_engine::error::{Turn, exit};
use formwork_engine::exchange::{Exchange, LocalExchange, Party};
use formwork_engine::record::MovedHere;
use formwork_engine::state::{Copied, Holder, LocalMark, LocalStore, OpenMode, SharedMode, SharedPurpose, Store, copy};
use serde_json::json;

use super::At;
use super::args::StackArgs;
use super::session::holder;
use super::store::{self, let_go};
use super::target::{Connected, Target};
use crate::config::S3Section;
use crate::render::{plural, wrapped};

#[derive(Debug, Args)]
pub(crate) struct BucketArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Print an object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Where the state is to be from now on.
    #[arg(long)]
    to: Destination,
    /// Print an object.
    #[arg(long)]
    json: bool,
}

/// Where state can be moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Destination {
    /// The bucket of `s3` under [store].
    S3,
    /// The folder of `path` under [store].
    Local,
}

/// Runs `state bucket`.
pub(super) fn bucket(at: At<'_>, args: &BucketArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let s3 = section(&target, "make the bucket").map_err(|error| vec![error])?;
    let emulator = target.emulator(at)?;
    let done = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let make = async {
            let (client, region) = store::cloud(&connected)?.store_client(s3.region.as_deref());
            let place = store::place(at, &target, &connected, s3);
            bucket::make(&client, &place, &connected.identity.partition, &region).await.map_err(|error| {
                let answer = error.0.answer;
                Error::new(Turn::Provider, "make the bucket", answer.message.clone()).answered(answer)
            })
        };
        make.await.map_err(|error| vec![error])
    })?;
    if args.json {
        let object = json!({ "version": 1, "bucket": s3.bucket, "done": done });
        at.terminal.data(&format!("{object:#}"));
    } else if done.is_empty() {
        at.terminal.data(&format!("the bucket {} is as it must be; nothing was done", s3.bucket));
    } else {
        at.terminal.data(&done.join("\n"));
    }
    Ok(exit::DONE)
}

/// Runs `state migrate`.
pub(super) fn migrate(at: At<'_>, args: &MigrateArgs) -> Result<u8, Vec<Error>> {
    let target = Target::find(at, &args.stack)?;
    let s3 = section(&target, "move the state").map_err(|error| vec![error])?;
    let emulator = target.emulator(at)?;
    let moved = at.block_on(async {
        let connected = target.connect(at, emulator).await?;
        let clock = TokioClock::new();
        let command = format!("state migrate {}", target.stack);
        let holder = holder(at, &command, &clock);
        let migration = Migration { at, target: &target, connected: &connected, s3, holder, clock };
        migration.go(args.to).await.map_err(|error| vec![error])
    })?;
    let Moved { from, to, copied: Copied { found, copied } } = moved;
    if args.json {
        let object = json!({ "version": 1, "from": from, "to": to, "copied": copied, "found": found });
        at.terminal.data(&format!("{object:#}"));
        return Ok(exit::DONE);
    }
    let commits = plural(copied, "commit");
    let before = if found > 0 { format!(" ({found} were there already)") } else { String::new() };
    at.terminal.data(&format!("copied {commits} from {from} to {to}{before}; {from} is marked as moved"));
    if args.to == Destination::Local {
        at.terminal
            .say("take `s3` out of [store] in the configuration now: until then every command says where the state is");
    }
    Ok(exit::DONE)
}

fn section<'a>(target: &'a Target, act: &str) -> Result<&'a S3Section, Error> {
    target.base.store.s3.as_ref().ok_or_else(|| {
        let reason = format!("{} names no bucket", target.file.path().display());
        Error::new(Turn::You, act, reason).hint("write s3 = { bucket = \"…\", prefix = \"…\" } under [store]")
    })
}

/// What was moved.
struct Moved {
    from: String,
    to: String,
    copied: Copied,
}

/// Both stores of one stack.
struct Migration<'a> {
    at: At<'a>,
    target: &'a Target,
    connected: &'a Connected,
    s3: &'a S3Section,
    holder: Holder,
    clock: TokioClock,
}

impl Migration<'_> {
    async fn go(&self, to: Destination) -> Result<Moved, Error> {
        let folder = self.target.store();
        let here = folder.display().to_string();
        let there = store::shown(self.at, self.target);
        if to == Destination::S3 && !folder.join("log").exists() {
            let reason = format!("there is no state in {here}");
            return Err(Error::new(Turn::You, "move the state", reason)
                .hint("a new stack begins in S3 by itself: `up` is all it takes"));
        }
        let mut local =
            LocalStore::open_although_moved(&folder, OpenMode::Write(self.holder.clone()), &self.target.sealing()?)?;
        let purpose = match to {
            Destination::S3 => SharedPurpose::MoveHere,
            Destination::Local => SharedPurpose::MoveAway,
        };
        let by = store::claimant(self.at, self.target, self.holder.clone());
        let mode = SharedMode::Write { by, purpose };
        let mut shared = store::open_shared(self.at, self.target, self.connected, self.s3, mode).await?;
        let done = async {
            let (in_folder, in_bucket) = (local.commits().await?, shared.commits().await?);
            let in_the_folder = LocalExchange::new(self.target.exchange());
            let in_the_bucket = store::exchange(self.at, self.target, self.connected, shared.fence())?;
            let at = self.clock.now_millis();
            let copied = match to {
                Destination::S3 => {
                    let moved = self.entry(&here, local.snapshot().sequence());
                    let copied = copy(&in_folder, &in_bucket, &mut shared, moved).await?;
                    self.take_along(&in_the_folder, &*in_the_bucket, &here).await?;
                    LocalMark::write(&folder, &there, at, local.snapshot().sequence())?;
                    shared.unmark_moved().await?;
                    copied
                }
                Destination::Local => {
                    if in_bucket.is_empty() {
                        let reason = format!("there is no state in {there}");
                        return Err(
                            Error::new(Turn::You, "move the state", reason).hint("look at `prefix` under [store]")
                        );
                    }
                    let moved = self.entry(&there, shared.snapshot().sequence());
                    let copied = copy(&in_bucket, &in_folder, &mut local, moved).await?;
                    self.take_along(&*in_the_bucket, &in_the_folder, &there).await?;
                    shared.mark_moved(&here).await?;
                    LocalMark::remove(&folder)?;
                    copied
                }
            };
            Ok(copied)
        };
        let copied = done.await;
        let_go(self.at, &mut shared).await;
        let (from, to) = if to == Destination::S3 { (here, there) } else { (there, here) };
        Ok(Moved { from, to, copied: copied? })
    }

    /// What the stack told its neighbours, and what it uses of them, stands from now on where its state is. Those that stay behind are named.
    async fn take_along(&self, from: &dyn Exchange, to: &dyn Exchange, left: &str) -> Result<(), Error> {
        let (project, stack) = (self.at.runner.project(), self.target.stack.as_str());
        if let Some(published) = from.fetch(project, stack).await? {
            to.publish(&published).await?;
        }
        let registered = from.registered(project).await?;
        if let Some(uses) = registered.iter().find(|uses| uses.stack == stack) {
            to.register(uses).await?;
        }
        let endpoint = self.connected.identity.endpoint.clone();
        let me = Party { project: project.to_owned(), stack: stack.to_owned(), endpoint };
        let users: Vec<String> = me.users_among(registered).into_iter().map(|uses| uses.stack).collect();
        if !users.is_empty() {
            let text = format!(
                "warning: {stack} has outputs that are used by {}, with the state beside {left}: move that too, since until then nothing \
                 keeps what they use from being deleted",
                users.join(", ")
            );
            self.at.terminal.say(&wrapped(&text, self.at.terminal.err_look().width, "", "  "));
        }
        Ok(())
    }

    fn entry(&self, from: &str, sequence: u64) -> MovedHere {
        let by = self.holder.clone();
        MovedHere { from: from.to_owned(), sequence, by, at: self.clock.now_millis() }
    }
}
