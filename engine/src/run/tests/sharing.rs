//! References between stacks: what is published, what is registered, and what another stack's use keeps.

use std::collections::BTreeMap;

use super::bench::Bench;
use crate::Expr;
use crate::apply::Cancel;
use crate::error::{Error, Turn, exit};
use crate::fixtures::*;
use crate::input::Output;
use crate::plan::{Op, Reason};
use crate::program::{Export, Program, ProviderName, ReadDeclaration, STACK_OUTPUTS, StackRead, WantedOutput};
use crate::record::{EXCHANGE_FORMAT, PublishedOutput, Standing, Uses};
use crate::settings::Settings;
use crate::testing::MemoryExchange;
use crate::urn::{KindName, SourceLine, Urn};
use crate::value::Value;

/// Two stacks, each in an account and a store of its own, over one exchange.
struct Pair {
    exchange: MemoryExchange,
    network: Bench,
    app: Bench,
}

impl Pair {
    fn new() -> Self {
        let exchange = MemoryExchange::new();
        let bench = || Bench { exchange: Some(exchange.clone()), ..Bench::new() };
        Self { network: bench(), app: bench(), exchange: exchange.clone() }
    }

    /// Both are up.
    async fn up() -> Self {
        let pair = Self::new();
        pair.network.done(&network("10.0.0.0/16")).await;
        pair.app.done(&app()).await;
        pair
    }

    /// What `app` registers when it uses the network.
    fn uses(&self) -> Uses {
        let published = self.exchange.of("network").unwrap();
        let sources = published.outputs["network_id"].sources.clone();
        let of = [("network".to_owned(), [("network_id".to_owned(), sources)].into())].into();
        Uses {
            format: EXCHANGE_FORMAT,
            project: "project".into(),
            stack: "app".into(),
            lineage: "another".into(),
            endpoint: None,
            of,
        }
    }

    fn standing(&self, output: &str) -> Standing {
        self.exchange.of("network").unwrap().outputs[output].standing
    }
}

fn export(program: &mut Program, name: &str, expr: Expr) {
    program.exports.insert(name.to_owned(), Export { expr, source: SourceLine::here() });
}

/// The network and its output; beside it something that no output comes from.
fn network(cidr: &str) -> Program {
    let mut world = World::new();
    let main = world.add(&NETWORK, "main", [("cidr", text(cidr))]);
    world.add(&ROLE, "role", [("name", prefixed("orders"))]);
    let mut program = Program { stack: "network".into(), ..world.program };
    export(&mut program, "network_id", of(&main, "id"));
    export(&mut program, "cidr", text(cidr));
    export(&mut program, "password", secret("hunter22"));
    program
}

fn nothing(stack: &str) -> Program {
    Program::empty("project", stack)
}

fn read(program: &mut Program, wanted: Vec<WantedOutput>) -> Urn {
    let urn = Urn::new(&program.stack, &["stack", "network"], &KindName::new(STACK_OUTPUTS.kind)).unwrap();
    let read = ReadDeclaration {
        urn: urn.clone(),
        schema: &STACK_OUTPUTS,
        args: BTreeMap::from([("stack".to_owned(), text("network"))]),
        provider: ProviderName::default(),
        source: SourceLine::here(),
        stack: Some(StackRead { stack: "network".to_owned(), wanted }),
    };
    program.reads.insert(urn.clone(), read);
    urn
}

/// A subnet in the network, replaced with it, and one that notes its range.
fn app() -> Program {
    let mut world = World::new();
    let mut program = nothing("app");
    let wanted = ["network_id", "cidr"].map(WantedOutput::new::<Output<String>>).to_vec();
    let network = read(&mut program, wanted);
    world.add(&SUBNET, "a", [("network", of(&network, "network_id"))]);
    world.add(&NETWORK, "mine", [("cidr", text("10.9.0.0/16")), ("note", of(&network, "cidr"))]);
    Program { reads: program.reads, stack: program.stack, ..world.program }
}

fn said(errors: &[Error]) -> String {
    errors.iter().map(|error| format!("{error}\n  {}", error.hints.join("\n  "))).collect::<Vec<_>>().join("\n")
}

async fn refused(bench: &Bench, program: &Program) -> String {
    let errors = bench.try_up(program, &Cancel::new()).await.unwrap_err();
    assert!(errors.iter().all(|error| error.exit_code() == exit::REFUSED), "{errors:#?}");
    said(&errors)
}

