//! A plan as people read it: a tree by component, about one line per resource, what changes beneath it, and a sum.
//!
//! ```text
//! Preview of prod: account 123456789012, region eu-west-1
//!
//!   network
//!   + main       ec2/vpc     10.0.0.0/16
//!   ~ private-1  ec2/subnet  declared changed
//!       map_public_ip_on_launch: true → false
//!
//! Plan: 1 to create, 1 to update, 0 to replace, 0 to delete, 4 unchanged.
//! ```

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::plan::{FieldChange, Op, Plan, Reason, Step};
use formwork_engine::program::stack_of;
use formwork_engine::{Hazard, Urn, Value};

use super::value::{Part, parts, shown};
use super::{Ink, Look, fit, pad, plural, wide, wrapped};

mod identity;
mod tree;

use tree::{Branch, Line};

/// What the reader is about to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// `preview`.
    Preview,
    /// `up`.
    Up,
    /// `destroy`.
    Destroy,
    /// `import`.
    Import,
    /// `rollback`, to this deployment.
    Rollback(u64),
}

/// Where a plan belongs: the first line of its text.
#[derive(Debug, Clone)]
pub struct Heading {
    /// What is shown.
    pub intent: Intent,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The endpoint, when it is not AWS itself.
    pub endpoint: Option<String>,
}

/// One thing of the plan: a step, or the two steps of a replacement.
struct Item<'a> {
    /// What is read: the create of a replacement.
    main: &'a Step,
    /// The delete of a replacement.
    former: Option<&'a Step>,
}

/// The text of a plan, with an end of line.
pub fn plan(plan: &Plan, heading: &Heading, look: Look) -> String {
    let mut text = first_line(plan, heading, look);
    let items = items(plan);
    if items.is_empty() {
        text.push_str(&format!("\n{}\n", nothing_to_do(plan, heading)));
    } else {
        text.push('\n');
        text.push_str(&preparations(plan, look));
        let lines = Branch::new(&items).lines();
        // One width for the things of one component: a long name elsewhere does not push them apart.
        for siblings in lines.chunk_by(|one, next| one.item.is_some() && next.item.is_some() && one.depth == next.depth)
        {
            let tree = Tree { heading, look, columns: Columns::of(siblings, look) };
            siblings.iter().for_each(|line| tree.line(line, &mut text));
        }
    }
    text.push_str(&outputs(plan, look));
    text.push_str(&notes(plan, look));
    text.push_str(&warnings(plan, look));
    text.push_str(&consents(plan, look));
    if !items.is_empty() {
        text.push_str(&format!("\n{}\n", sum(plan, look)));
    }
    text
}

fn first_line(plan: &Plan, heading: &Heading, look: Look) -> String {
    let what = match heading.intent {
        Intent::Preview => "Preview of",
        Intent::Up => "Changes to",
        Intent::Destroy => "Destroying",
        Intent::Import => "Adopting into",
        Intent::Rollback(number) => &format!("Back to deployment {number} of"),
    };
    let Heading { account, region, endpoint, .. } = heading;
    let endpoint = endpoint.as_ref().map(|endpoint| format!(", endpoint {endpoint}")).unwrap_or_default();
    let place =
        wrapped(&format!("{what} {}: account {account}, region {region}{endpoint}", plan.stack), look.width, "", "  ");
    let bold = format!("{what} {}", plan.stack);
    match place.strip_prefix(&bold) {
        Some(rest) => format!("{}{rest}\n", look.paint(Ink::Strong, &bold)),
        None => format!("{place}\n"),
    }
}

fn nothing_to_do(plan: &Plan, heading: &Heading) -> String {
    let same = plan.counts().same;
    if !plan.is_noop() {
        return "no resource changes; the stack's outputs do".to_owned();
    }
    match (heading.intent, same) {
        (_, same) if !plan.excluded.is_empty() => {
            let declared = if same > 0 { format!("{} as declared, ", plural(same, "resource")) } else { String::new() };
            format!("nothing to do: {declared}{} excluded", plan.excluded.len())
        }
        (Intent::Destroy, _) => "nothing to do: the stack has no resources".to_owned(),
        (_, 0) => "nothing to do: the stack declares no resources".to_owned(),
        (_, 1) => "nothing to do: 1 resource is as declared".to_owned(),
        (_, same) => format!("nothing to do: {same} resources are as declared"),
    }
}

