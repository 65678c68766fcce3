//! The fault run over a small stack, with the real command line: a sixth of its calls goes wrong, in the emulator or on the way there.
//!
//! The one over `prod` has a command of its own: `cargo xtask fault-run`.

use std::collections::BTreeMap;

use localstack_tests::sweep::{Subject, storm_table, storms};

const ACCOUNT: &str = "300000000001";

#[test]
#[expect(clippy::disallowed_macros, reason = "the table is for people")]
fn a_small_stack_comes_up_in_bad_weather_with_everything_there_once() {
    let config = format!(
        "cidr_block = \"10.0.0.0/16\"\nsubnets = [\"10.0.1.0/24\", \"10.0.2.0/24\"]\nretention_in_days = 30\n\
         token = {{ env = \"SMALL_TOKEN\" }}\n\n[aws]\naccount_id = \"{ACCOUNT}\"\nregion = \"eu-west-1\"\n"
    );
    let subject = Subject {
        binary: env!("CARGO_BIN_EXE_small").into(),
        stack: "small".to_owned(),
        changed: config.clone(),
        config,
        account: ACCOUNT.to_owned(),
        environment: BTreeMap::from([("SMALL_TOKEN".to_owned(), "hunter2-of-the-test".to_owned())]),
    };
    let (needed, passed) = storms(&subject, &[1, 2, 3, 4, 5], 15.0, 1, &|_| {}).unwrap();
    println!("{}", storm_table(needed, &passed));
    // Storms that did nothing would leave nothing wrong.
    let faults: u64 = passed.iter().flat_map(|one| one.weather.values().chain(one.network.values())).sum();
    assert!(faults > 5, "{faults} faults");
    let wrong = passed.iter().flat_map(|one| &one.tally.wrong);
    let wrong: Vec<&str> = wrong.map(String::as_str).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
