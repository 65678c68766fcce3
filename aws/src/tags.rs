//! Tags: the user's, the ones that mark ownership, and the ones that AWS and others add.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::Uid;
use formwork_engine::kind::{Candidate, Mark, Owner, Ownership, Proof};

use crate::context::Aws;

/// The user's tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// `project/stack:lineage`.
pub const STACK: &str = "formwork:stack";
/// The uid.
pub const ID: &str = "formwork:id";
/// The token of the create that made it.
pub const TOKEN: &str = "formwork:token";
/// The urn: a comment for people.
pub const URN: &str = "formwork:urn";

/// The tags that mark ownership. What was taken over was not made by any token of ours and has no such tag.
pub fn ownership(owner: &Owner) -> impl Iterator<Item = (&'static str, String)> {
    let marks = [
        (STACK, owner.stack.clone()),
        (ID, owner.uid.to_string()),
        (TOKEN, owner.token.clone()),
        (URN, comment(owner.urn.as_str())),
    ];
    marks.into_iter().filter(|(key, value)| *key != TOKEN || !value.is_empty())
}

/// A urn as the value of a tag: EC2 and most services take all its characters, none of them takes others than these.
fn comment(urn: &str) -> String {
    urn.chars().map(|c| if c.is_ascii_alphanumeric() || "+-=._:/@ ".contains(c) { c } else { '-' }).collect()
}

/// The user's tags and the ownership tags together: what a create sends, and what a call that replaces all tags must send.
pub fn all(owner: &Owner, tags: &Tags) -> Vec<(String, String)> {
    let ours = ownership(owner).map(|(key, value)| (key.to_owned(), value));
    ours.chain(tags.iter().map(|(k, v)| (k.clone(), v.clone()))).collect()
}

/// What was read from AWS, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// The user's tags: without ours, AWS's own (`aws:`) and the prefixes that the configuration ignores.
    pub tags: Tags,
    /// Whose it is.
    pub owner: Option<Ownership>,
}

/// Takes apart what was read.
pub fn read(aws: &Aws, tags: impl IntoIterator<Item = (String, String)>) -> Read {
    take_apart(aws.ignored_tags(), tags)
}

fn take_apart(ignored: &[String], tags: impl IntoIterator<Item = (String, String)>) -> Read {
    let mut all: BTreeMap<String, String> = tags.into_iter().collect();
    let (stack, uid) = (all.remove(STACK), all.remove(ID));
    let token = all.remove(TOKEN);
    all.remove(URN);
    all.retain(|key, _| !key.starts_with("aws:") && !ignored.iter().any(|prefix| key.starts_with(prefix.as_str())));
    let owner = stack.zip(uid).map(|(stack, uid)| Ownership { stack, uid: Uid::from_text(uid), token });
    Read { tags: all, owner }
}

/// The mark of a stack (of any lineage) among the tags of a thing; `None` where they are another's or nobody's.
pub(crate) fn mark(
    stack: &str,
    kind: &str,
    id: &str,
    tags: impl IntoIterator<Item = (String, String)>,
) -> Option<Mark> {
    let tags: BTreeMap<String, String> = tags.into_iter().collect();
    // With the colon: `prod` is not `prod2`.
    let theirs = tags.get(STACK)?;
    theirs.strip_prefix(stack)?.strip_prefix(':')?;
    let owner = Ownership {
        stack: theirs.clone(),
        uid: Uid::from_text(tags.get(ID)?.clone()),
        token: tags.get(TOKEN).cloned(),
    };
    let urn = tags.get(URN).and_then(|urn| urn.parse().ok());
    Some(Mark { kind: kind.to_owned(), id: id.to_owned(), owner, urn })
}

/// What the tags of a thing prove that was found by its name: made by the very create that was lost, made for this owner by another
/// one, or nothing.
pub(crate) fn proof(owner: &Owner, theirs: Option<&Ownership>) -> Proof {
    match theirs {
        Some(theirs) if theirs.uid != owner.uid => Proof::Name,
        Some(theirs) if theirs.token.as_deref() == Some(owner.token.as_str()) => Proof::Token,
        Some(_) => Proof::Tag,
        None => Proof::Name,
    }
}

