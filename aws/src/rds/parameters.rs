//! What the groups of instances and those of clusters have in common: from one set of parameters to another, in as many calls as that takes.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{ApplyMethod, Parameter};

/// The most parameters that one call takes.
const PER_CALL: usize = 20;

/// What brings one set of parameters to another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    set: Vec<(String, String)>,
    reset: Vec<String>,
}

/// The parameters of each call that is to be made.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Calls {
    /// Of those that set a value.
    pub(super) set: Vec<Vec<Parameter>>,
    /// Of those that go back to the default.
    pub(super) reset: Vec<Vec<Parameter>>,
}

pub(super) fn difference(now: &BTreeMap<String, String>, planned: &BTreeMap<String, String>) -> Difference {
    let changed = planned.iter().filter(|(name, value)| now.get(*name) != Some(value));
    Difference {
        set: changed.map(|(name, value)| (name.clone(), value.clone())).collect(),
        reset: now.keys().filter(|name| !planned.contains_key(*name)).cloned().collect(),
    }
}

impl Difference {
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.reset.is_empty()
    }

    /// The calls for it. Which parameters are dynamic is said by the description of the whole family.
    pub(super) fn calls(&self, family: &[Parameter]) -> Calls {
        let dynamic = family.iter().filter(|it| it.apply_type() == Some("dynamic"));
        let dynamic: BTreeSet<&str> = dynamic.filter_map(Parameter::parameter_name).collect();
        let set = self.set.chunks(PER_CALL);
        let reset = self.reset.chunks(PER_CALL);
        Calls {
            set: set
                .map(|chunk| chunk.iter().map(|(name, value)| parameter(name, Some(value), &dynamic)).collect())
                .collect(),
            reset: reset.map(|chunk| chunk.iter().map(|name| parameter(name, None, &dynamic)).collect()).collect(),
        }
    }
}

/// A parameter of a call. AWS refuses `immediate` for a static one and takes `pending-reboot` for all, so that one of which the sort
/// is not known waits for the restart.
fn parameter(name: &str, value: Option<&String>, dynamic: &BTreeSet<&str>) -> Parameter {
    let method = if dynamic.contains(name) { ApplyMethod::Immediate } else { ApplyMethod::PendingReboot };
    Parameter::builder().parameter_name(name).set_parameter_value(value.cloned()).apply_method(method).build()
}

/// Those that have a value, by name.
pub(super) fn by_name(parameters: Vec<Parameter>) -> BTreeMap<String, String> {
    parameters.into_iter().filter_map(|it| Some((it.parameter_name?, it.parameter_value?))).collect()
}

/// For the examples of both: more than one call takes, and a further one.
pub(super) fn example(further: (&str, &str)) -> BTreeMap<String, String> {
    let all = EXAMPLE.into_iter().chain([further]);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

const EXAMPLE: [(&str, &str); 21] = [
    ("autovacuum_naptime", "30"),
    ("autovacuum_vacuum_cost_limit", "400"),
    ("checkpoint_timeout", "600"),
    ("deadlock_timeout", "2000"),
    ("default_statistics_target", "200"),
    ("idle_in_transaction_session_timeout", "60000"),
    ("lock_timeout", "10000"),
    ("log_autovacuum_min_duration", "1000"),
    ("log_connections", "1"),
    ("log_disconnections", "1"),
    ("log_lock_waits", "1"),
    ("log_min_duration_statement", "500"),
    ("log_statement", "ddl"),
    ("log_temp_files", "0"),
    ("maintenance_work_mem", "262144"),
    ("max_connections", "200"),
    ("random_page_cost", "1.1"),
    ("rds.force_ssl", "1"),
    ("statement_timeout", "60000"),
    ("temp_buffers", "2048"),
    ("track_io_timing", "1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_taken_out_is_reset() {
        let changes =
            difference(&parameters(&[("a", "1"), ("b", "2"), ("c", "3")]), &parameters(&[("a", "1"), ("b", "9")]));
        assert_eq!(changes, Difference { set: vec![("b".into(), "9".into())], reset: vec!["c".into()] });
        assert!(difference(&parameters(&EXAMPLE), &parameters(&EXAMPLE)).is_empty());
    }

    #[test]
    fn only_known_dynamic_parameters_are_changed_at_once() {
        let family = [Parameter::builder().parameter_name("work_mem").apply_type("dynamic").build()];
        let none = BTreeMap::new();
        let calls = difference(&none, &parameters(&[("max_connections", "9"), ("work_mem", "1")])).calls(&family);
        let methods: Vec<_> = calls.set.iter().flatten().map(|it| it.apply_method.clone()).collect();
        assert_eq!(methods, [Some(ApplyMethod::PendingReboot), Some(ApplyMethod::Immediate)]);
    }

    #[test]
    fn no_call_has_more_parameters_than_it_takes() {
        let calls = difference(&BTreeMap::new(), &parameters(&EXAMPLE)).calls(&[]);
        assert_eq!(calls.set.iter().map(Vec::len).collect::<Vec<_>>(), [20, 1]);
        assert_eq!(calls.reset, Vec::<Vec<Parameter>>::new());
    }
}
