//! [`Survey`]: an answer for every thing of a file, and what can be adopted.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::graph::{Declared, Graph, NodeId};
use formwork_engine::observe::{Observations, Sight};
use formwork_engine::plan::{FieldChange, Recorded};
use formwork_engine::record::Row;
use formwork_engine::{Urn, Value};

use super::look::Sights;
use super::map::Map;
use super::matching::{By, Looking, Matching, Told};
use super::{File, Is, Item};

/// What becomes of one thing of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It is this resource, and as declared: taking it over only writes whose it is.
    Matches {
        /// The resource.
        urn: Urn,
        /// How it was told.
        by: By,
    },
    /// It is this resource, and not quite as declared: taking it over changes it.
    Differs {
        /// The resource.
        urn: Urn,
        /// How it was told.
        by: By,
        /// What would change.
        changes: Vec<FieldChange>,
    },
    /// It is this resource, and cannot be taken over.
    Blocked {
        /// The resource.
        urn: Urn,
        /// Why not.
        reason: String,
        /// What differs.
        changes: Vec<FieldChange>,
    },
    /// The stack has it already.
    Recorded(Urn),
    /// It is an argument of a resource.
    Part {
        /// The type of the resource.
        kind: &'static str,
        /// Its id.
        of: Option<String>,
        /// The argument.
        argument: &'static str,
        /// The resource, where that was told.
        urn: Option<Urn>,
    },
    /// Several resources could be it.
    Ambiguous(Vec<Urn>),
    /// No declared resource is it. The ones of its type with what tells them apart.
    NotDeclared(Vec<(Urn, Vec<String>)>),
    /// The account does not have it.
    NotThere,
    /// It is in another account or region.
    Elsewhere(String),
    /// It could not be read.
    Unreadable(String),
    /// There is no type for it, or nothing to take over.
    Unsupported(String),
    /// It should not be taken over.
    LeftOut(String),
}

impl Answer {
    /// The word in JSON.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Answer::Matches { .. } => "matches",
            Answer::Differs { .. } => "differs",
            Answer::Blocked { .. } => "blocked",
            Answer::Recorded(_) => "recorded",
            Answer::Part { .. } => "part",
            Answer::Ambiguous(_) => "ambiguous",
            Answer::NotDeclared(_) => "not_declared",
            Answer::NotThere => "not_there",
            Answer::Elsewhere(_) => "elsewhere",
            Answer::Unreadable(_) => "unreadable",
            Answer::Unsupported(_) => "unsupported",
            Answer::LeftOut(_) => "left_out",
        }
    }

    /// The resource that it is.
    pub(crate) fn urn(&self) -> Option<&Urn> {
        match self {
            Answer::Matches { urn, .. } | Answer::Differs { urn, .. } | Answer::Blocked { urn, .. } => Some(urn),
            Answer::Recorded(urn) => Some(urn),
            Answer::Part { urn, .. } => urn.as_ref(),
            _ => None,
        }
    }

    /// The resources that it is or could be.
    fn may_be(&self) -> impl Iterator<Item = &Urn> {
        let candidates = match self {
            Answer::Ambiguous(candidates) => candidates.as_slice(),
            _ => &[],
        };
        self.urn().into_iter().chain(candidates)
    }

    /// Whether nothing is left to decide about it.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(
            self,
            Answer::Matches { .. }
                | Answer::Differs { .. }
                | Answer::Recorded(_)
                | Answer::Part { .. }
                | Answer::LeftOut(_)
        )
    }
}

/// What was found out about a file.
#[derive(Debug, Clone)]
pub(crate) struct Survey {
    /// The file.
    pub(crate) file: File,
    /// The answers, in the order of the file's items.
    pub(crate) answers: Vec<Answer>,
    /// The declared resources that the file does not have and the stack neither.
    pub(crate) missing: Vec<Urn>,
    /// By urn, the ids of what can be taken over.
    pub(crate) imports: BTreeMap<String, String>,
}

impl Survey {
    /// Tells everything that can be told.
    pub(crate) fn new(
        file: File,
        map: &Map,
        graph: &Graph,
        recorded: &Recorded,
        observations: &Observations,
        sights: &Sights,
    ) -> Self {
        let rows = Rows::of(graph, recorded, observations);
        let named: BTreeSet<Urn> = rows.by_urn.keys().cloned().collect();
        let looking = Looking { graph, items: &file.items, sights, recorded: &named, digester: recorded.digester() };
        let mut matching = Matching::new(looking, rows.outputs.clone());
        let known: BTreeMap<usize, Urn> =
            file.items.iter().enumerate().filter_map(|(index, item)| Some((index, rows.holding(item)?))).collect();
        known.keys().chain(sights.elsewhere.keys()).for_each(|index| matching.skip(*index));
        let told = matching.run(map);
        let answering = Answering { graph, recorded, sights, told: &told, known: &known, map, rows: &rows };
        let mut answers: Vec<Answer> =
            file.items.iter().enumerate().map(|(index, item)| answering.answer(index, item)).collect();
        hold_back(graph, &named, &mut answers);
        attribute_parts(&file.items, &rows, &mut answers);
        let found: BTreeSet<&Urn> = answers.iter().flat_map(Answer::may_be).collect();
        let order = &graph.program().order;
        let missing = order.iter().filter(|urn| !found.contains(urn) && !named.contains(urn)).cloned().collect();
        let adopted = file.items.iter().zip(&answers).filter_map(|(item, answer)| match (&item.is, answer) {
            (Is::Thing { id, .. }, Answer::Matches { urn, .. } | Answer::Differs { urn, .. }) => {
                Some((urn.to_string(), id.clone()))
            }
            _ => None,
        });
        let imports = adopted.collect();
        Self { file, answers, missing, imports }
    }