/// What was found under the name that a lost create would have taken.
pub(crate) fn candidate(owner: &Owner, id: impl Into<String>, theirs: Option<&Ownership>) -> Candidate {
    Candidate { id: id.into(), proof: proof(owner, theirs) }
}

/// What brings the tags of a thing from one set of the user's to the other: what to set and what to remove. The ownership tags are always
/// among what is to be set, since an update may be what takes a thing over; that costs no call, for an update of tags writes some anyway.
pub(crate) fn difference(owner: &Owner, now: &Tags, planned: &Tags) -> (Tags, BTreeSet<String>) {
    let (set, removed) = pairs_difference(now, planned);
    (all(owner, &set).into_iter().collect(), removed)
}

/// The difference between two sets of pairs: what to set and what to remove.
pub(crate) fn pairs_difference(
    now: &BTreeMap<String, String>,
    planned: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let set = planned.iter().filter(|(key, value)| now.get(*key) != Some(value));
    let removed = now.keys().filter(|key| !planned.contains_key(*key));
    (set.map(|(k, v)| (k.clone(), v.clone())).collect(), removed.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn owner(token: &str) -> Owner {
        Owner {
            stack: "project/stack:lineage".to_owned(),
            uid: Uid::from_text("uid"),
            token: token.to_owned(),
            urn: "stack::main::aws:ec2/vpc".parse().unwrap(),
        }
    }

    #[test]
    fn what_aws_and_others_add_is_none_of_the_users_tags() {
        let there = tags(&[
            ("Name", "main"),
            ("aws:cloudformation:stack-name", "x"),
            ("kubernetes.io/cluster/prod", "shared"),
            ("kubernetes", "mine"),
            (STACK, "project/stack:lineage"),
            (ID, "uid"),
            (TOKEN, "token"),
            (URN, "stack::main::aws:ec2/vpc"),
        ]);
        let read = take_apart(&["kubernetes.io/".to_owned()], there.clone());
        assert_eq!(read.tags, tags(&[("Name", "main"), ("kubernetes", "mine")]));
        let owner = read.owner.map(|owner| (owner.stack, owner.uid.to_string(), owner.token));
        assert_eq!(owner, Some(("project/stack:lineage".into(), "uid".into(), Some("token".into()))));
        // Without the configuration that names its prefix, a tag that somebody added is a change from outside.
        assert!(take_apart(&[], there).tags.contains_key("kubernetes.io/cluster/prod"));
    }

    #[test]
    fn a_mark_is_the_stacks_own_and_names_what_it_was_made_as() {
        let of = |stack: &str| {
            let tags = tags(&[(STACK, "project/stack:lineage"), (ID, "uid"), (URN, "stack::main::aws:ec2/vpc")]);
            mark(stack, "aws:ec2/vpc", "vpc-1", tags)
        };
        let mark = of("project/stack").unwrap();
        assert_eq!((mark.id.as_str(), mark.owner.uid.as_str()), ("vpc-1", "uid"));
        assert_eq!(mark.urn.unwrap().path(), "main");
        assert!(of("project/st").is_none() && of("other/stack").is_none());
    }

    #[test]
    fn the_difference_sets_and_removes() {
        let (set, removed) = pairs_difference(
            &tags(&[("a", "1"), ("b", "2"), ("c", "3")]),
            &tags(&[("a", "1"), ("b", "9"), ("d", "4")]),
        );
        assert_eq!(set, tags(&[("b", "9"), ("d", "4")]));
        assert_eq!(removed, ["c".to_owned()].into());
    }

    #[test]
    fn an_update_of_tags_says_whose_it_is() {
        let same = tags(&[("a", "1")]);
        let marks = [(STACK, "project/stack:lineage"), (ID, "uid"), (URN, "stack::main::aws:ec2/vpc")];
        let adopted = difference(&owner(""), &same, &same);
        assert_eq!(adopted, (tags(&marks), BTreeSet::new()));
        let (made, _) = difference(&owner("token"), &same, &same);
        assert_eq!(made.get(TOKEN).map(String::as_str), Some("token"));
    }
}
