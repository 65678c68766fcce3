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

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first address, of which an IPv4 one fills the lower 32 bits.
    first: u128,
    last: u128,
    /// The length of the prefix in bits.
    pub(crate) length: u32,
    pub(crate) is_v4: bool,
}

impl Range {
    /// Reads `10.0.0.0/16` or `2001:db8::/56`; bits after the prefix are ignored, as AWS does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        // `parse` takes a sign.
        let length = length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse::<u32>().ok())??;
        let (bits, width): (u128, u32) = match address.parse::<Ipv4Addr>() {
            Ok(v4) => (u128::from(v4.to_bits()), 32),
            Err(_) => (address.parse::<Ipv6Addr>().ok()?.to_bits(), 128),
        };
        let host = width.checked_sub(length).filter(|_| length <= width)?;
        let below = 1_u128.checked_shl(host).map_or(u128::MAX, |size| size - 1);
        Some(Self { first: bits & !below, last: bits | below, length, is_v4: width == 32 })
    }

    /// Whether all of the other's addresses are in it.
    pub(crate) fn contains(&self, other: &Range) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.first && other.last <= self.last
    }

    /// Whether some address is in both.
    pub(crate) fn overlaps(&self, other: &Range) -> bool {
        self.is_v4 == other.is_v4 && self.first <= other.last && other.first <= self.last
    }
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
    fn ranges_contain_and_overlap_by_their_addresses() {
        let range = |text: &str| Range::parse(text).unwrap();
        assert!(range("10.0.0.0/16").contains(&range("10.0.255.0/24")));
        assert!(!range("10.0.0.0/16").contains(&range("10.1.0.0/24")));
        assert!(!range("10.0.1.0/24").contains(&range("10.0.0.0/16")));
        assert!(range("10.0.1.0/24").overlaps(&range("10.0.0.0/16")));
        assert!(!range("10.0.0.0/25").overlaps(&range("10.0.0.128/25")));
        assert!(range("0.0.0.0/0").contains(&range("255.255.255.255/32")));
        assert!(range("::/0").contains(&range("2001:db8::/128")) && !range("::/0").contains(&range("10.0.0.0/8")));
        for wrong in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/+8", "10.0.0.0/", "/8", ""] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sets_hold_ranges_and_not_spellings() {
        let set = |list: &[&str]| list.iter().map(|cidr| (*cidr).to_owned()).collect::<BTreeSet<_>>();
        assert!(same_set(&set(&["203.0.113.5/24", "10.0.0.0/8"]), &set(&["10.0.0.0/8", "203.0.113.0/24"])));
        assert!(!same_set(&set(&["203.0.113.5/24"]), &set(&["203.0.113.0/24", "10.0.0.0/8"])));
        assert!(same_set_if_given(&None, &None) && !same_set_if_given(&Some(set(&["10.0.0.0/8"])), &None));
    }
}
