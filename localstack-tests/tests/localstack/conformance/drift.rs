//! The table of drift: every field that can change in place, whether its change outside is seen in the next plan at its own path, whether
//! `up` sets it back, and the reason where that cannot be shown.
//!
//! `cargo test -p localstack-tests drift_table -- --nocapture` prints it.

use std::collections::BTreeMap;

use formwork_engine::{Change, ChangeRule, Schema};

use super::coverage::Described;
use super::example;

/// How many fields of all types cannot be shown. It may fall without a word; a rise wants a look at the reasons.
const NOT_SHOWN: usize = 95;

/// Why the change of a field outside cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hidden {
    /// The case takes away or brings nothing that differs.
    Same,
    /// It is declared only before or only after the case: otherwise AWS decides it.
    Undeclared,
    /// The value of the case is an output of something that is only made.
    Unknown,
    /// AWS moves it.
    Moved,
    /// AWS never tells.
    WriteOnly,
}

/// What became of the change of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It was not made outside.
    Hidden(Hidden),
    /// It was seen at its path, and setting it back is not possible in place.
    Seen(&'static str),
    /// It was seen at its path, and `up` has set it back.
    SetBack,
}

/// What became of the fields of one type; the best of several cases counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Drifted(BTreeMap<&'static str, Fate>);

impl Drifted {
    pub(super) fn note(&mut self, field: &'static str, fate: Fate) {
        let best = self.0.entry(field).or_insert(fate);
        *best = fate.max(*best);
    }
}

/// The line of one type.
#[derive(Default)]
struct Line {
    fields: usize,
    seen: usize,
    set_back: usize,
    /// Seen and not set back, or not shown: with the reason.
    reasons: Vec<(&'static str, String)>,
}

impl Line {
    fn of(schema: &'static Schema, described: &Described, drifted: &Drifted) -> Self {
        let mut line = Self::default();
        for arg in schema.args {
            if matches!(arg.change, ChangeRule::Always(Change::Replace | Change::Never)) {
                continue;
            }
            line.fields += 1;
            let reason = match drifted.0.get(arg.name) {
                Some(Fate::SetBack) => {
                    line.seen += 1;
                    line.set_back += 1;
                    continue;
                }
                Some(Fate::Seen(why)) => {
                    line.seen += 1;
                    (*why).to_owned()
                }
                Some(Fate::Hidden(Hidden::WriteOnly)) => {
                    "AWS does not tell it; compared with what was applied".to_owned()
                }
                Some(Fate::Hidden(Hidden::Moved)) => "AWS moves it itself; its drift is not reported".to_owned(),
                Some(Fate::Hidden(Hidden::Undeclared)) => {
                    "not declared before: AWS decides, nothing is compared".to_owned()
                }
                Some(Fate::Hidden(Hidden::Same)) => "its example changes the record only".to_owned(),
                Some(Fate::Hidden(Hidden::Unknown)) => "its example is an output of something new".to_owned(),
                None => match described.unseen.get(arg.name) {
                    Some(reason) => format!("emulator: {reason}"),
                    None => "its example changes it by a replacement, or along with others, only".to_owned(),
                },
            };
            line.reasons.push((arg.name, reason));
        }
        line
    }
}

#[tokio::test]
#[expect(
    clippy::disallowed_macros,
    reason = "the table is for people: `cargo test -p localstack-tests drift_table -- --nocapture`"
)]
async fn drift_table_every_in_place_field_of_every_type_is_seen_and_set_back_or_has_a_reason() {
    let walks = super::all().await;
    let mut table = vec![format!("{:<36} {:>6} {:>6} {:>8} {:>9}", "type", "fields", "seen", "set back", "not shown")];
    let (mut reasons, mut sum) = (Vec::new(), Line::default());
    for schema in formwork_aws::schemas() {
        let described = Described::of(&example(schema.kind));
        let line = Line::of(schema, &described, &walks[schema.kind].drifted);
        table.push(row(schema.kind, &line));
        reasons.extend(line.reasons.iter().map(|(field, why)| format!("{:<36} {field:<36} {why}", schema.kind)));
        sum.fields += line.fields;
        sum.seen += line.seen;
        sum.set_back += line.set_back;
    }
    table.push(row("all", &sum));
    println!("{}\n\nnot set back, and why\n{}", table.join("\n"), reasons.join("\n"));
    let wrong: Vec<&String> = walks.values().flat_map(|walk| &walk.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        sum.fields - sum.seen <= NOT_SHOWN,
        "{} fields are not shown, and {NOT_SHOWN} were committed",
        sum.fields - sum.seen
    );
}

fn row(kind: &str, line: &Line) -> String {
    format!("{kind:<36} {:>6} {:>6} {:>8} {:>9}", line.fields, line.seen, line.set_back, line.fields - line.seen)
}
