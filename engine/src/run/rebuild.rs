//! [`Session::rebuild`]: the rows of a store that was lost, made anew from the program and the account.
//!
//! A row says three things that no account tells: what was applied, what it depends on, and its options. The last two are the program's. As
//! applied counts what is declared where the account shows it, and what the account shows where it differs, so that the next plan shows the
//! difference as a change to make and not as drift. An argument that nobody can read (a password) counts as declared, and is named.

use std::collections::{BTreeMap, BTreeSet};

use super::anew::{edges_by_ids, plain};
use super::{Session, guard, outputs, pins, places};
use crate::amend::Amender;
use crate::apply::{OutputsNow, expressions, names};
use crate::compare::{complete, taint};
use crate::digest::Digester;
use crate::error::{Error, Turn};
use crate::graph::{Declared, Graph};
use crate::kind::{Identity, Status};
use crate::observe::{Evidence, Found, Looking, Lost, Sight, Unlisted};
use crate::plan::{likeness, recorded_options};
use crate::program::{Declaration, Program};
use crate::record::{Binding, Edge, Entry, Row, RowState, Stored, owner_tag};
use crate::shape::Schema;
use crate::urn::{Uid, Urn};
use crate::value::Value;

/// What the records would be made of, before it is written.
#[derive(Debug, Clone)]
pub struct Rebuilding {
    /// The rows, parents first.
    pub rows: Vec<Rebuilt>,
    /// What is declared and was not found, with the reason.
    pub missing: Vec<(Urn, String)>,
    /// Things that carry the stack's tag and cannot be recorded, in sentences.
    pub unknown: Vec<String>,
    /// What a reader must know, in sentences.
    pub warnings: Vec<String>,
    /// The lineage that the store has or gets: that of the tags.
    pub lineage: String,
    /// Who would do it.
    pub identity: Identity,
    /// The calls that it took, by `service operation`.
    pub calls: BTreeMap<String, u64>,
    entries: Vec<Entry>,
    binding: Binding,
    sequence: u64,
}

/// A row that is made anew.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// The row.
    pub row: Row,
    /// How it is known that the thing is the stack's.
    pub evidence: Evidence,
    /// Whether the program declares it. What it does not declare is deleted by the next `up`.
    pub declared: bool,
    /// The arguments in which the thing is not as declared.
    pub differs: Vec<String>,
    /// The arguments of which the program is believed, since nobody can read them.
    pub believed: Vec<String>,
}

impl Session {
    /// Looks for everything that the stack has in the account and that no row knows, and answers the rows it would be recorded as. Writes nothing
    /// and changes nothing. Rows that are there stay as they are.
    ///
    /// # Errors
    /// A wrong account or store; open steps; tags of several lineages while `lineage` names none; several things under the tag of one resource;
    /// nothing that carries the stack's tag.
    pub async fn rebuild(&mut self, program: &Program, lineage: Option<&str>) -> Result<Rebuilding, Vec<Error>> {
        let calls_before = self.cloud.calls();
        let identity = self.identify(program).await?;
        let graph = Graph::new(program)?;
        let snapshot = self.store.snapshot().clone();
        if let Some(intent) = snapshot.intents().values().next() {
            let reason = format!("an earlier run left a step of {} open", intent.row.urn.path());
            return Err(vec![
                refused(reason).hint("`up`, or the same command with --yes, finds out what became of it"),
            ]);
        }
        let bound = snapshot.binding().map(|binding| binding.lineage.clone());
        if let (Some(bound), Some(wanted)) = (&bound, lineage)
            && bound != wanted
        {
            let reason = format!("the store is of the lineage {bound} and keeps it; {wanted} is another store's");
            return Err(vec![refused(reason).hint("leave --lineage out")]);
        }
        let wanted = bound.as_deref().or(lineage);
        let (stacks, claims) = (BTreeMap::new(), BTreeMap::new());
        let (cloud, events, clock) = (&*self.cloud, &*self.events, &*self.clock);
        let settings = &self.settings;
        let looking = Looking {
            cloud,
            graph: &graph,
            snapshot: &snapshot,
            settings,
            events,
            clock,
            stacks: &stacks,
            claims: &claims,
        };
        let lost = looking.lost(wanted).await?;
        let lineage = chosen(&lost, wanted, program)?;
        doubles(&lost, program)?;
        let binding = Binding { lineage: lineage.clone(), ..self.binding(program, &identity) };
        let anew = Anew { graph: &graph, lost: &lost, binding: &binding, number: snapshot.next_deployment() };
        let (mut rows, known) = anew.declared(&snapshot)?;
        let mut unknown = Vec::new();
        anew.unlisted(&mut rows, &mut unknown);
        let digester = Digester::of(&binding);
        let mut entries: Vec<Entry> = rows.iter().map(|one| Entry::Row(one.row.clone())).collect();
        entries.extend(pins(&lost.seen, &digester));
        let mut values: BTreeMap<String, Stored> = snapshot.outputs().clone();
        values.extend(
            outputs(&graph, &known).iter().map(|(name, value)| (name.clone(), Stored::from_value(value, &digester))),
        );
        entries.push(Entry::Outputs { values });
        Ok(Rebuilding {
            rows,
            missing: lost.missing.into_iter().collect(),
            unknown,
            warnings: lost.seen.warnings,
            lineage,
            identity,
            calls: places::since(self.cloud.calls(), &calls_before),
            entries,
            binding,
            sequence: snapshot.sequence(),
        })
    }

