//! [`Snapshot`]: the fold of a log.

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Sealed;
use crate::record::{Binding, DeploymentEnd, DeploymentStart, Entry, Intent, Row, RowKey, RowState, Stored, TakenOver};
use crate::state::StateError;
use crate::urn::{Uid, Urn};

/// The recorded answer of a pinned read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Its arguments when it was pinned.
    pub args: Stored,
    /// Its outputs.
    pub outputs: Stored,
}

/// A recorded run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// How it began.
    pub start: DeploymentStart,
    /// How it ended; `None` when it was killed, or still runs.
    pub end: Option<DeploymentEnd>,
}

/// The name of a part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The binding.
    Binding,
    /// The outputs of the stack, all together, as they are written.
    Outputs,
    /// A pinned read.
    Pin(Urn),
    /// A run.
    Deployment(u64),
    /// A row.
    Row(RowKey),
    /// An intent.
    Intent(RowKey),
    /// A resource that was let go.
    LetGo(RowKey),
}

impl Item {
    /// The items that the fold of an entry may change.
    pub(super) fn touched(entry: &Entry) -> Vec<Self> {
        match entry {
            Entry::Bound(_) => vec![Item::Binding],
            Entry::DeploymentStarted(DeploymentStart { number, .. })
            | Entry::DeploymentEnded(DeploymentEnd { number, .. }) => vec![Item::Deployment(*number)],
            Entry::Intent(intent) => vec![Item::Intent(intent.row.key())],
            Entry::Accepted { row } | Entry::Progress(row) => vec![Item::Row(row.key())],
            Entry::Row(row) => vec![Item::Row(row.key()), Item::Intent(row.key())],
            Entry::Removed { uid, generation, forgotten } => {
                let key = (uid.clone(), *generation);
                let let_go = forgotten.then(|| Item::LetGo(key.clone()));
                [Item::Row(key.clone()), Item::Intent(key)].into_iter().chain(let_go).collect()
            }
            Entry::Dropped { uid, generation } => vec![Item::Intent((uid.clone(), *generation))],
            Entry::Observed { uid, generation, args: _, outputs: _ } => vec![Item::Row((uid.clone(), *generation))],
            Entry::Pinned { urn, args: _, outputs: _ } | Entry::Unpinned { urn } => vec![Item::Pin(urn.clone())],
            Entry::TakenOver(took) => took.deployment.map(Item::Deployment).into_iter().collect(),
            // History alone.
            Entry::Moved(_) => Vec::new(),
            Entry::Outputs { values: _ } => vec![Item::Outputs],
        }
    }
}

/// Everything a store knows after some commit: a pure fold of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    sequence: u64,
    binding: Option<Binding>,
    rows: BTreeMap<RowKey, Row>,
    names: BTreeMap<Urn, BTreeSet<RowKey>>,
    intents: BTreeMap<RowKey, Intent>,
    pins: BTreeMap<Urn, Pin>,
    outputs: BTreeMap<String, Stored>,
    deployments: BTreeMap<u64, Deployment>,
    takeovers: BTreeMap<u64, TakenOver>,
    let_go: BTreeSet<RowKey>,
}

