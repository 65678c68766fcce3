//! [`Observations`]: what the account says, as plain data; and [`observe`], which asks it.
//!
//! Resources are read in one call per kind and provider with all ids at once; reads of the program run where their arguments are
//! known without a change. Nothing here changes anything.

mod existing;
mod lost;
mod reading;
mod strays;

use std::collections::{BTreeMap, BTreeSet};

pub use lost::{Evidence, Found, Lost, Unlisted};
pub(crate) use reading::Look;
pub use reading::{Looking, observe};
pub use strays::Claim;
pub(crate) use strays::Stray;

use crate::exchange::Elsewhere;
use crate::kind::Observed;
use crate::program::ProviderName;
use crate::record::RowKey;
use crate::shape::Schema;
use crate::urn::{KindName, Urn};
use crate::value::Value;

/// What was seen of one resource. One that was not asked for has none.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// It is there.
    Seen(Box<Observed>),
    /// It is not there.
    Gone,
    /// It could not be read, for this reason: counted as unchanged.
    Unreadable(String),
}

impl Sight {
    /// What it is now, when it was seen.
    pub fn seen(&self) -> Option<&Observed> {
        match self {
            Sight::Seen(observed) => Some(observed),
            Sight::Gone | Sight::Unreadable(_) => None,
        }
    }
}

/// The answer of a read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadAnswer {
    /// The arguments it was asked with.
    pub args: Value,
    /// Its outputs.
    pub outputs: Value,
    /// Whether the run must record it as the pinned answer.
    pub to_pin: bool,
}

/// Where a provider works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
}

/// Everything that was seen of the account for one plan.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// The recorded resources. Absent: not asked.
    pub rows: BTreeMap<RowKey, Sight>,
    /// The answers of the program's reads. Absent: its arguments were not known.
    pub reads: BTreeMap<Urn, ReadAnswer>,
    /// The resources that the program or the run wants to adopt, by the name they will have.
    pub imports: BTreeMap<Urn, Sight>,
    /// Of resources to adopt that are not there: the kinds of which something has that id.
    pub other_kinds: BTreeMap<Urn, Vec<KindName>>,
    /// Things that exist under the natural key of a declared resource without a row, where creating would overwrite them or where they are to
    /// be adopted: their ids.
    pub foreign: BTreeMap<Urn, String>,
    /// What declared resources without rows take over, since it carries the tags of this very store.
    pub claims: BTreeMap<Urn, Claim>,
    /// The rows of what carries these tags and nothing declares: in no store yet.
    pub strays: BTreeSet<RowKey>,
    /// Where each provider of the program works.
    pub places: BTreeMap<ProviderName, Place>,
    /// The schemas of all kinds that rows have.
    pub schemas: BTreeMap<KindName, &'static Schema>,
    /// What a reader must know, in sentences.
    pub warnings: Vec<String>,
    /// What other stacks have and use.
    pub elsewhere: Elsewhere,
}
