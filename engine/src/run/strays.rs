//! Strays: what carries the tags of this very store and no row knows. A store that was restored from an old copy, or a call that was executed after
//! everybody had given it up, leaves such.
//!
//! What is declared and has no row is taken over ([`Claim`]); the rest gets rows that nothing declares, so that the plan ends them like any other.
//! These rows are committed with the beginning of the run: from then on a kill leaves what every kill leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::anew::{edges_by_ids, plain};
use super::{Session, guard, settled, sharing};
use crate::compare::complete;
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::graph::Graph;
use crate::kind::{CallClass, Identity, Mark};
use crate::observe::{Claim, Looking, Observations, Sight, Stray};
use crate::plan::{Op, likeness, natural_key};
use crate::program::{Declaration, Program};
use crate::record::{Binding, Row, owner_tag};
use crate::shape::Guard;
use crate::state::Snapshot;
use crate::urn::{KindName, SEGMENT_LIMIT, Uid, Urn};
use crate::value::Value;

/// Of how many things of a type the tags are asked for one by one at most, before a run: as many as a second of calls.
const ONE_BY_ONE: usize = 40;

/// What becomes of the strays.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// What declared resources take over, by name.
    pub(super) claims: BTreeMap<Urn, Claim>,
    /// The rows of what goes.
    pub(super) rows: Vec<Row>,
    /// What is only shown, in sentences.
    pub(super) warnings: Vec<String>,
}

impl Session {
    /// Looks for strays, and decides about each.
    ///
    /// # Errors
    /// An empty store while things of the stack exist; several things under the tag of one resource that is to be taken over; credentials that are
    /// not valid any more.
    pub(super) async fn strays(
        &self,
        program: &Program,
        graph: &Graph,
        view: &Snapshot,
        identity: &Identity,
        binding: &Binding,
    ) -> Result<Strays, Vec<Error>> {
        let (cloud, settings) = (&*self.cloud, &self.settings);
        let (events, clock) = (&*self.events, &*self.clock);
        let (stacks, claims) = (BTreeMap::new(), BTreeMap::new());
        let looking =
            Looking { cloud, graph, snapshot: view, settings, events, clock, stacks: &stacks, claims: &claims };
        let registries = looking.registries().await?;
        let tagged = match looking.tagged(Some(kinds(program, view)), Some(ONE_BY_ONE), &registries).await {
            Ok(tagged) => tagged,
            Err(errors) if errors.iter().any(|error| error.turn == Turn::Credentials) => return Err(errors),
            Err(errors) => {
                let said = errors.iter().map(|error| error.reason.as_str()).collect::<Vec<_>>().join("; ");
                let warning = format!("things of this stack that no row knows could not be looked for: {said}");
                return Ok(Strays { warnings: vec![warning], ..Strays::default() });
            }
        };
        if let Some((_, error)) = tagged.refused.iter().find(|(_, error)| error.class == CallClass::Credentials) {
            return Err(vec![Error::new(Turn::Credentials, "look for the things of the stack", error.to_string())]);
        }
        let marks: Vec<&Mark> = tagged.marks.iter().map(|(_, mark)| mark).collect();
        guard::empty_store(&marks, view, binding)?;
        let refused = tagged.refused.iter().map(|(kind, error)| {
            format!("{kind}: things of this stack that no row knows could not be looked for: {error}")
        });
        let mut warnings: Vec<String> = refused.chain(tagged.unasked).collect();
        let apart = Apart::new(self, program, view, binding);
        let (mut ours, mut said) = (Vec::new(), Vec::new());
        for (provider, mark) in tagged.marks {
            match apart.reason(&mark) {
                None => ours.push((provider, mark)),
                Some(sentence) => said.extend(sentence),
            }
        }
        warnings.extend(said);
        let (strays, said) = looking.look_at_marks(ours, &registries).await?;
        warnings.extend(said);
        let sorted = match strays.is_empty() {
            true => Strays::default(),
            false => {
                let (_, stacks) = sharing::look(self.exchange.as_deref(), program, identity).await?;
                let looking = Looking { stacks: &stacks, ..looking };
                let mut seen = Observations { reads: stacks.clone(), ..Observations::default() };
                loop {
                    // What a read is asked with may be known once something was taken over.
                    let answered = seen.reads.len();
                    looking.read_reads(&registries, &mut seen).await?;
                    seen.imports.clear();
                    let sorted = Sorting { looking: &looking, binding }.sort(&strays, &mut seen)?;
                    if seen.reads.len() == answered || seen.imports.is_empty() {
                        break sorted;
                    }
                }
            }
        };
        Ok(Strays { warnings, ..sorted })
    }
}

/// The kinds that a run of this store may have made: those of the program, of the rows, and of the runs that are remembered. Of others there can be
/// nothing, and asking for them would need permissions that the stack does not.
fn kinds(program: &Program, view: &Snapshot) -> BTreeSet<KindName> {
    let declared = program.resources.keys();
    let recorded = view.urns();
    let planned = view.deployments().values().flat_map(|run| run.start.steps.iter().map(|step| &step.urn));
    declared.chain(recorded).chain(planned).map(Urn::kind).collect()
}