    /// Whether nothing is left to decide about any thing of the file.
    pub(crate) fn is_settled(&self) -> bool {
        self.answers.iter().all(Answer::is_settled)
    }

    /// How many answers there are of each word.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for answer in &self.answers {
            *counts.entry(answer.word()).or_default() += 1;
        }
        counts
    }
}

/// What the stack has.
struct Rows<'a> {
    /// By the name under which it is declared.
    by_urn: BTreeMap<Urn, &'a Row>,
    /// By type and id.
    by_id: BTreeMap<(String, String), Urn>,
    /// The outputs, of reads too.
    outputs: BTreeMap<Urn, Value>,
}

impl<'a> Rows<'a> {
    fn of(graph: &Graph, recorded: &'a Recorded, observations: &Observations) -> Self {
        let mut rows = Self { by_urn: BTreeMap::new(), by_id: BTreeMap::new(), outputs: BTreeMap::new() };
        for row in recorded.rows().values().map(|recorded| &recorded.row) {
            rows.by_id.insert((row.kind.to_string(), row.id.clone()), row.urn.clone());
        }
        for node in graph.nodes() {
            let names = std::iter::once(&node.urn).chain(&node.aliases);
            let Some(found) = names.into_iter().find_map(|urn| recorded.live(urn)) else { continue };
            let outputs = match observations.rows.get(&found.row.key()) {
                Some(Sight::Seen(observed)) => observed.outputs.clone(),
                _ => found.outputs.clone(),
            };
            rows.by_urn.insert(node.urn.clone(), &found.row);
            rows.outputs.insert(node.urn.clone(), outputs);
        }
        let reads = observations.reads.iter().map(|(urn, answer)| (urn.clone(), answer.outputs.clone()));
        rows.outputs.extend(reads);
        rows
    }

    /// The row that holds a thing already.
    fn holding(&self, item: &Item) -> Option<Urn> {
        let Is::Thing { kind, id } = &item.is else { return None };
        self.by_id.get(&((*kind).to_owned(), id.clone())).cloned()
    }
}

struct Answering<'a> {
    graph: &'a Graph,
    recorded: &'a Recorded,
    sights: &'a Sights,
    told: &'a Told,
    known: &'a BTreeMap<usize, Urn>,
    map: &'a Map,
    rows: &'a Rows<'a>,
}

