//! The kill sweep over a small stack, with the real command line: every call of its life that changes something and every fourth commit, in
//! every mode.
//!
//! The one over `prod` has a command of its own: `cargo xtask kill-sweep`.

use std::collections::BTreeMap;

use localstack_tests::sweep::{Subject, Survey, Wish, sweep, table};

const ACCOUNT: &str = "200000000001";

fn config(cidr_block: &str, subnet: &str, days: u32) -> String {
    format!(
        "cidr_block = \"{cidr_block}\"\nsubnets = [\"{subnet}\"]\nretention_in_days = {days}\ntoken = {{ env = \"SMALL_TOKEN\" }}\n\n\
         [aws]\naccount_id = \"{ACCOUNT}\"\nregion = \"eu-west-1\"\n"
    )
}

#[test]
#[expect(clippy::disallowed_macros, reason = "the table is for people")]
fn a_small_stack_survives_a_kill_at_every_call_and_in_its_commits() {
    let subject = Subject {
        binary: env!("CARGO_BIN_EXE_small").into(),
        stack: "small".to_owned(),
        config: config("10.0.0.0/16", "10.0.1.0/24", 30),
        // The network is replaced with what is in it, the log group changed.
        changed: config("10.1.0.0/16", "10.1.1.0/24", 60),
        account: ACCOUNT.to_owned(),
        environment: BTreeMap::from([("SMALL_TOKEN".to_owned(), "hunter2-of-the-test".to_owned())]),
    };
    let survey = Survey::new(&subject, &Wish { commits: 4, twice: 3, ..Wish::default() }).unwrap();
    let tallies = sweep(&subject, &survey, 8, &|_, _| {}).unwrap();
    println!("{}", table(&tallies));
    // A sweep that killed nothing would find nothing wrong.
    let kills: usize = tallies.values().map(|tally| tally.points).sum();
    assert!(kills > 55, "{kills} kills at {} points", survey.points.len());
    let wrong: Vec<String> = tallies.into_values().flat_map(|tally| tally.wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