/// What is shown: everything that is not as it is, the halves of a replacement together.
fn items(plan: &Plan) -> Vec<Item<'_>> {
    let former: BTreeMap<&Urn, &Step> =
        plan.steps.iter().filter(|step| step.op == Op::Delete && step.replaces).map(|step| (&step.urn, step)).collect();
    let created: BTreeSet<&Urn> =
        plan.steps.iter().filter(|step| step.op == Op::Create).map(|step| &step.urn).collect();
    let shown = |step: &&Step| match step.op {
        Op::Same => false,
        Op::Delete if step.replaces => !created.contains(&step.urn),
        // The row of what vanished and is made again.
        Op::Forget if step.replaces || step.reason == Reason::Vanished => !created.contains(&step.urn),
        _ => true,
    };
    let item = |step: &'_ Step| step.op == Op::Create && step.replaces;
    plan.steps
        .iter()
        .filter(shown)
        .map(|step| Item { main: step, former: if item(step) { former.get(&step.urn).copied() } else { None } })
        .collect()
}

impl Item<'_> {
    fn sign(&self) -> (&'static str, Ink) {
        match self.main.op {
            Op::Create if self.main.replaces => ("±", Ink::Replace),
            Op::Create => ("+", Ink::Create),
            Op::Update => ("~", Ink::Update),
            Op::Delete => ("-", Ink::Delete),
            Op::Forget => ("-", Ink::Update),
            Op::Adopt => ("=", Ink::Create),
            Op::Read => ("?", Ink::Plain),
            Op::Resume | Op::Move => (">", Ink::Update),
            Op::Same => (" ", Ink::Plain),
        }
    }

    /// What stands in the last column: words first, then what identifies the resource.
    fn details(&self, heading: &Heading) -> String {
        let step = self.main;
        let mut words: Vec<String> = Vec::new();
        match step.op {
            Op::Create if step.replaces => {
                let delete_first = self.former.is_some_and(|former| step.after.contains(&former.id));
                words.push(format!(
                    "replaced, {}",
                    if delete_first { "the former deleted first" } else { "created first" }
                ));
                words.extend(reason(&step.reason));
            }
            Op::Create => {
                words.extend(reason(&step.reason));
                words.extend(identity::of(step));
            }
            Op::Update => words.extend(common_reason(step)),
            Op::Delete => {
                // Why a plain delete is there goes without saying.
                words.extend(reason(&step.reason).filter(|_| step.reason != Reason::Removed));
                words.extend(step.resource_id.clone());
            }
            Op::Forget => {
                words.push("forgotten, stays in the account".to_owned());
                words.extend(reason(&step.reason));
            }
            Op::Adopt => {
                words.push(format!("adopts {}", step.resource_id.as_deref().unwrap_or("what exists")));
                // Nothing in the account will say whose it is.
                words.extend((!step.writes_ownership()).then(|| "name only: it takes no tags".to_owned()));
            }
            Op::Read => words.push("looked up while applying".to_owned()),
            Op::Resume => {
                words.push(format!("goes on with {}", step.resource_id.as_deref().unwrap_or("what was begun")))
            }
            Op::Move => words.push("renamed in the records only".to_owned()),
            Op::Same => {}
        }
        if step.maybe {
            words.push("may turn out unchanged".to_owned());
        }
        if step.account != heading.account && !step.account.is_empty() {
            words.push(format!("in {} {}", step.account, step.region));
        } else if step.region != heading.region && !step.region.is_empty() {
            words.push(format!("in {}", step.region));
        }
        words.join(", ")
    }

    fn hazards(&self) -> Vec<&'static str> {
        let mut hazards: Vec<_> = self
            .main
            .hazards
            .iter()
            .chain(self.former.iter().flat_map(|former| &former.hazards))
            .map(|hazard| match hazard {
                Hazard::DataLoss => "data may be lost",
                Hazard::Irreversible => "cannot be taken back",
                Hazard::Outage => "interrupts service",
            })
            .collect();
        if self.main.data_store || self.former.is_some_and(|former| former.data_store) {
            let deletes = self.main.op == Op::Delete || self.former.is_some();
            hazards.extend(deletes.then_some("data store: its contents are deleted"));
        }
        hazards.dedup();
        hazards
    }
}