    /// Writes the rows, in one commit. Changes nothing in the account.
    ///
    /// # Errors
    /// When the store has moved on since, or cannot be written.
    pub async fn record(&mut self, rebuilding: Rebuilding) -> Result<(), Vec<Error>> {
        let snapshot = self.store.snapshot();
        guard::still_true(snapshot, rebuilding.sequence)?;
        let by = Amender {
            who: rebuilding.identity.caller,
            at: self.clock.now_millis(),
            command: "state rebuild".to_owned(),
        };
        let lines = rebuilding.rows.iter().map(|one| format!("record {} as {}", one.row.id, one.row.urn)).collect();
        let mut entries = Vec::new();
        if snapshot.binding().is_none() {
            entries.push(Entry::Bound(rebuilding.binding));
        }
        let (number, changed) = (snapshot.next_deployment(), rebuilding.rows.len());
        entries.extend(by.deployment(number, lines, changed, rebuilding.calls, rebuilding.entries));
        self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])
    }
}

fn refused(reason: String) -> Error {
    Error::new(Turn::Refused, "rebuild the records", reason)
}

/// The lineage that the rows are of.
fn chosen(lost: &Lost, wanted: Option<&str>, program: &Program) -> Result<String, Vec<Error>> {
    let shown = |things: &[String]| {
        let more = if things.len() > 3 { format!(" and {} more", things.len() - 3) } else { String::new() };
        format!("{}{more}", things.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
    };
    let all: Vec<String> =
        lost.lineages.iter().map(|(lineage, things)| format!("{lineage} ({})", shown(things))).collect();
    let stack = format!("{}/{}", program.project, program.stack);
    match (wanted, lost.lineages.keys().collect::<Vec<_>>().as_slice()) {
        (Some(wanted), found) if found.iter().any(|one| *one == wanted) => Ok(wanted.to_owned()),
        // A store that has rows keeps its lineage, also when everything else of it is gone.
        (Some(wanted), []) => Ok(wanted.to_owned()),
        (Some(wanted), _) => {
            let reason = format!("nothing carries the lineage {wanted}; those of {stack} are {}", all.join(" and "));
            Err(vec![refused(reason)])
        }
        (None, [one]) => Ok((*one).clone()),
        (None, []) => {
            let reason =
                format!("nothing in the account carries the tag of {stack}, so nothing proves what is its own");
            Err(vec![
                refused(reason)
                    .hint("check account, region and credentials")
                    .hint("what is without tags is taken over by its id: `import`"),
            ])
        }
        (None, _) => {
            let reason = format!("things of {stack} were made out of several stores: {}", all.join(" and "));
            Err(vec![refused(reason).hint("name the one whose records are to be made anew: --lineage LINEAGE")])
        }
    }
}

/// Which of two things is the living one no tag tells.
fn doubles(lost: &Lost, program: &Program) -> Result<(), Vec<Error>> {
    let error = |(urn, ids): (&Urn, &Vec<String>)| {
        let source = program.resources.get(urn).map(|declared| &declared.source);
        refused(format!("several things carry its tag: {}", ids.join(", ")))
            .about(urn, source)
            .hint("delete the one that is not wanted, or take its tag `formwork:stack` off; then rebuild again")
    };
    let errors: Vec<Error> = lost.doubles.iter().map(error).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Makes rows of what was found.
struct Anew<'a> {
    graph: &'a Graph,
    lost: &'a Lost,
    binding: &'a Binding,
    number: u64,
}

impl Anew<'_> {
    /// The rows of what is declared, and all outputs that are known.
    fn declared(&self, snapshot: &crate::state::Snapshot) -> Result<(Vec<Rebuilt>, OutputsNow), Vec<Error>> {
        let mut known = OutputsNow::default();
        known.0.extend(self.lost.seen.reads.iter().map(|(urn, answer)| (urn.clone(), answer.outputs.clone())));
        let mut uids: BTreeMap<usize, Uid> = BTreeMap::new();
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        for &node in self.graph.order() {
            let Declared::Resource(declaration) = self.graph.declared(node) else { continue };
            let names = std::iter::once(&declaration.urn).chain(&self.graph.node(node).aliases);
            if let Some(row) = names.into_iter().find_map(|urn| snapshot.live(urn)) {
                uids.insert(node, row.uid.clone());
                let recorded = row.outputs.to_value();
                let outputs = match self.lost.seen.rows.get(&row.key()).and_then(Sight::seen) {
                    Some(observed) => Some(observed.outputs.clone()),
                    // Without any, they count as not known.
                    None => recorded.as_map().is_some_and(|map| !map.is_empty()).then_some(recorded),
                };
                known.0.extend(outputs.map(|outputs| (declaration.urn.clone(), outputs)));
                continue;
            }
            let Some(found) = self.lost.found.get(&declaration.urn) else { continue };
            let uid = found.owner.as_ref().map_or_else(Uid::random, |owner| owner.uid.clone());
            uids.insert(node, uid.clone());
            known.0.insert(declaration.urn.clone(), found.observed.outputs.clone());
            let edges = self.graph.node(node).edges.iter().filter_map(|edge| {
                let to = uids.get(&edge.to)?.clone();
                Some(Edge { to, field: edge.field.clone(), output: edge.output.clone() })
            });
            let edges: BTreeSet<Edge> = edges.collect();
            match self.row(declaration, found, uid, edges.into_iter().collect(), &known) {
                Ok(row) => rows.push(row),
                Err(error) => errors.push(error.about(&declaration.urn, Some(&declaration.source))),
            }
        }
        if errors.is_empty() { Ok((rows, known)) } else { Err(errors) }
    }

    fn row(
        &self,
        declaration: &Declaration,
        found: &Found,
        uid: Uid,
        edges: Vec<Edge>,
        known: &OutputsNow,
    ) -> Result<Rebuilt, Error> {
        let schema = declaration.schema;
        let digester = Digester::of(self.binding);
        let wrong = |error: crate::expr::EvalError| Error::new(Turn::You, "evaluate", error.to_string());
        let args = declaration.args.iter().map(|(name, expr)| Ok((name.clone(), expr.evaluate(known)?)));
        let args: Result<BTreeMap<String, Value>, crate::expr::EvalError> = args.collect();
        let declared = complete(schema.args, &Value::Map(args.map_err(wrong)?));
        let now = taint(&complete(schema.args, &found.observed.args), &[&declared]);
        let declared = names(schema.args, &declared, &now, "");
        let mut differs = likeness(declaration, &declared, &found.observed, &digester).differing();
        let unread = |name: &str| {
            schema.arg(name).is_some_and(|arg| arg.write_only) || found.observed.unreadable.contains_key(name)
        };
        differs.retain(|name| !unread(name));
        let applied = mixed(&declared, &now, &differs);
        let set = |name: &str| !applied.get(name).is_null() && declaration.args.contains_key(name);
        let believed = schema.args.iter().map(|arg| arg.name).filter(|name| unread(name) && set(name));
        let believed = believed.map(str::to_owned).collect();
        let options = recorded_options(declaration, None, known, &digester).map_err(wrong)?;
        let provider = &declaration.options.provider;
        let place = self.lost.seen.places.get(provider).cloned().unwrap_or_default();
        let row = Row {
            provider: provider.0.clone(),
            account: place.account,
            region: place.region,
            edges,
            options,
            expressions: expressions(declaration),
            formulas: crate::history::formulas(declaration, &Digester::of(self.binding)),
            source: Some(declaration.source.clone()),
            token: found.owner.as_ref().and_then(|owner| owner.token.clone()),
            ..self.plain(schema, uid, &declaration.urn, &found.id, &applied, &found.observed.outputs)
        };
        let (state, reason) = match &found.status {
            Status::Pending(_) | Status::Stuck(_) => (RowState::Creating, None),
            Status::Failed(reason) => (RowState::Failed, Some(reason.clone())),
            Status::Ready | Status::Gone => (RowState::Ready, None),
        };
        let row = Row { state, reason, ..row };
        let differs = differs.into_iter().collect();
        Ok(Rebuilt { row, evidence: found.evidence, declared: true, differs, believed })
    }

    /// A row that knows what the account tells.
    fn plain(&self, schema: &Schema, uid: Uid, urn: &Urn, id: &str, applied: &Value, outputs: &Value) -> Row {
        let row = plain(schema, uid, urn, id, (applied, outputs), &Digester::of(self.binding));
        Row { deployment: self.number, ..row }
    }

    /// The rows of what carries the stack's tag and is not declared, so that the next `up` deletes it where everybody sees it. What hangs on what is
    /// told by the ids in their arguments.
    fn unlisted(&self, rows: &mut Vec<Rebuilt>, unknown: &mut Vec<String>) {
        let ours = owner_tag(&self.binding.project, &self.binding.stack, &self.binding.lineage);
        let mut more = Vec::new();
        for Unlisted { mark, provider, observed } in &self.lost.unlisted {
            let registry = self.lost.registries.get(&(provider.clone(), String::new()));
            let kind = mark.urn.as_ref().and_then(|urn| registry?.kind(urn.kind().as_str()));
            let (Some(urn), Some(kind), Some(observed)) = (&mark.urn, kind, observed) else {
                let named = mark.urn.as_ref().map_or_else(String::new, |urn| format!(", made as {urn}"));
                unknown.push(format!(
                    "{} {} carries the tag {ours}{named}, and cannot be recorded: delete it, or take its tag off",
                    mark.kind, mark.id
                ));
                continue;
            };
            let schema = kind.schema();
            let applied = complete(schema.args, &observed.args);
            let place = self.lost.seen.places.get(provider).cloned().unwrap_or_default();
            let row = Row {
                provider: provider.0.clone(),
                account: place.account,
                region: place.region,
                token: mark.owner.token.clone(),
                ..self.plain(schema, mark.owner.uid.clone(), urn, &mark.id, &applied, &observed.outputs)
            };
            more.push((row, applied));
        }
        for row in edges_by_ids(more, rows.iter().map(|one| &one.row)) {
            let (differs, believed) = (Vec::new(), Vec::new());
            rows.push(Rebuilt { row, evidence: Evidence::Tag, declared: false, differs, believed });
        }
    }
}

/// What is declared, with what is seen in the place of what differs or is not known.
fn mixed(declared: &Value, now: &Value, differs: &BTreeSet<String>) -> Value {
    let Value::Map(map) = declared else { return declared.clone() };
    let entry = |(name, value): (&String, &Value)| {
        let value = if differs.contains(name) || !value.is_known() { now.get(name) } else { value };
        (name.clone(), value.clone())
    };
    Value::Map(map.iter().map(entry).collect())
}
