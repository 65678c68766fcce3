//! What stands in the account of resources whose rows were lost: by their tags, and by their natural keys where they have none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reading::{Look, Registries, kind_of, refused, sights};
use super::{Looking, Observations, Place, Sight};
use crate::error::Error;
use crate::kind::{CallError, Kind, Mark, Observed, Ownership, Status, Waiting};
use crate::program::{Declaration, ProviderName};
use crate::urn::{KindName, Urn};
use crate::value::Value;

/// A type, and the ids of it that are read together.
type Batch<'a> = (Arc<dyn Kind>, BTreeSet<&'a str>);

/// What was seen of a thing, through which provider, and the tags that led to it.
type Sighted = (ProviderName, Mark, Option<Box<Observed>>);

/// How it is known that a thing is the stack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// It carries the stack's tag, and its own uid.
    Tag,
    /// Its type takes no tags, and it has the name (or stands in the place) that the program declares.
    Name,
}

impl Evidence {
    /// The words in which it is shown.
    pub fn words(self) -> &'static str {
        match self {
            Evidence::Tag => "tag",
            Evidence::Name => "name only",
        }
    }
}

/// What was found of a declared resource.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// How it is known.
    pub evidence: Evidence,
    /// Its tags; `None` where its type has none.
    pub owner: Option<Ownership>,
    /// What it is now.
    pub observed: Box<Observed>,
    /// How it is: something may still be being made.
    pub status: Status,
}

/// A thing that carries the stack's tag and that the program does not declare.
#[derive(Debug, Clone)]
pub struct Unlisted {
    /// Its tags.
    pub mark: Mark,
    /// The provider through which it is reached.
    pub provider: ProviderName,
    /// What it is now; `None` where its type is not known here, or its tags name none.
    pub observed: Option<Box<Observed>>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Lost {
    /// Of declared resources without a row, by name.
    pub found: BTreeMap<Urn, Found>,
    /// Declared resources of which nothing was found, with the reason.
    pub missing: BTreeMap<Urn, String>,
    /// What is tagged and not declared.
    pub unlisted: Vec<Unlisted>,
    /// Several things that carry the tag of one resource: their ids.
    pub doubles: BTreeMap<Urn, Vec<String>>,
    /// The lineages in the tags, each with the things that carry it.
    pub lineages: BTreeMap<String, Vec<String>>,
    /// What else was seen: the answers of reads, and where each provider works.
    pub seen: Observations,
    /// The types, by provider and region.
    pub(crate) registries: Registries,
}

impl Looking<'_> {
    /// Looks for everything of the stack that no row of the snapshot knows. With `lineage`, tags of another one are another store's.
    ///
    /// # Expected flow
    /// The lists of tags first; then, in waves, what is declared: by the urn in its tag, and otherwise under its natural key once what that is made
    /// of was found.
    ///
    /// # Guarantees
    /// Changes nothing. A name alone is evidence only for types that take no tags.
    ///
    /// # Errors
    /// When the account cannot be asked: what was not looked for must not count as missing.
    pub async fn lost(&self, lineage: Option<&str>) -> Result<Lost, Vec<Error>> {
        let registries = self.registries().await?;
        let look = Look::begin(self.cloud);
        let mut lost = Lost { registries, ..Lost::default() };
        for (name, _) in self.providers() {
            if let Some(registry) = lost.registries.get(&(name.clone(), String::new())) {
                let place = Place { account: registry.account.clone(), region: registry.region.clone() };
                lost.seen.places.insert(name, place);
            }
        }
        // What has rows is read too: of a create that was just found, no row knows the outputs that names are made of.
        lost.seen.rows = self.read_rows(self.rows_to_read(), &lost.registries).await?;
        let marks = self.marks(lineage, &mut lost).await?;
        self.search(lineage, &marks, &mut lost).await?;
        self.ask_status(&mut lost).await?;
        self.unlisted(marks, &mut lost).await?;
        lost.seen.warnings.extend(look.end());
        Ok(lost)
    }

    fn prefix(&self) -> String {
        let program = self.graph.program();
        format!("{}/{}:", program.project, program.stack)
    }

    /// Whether these tags are the stack's, of the wanted lineage where one is.
    fn is_ours(&self, owner: &Ownership, lineage: Option<&str>) -> bool {
        let theirs = owner.stack.strip_prefix(&self.prefix());
        theirs.is_some_and(|theirs| lineage.is_none_or(|lineage| theirs == lineage))
    }

    /// Everything that the lists of tags show and no row knows, by kind and id.
    async fn marks(&self, lineage: Option<&str>, lost: &mut Lost) -> Result<Vec<(ProviderName, Mark)>, Vec<Error>> {
        let tagged = self.tagged(None, None, &lost.registries).await?;
        // What was not looked for must not count as missing.
        if !tagged.refused.is_empty() {
            let error =
                |(kind, error): &(String, CallError)| refused(error, format!("look for each {kind} of the stack"));
            return Err(tagged.refused.iter().map(error).collect());
        }
        lost.seen.warnings.extend(tagged.unasked);
        for (_, mark) in &tagged.marks {
            self.note_lineage(&mark.owner, &mark.id, lost);
        }
        Ok(tagged.marks.into_iter().filter(|(_, mark)| self.is_ours(&mark.owner, lineage)).collect())
    }