/// A reason that is worth a word: not "new", and not "removed from the program" of a plain delete.
fn reason(reason: &Reason) -> Option<String> {
    match reason {
        Reason::New | Reason::DeclaredChanged => None,
        Reason::DependsOn(urn, output) => Some(follows(urn, output)),
        other => Some(other.to_string()),
    }
}

/// The reason of an update's changes, where they share one.
fn common_reason(step: &Step) -> Option<String> {
    let first = &step.changes.first()?.reason;
    step.changes.iter().all(|change| change.reason == *first).then(|| reason_of_change(first))
}

fn reason_of_change(reason: &Reason) -> String {
    match reason {
        Reason::DependsOn(urn, output) => follows(urn, output),
        Reason::Drifted => "drifted: was changed outside".to_owned(),
        other => other.to_string(),
    }
}

fn follows(urn: &Urn, output: &str) -> String {
    match stack_of(urn) {
        Some(stack) => format!("follows stack {stack}'s {output}"),
        None => format!("follows {}.{output}", urn.path()),
    }
}

/// Where the columns stand.
struct Columns {
    name: usize,
    kind: usize,
}

impl Columns {
    /// As wide as the widest that is not too wide; those that are push the rest of their line.
    fn of(lines: &[Line<'_>], look: Look) -> Self {
        // Half of a usual width is left to type and details; on a narrow one names take what there is.
        let most = (look.width * 2 / 5).max(look.width.saturating_sub(40) * 3 / 4);
        let widest = |widths: &dyn Fn(&Line<'_>) -> Option<usize>| {
            lines.iter().filter_map(widths).filter(|width| *width <= most).max().unwrap_or(0).max(8)
        };
        Self {
            name: widest(&|line| line.item.map(|_| wide(&line.name) + 2 * line.depth)),
            kind: widest(&|line| line.item.map(|item| wide(item.main.kind.short()))),
        }
    }
}

struct Tree<'a> {
    heading: &'a Heading,
    look: Look,
    columns: Columns,
}