#[tokio::test]
async fn outputs_are_published_with_what_they_come_from_and_without_secrets() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    let published = pair.exchange.of("network").unwrap();
    let row = pair.network.state().rows().values().find(|row| row.id == "network-0001").cloned().unwrap();
    let output = &published.outputs["network_id"];
    assert_eq!(output.value.as_ref().unwrap().to_value(), Value::from("network-0001"));
    assert_eq!((&output.sources[0].urn, output.sources[0].key()), (&row.urn, row.key()));
    let secret = PublishedOutput { standing: Standing::Secret, value: None, sources: Vec::new() };
    assert_eq!(published.outputs["password"], secret);
    assert!(!serde_json::to_string(&published).unwrap().contains("hunter22"));
    assert_eq!((published.deployment, published.account.as_str()), (1, "123456789012"));
    // Nothing to do, nothing to tell.
    let lines = |bench: &Bench| bench.cloud.journal().lines().iter().filter(|l| l.starts_with("published")).count();
    let before = lines(&pair.network);
    pair.network.done(&network("10.0.0.0/16")).await;
    assert_eq!((before, lines(&pair.network)), (1, 1));
}

#[tokio::test]
async fn the_use_is_registered_before_the_first_step_and_taken_back_after_the_last() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    pair.app.done(&app()).await;
    let at = |lines: &[String], text: &str| lines.iter().position(|line| line.starts_with(text)).unwrap();
    let lines = pair.app.cloud.journal().lines();
    assert!(at(&lines, "registered app") < at(&lines, "commit intent"), "{lines:#?}");
    let subnet = pair.app.cloud.things().into_iter().find(|thing| thing.kind == SUBNET.kind).unwrap();
    assert_eq!(*subnet.args.get("network"), Value::from("network-0001"));
    let uses = pair.exchange.uses("app").unwrap();
    assert_eq!(uses.of["network"].keys().collect::<Vec<_>>(), ["cidr", "network_id"]);
    assert_eq!(uses.of, Uses { of: uses.of.clone(), ..pair.uses() }.of);
    pair.app.settled(&app()).await;

    pair.app.cloud.journal().revive();
    pair.app.done(&nothing("app")).await;
    let lines = pair.app.cloud.journal().lines();
    assert!(at(&lines, "withdrew app") > at(&lines, "commit deployment 2 done"), "{lines:#?}");
    assert!(pair.exchange.uses("app").is_none());
}

#[tokio::test]
async fn a_changed_output_plans_a_change_that_says_where_it_comes_from() {
    let pair = Pair::up().await;
    let mut moved = network("10.0.0.0/16");
    export(&mut moved, "cidr", text("10.8.0.0/16"));
    pair.network.done(&moved).await;
    let plan = pair.app.plan(&app()).await.unwrap();
    let step = plan.steps.iter().find(|step| step.op != Op::Same).unwrap();
    assert_eq!((step.op, step.urn.path()), (Op::Update, "mine"));
    let Reason::DependsOn(_, output) = &step.changes[0].reason else { panic!("{step:#?}") };
    assert_eq!(output, "cidr");
    assert_eq!(step.changes[0].reason.to_string(), "depends on stack network's cidr");
    pair.app.done(&app()).await;
    pair.app.settled(&app()).await;
}

#[tokio::test]
async fn what_another_stack_uses_is_not_deleted_nor_replaced_whatever_is_consented_to() {
    let mut pair = Pair::up().await;
    pair.network.settings.allow_delete = vec!["*".to_owned()];
    let deleted = refused(&pair.network, &nothing("network")).await;
    assert!(
        deleted.contains("failed to delete main: the stack app uses `network_id`, which comes from it"),
        "{deleted}"
    );
    assert!(deleted.contains("first `destroy app`, or take `network_id` of network out of it and run `up app`"));
    // The output of the registration that comes from nothing is refused by its own name.
    assert!(deleted.contains("failed to take the output `cidr` away: the stack app uses it"), "{deleted}");
    let replaced = refused(&pair.network, &network("10.1.0.0/16")).await;
    assert!(replaced.contains("failed to replace main: the stack app uses `network_id`"), "{replaced}");
    assert_eq!(pair.network.cloud.things().len(), 2, "nothing was called");
    for program in [nothing("network"), network("10.1.0.0/16")] {
        let planned = said(&pair.network.plan(&program).await.unwrap_err());
        assert!(planned.contains("the stack app uses `network_id`"), "the plan alone says so: {planned}");
    }

    // What nobody uses may go.
    let mut without = network("10.0.0.0/16");
    without.resources.retain(|urn, _| urn.path() != "role");
    without.order.retain(|urn| urn.path() != "role");
    pair.network.done(&without).await;
    assert_eq!(pair.network.cloud.things().len(), 1);

    // And everything may when nobody uses it any more.
    pair.app.done(&nothing("app")).await;
    pair.network.done(&network("10.1.0.0/16")).await;
    pair.network.done(&nothing("network")).await;
    assert!(pair.network.cloud.things().is_empty());
    assert!(pair.exchange.of("network").unwrap().outputs.is_empty());
}

