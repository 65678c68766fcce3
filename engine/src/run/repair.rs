//! [`Session::examine`]: what is wrong with the records of a stack, and what would put it right. It proposes and never guesses: what belongs to the
//! records alone can be done by its name ([`Session::mend`]), everything else is a command that shows what it does.

use std::collections::{BTreeMap, BTreeSet};

use super::{Session, guard};
use crate::amend::Amender;
use crate::error::{Error, Turn};
use crate::graph::{Graph, nearest};
use crate::kind::Mark;
use crate::observe::{Looking, Observations, Sight, observe};
use crate::program::{Program, ProviderName};
use crate::record::{Entry, Row, RowKey, RowState};
use crate::settings::Settings;
use crate::state::Snapshot;
use crate::urn::{Uid, Urn};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Its name, such as `gone:data/token`; several of one name are told apart by a number.
    pub name: String,
    /// Of which recorded resource.
    pub urn: Option<Urn>,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// What would put it right, in a sentence that names the command.
    pub proposal: String,
    /// What [`Session::mend`] would write; nothing where the proposal is not one of the records alone.
    entries: Vec<Entry>,
}

impl Finding {
    /// Whether [`Session::mend`] can do it.
    pub fn is_of_records(&self) -> bool {
        !self.entries.is_empty()
    }
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// What is wrong, by name.
    pub findings: Vec<Finding>,
    /// The number of rows that were looked at.
    pub rows: usize,
    /// What could not be looked at, in sentences.
    pub warnings: Vec<String>,
    sequence: u64,
}

impl Session {
    /// Holds the records against themselves, against the types that this program knows, and against the account. Writes nothing and changes nothing.
    ///
    /// # Errors
    /// A wrong account or store; the account cannot be read.
    pub async fn examine(&mut self, program: &Program) -> Result<Examination, Vec<Error>> {
        self.identify(program).await?;
        let snapshot = self.store.snapshot().clone();
        // Of the program, only the providers matter: what is recorded is looked at, and not what is declared.
        let places =
            Program { providers: program.providers.clone(), ..Program::empty(&program.project, &program.stack) };
        let graph = Graph::new(&places)?;
        let settings = Settings { refresh: true, ..self.settings.clone() };
        let looking = Looking {
            cloud: &*self.cloud,
            graph: &graph,
            snapshot: &snapshot,
            settings: &settings,
            events: &*self.events,
            clock: &*self.clock,
            stacks: &BTreeMap::new(),
            claims: &BTreeMap::new(),
        };
        let seen = observe(looking).await?;
        let mut warnings = seen.warnings.clone();
        let unreadable = seen.rows.iter().filter_map(|(key, sight)| match sight {
            Sight::Unreadable(reason) => Some((snapshot.row(&key.0, key.1)?, reason)),
            Sight::Seen(_) | Sight::Gone => None,
        });
        warnings.extend(unreadable.map(|(row, reason)| format!("{} could not be read: {reason}", row.urn.path())));
        let mut findings = of_records(&snapshot);
        findings.extend(of_account(&snapshot, &seen));
        let registries = looking.registries().await?;
        match looking.tagged(None, None, &registries).await {
            Ok(tagged) => {
                findings.extend(strays(&snapshot, &tagged.marks));
                let refused = tagged.refused.iter();
                warnings.extend(
                    refused.map(|(kind, error)| format!("{kind}: what no row knows was not looked for: {error}")),
                );
                warnings.extend(tagged.unasked);
            }
            Err(errors) => {
                warnings.extend(errors.iter().map(|error| format!("{error}; what no row knows was not looked for")));
            }
        }
        number(&mut findings);
        Ok(Examination { findings, rows: snapshot.rows().len(), warnings, sequence: snapshot.sequence() })
    }