    fn note_lineage(&self, owner: &Ownership, id: &str, lost: &mut Lost) {
        if let Some(lineage) = owner.stack.strip_prefix(&self.prefix()) {
            let things = lost.lineages.entry(lineage.to_owned()).or_default();
            if !things.iter().any(|known| known == id) {
                things.push(id.to_owned());
            }
        }
    }

    /// What is declared, in waves: the key of a subnet is known once its VPC was found.
    async fn search(
        &self,
        lineage: Option<&str>,
        marks: &[(ProviderName, Mark)],
        lost: &mut Lost,
    ) -> Result<(), Vec<Error>> {
        let mut by_name: BTreeMap<&Urn, Vec<&str>> = BTreeMap::new();
        for (_, mark) in marks {
            if let Some(urn) = &mark.urn {
                by_name.entry(urn).or_default().push(&mark.id);
            }
        }
        let resources = self.graph.program().resources.values();
        let mut open: Vec<&Declaration> = resources.filter(|declared| !self.has_row(declared)).collect();
        let tagged: Vec<(&Declaration, String)> = open
            .iter()
            .flat_map(|declared| self.marked(declared, &by_name).into_iter().map(|id| (*declared, id)))
            .collect();
        self.look_at(tagged, lineage, lost).await?;
        loop {
            let registries = lost.registries.clone();
            self.read_reads(&registries, &mut lost.seen).await?;
            open.retain(|declared| !lost.found.contains_key(&declared.urn));
            let mut asked = Vec::new();
            open.retain(|declared| match self.literal(declared, &lost.seen) {
                Some(args) => {
                    lost.missing.insert(declared.urn.clone(), unnamed(declared, &args));
                    asked.push((*declared, args));
                    false
                }
                None => true,
            });
            if asked.is_empty() {
                break;
            }
            let by_id = asked.iter().filter_map(|(one, _)| Some((*one, self.id_to_adopt(one)?.to_owned()))).collect();
            let found = self.find_by_key(asked, &registries).await?;
            let found = found.into_iter().filter_map(|(urn, id)| Some((self.graph.resource(&urn)?, id)));
            let found = found.chain::<Vec<_>>(by_id).collect();
            if !self.look_at(found, lineage, lost).await? {
                break;
            }
        }
        for declared in open {
            let reason = "what its name is made of was not found".to_owned();
            lost.missing.entry(declared.urn.clone()).or_insert(reason);
        }
        lost.missing.retain(|urn, _| !lost.found.contains_key(urn));
        Ok(())
    }

    /// The ids of what carries the urn of a resource, or one that it had before.
    fn marked(&self, declared: &Declaration, by_name: &BTreeMap<&Urn, Vec<&str>>) -> Vec<String> {
        let node = self.graph.find(&declared.urn);
        let aliases = node.into_iter().flat_map(|node| &self.graph.node(node).aliases);
        let names = std::iter::once(&declared.urn).chain(aliases);
        names.filter_map(|urn| by_name.get(urn)).flatten().map(|id| (*id).to_owned()).collect()
    }

    /// Reads candidates, and takes those that are the stack's. Answers whether any was.
    async fn look_at(
        &self,
        candidates: Vec<(&Declaration, String)>,
        lineage: Option<&str>,
        lost: &mut Lost,
    ) -> Result<bool, Vec<Error>> {
        let mut any = false;
        // One round for each further candidate of the same resource, since a look answers one for each.
        let mut rest = candidates;
        while !rest.is_empty() {
            let mut now: BTreeMap<Urn, (&Declaration, String)> = BTreeMap::new();
            let mut later = Vec::new();
            for (declared, id) in rest {
                match now.contains_key(&declared.urn) {
                    true => later.push((declared, id)),
                    false => drop(now.insert(declared.urn.clone(), (declared, id))),
                }
            }
            let asked = now.values().cloned().collect();
            let sights = self.read_existing(asked, &lost.registries).await?;
            for (urn, sight) in sights {
                let Some((declared, id)) = now.get(&urn) else { continue };
                any |= self.judge(declared, id, sight, lineage, lost);
            }
            rest = later;
        }
        Ok(any)
    }