impl Tree<'_> {
    fn line(&self, line: &Line<'_>, text: &mut String) {
        match line.item {
            Some(item) => self.item(item, line, text),
            None => {
                let name = self.look.paint(Ink::Strong, &line.name);
                text.push_str(&format!("{}{name}\n", " ".repeat(2 * line.depth + 2)));
            }
        }
    }

    fn item(&self, item: &Item<'_>, line: &Line<'_>, text: &mut String) {
        let look = self.look;
        let (sign, ink) = item.sign();
        let indent = " ".repeat(2 * line.depth + 2);
        let name = pad(&line.name, self.columns.name.saturating_sub(2 * line.depth));
        let kind = item.main.kind.short();
        let before_kind = wide(&indent) + 2 + wide(&name) + 2;
        let details = item.details(self.heading);
        let beneath = format!("{indent}    ");
        // A name that leaves no room for the type has it beneath itself.
        let apart = before_kind + wide(kind) > look.width;
        let before_kind = if apart { wide(&beneath) } else { before_kind };
        let room = look.width.saturating_sub(before_kind + self.columns.kind.max(wide(kind)) + 2);
        // What identifies a resource may be cut; words about what happens to it go on the next line instead.
        let words = item.main.replaces || !matches!(item.main.op, Op::Create | Op::Delete);
        let beside = if words { wide(&details) <= room } else { room >= 10 } && !details.is_empty();
        let kind = if beside { pad(kind, self.columns.kind) } else { kind.to_owned() };
        let name = if apart { format!("{}\n{beneath}", name.trim_end()) } else { format!("{name}  ") };
        text.push_str(&format!("{indent}{} {name}{}", look.paint(ink, sign), look.paint(Ink::Faint, &kind)));
        if beside {
            text.push_str(&format!("  {}", fit(&details, room)));
        }
        text.push('\n');
        if words && !beside && !details.is_empty() {
            text.push_str(&wrapped(&details, look.width, &beneath, &beneath));
            text.push('\n');
        }
        for hazard in item.hazards() {
            text.push_str(&format!("{beneath}{}\n", look.paint(Ink::Bad, &format!("! {hazard}"))));
        }
        self.changes(item, &beneath, text);
    }

    fn changes(&self, item: &Item<'_>, beneath: &str, text: &mut String) {
        let step = item.main;
        let changes: Vec<&FieldChange> = match step.op {
            Op::Create if step.replaces => {
                let own =
                    step.changes.iter().filter(|change| change.forces_replacement || change.reason != Reason::New);
                own.chain(item.former.iter().flat_map(|former| &former.changes)).collect()
            }
            Op::Update | Op::Resume | Op::Adopt => step.changes.iter().collect(),
            // What is lifted so that it can be deleted.
            Op::Delete => step.changes.iter().collect(),
            _ => return,
        };
        let common = common_reason(step);
        for change in changes {
            let mut notes = Vec::new();
            if change.forces_replacement {
                notes.push("forces the replacement".to_owned());
            }
            let own = reason_of_change(&change.reason);
            let said_above = matches!(step.op, Op::Update | Op::Delete) && common.as_ref() == Some(&own)
                || change.reason == Reason::Adopted;
            if !said_above && (change.reason != Reason::DeclaredChanged || !change.forces_replacement) {
                notes.push(own);
            }
            if change.maybe && !step.maybe {
                notes.push("may turn out unchanged".to_owned());
            }
            let notes = if notes.is_empty() { String::new() } else { format!("({})", notes.join(", ")) };
            let parts = parts(&change.path, &change.before, &change.after);
            let last = parts.len().saturating_sub(1);
            for (index, part) in parts.iter().enumerate() {
                self.part(part, if index == last { &notes } else { "" }, beneath, text);
            }
        }
    }

    /// `path: before → after (notes)`, in one line where it fits, the notes or the value after beneath it where not.
    fn part(&self, part: &Part, notes: &str, beneath: &str, text: &mut String) {
        let look = self.look;
        let room = look.width.saturating_sub(wide(beneath));
        let body = match part {
            Part::More(count) => format!("… and {}", plural(*count, "further difference")),
            Part::Elements { path, gone, added } => {
                let signs =
                    gone.iter().map(|item| format!("-{item}")).chain(added.iter().map(|item| format!("+{item}")));
                fit(&format!("{path}: {}", signs.collect::<Vec<_>>().join(" ")), room)
            }
            Part::Changed { path, before, after } => {
                let whole = format!("{path}: {before} → {after}");
                if wide(&whole) <= room {
                    whole
                } else {
                    let share = room.saturating_sub(wide(path) + 5);
                    // What is short stays whole, and the other gets the rest.
                    let (a, b) = match (wide(before) * 2 <= share, wide(after) * 2 <= share) {
                        (true, _) => (wide(before), share.saturating_sub(wide(before))),
                        (_, true) => (share.saturating_sub(wide(after)), wide(after)),
                        _ => (share / 2, share - share / 2),
                    };
                    if share < 24 {
                        let inner = room.saturating_sub(4);
                        format!("{path}:\n{beneath}  {}\n{beneath}  → {}", fit(before, inner), fit(after, inner))
                    } else {
                        format!("{path}: {} → {}", fit(before, a), fit(after, b))
                    }
                }
            }
        };
        text.push_str(beneath);
        text.push_str(&body);
        if !notes.is_empty() {
            let last = body.lines().last().unwrap_or_default();
            let fits = if body.contains('\n') { wide(last) } else { wide(beneath) + wide(last) } + 1 + wide(notes)
                <= look.width;
            text.push_str(&if fits {
                format!(" {}", look.paint(Ink::Faint, notes))
            } else {
                format!(
                    "\n{}",
                    look.paint(
                        Ink::Faint,
                        &wrapped(notes, look.width, &format!("{beneath}  "), &format!("{beneath}  "))
                    )
                )
            });
        }
        text.push('\n');
    }
}