impl Answering<'_> {
    fn answer(&self, index: usize, item: &Item) -> Answer {
        match &item.is {
            Is::Unsupported(why) => return Answer::Unsupported(why.clone()),
            Is::LeftOut(why) => return Answer::LeftOut(why.clone()),
            Is::Part { kind, of, argument } => return Answer::Part { kind, of: of.clone(), argument, urn: None },
            Is::Thing { .. } => {}
        }
        if let Some(urn) = self.known.get(&index) {
            return Answer::Recorded(urn.clone());
        }
        if let Some((urn, row)) = self.map.get(&index).and_then(|urn| Some((urn, self.rows.by_urn.get(urn)?))) {
            let reason = format!("the mapping file says so, and the stack has {} for it already", row.id);
            return Answer::Blocked { urn: urn.clone(), reason, changes: Vec::new() };
        }
        if let Some(reason) = self.sights.elsewhere.get(&index) {
            return Answer::Elsewhere(reason.clone());
        }
        let of_item = (index, formwork_engine::ProviderName::default())..;
        let seen: Vec<&Sight> = self
            .sights
            .seen
            .range(of_item)
            .take_while(|((item, _), _)| *item == index)
            .map(|(_, sight)| sight)
            .collect();
        if !seen.iter().any(|sight| sight.seen().is_some()) {
            let unreadable = seen.iter().find_map(|sight| match sight {
                Sight::Unreadable(reason) => Some(reason.clone()),
                Sight::Seen(_) | Sight::Gone => None,
            });
            return unreadable.map_or(Answer::NotThere, Answer::Unreadable);
        }
        if let Some((urn, by)) = self.told.told.get(&index) {
            return self.told(index, item, urn, *by);
        }
        match self.told.candidates.get(&index) {
            Some(candidates) => Answer::Ambiguous(candidates.clone()),
            None => Answer::NotDeclared(self.told.unlike.get(&index).cloned().unwrap_or_default()),
        }
    }

    fn told(&self, index: usize, item: &Item, urn: &Urn, by: By) -> Answer {
        let options = self.graph.resource(urn).map(|declared| declared.options.clone()).unwrap_or_default();
        let provider = options.provider;
        let sight = self.sights.seen.get(&(index, provider));
        let blocked = |reason: String, changes: Vec<FieldChange>| Answer::Blocked { urn: urn.clone(), reason, changes };
        let Some(observed) = sight.and_then(Sight::seen) else {
            // The mapping file or the program says so, and it is somewhere else.
            return blocked("it is not where the resource is declared to be".to_owned(), Vec::new());
        };
        if let (Some(other), Is::Thing { id, .. }) = (&options.import, &item.is)
            && other != id
        {
            return blocked(format!("the program says that it is {other}, with the option import"), Vec::new());
        }
        let owner = observed.owner.as_ref().filter(|owner| owner.stack != self.recorded.owner_tag());
        if let Some(owner) = owner {
            return blocked(format!("it carries the tag of the stack {}", owner.stack), Vec::new());
        }
        let Some(like) = self.told.likeness.get(&index) else {
            return blocked("it was not compared".to_owned(), Vec::new());
        };
        // What is not known yet is no difference: what it depends on is taken over, or holds it back.
        let known = |change: &&FieldChange| change.after.is_known() || change.forces_replacement && !change.maybe;
        let hard: Vec<FieldChange> = like.refused.iter().chain(&like.changes).filter(known).cloned().collect();
        let stuck: Vec<&str> = like
            .refused
            .iter()
            .chain(like.changes.iter().filter(|change| change.forces_replacement))
            .filter(known)
            .map(|change| change.path.as_str())
            .collect();
        if !stuck.is_empty() {
            let reason = format!("{} cannot be changed on the living thing", quoted(&stuck));
            return blocked(reason, hard);
        }
        match hard.is_empty() {
            true => Answer::Matches { urn: urn.clone(), by },
            false => Answer::Differs { urn: urn.clone(), by, changes: hard },
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What needs something that is neither there nor taken over with it would have that made first: it waits.
fn hold_back(graph: &Graph, recorded: &BTreeSet<Urn>, answers: &mut [Answer]) {
    loop {
        let ready: BTreeSet<Urn> = answers
            .iter()
            .filter(|answer| matches!(answer, Answer::Matches { .. } | Answer::Differs { .. }))
            .filter_map(|answer| answer.urn().cloned())
            .collect();
        let mut held = false;
        for answer in answers.iter_mut() {
            let (urn, changes) = match answer {
                Answer::Matches { urn, .. } => (urn.clone(), Vec::new()),
                Answer::Differs { urn, changes, .. } => (urn.clone(), std::mem::take(changes)),
                _ => continue,
            };
            let open = first_open(graph, &urn, recorded, &ready);
            match open {
                Some(needs) => {
                    let reason = format!(
                        "it needs {} ({}) first, which is neither in the stack nor taken over with it",
                        needs.path(),
                        needs.kind().short()
                    );
                    *answer = Answer::Blocked { urn, reason, changes };
                    held = true;
                }
                None => {
                    if let Answer::Differs { changes: kept, .. } = answer {
                        *kept = changes;
                    }
                }
            }
        }
        if !held {
            return;
        }
    }
}

fn first_open(graph: &Graph, urn: &Urn, recorded: &BTreeSet<Urn>, ready: &BTreeSet<Urn>) -> Option<Urn> {
    let node: NodeId = graph.find(urn)?;
    let before = graph.node(node).edges.iter().filter_map(|edge| match graph.declared(edge.to) {
        Declared::Resource(declared) => Some(&declared.urn),
        Declared::Read(_) => None,
    });
    before.into_iter().find(|urn| !recorded.contains(urn) && !ready.contains(urn)).cloned()
}

/// The resources that parts are parts of, where those were told.
fn attribute_parts(items: &[Item], rows: &Rows<'_>, answers: &mut [Answer]) {
    let mut resources: BTreeMap<(&str, &str), Urn> = BTreeMap::new();
    for (item, answer) in items.iter().zip(answers.iter()) {
        if let (Is::Thing { kind, id }, Some(urn)) = (&item.is, answer.urn()) {
            resources.insert((*kind, id.as_str()), urn.clone());
        }
    }
    for answer in answers {
        if let Answer::Part { kind, of: Some(of), urn, .. } = answer {
            let recorded = || rows.by_id.get(&((*kind).to_owned(), of.clone()));
            *urn = resources.get(&(*kind, of.as_str())).or_else(recorded).cloned();
        }
    }
}