#[tokio::test]
async fn an_output_that_another_stack_uses_stays_in_the_program() {
    let pair = Pair::up().await;
    let mut without = network("10.0.0.0/16");
    without.exports.remove("network_id");
    let reason = refused(&pair.network, &without).await;
    assert!(reason.contains("failed to take the output `network_id` away: the stack app uses it"), "{reason}");
    without = network("10.0.0.0/16");
    without.exports.remove("password");
    pair.network.done(&without).await;
}

#[tokio::test]
async fn a_stack_that_registers_between_plan_and_apply_stops_the_run_before_its_first_call() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    let mut session = pair.network.session();
    let preview = session.preview(&nothing("network")).await.unwrap();
    pair.exchange.enter(pair.uses());
    let commits = pair.network.log.commits().len();
    let errors = session.up(&nothing("network"), preview, &Cancel::new()).await.unwrap_err();
    assert!(said(&errors).contains("the stack app uses `network_id`"), "{errors:#?}");
    assert_eq!((pair.network.log.commits().len(), pair.network.cloud.things().len()), (commits, 2));
    assert_eq!(pair.standing("network_id"), Standing::Known, "the mark is taken back");
}

#[tokio::test]
async fn a_stack_that_registers_right_before_the_call_fails_the_step_with_the_same_words() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    // The looks of a run: when planning, at its beginning for itself and for others, and before the delete of what is published.
    pair.exchange.enter_before(4, pair.uses());
    let summary = pair.network.up(&nothing("network")).await;
    assert_eq!(summary.exit_code(), exit::FAILED, "{summary:#?}");
    let (urn, error) = &summary.failed[0];
    assert_eq!((urn.path(), error.turn), ("main", Turn::Refused));
    assert_eq!(error.to_string(), "failed to delete main: the stack app uses `network_id`, which comes from it");
    assert!(pair.network.state().intents().is_empty());
    let left: Vec<String> = pair.network.cloud.things().into_iter().map(|thing| thing.id).collect();
    assert_eq!(left, ["network-0001"]);
    // Planning says the same, and the program as it was heals what is published.
    assert!(refused(&pair.network, &nothing("network")).await.contains(&error.reason));
    pair.network.done(&network("10.0.0.0/16")).await;
    assert_eq!(pair.standing("network_id"), Standing::Known);
}

#[tokio::test]
async fn nobody_begins_to_use_what_a_run_takes_away() {
    let gone = nothing("network");
    let mut pair = Pair::new();
    for point in 1.. {
        pair = Pair::new();
        pair.network.done(&network("10.0.0.0/16")).await;
        assert!(pair.network.dying(&gone, point).await.is_none(), "it never marks");
        if pair.standing("network_id") == Standing::Leaving {
            break;
        }
    }
    assert_eq!(pair.network.cloud.things().len(), 2, "marked before anything is called");
    let waits = refused(&pair.app, &app()).await;
    assert!(
        waits.contains("its output `network_id` is being taken away: a run of network that deletes or replaces main")
    );
    assert!(pair.exchange.uses("app").is_none() && pair.app.cloud.things().is_empty());
    // The next run of the network says what is so, also when it changes nothing.
    pair.network.done(&network("10.0.0.0/16")).await;
    pair.app.done(&app()).await;
}