/// Tells which of the things that carry the tag are none of this run's.
struct Apart<'a> {
    ours: String,
    stack: &'a str,
    view: &'a Snapshot,
    /// Open steps speak for what they may have made.
    open: BTreeSet<Uid>,
    /// What the latest runs ended may still be shown.
    ended: BTreeSet<Urn>,
    /// Whether the run is about a part of the stack only.
    partial: bool,
    /// What the run was told to adopt.
    adopted: BTreeSet<String>,
}

impl<'a> Apart<'a> {
    fn new(session: &Session, program: &Program, view: &'a Snapshot, binding: &'a Binding) -> Self {
        let open = session.store.snapshot().intents().keys().map(|(uid, _)| uid.clone()).collect();
        let since = settled::latest(view, session.clock.now_millis()).map(|(number, _)| number);
        let latest = since.into_iter().flat_map(|since| view.deployments().range(since..));
        let ends = latest.flat_map(|(_, run)| &run.start.steps);
        let ends = ends.filter(|step| step.op == Op::Delete.word());
        Self {
            ours: owner_tag(&program.project, &program.stack, &binding.lineage),
            stack: &binding.stack,
            view,
            open,
            ended: ends.map(|step| step.urn.clone()).collect(),
            adopted: session.settings.imports.values().cloned().collect(),
            partial: !session.settings.targets.is_empty() || !session.settings.imports.is_empty(),
        }
    }

    /// `None` where the run does something about it; otherwise what is said of it, if anything is.
    fn reason(&self, mark: &Mark) -> Option<Option<String>> {
        let Mark { kind, id, owner, urn } = mark;
        if owner.stack != self.ours {
            return Some(Some(format!(
                "{kind} {id} was made for this stack out of another store ({}): where that is lost, `state rebuild {}` in an empty \
                 store records it anew",
                owner.stack, self.stack
            )));
        }
        let ended = urn.as_ref().is_some_and(|urn| self.ended.contains(urn));
        if ended || self.open.contains(&owner.uid) || self.adopted.contains(id) {
            return Some(None);
        }
        if self.view.was_let_go(&owner.uid) {
            return Some(Some(format!(
                "{kind} {id} was let go by this stack and stays as it is: take it over with `import NAME {id}`, or take its tag \
                 `formwork:stack` off"
            )));
        }
        let sentence = || format!("{kind} {id} carries the tag of this stack, and no row knows it");
        self.partial.then(|| Some(format!("{}: a run about a part of the stack leaves it alone", sentence())))
    }
}

/// What is decided with.
struct Sorting<'a> {
    looking: &'a Looking<'a>,
    binding: &'a Binding,
}