    /// Whether a thing is the stack's; if so it is taken.
    fn judge(&self, declared: &Declaration, id: &str, sight: Sight, lineage: Option<&str>, lost: &mut Lost) -> bool {
        let urn = &declared.urn;
        let observed = match sight {
            Sight::Seen(observed) => observed,
            Sight::Gone => return false,
            Sight::Unreadable(reason) => {
                lost.missing.insert(urn.clone(), format!("{id} could not be read: {reason}"));
                return false;
            }
        };
        if let Some(owner) = &observed.owner {
            self.note_lineage(owner, id, lost);
        }
        let takes_tags = declared.schema.args.iter().any(|arg| arg.tags);
        let evidence = match &observed.owner {
            Some(owner) if self.is_ours(owner, lineage) => Evidence::Tag,
            Some(owner) => {
                lost.missing.insert(urn.clone(), format!("{id} has its name and belongs to {}", owner.stack));
                return false;
            }
            None if takes_tags => {
                let reason = format!("{id} has its name and carries no tag of this stack; `import` takes it over");
                lost.missing.insert(urn.clone(), reason);
                return false;
            }
            None => Evidence::Name,
        };
        if let Some(first) = lost.found.get(urn) {
            if first.id != id {
                let doubles = lost.doubles.entry(urn.clone()).or_insert_with(|| vec![first.id.clone()]);
                doubles.push(id.to_owned());
            }
            return false;
        }
        lost.seen.imports.insert(urn.clone(), Sight::Seen(observed.clone()));
        let owner = observed.owner.clone();
        let found = Found { id: id.to_owned(), evidence, owner, observed, status: Status::Ready };
        lost.found.insert(urn.clone(), found);
        true
    }

    /// How each is: one call per kind and provider.
    async fn ask_status(&self, lost: &mut Lost) -> Result<(), Vec<Error>> {
        let mut batches: BTreeMap<(&str, &ProviderName), Batch<'_>> = BTreeMap::new();
        for (urn, found) in &lost.found {
            let Some(declared) = self.graph.resource(urn) else { continue };
            let Some(kind) = kind_of(declared, &lost.registries) else { continue };
            let place = (declared.schema.kind, &declared.options.provider);
            batches.entry(place).or_insert_with(|| (kind, BTreeSet::new())).1.insert(&found.id);
        }
        let asked = batches.into_iter().map(|((name, _), (kind, ids))| async move {
            let waiting: Vec<Waiting> = ids.into_iter().map(|id| Waiting { id: id.to_owned(), change: None }).collect();
            let answer = kind.status(&waiting).await;
            let statuses = answer.map_err(|error| refused(&error, "ask how the things of the stack are"))?;
            Ok(statuses.into_iter().map(|(id, status)| ((name, id), status)).collect())
        });
        let statuses: BTreeMap<(&str, String), Status> = self.all(asked.collect()).await?;
        for (urn, found) in &mut lost.found {
            let Some(declared) = self.graph.resource(urn) else { continue };
            if let Some(status) = statuses.get(&(declared.schema.kind, found.id.clone())) {
                found.status = status.clone();
            }
        }
        Ok(())
    }

    /// What is tagged and was not found as anything that is declared.
    async fn unlisted(&self, marks: Vec<(ProviderName, Mark)>, lost: &mut Lost) -> Result<(), Vec<Error>> {
        let taken: BTreeSet<&str> = lost.found.values().map(|found| found.id.as_str()).collect();
        let twice: BTreeSet<&str> = lost.doubles.values().flatten().map(String::as_str).collect();
        let rest = marks.into_iter().filter(|(_, mark)| {
            let id = mark.id.as_str();
            // What was let go on purpose would be deleted by the next run if it had a row that nothing declares.
            !taken.contains(id) && !twice.contains(id) && !self.snapshot.was_let_go(&mark.owner.uid)
        });
        let asked = rest.map(|(provider, mark)| {
            let registry = lost.registries.get(&(provider.clone(), String::new()));
            let name = mark.urn.as_ref().map_or_else(|| KindName::new(&mark.kind), Urn::kind);
            let kind = registry.and_then(|registry| registry.kind(name.as_str())).cloned();
            async move {
                let Some(kind) = kind.filter(|_| mark.urn.is_some()) else {
                    return Ok(vec![((mark.kind.clone(), mark.id.clone()), Some((provider, mark, None)))]);
                };
                let sights = sights(&*kind, std::slice::from_ref(&mark.id)).await?;
                let key = (mark.kind.clone(), mark.id.clone());
                Ok(vec![(
                    key,
                    match sights.get(&mark.id) {
                        // A list of tags shows what is gone for a while.
                        None | Some(Sight::Gone) => None,
                        Some(Sight::Seen(observed)) => Some((provider, mark, Some(observed.clone()))),
                        Some(Sight::Unreadable(_)) => Some((provider, mark, None)),
                    },
                )])
            }
        });
        let found: BTreeMap<(String, String), Option<Sighted>> = self.all(asked.collect()).await?;
        let found = found.into_values().flatten();
        lost.unlisted = found.map(|(provider, mark, observed)| Unlisted { mark, provider, observed }).collect();
        Ok(())
    }
}

/// Why nothing was found of a resource, should nothing be.
fn unnamed(declared: &Declaration, args: &Value) -> String {
    let key = declared.schema.natural_key;
    if key.is_empty() {
        return "nothing carries its tag, and its type has no names".to_owned();
    }
    let name = crate::plan::natural_key(declared.schema, args);
    match name.is_empty() {
        true => "nothing carries its tag, and only the beginning of its name is declared".to_owned(),
        false => format!("there is no {} with the {} {name}", declared.schema.kind, key.join(" and ")),
    }
}