#[tokio::test]
async fn an_output_that_moves_between_plan_and_apply_stops_the_one_that_uses_it() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    let mut session = pair.app.session();
    let preview = session.preview(&app()).await.unwrap();
    let mut moved = network("10.0.0.0/16");
    export(&mut moved, "cidr", text("10.8.0.0/16"));
    pair.network.done(&moved).await;
    let errors = session.up(&app(), preview, &Cancel::new()).await.unwrap_err();
    assert_eq!((errors[0].turn, errors.len()), (Turn::Refused, 1));
    assert!(errors[0].reason.contains("the output `cidr` of network has moved since the plan was made"));
    assert!(pair.exchange.uses("app").is_none() && pair.app.log.commits().is_empty());
    pair.app.done(&app()).await;
}

#[tokio::test]
async fn a_use_whose_run_was_killed_anywhere_is_finished_or_taken_back_by_the_next_run() {
    for wanted in [app(), nothing("app")] {
        for point in 1.. {
            let pair = Pair::new();
            pair.network.done(&network("10.0.0.0/16")).await;
            let over = pair.app.dying(&app(), point).await.is_some();
            if !pair.app.cloud.things().is_empty() {
                assert!(pair.exchange.uses("app").is_some(), "killed at {point}: something is used and not registered");
            }
            pair.app.done(&wanted).await;
            pair.app.settled(&wanted).await;
            let used = pair.exchange.uses("app").map(|uses| uses.of["network"].len());
            assert_eq!(used.unwrap_or(0), wanted.reads.len() * 2, "killed at {point}");
            if over {
                assert!(point > 20, "{point}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_a_killed_run_had_published_is_set_right_by_the_next_run() {
    let (before, after) = (network("10.0.0.0/16"), network("10.1.0.0/16"));
    for last in [&before, &after, &nothing("network")] {
        for point in 1.. {
            let pair = Pair::new();
            pair.network.done(&before).await;
            let over = pair.network.dying(&after, point).await.is_some();
            pair.network.done(last).await;
            let published = pair.exchange.of("network").unwrap();
            let standings: Vec<Standing> = published.outputs.values().map(|output| output.standing).collect();
            assert!(!standings.contains(&Standing::Leaving) && !standings.contains(&Standing::Unfinished));
            assert_eq!(published.outputs.len(), last.exports.len(), "killed at {point}");
            let id = published.outputs.get("network_id").map(|output| output.sources[0].id.clone());
            let lives = pair.network.cloud.things().into_iter().find(|thing| thing.kind == NETWORK.kind);
            assert_eq!(id, lives.map(|thing| thing.id), "killed at {point}");
            if over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_output_that_a_run_did_not_get_as_far_as_is_not_given_out() {
    let pair = Pair::new();
    let fault = crate::testing::Fault::new(NETWORK.kind, "create", crate::kind::CallClass::Refused);
    pair.network.cloud.fail(fault);
    assert_eq!(pair.network.up(&network("10.0.0.0/16")).await.exit_code(), exit::FAILED);
    assert_eq!((pair.standing("network_id"), pair.standing("cidr")), (Standing::Unfinished, Standing::Known));
    let errors = pair.app.plan(&app()).await.unwrap_err();
    assert!(
        said(&errors).contains("the last run of network did not get as far as its output `network_id`"),
        "{errors:?}"
    );
    assert!(said(&errors).contains("finish it first: `up network`"));
}

#[tokio::test]
async fn what_is_used_and_vanished_is_told_and_not_refused() {
    let mut pair = Pair::up().await;
    pair.network.settings = Settings { accept_gone: vec!["*".into()], ..pair.network.settings };
    pair.network.cloud.remove("network-0001");
    let plan = pair.network.plan(&network("10.0.0.0/16")).await.unwrap();
    let told =
        plan.warnings.iter().any(|warning| warning.contains("was used by the stack app: afterwards run `up app`"));
    assert!(told, "{:?}", plan.warnings);
    pair.network.done(&network("10.0.0.0/16")).await;
    let plan = pair.app.plan(&app()).await.unwrap();
    let replaced = plan.steps.iter().find(|step| step.op == Op::Create).unwrap();
    assert_eq!(replaced.reason.to_string(), "depends on stack network's network_id");
}

#[tokio::test]
async fn a_use_at_another_endpoint_keeps_nothing() {
    let pair = Pair::up().await;
    let elsewhere = Uses { endpoint: Some("http://127.0.0.1:1 (another life)".into()), ..pair.uses() };
    pair.exchange.enter(elsewhere);
    pair.network.done(&nothing("network")).await;
    let errors = pair.app.plan(&app()).await.unwrap_err();
    assert!(said(&errors).contains("network has no outputs: it was destroyed, or exports none"), "{errors:?}");
}

#[tokio::test]
async fn a_run_without_an_exchange_reads_no_other_stack() {
    let bench = Bench::new();
    let errors = bench.plan(&app()).await.unwrap_err();
    assert!(said(&errors).contains("this run was given no exchange"), "{errors:?}");
}

#[tokio::test]
async fn an_exchange_that_cannot_be_written_stops_a_use_and_is_told_after_a_run() {
    let pair = Pair::new();
    pair.exchange.set_broken(true);
    let summary = pair.network.up(&network("10.0.0.0/16")).await;
    assert_eq!((summary.exit_code(), summary.done.len()), (exit::INTERRUPTED, 2), "{summary:#?}");
    assert!(summary.store_error.unwrap().reason.contains("it is broken"));
    assert_eq!(summary.next.as_deref(), Some("up network"));
    // Also when nothing is to be done.
    assert!(pair.network.try_up(&network("10.0.0.0/16"), &Cancel::new()).await.is_err());
    pair.exchange.set_broken(false);
    pair.network.done(&network("10.0.0.0/16")).await;
    pair.exchange.set_broken(true);
    assert!(pair.app.try_up(&app(), &Cancel::new()).await.is_err());
    assert!(pair.app.cloud.things().is_empty(), "what cannot be registered is not used");
    pair.exchange.set_broken(false);
    pair.app.done(&app()).await;
}

#[tokio::test]
async fn the_former_generation_stays_until_its_user_has_gone_over_to_the_next() {
    let pair = Pair::new();
    pair.network.done(&network("10.0.0.0/16")).await;
    // Registered when the next generation was made, and right before the former one is deleted.
    pair.exchange.enter_before(4, Uses { lineage: "of app".to_owned(), ..pair.uses() });
    let summary = pair.network.up(&network("10.1.0.0/16")).await;
    assert_eq!(summary.exit_code(), exit::FAILED, "{summary:#?}");
    assert_eq!(pair.network.cloud.things().len(), 3, "both generations, and the role");
    let reason = refused(&pair.network, &network("10.1.0.0/16")).await;
    assert!(reason.contains("or go over to what has taken its place: `up app`"), "{reason}");
    pair.app.done(&app()).await;
    let subnet = pair.app.cloud.things().into_iter().find(|thing| thing.kind == SUBNET.kind).unwrap();
    assert_eq!(*subnet.args.get("network"), Value::from("network-0003"));
    pair.network.done(&network("10.1.0.0/16")).await;
    assert_eq!(pair.network.cloud.things().len(), 2);
}

#[tokio::test]
async fn however_two_runs_meet_nobody_is_left_with_what_is_gone() {
    let mut ends = std::collections::BTreeSet::new();
    for ahead in 0..80 {
        for late in [true, false] {
            let pair = Pair::new();
            pair.network.done(&network("10.0.0.0/16")).await;
            let wait = async |waits: bool| {
                for _ in 0..if waits { ahead } else { 0 } {
                    tokio::task::yield_now().await;
                }
            };
            let (gone, used) = (nothing("network"), app());
            let cancel = Cancel::new();
            let delete = async {
                wait(!late).await;
                pair.network.try_up(&gone, &cancel).await
            };
            let begin = async {
                wait(late).await;
                pair.app.try_up(&used, &cancel).await
            };
            drop(tokio::join!(delete, begin));
            let stands = pair.network.cloud.things().iter().any(|thing| thing.id == "network-0001");
            let uses = pair.app.cloud.things().iter().any(|thing| thing.kind == SUBNET.kind);
            assert!(stands || !uses, "{ahead} turns ahead: something uses what is gone");
            assert_eq!(pair.exchange.uses("app").is_some(), uses, "{ahead} turns ahead");
            ends.insert((stands, uses));
            // Whatever came of it, both get on one after the other.
            pair.network.done(&network("10.0.0.0/16")).await;
            pair.app.done(&app()).await;
        }
    }
    assert!(ends.contains(&(true, true)) && ends.contains(&(false, false)), "either may come first: {ends:?}");
}