    /// Does what these findings propose, as far as it is of the records alone. Answers what was done, in sentences.
    ///
    /// # Errors
    /// A name that no finding has, or whose proposal is not one of the records alone; the store has moved on, or cannot be written. Nothing is
    /// written then.
    pub async fn mend(&mut self, examination: &Examination, named: &[String]) -> Result<Vec<String>, Vec<Error>> {
        let mut chosen = BTreeMap::new();
        let mut errors = Vec::new();
        for name in named {
            let found = examination.findings.iter().find(|finding| finding.name == *name);
            match found {
                Some(finding) if finding.is_of_records() => drop(chosen.insert(name, finding)),
                Some(finding) => {
                    let error = wrong(format!("`{name}` is not put right by a change of the records alone"));
                    errors.push(error.hint(finding.proposal.clone()));
                }
                None => {
                    let names = examination.findings.iter().map(|finding| finding.name.as_str());
                    let near = nearest(name, names.collect::<BTreeSet<_>>().into_iter());
                    let error = wrong(format!("there is no finding `{name}`"));
                    errors.push(match near.is_empty() {
                        true => {
                            error.hint("look at the findings again: they are named at the beginning of their lines")
                        }
                        false => error.hint(format!("nearest: {}", near.join(", "))),
                    });
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let snapshot = self.store.snapshot();
        if snapshot.sequence() != examination.sequence {
            guard::still_true(snapshot, examination.sequence)?;
        }
        let by = Amender {
            who: self.identity.as_ref().map(|it| it.caller.clone()).unwrap_or_default(),
            at: self.clock.now_millis(),
            command: "state repair".to_owned(),
        };
        let lines = chosen.keys().map(|name| format!("mend {name}")).collect();
        let mending = merged(snapshot, chosen.values().flat_map(|finding| &finding.entries));
        let entries = by.deployment(snapshot.next_deployment(), lines, chosen.len(), BTreeMap::new(), mending);
        let done = chosen.values().map(|finding| format!("{}: done", finding.name)).collect();
        self.store.commit(&entries).await.map_err(|error| vec![Error::from(error)])?;
        Ok(done)
    }
}

fn wrong(reason: String) -> Error {
    Error::new(Turn::You, "repair the records", reason)
}

/// Two findings about one row change it together.
fn merged<'a>(snapshot: &Snapshot, entries: impl Iterator<Item = &'a Entry>) -> Vec<Entry> {
    let known: BTreeSet<&Uid> = snapshot.rows().keys().map(|(uid, _)| uid).collect();
    let mut rows: BTreeMap<RowKey, Entry> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Removed { uid, generation, .. } => drop(rows.insert((uid.clone(), *generation), entry.clone())),
            Entry::Row(row) => {
                rows.entry(row.key()).or_insert_with(|| Entry::Row(row.clone()));
            }
            _ => {}
        }
    }
    let removed: BTreeSet<Uid> = rows
        .iter()
        .filter(|(_, entry)| matches!(entry, Entry::Removed { .. }))
        .map(|((uid, _), _)| uid.clone())
        .collect();
    rows.into_values()
        .map(|entry| match entry {
            Entry::Row(mut row) => {
                row.edges.retain(|edge| known.contains(&edge.to) && !removed.contains(&edge.to));
                Entry::Row(row)
            }
            other => other,
        })
        .collect()
}

/// Names are the words before, and a number where that is taken.
fn number(findings: &mut [Finding]) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let times = taken.entry(finding.name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            finding.name = format!("{}#{times}", finding.name);
        }
    }
}

fn about(row: &Row, sort: &str, sentence: String, proposal: String) -> Finding {
    Finding {
        name: format!("{sort}:{}", row.urn.path()),
        urn: Some(row.urn.clone()),
        sentence,
        proposal,
        entries: Vec::new(),
    }
}

/// What the records say against themselves.
fn of_records(snapshot: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    for intent in snapshot.intents().values() {
        let sentence = format!("an earlier run left its {} open", word(intent.op));
        findings.push(about(&intent.row, "open", sentence, "`up` finds out what became of it".to_owned()));
    }
    let mut by_id: BTreeMap<(&str, &str, &str, &str), Vec<&Row>> = BTreeMap::new();
    for row in snapshot.rows().values().filter(|row| !row.id.is_empty()) {
        by_id.entry((row.kind.as_str(), &row.account, &row.region, &row.id)).or_default().push(row);
    }
    for ((_, _, _, id), rows) in by_id.into_iter().filter(|(_, rows)| rows.len() > 1) {
        let names: Vec<&str> = rows.iter().map(|row| row.urn.path()).collect();
        for row in &rows {
            let sentence =
                format!("{id} is one thing, and {} rows say that it is theirs: {}", rows.len(), names.join(", "));
            let others = rows.iter().filter(|other| other.urn != row.urn).count();
            let proposal = match others {
                0 => "the generations of one name cannot be told apart by a command: keep a copy of the store and ask for help".to_owned(),
                _ => format!("decide whose it is, then `state forget {}` for each other name", row.urn.path()),
            };
            findings.push(about(row, "twice", sentence, proposal));
        }
    }
    let mut living: BTreeMap<&Urn, BTreeSet<&Uid>> = BTreeMap::new();
    let stands = |row: &&Row| !matches!(row.state, RowState::Deposed | RowState::Deleting);
    for row in snapshot.rows().values().filter(stands) {
        living.entry(&row.urn).or_default().insert(&row.uid);
    }
    for (urn, uids) in living.into_iter().filter(|(_, uids)| uids.len() > 1) {
        let ids: Vec<&str> = snapshot.named(urn).map(|row| row.id.as_str()).collect();
        if let Some(row) = snapshot.named(urn).next() {
            let sentence = format!("{} resources have this name: {}", uids.len(), ids.join(", "));
            let proposal = format!("`state rename {} OTHER` and `up`, which deletes what is not declared", urn.path());
            findings.push(about(row, "name", sentence, proposal));
        }
    }
    let known: BTreeSet<&Uid> = snapshot.rows().keys().map(|(uid, _)| uid).collect();
    for row in snapshot.rows().values() {
        let dangling: Vec<&str> =
            row.edges.iter().filter(|edge| !known.contains(&edge.to)).map(|edge| edge.field.as_str()).collect();
        if dangling.is_empty() {
            continue;
        }
        let sentence = format!("it depends by {} on something that no row knows", dangling.join(", "));
        let mut kept = row.clone();
        kept.edges.retain(|edge| known.contains(&edge.to));
        let proposal = "`up` records what it depends on anew; or drop the edge from the records".to_owned();
        // A row with an open step is not written: that would count as the end of the step.
        let open = snapshot.intent(&row.uid, row.generation).is_some();
        let entries = if open { Vec::new() } else { vec![Entry::Row(kept)] };
        findings.push(Finding { entries, ..about(row, "edge", sentence, proposal) });
    }
    findings
}