fn outputs(plan: &Plan, look: Look) -> String {
    let mut lines = Vec::new();
    let mut later = Vec::new();
    let outputs = plan.outputs.iter().filter(|(_, (before, after))| before != after);
    for (name, (before, after)) in outputs {
        match (before, after) {
            (Value::Null, Value::Unknown(_)) => later.push(name.as_str()),
            (Value::Null, after) => lines.push(format!(
                "  {} {name}: {}",
                look.paint(Ink::Create, "+"),
                fit(&shown(after), look.width.saturating_sub(wide(name) + 6))
            )),
            (_, Value::Null) => lines.push(format!("  {} {name}", look.paint(Ink::Delete, "-"))),
            (before, after) => {
                for part in parts(name, before, after) {
                    if let Part::Changed { path, before, after } = part {
                        let room = look.width.saturating_sub(wide(&path) + 9);
                        let half = room / 2;
                        lines.push(format!(
                            "  {} {path}: {} → {}",
                            look.paint(Ink::Update, "~"),
                            fit(&before, half),
                            fit(&after, half)
                        ));
                    }
                }
            }
        }
    }
    if !later.is_empty() {
        lines.push(wrapped(&format!("{} (known after apply)", later.join(", ")), look.width, "  + ", "    "));
    }
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n  {}\n{}\n", look.paint(Ink::Strong, "outputs"), lines.join("\n")),
    }
}

fn notes(plan: &Plan, look: Look) -> String {
    let mut text = String::new();
    for note in &plan.notes {
        let line = wrapped(note, look.width, "note: ", "  ");
        let rest = line.strip_prefix("note:").unwrap_or(&line);
        text.push_str(&format!("{}{rest}\n", look.paint(Ink::Faint, "note:")));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// What is made before the first step, for everybody.
fn preparations(plan: &Plan, look: Look) -> String {
    let line = |what: &str, needed: &BTreeSet<Urn>| {
        let needed = needed.iter().map(Urn::path).collect::<Vec<_>>().join(", ");
        let line = wrapped(&format!("{what}, for {needed}"), look.width, "    + ", "        ");
        let rest = line.strip_prefix("    +").unwrap_or(&line);
        format!("    {}{rest}\n", look.paint(Ink::Create, "+"))
    };
    let lines: String = plan.preparations.iter().map(|one| line(&one.what, &one.needed_by)).collect();
    if lines.is_empty() {
        lines
    } else {
        format!("  first, in the account, which keeps it when the stack goes\n{lines}")
    }
}

fn warnings(plan: &Plan, look: Look) -> String {
    let mut text = String::new();
    for warning in &plan.warnings {
        let line = wrapped(warning, look.width, "warning: ", "  ");
        let rest = line.strip_prefix("warning:").unwrap_or(&line);
        text.push_str(&format!("{}{rest}\n", look.paint(Ink::Warning, "warning:")));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn consents(plan: &Plan, look: Look) -> String {
    if plan.consents.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(Ink::Bad, "needs consent"));
    for (urn, sentence) in &plan.consents {
        text.push_str(&wrapped(sentence, look.width, "  ! ", "    "));
        text.push('\n');
        // Some sentences name another flag themselves.
        if !sentence.contains("--accept-gone") {
            text.push_str(&format!("    given by: --allow-delete {}\n", urn.path()));
        }
    }
    text
}

fn sum(plan: &Plan, look: Look) -> String {
    let counts = plan.counts();
    let parts = [
        (Ink::Create, counts.create, "to create"),
        (Ink::Update, counts.update, "to update"),
        (Ink::Replace, counts.replace, "to replace"),
        (Ink::Delete, counts.delete, "to delete"),
        (Ink::Plain, counts.same, "unchanged"),
    ];
    let parts = parts.map(|(ink, count, words)| {
        let text = format!("{count} {words}");
        if count > 0 { look.paint(ink, &text) } else { text }
    });
    // Three of five fit into the narrowest line that anybody uses.
    let (first, rest) = parts.split_at(3);
    let between = if look.width < 72 { ",\n  " } else { ", " };
    format!("{} {}{between}{}.", look.paint(Ink::Strong, "Plan:"), first.join(", "), rest.join(", "))
}
