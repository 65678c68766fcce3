//! Ranges of addresses as AWS answers them: in canonical form, whatever form they were sent in.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The range with the bits after its prefix cleared, in the shortest spelling; text that is no range stays as it is, for AWS to refuse.
pub(crate) fn canonical(cidr: &str) -> String {
    let parsed = cidr.split_once('/').and_then(|(address, length)| Some((address, length.parse::<u32>().ok()?)));
    let Some((address, length)) = parsed else { return cidr.to_owned() };
    if let (Ok(address), 0..=32) = (address.parse::<Ipv4Addr>(), length) {
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        return format!("{}/{length}", Ipv4Addr::from_bits(address.to_bits() & mask));
    }
    if let (Ok(address), 0..=128) = (address.parse::<Ipv6Addr>(), length) {
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        return format!("{}/{length}", Ipv6Addr::from_bits(address.to_bits() & mask));
    }
    cidr.to_owned()
}

/// Whether two ranges are one.
#[expect(clippy::ptr_arg, reason = "an equality takes references to the type of its field")]
pub(crate) fn same(wanted: &String, found: &String) -> bool {
    canonical(wanted) == canonical(found)
}

/// The same where there need not be one.
pub(crate) fn same_if_given(wanted: &Option<String>, found: &Option<String>) -> bool {
    wanted.as_deref().map(canonical) == found.as_deref().map(canonical)
}

/// Whether two sets hold the same ranges.
pub(crate) fn same_set(wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> bool {
    let canonical = |set: &BTreeSet<String>| set.iter().map(|cidr| canonical(cidr)).collect::<BTreeSet<_>>();
    canonical(wanted) == canonical(found)
}

/// The same where there need not be any.
pub(crate) fn same_set_if_given(wanted: &Option<BTreeSet<String>>, found: &Option<BTreeSet<String>>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => same_set(wanted, found),
        (wanted, found) => wanted.is_none() && found.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_compared_in_canonical_form() {
        // The first is the example of EC2's documentation of CreateSubnet and AuthorizeSecurityGroupIngress.
        for (sent, answered) in [
            ("100.68.0.18/18", "100.68.0.0/18"),
            ("10.0.0.5/16", "10.0.0.0/16"),
            ("1.2.3.4/0", "0.0.0.0/0"),
            ("10.1.2.3/32", "10.1.2.3/32"),
            ("2001:DB8:0:0::1/64", "2001:db8::/64"),
            ("2001:db8:1234:1a00:0000:0000:0000:0000/56", "2001:db8:1234:1a00::/56"),
            ("::1/0", "::/0"),
        ] {
            assert!(same(&sent.to_owned(), &answered.to_owned()), "{sent} and {answered}");
            assert_eq!(canonical(sent), answered);
        }
        for refused in ["10.0.0.0", "10.0.0.0/33", "::/129", "pl-0123", "10.0.0/8", ""] {
            assert_eq!(canonical(refused), refused);
        }
        assert!(!same(&"10.0.0.0/16".to_owned(), &"10.0.0.0/17".to_owned()));
    }

    #[test]
    fn sets_hold_ranges_and_not_spellings() {
        let set = |list: &[&str]| list.iter().map(|cidr| (*cidr).to_owned()).collect::<BTreeSet<_>>();
        assert!(same_set(&set(&["203.0.113.5/24", "10.0.0.0/8"]), &set(&["10.0.0.0/8", "203.0.113.0/24"])));
        assert!(!same_set(&set(&["203.0.113.5/24"]), &set(&["203.0.113.0/24", "10.0.0.0/8"])));
        assert!(same_set_if_given(&None, &None) && !same_set_if_given(&Some(set(&["10.0.0.0/8"])), &None));
    }
}