/// What the account and the types say against the records.
fn of_account(snapshot: &Snapshot, seen: &Observations) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, row) in snapshot.rows() {
        let open = snapshot.intent(&key.0, key.1).is_some();
        if !seen.schemas.contains_key(&row.kind) {
            let sentence = format!("this program does not know the type {}", row.kind);
            let proposal = format!(
                "use the version of the program that knows it; or `state forget {}`, which leaves {} in the account",
                row.urn.path(),
                row.id
            );
            findings.push(about(row, "type", sentence, proposal));
        } else if matches!(seen.rows.get(key), Some(Sight::Gone)) && !open {
            let sentence = format!("{} is not in the account {} {}", row.id, row.account, row.region);
            let depends = snapshot.rows().values().any(|other| other.edges.iter().any(|edge| edge.to == row.uid));
            let proposal = "`up` makes it again where it is declared; or drop its row from the records".to_owned();
            let removed = Entry::Removed { uid: row.uid.clone(), generation: row.generation, forgotten: true };
            // While others hang on it, dropping it would leave them with edges to nothing.
            let entries = if depends { Vec::new() } else { vec![removed] };
            let proposal = if depends { "`up` makes it again where it is declared".to_owned() } else { proposal };
            findings.push(Finding { entries, ..about(row, "gone", sentence, proposal) });
        }
    }
    findings
}

/// What carries the stack's tag and no row knows. What an open step may have made is that step's.
fn strays(snapshot: &Snapshot, marks: &[(ProviderName, Mark)]) -> Vec<Finding> {
    let lineage = snapshot.binding().map(|binding| binding.lineage.as_str()).unwrap_or_default();
    let open: BTreeSet<&Uid> = snapshot.intents().keys().map(|(uid, _)| uid).collect();
    let strays = marks.iter().map(|(_, mark)| mark).filter(|mark| !open.contains(&mark.owner.uid));
    let finding = |mark: &Mark| {
        let ours = mark.owner.stack.rsplit(':').next() == Some(lineage);
        let made_as = mark.urn.as_ref().map_or_else(String::new, |urn| format!(", made as {}", urn.path()));
        let (sentence, proposal) = if !ours {
            (
                format!(
                    "{} {} was made for this stack out of another store ({})",
                    mark.kind, mark.id, mark.owner.stack
                ),
                "find that store; or delete it, or take its tag `formwork:stack` off".to_owned(),
            )
        } else if snapshot.was_let_go(&mark.owner.uid) {
            (
                format!("{} {} was let go by this stack{made_as}, and still carries its tag", mark.kind, mark.id),
                "take its tag `formwork:stack` off, or take it over with `import`".to_owned(),
            )
        } else {
            (
                format!("{} {} carries the tag of this stack{made_as}, and no row knows it", mark.kind, mark.id),
                "`up` takes it over where it is declared, and deletes it where it is not, both in the plan".to_owned(),
            )
        };
        Finding { name: format!("stray:{}", mark.id), urn: None, sentence, proposal, entries: Vec::new() }
    };
    strays.map(finding).collect()
}

fn word(op: crate::record::IntentOp) -> &'static str {
    match op {
        crate::record::IntentOp::Create => "create",
        crate::record::IntentOp::Update => "update",
        crate::record::IntentOp::Delete => "delete",
    }
}