impl Snapshot {
    /// The fold of one commit with these entries, for tests and tools.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut snapshot = Self::default();
        snapshot.fold(entries);
        snapshot
    }

    /// The fold of these entries, said to be that of the first `sequence` commits: for what was kept as [`Snapshot::entries`].
    pub(super) fn restored<'a>(sequence: u64, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        Self { sequence, ..Self::of(entries) }
    }

    /// The number of commits it is the fold of.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// What the store belongs to; `None` before its first commit.
    pub fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    /// All rows, deposed ones included.
    pub fn rows(&self) -> &BTreeMap<RowKey, Row> {
        &self.rows
    }

    /// The intents that are open.
    pub fn intents(&self) -> &BTreeMap<RowKey, Intent> {
        &self.intents
    }

    /// The pinned reads.
    pub fn pins(&self) -> &BTreeMap<Urn, Pin> {
        &self.pins
    }

    /// The outputs of the stack after the last run that wrote them.
    pub fn outputs(&self) -> &BTreeMap<String, Stored> {
        &self.outputs
    }

    /// The runs by number.
    pub fn deployments(&self) -> &BTreeMap<u64, Deployment> {
        &self.deployments
    }

    /// Who took the store over from a run that was cut short.
    pub fn taken_over(&self, deployment: u64) -> Option<&TakenOver> {
        self.takeovers.get(&deployment)
    }

    /// The secrets that are kept sealed, by their digests.
    pub fn sealed(&self) -> Sealed {
        let mut sealed = Sealed::new();
        let pins = self.pins.values().flat_map(|pin| [&pin.args, &pin.outputs]);
        let rows = self
            .rows
            .values()
            .chain(self.intents.values().flat_map(|intent| intent.before.iter().chain([&intent.row])));
        let rows = rows.flat_map(|row| [&row.applied, &row.outputs].into_iter().chain(&row.observed));
        self.outputs.values().chain(pins).chain(rows).for_each(|stored| stored.collect_sealed(&mut sealed));
        sealed
    }

    /// Whether a row of this resource was given up while the thing may have stayed in the account: on purpose, so that what carries its tags is
    /// no stray.
    pub fn was_let_go(&self, uid: &Uid) -> bool {
        self.let_go.range((uid.clone(), 0)..=(uid.clone(), u32::MAX)).next().is_some()
    }

    /// The resources that were let go, by uid and generation.
    pub fn let_go(&self) -> &BTreeSet<RowKey> {
        &self.let_go
    }

    /// The number of the next run.
    pub fn next_deployment(&self) -> u64 {
        self.deployments.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    /// A row.
    pub fn row(&self, uid: &Uid, generation: u32) -> Option<&Row> {
        self.rows.get(&(uid.clone(), generation))
    }

    /// An open intent.
    pub fn intent(&self, uid: &Uid, generation: u32) -> Option<&Intent> {
        self.intents.get(&(uid.clone(), generation))
    }

    /// The row that stands for a name: of those that are not deposed, one that is not being deleted before one that is, then the
    /// highest generation.
    pub fn live(&self, urn: &Urn) -> Option<&Row> {
        self.named(urn)
            .filter(|row| row.state != RowState::Deposed)
            .max_by_key(|row| (row.state != RowState::Deleting, row.generation))
    }

    /// The rows of a name, deposed ones included.
    pub fn named(&self, urn: &Urn) -> impl Iterator<Item = &Row> {
        self.names.get(urn).into_iter().flatten().filter_map(|key| self.rows.get(key))
    }

    /// The names that have rows.
    pub fn urns(&self) -> impl Iterator<Item = &Urn> {
        self.names.keys()
    }

    /// The generations of one resource, the lowest first.
    pub fn rows_by_uid(&self, uid: &Uid) -> impl Iterator<Item = &Row> {
        self.rows.range((uid.clone(), 0)..=(uid.clone(), u32::MAX)).map(|(_, row)| row)
    }

    /// The generations of one resource that wait for their deletion.
    pub fn deposed(&self, uid: &Uid) -> impl Iterator<Item = &Row> {
        self.rows_by_uid(uid).filter(|row| row.state == RowState::Deposed)
    }

    /// Folds one commit: its entries in order, and the sequence goes up by one.
    pub fn fold<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>) {
        for entry in entries {
            self.apply(entry);
        }
        self.sequence += 1;
    }

    /// Folds one entry. Entries about rows or runs that are not there change nothing: an observation may arrive after its row
    /// was removed.
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Bound(binding) => self.binding = Some(binding.clone()),
            Entry::DeploymentStarted(start) => {
                self.deployments.insert(start.number, Deployment { start: start.clone(), end: None });
            }
            Entry::DeploymentEnded(end) => {
                if let Some(deployment) = self.deployments.get_mut(&end.number) {
                    deployment.end = Some(end.clone());
                }
            }
            Entry::Intent(intent) => {
                self.intents.insert(intent.row.key(), intent.clone());
            }
            Entry::Accepted { row } | Entry::Progress(row) => self.put_row(row.clone()),
            Entry::Row(row) => {
                self.intents.remove(&row.key());
                self.put_row(row.clone());
            }
            Entry::Removed { uid, generation, forgotten } => {
                let key = (uid.clone(), *generation);
                self.intents.remove(&key);
                self.remove_row(&key);
                if *forgotten {
                    self.let_go.insert(key);
                }
            }
            Entry::Dropped { uid, generation } => {
                self.intents.remove(&(uid.clone(), *generation));
            }
            Entry::Observed { uid, generation, args, outputs } => {
                if let Some(row) = self.rows.get_mut(&(uid.clone(), *generation)) {
                    row.observed = Some(args.clone());
                    row.outputs = outputs.clone();
                }
            }
            Entry::Pinned { urn, args, outputs } => {
                self.pins.insert(urn.clone(), Pin { args: args.clone(), outputs: outputs.clone() });
            }
            Entry::Unpinned { urn } => {
                self.pins.remove(urn);
            }
            Entry::TakenOver(took) => {
                if let Some(number) = took.deployment.filter(|number| self.deployments.contains_key(number)) {
                    self.takeovers.insert(number, took.clone());
                }
            }
            Entry::Moved(_) => {}
            Entry::Outputs { values } => self.outputs = values.clone(),
        }
    }

    /// The entries whose fold, as one commit, makes the same again: history is left out. The binding comes first.
    pub fn to_entries(&self) -> Vec<Entry> {
        self.items().flat_map(|item| self.entries(&item)).collect()
    }

    /// Everything that there is one of, by name: what a view has values of.
    pub(super) fn items(&self) -> impl Iterator<Item = Item> {
        let binding = self.binding.iter().map(|_| Item::Binding);
        let outputs = (!self.outputs.is_empty()).then_some(Item::Outputs);
        let pins = self.pins.keys().cloned().map(Item::Pin);
        let deployments = self.deployments.keys().copied().map(Item::Deployment);
        let rows = self.rows.keys().cloned().map(Item::Row);
        let intents = self.intents.keys().cloned().map(Item::Intent);
        // Before the rows: the fold of such an entry removes the row of its key, and there may be one again.
        let let_go = self.let_go.iter().cloned().map(Item::LetGo);
        binding.chain(outputs).chain(pins).chain(deployments).chain(let_go).chain(rows).chain(intents)
    }

    /// The entries whose fold makes an item as it is here; none when it is not here.
    pub(super) fn entries(&self, item: &Item) -> Vec<Entry> {
        match item {
            Item::Binding => self.binding.clone().map(Entry::Bound).into_iter().collect(),
            Item::Outputs if self.outputs.is_empty() => Vec::new(),
            Item::Outputs => vec![Entry::Outputs { values: self.outputs.clone() }],
            Item::Pin(urn) => {
                let entry = |Pin { args, outputs }: Pin| Entry::Pinned { urn: urn.clone(), args, outputs };
                self.pins.get(urn).cloned().map(entry).into_iter().collect()
            }
            Item::Deployment(number) => match self.deployments.get(number).cloned() {
                Some(Deployment { start, end }) => {
                    let took = self.takeovers.get(number).cloned().map(Entry::TakenOver);
                    let ended = end.map(Entry::DeploymentEnded);
                    [Entry::DeploymentStarted(start)].into_iter().chain(ended).chain(took).collect()
                }
                None => Vec::new(),
            },
            // Progress and not Row, whose fold would resolve the intent.
            Item::Row(key) => self.rows.get(key).cloned().map(Entry::Progress).into_iter().collect(),
            Item::Intent(key) => self.intents.get(key).cloned().map(Entry::Intent).into_iter().collect(),
            Item::LetGo((uid, generation)) => {
                let known = self.let_go.contains(&(uid.clone(), *generation));
                let entry = Entry::Removed { uid: uid.clone(), generation: *generation, forgotten: true };
                known.then_some(entry).into_iter().collect()
            }
        }
    }

    /// Whether a commit of these entries keeps the rule that a log begins with its binding and has no other.
    ///
    /// # Errors
    /// When it does not; that is a bug of the caller.
    pub fn check(&self, entries: &[Entry]) -> Result<(), StateError> {
        let misuse = |reason: &str| Err(StateError::Misuse { reason: reason.to_owned() });
        let bindings = entries.iter().filter(|entry| matches!(entry, Entry::Bound(_))).count();
        match (&self.binding, entries.first()) {
            (_, None) => misuse("a commit has no entries"),
            (Some(_), _) if bindings > 0 => misuse("the store is bound already and cannot be bound again"),
            (None, Some(Entry::Bound(_))) if bindings == 1 => Ok(()),
            (None, _) => misuse("the first entry of a store must be its binding, and its only one"),
            (Some(_), _) => Ok(()),
        }
    }

    fn put_row(&mut self, row: Row) {
        let key = row.key();
        // A rename writes the row under its next name.
        if let Some(before) = self.rows.get(&key)
            && before.urn != row.urn
        {
            self.forget_name(&before.urn.clone(), &key);
        }
        self.names.entry(row.urn.clone()).or_default().insert(key.clone());
        self.rows.insert(key, row);
    }

    fn remove_row(&mut self, key: &RowKey) {
        if let Some(row) = self.rows.remove(key) {
            self.forget_name(&row.urn, key);
        }
    }

    fn forget_name(&mut self, urn: &Urn, key: &RowKey) {
        if let Some(keys) = self.names.get_mut(urn) {
            keys.remove(key);
            if keys.is_empty() {
                self.names.remove(urn);
            }
        }
    }
}
