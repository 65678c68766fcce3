//! Taking over what Terraform or Pulumi made: from their file to the ids that a run adopts.
//!
//! 1. The file is read ([`terraform`], [`pulumi`]) and becomes [`Item`]s: what each thing is called there, and what it is here. Which type
//!    of theirs is which of ours, and how our id is made of theirs, is a table ([`table`]). Nothing else of the file is kept: no attribute
//!    of theirs, secret or not, gets any further.
//! 2. A mapping file may say which is which ([`map`]).
//! 3. The things are read from the account ([`look`]).
//! 4. What was read is held against what is declared, until nothing more can be told ([`matching`]).
//! 5. That becomes a [`Survey`]: an answer for every item, and the ids to adopt ([`survey`]).

pub(crate) mod document;
pub(crate) mod look;
pub(crate) mod map;
pub(crate) mod matching;
pub(crate) mod pulumi;
pub(crate) mod survey;
pub(crate) mod table;
pub(crate) mod terraform;

pub(crate) use map::Map;
pub(crate) use survey::{Answer, Survey};

/// What one file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path, as it was given.
    pub(crate) path: String,
    /// What wrote it, such as `Terraform 1.9.8, serial 12`.
    pub(crate) written_by: String,
    /// Its things, in the order of the file.
    pub(crate) items: Vec<Item>,
    /// What a reader must know about the whole file, in sentences.
    pub(crate) notes: Vec<String>,
}

/// One thing of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name there: `module.network.aws_subnet.private["a"]`, or the urn of Pulumi.
    pub(crate) address: String,
    /// Its type there.
    pub(crate) of: String,
    /// What it is here.
    pub(crate) is: Is,
    /// Where it is, as far as the file says.
    pub(crate) place: Place,
    /// What a reader must know about it, in sentences.
    pub(crate) notes: Vec<String>,
}

/// Where a thing is, as far as its file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Place {
    /// The account.
    pub(crate) account: Option<String>,
    /// The region; none for what is of no region.
    pub(crate) region: Option<String>,
}

/// What a thing of a file is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Is {
    /// A resource.
    Thing {
        /// Our type.
        kind: &'static str,
        /// Our id.
        id: String,
    },
    /// An argument of a resource.
    Part {
        /// The type of the resource.
        kind: &'static str,
        /// Its id; `None` where the file does not say it.
        of: Option<String>,
        /// The argument.
        argument: &'static str,
    },
    /// Nothing that can be taken over, for this reason.
    Unsupported(String),
    /// Nothing that should be taken over, for this reason: what is only looked up, or is to be deleted.
    LeftOut(String),
}

impl Item {
    /// Its name without what is the same for all things of its file.
    pub(crate) fn short(&self) -> &str {
        short(&self.address)
    }
}

/// The name of a thing without stack and project, where Pulumi put them in front.
pub(crate) fn short(address: &str) -> &str {
    let rest = address.strip_prefix("urn:pulumi:").and_then(|rest| rest.splitn(3, "::").nth(2));
    rest.unwrap_or(address)
}

impl Place {
    /// What an ARN and an attribute `region` say.
    pub(crate) fn of(arn: Option<&str>, region: Option<String>) -> Self {
        let part = |index: usize| {
            let arn = arn.filter(|arn| arn.starts_with("arn:"))?;
            arn.splitn(6, ':').nth(index).filter(|part| !part.is_empty()).map(str::to_owned)
        };
        let account =
            part(4).filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
        Self { account, region: region.or_else(|| part(3)) }
    }
}

/// Two of one id are one thing: the second is left out.
pub(crate) fn once(items: &mut [Item]) {
    let mut seen = std::collections::BTreeMap::new();
    for item in items {
        let Is::Thing { kind, id } = &item.is else { continue };
        if let Some(first) = seen.get(&(*kind, id.clone())) {
            item.is = Is::LeftOut(format!("the same thing as {first}"));
        } else {
            seen.insert((*kind, id.clone()), short(&item.address).to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_what_the_arn_says_unless_an_attribute_does() {
        let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/a:b:*";
        let place = |account: Option<&str>, region: Option<&str>| Place {
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
        };
        assert_eq!(Place::of(Some(arn), None), place(Some("123456789012"), Some("eu-west-1")));
        assert_eq!(Place::of(Some("arn:aws:iam::123456789012:role/a"), None), place(Some("123456789012"), None));
        assert_eq!(Place::of(Some("arn:aws:s3:::bucket"), Some("eu-west-2".into())), place(None, Some("eu-west-2")));
        assert_eq!(Place::of(Some("nonsense"), None), Place::default());
    }

    #[test]
    fn names_of_pulumi_are_shown_without_stack_and_project() {
        assert_eq!(short("urn:pulumi:dev::shop::my:net:Net$aws:ec2/vpc:Vpc::main"), "my:net:Net$aws:ec2/vpc:Vpc::main");
        assert_eq!(short("module.a.aws_vpc.b[\"x::y\"]"), "module.a.aws_vpc.b[\"x::y\"]");
    }
}