impl Sorting<'_> {
    /// Gives strays to the declared resources that they are, and rows to the rest. What was given is put into `seen`: it tells what others refer to.
    fn sort(&self, strays: &[Stray], seen: &mut Observations) -> Result<Strays, Vec<Error>> {
        let mut claims = BTreeMap::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut errors = Vec::new();
        for declaration in self.looking.without_rows() {
            let args = self.looking.args_of(declaration, seen);
            let is_of = |stray: &Stray| {
                stray.schema.kind == declaration.schema.kind && stray.provider == declaration.options.provider
            };
            let open = |by: &dyn Fn(&Stray) -> bool| -> Vec<usize> {
                let open = strays.iter().enumerate().filter(|(index, _)| !taken.contains(index));
                open.filter(|(_, stray)| is_of(stray) && by(stray)).map(|(index, _)| index).collect()
            };
            let graph = self.looking.graph;
            let node = graph.find(&declaration.urn);
            let aliases = node.into_iter().flat_map(|node| &graph.node(node).aliases);
            let names: Vec<&Urn> = std::iter::once(&declaration.urn).chain(aliases).collect();
            let named = |stray: &Stray| stray.mark.urn.as_ref().is_some_and(|urn| names.contains(&urn));
            let mut found = open(&named);
            if found.is_empty() {
                found = open(&|stray| has_key(args.as_ref(), stray));
            }
            found.retain(|&index| self.fits(declaration, args.as_ref(), &strays[index]));
            match found[..] {
                [] => {}
                [index] => {
                    let Stray { mark: Mark { id, owner, .. }, observed, .. } = &strays[index];
                    taken.insert(index);
                    let uid = if self.is_free(&owner.uid) { owner.uid.clone() } else { Uid::random() };
                    claims.insert(declaration.urn.clone(), Claim { id: id.clone(), uid });
                    seen.imports.insert(declaration.urn.clone(), Sight::Seen(observed.clone()));
                }
                _ => {
                    let ids: Vec<&str> = found.iter().map(|&index| strays[index].mark.id.as_str()).collect();
                    let reason = format!("no row knows it, and several things carry its tag: {}", ids.join(", "));
                    let path = declaration.urn.path();
                    errors.push(
                        Error::new(Turn::Refused, "tell which thing is", reason)
                            .about(&declaration.urn, Some(&declaration.source))
                            .hint(format!("say which: `import {path} ID`; the others are then planned for deletion"))
                            .hint("or delete the one that is not wanted, or take its tag `formwork:stack` off"),
                    );
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let rest = strays.iter().enumerate().filter(|(index, _)| !taken.contains(index));
        Ok(Strays { rows: self.rows(rest.map(|(_, stray)| stray.clone())), claims, warnings: Vec::new() })
    }

    fn is_free(&self, uid: &Uid) -> bool {
        self.looking.snapshot.rows_by_uid(uid).next().is_none()
    }

    /// Whether the thing can become what is declared. What would have to be replaced is deleted and made instead, in the open; and so is what
    /// would have to refer to something that is made only now.
    fn fits(&self, declaration: &Declaration, args: Option<&Value>, stray: &Stray) -> bool {
        let Some(args) = args else { return true };
        let like = likeness(declaration, args, &stray.observed, &Digester::of(self.binding));
        like.refused.is_empty() && !like.changes.iter().any(|change| change.forces_replacement)
    }

    fn rows(&self, strays: impl Iterator<Item = Stray>) -> Vec<Row> {
        let nodes = self.looking.graph.nodes().iter();
        let mut names: BTreeSet<Urn> =
            nodes.flat_map(|node| std::iter::once(&node.urn).chain(&node.aliases)).cloned().collect();
        names.extend(self.looking.snapshot.urns().cloned());
        let mut uids = BTreeSet::new();
        let digester = Digester::of(self.binding);
        let mut rows = Vec::new();
        for Stray { mark, provider, account, region, schema, observed } in strays {
            let kind = KindName::new(schema.kind);
            let fits = |urn: &Urn| urn.stack() == self.binding.stack && urn.kind() == kind && !names.contains(urn);
            let Some(urn) = mark.urn.filter(fits).or_else(|| free_name(&self.binding.stack, &mark.id, &kind, &names))
            else {
                continue;
            };
            names.insert(urn.clone());
            let uid = Some(mark.owner.uid).filter(|uid| self.is_free(uid) && !uids.contains(uid));
            let uid = uid.unwrap_or_else(Uid::random);
            uids.insert(uid.clone());
            let applied = complete(schema.args, &observed.args);
            let row = Row {
                provider: provider.0,
                account,
                region,
                token: mark.owner.token,
                // No declared resource comes by it through its key: what it may be was decided.
                natural_key: String::new(),
                ..plain(schema, uid, &urn, &mark.id, (&applied, &observed.outputs), &digester)
            };
            rows.push((row, applied));
        }
        edges_by_ids(rows, self.looking.snapshot.rows().values())
    }
}

/// Whether it stands under the key that is declared, of a type of which there is only one under a key.
fn has_key(args: Option<&Value>, stray: &Stray) -> bool {
    let unique = matches!(stray.schema.guard, Guard::UniqueName | Guard::Upsert);
    let key = args.map(|args| natural_key(stray.schema, args)).filter(|key| !key.is_empty());
    let theirs = || natural_key(stray.schema, &complete(stray.schema.args, &stray.observed.args));
    unique && key.is_some_and(|key| key == theirs())
}

/// A name for what has none of its own, or one that is another's: `prod::stray/vpc-0a::aws:ec2/vpc`.
fn free_name(stack: &str, id: &str, kind: &KindName, taken: &BTreeSet<Urn>) -> Option<Urn> {
    let fitting = |c: char| if c.is_ascii_alphanumeric() || "._+=@-".contains(c) { c } else { '-' };
    let name: Vec<char> = id.chars().map(fitting).collect();
    // The end of an ARN says more than its beginning; a number may come to it.
    let from = name.len().saturating_sub(SEGMENT_LIMIT - 4);
    let name: String = name[from..].iter().collect();
    let numbered = std::iter::once(name.clone()).chain((2..1000).map(|number| format!("{name}-{number}")));
    numbered.filter_map(|name| Urn::new(stack, &["stray", &name], kind).ok()).find(|urn| !taken.contains(urn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_without_a_name_is_called_after_its_id() {
        let kind = KindName::new("aws:iam/policy");
        let id = format!("arn:aws:iam::123456789012:policy/{}", "long".repeat(20));
        let urn = free_name("prod", &id, &kind, &BTreeSet::new()).unwrap();
        assert_eq!(urn.path(), format!("stray/{}", "long".repeat(15)));
        let next = free_name("prod", &id, &kind, &[urn.clone()].into()).unwrap();
        assert_eq!(next.path(), format!("{}-2", urn.path()));
        let vpc = free_name("prod", "vpc-0a", &KindName::new("aws:ec2/vpc"), &BTreeSet::new()).unwrap();
        assert_eq!(vpc.as_str(), "prod::stray/vpc-0a::aws:ec2/vpc");
    }
}
