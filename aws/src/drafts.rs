//! The drafts that `cargo xtask new-type` prints for two schemas, compiled and looked at where a type lives. That they are what it prints is a
//! test of xtask's.

#[path = "../../xtask/tests/new_type/queue.rs"]
pub mod queue;
#[path = "../../xtask/tests/new_type/table.rs"]
pub mod table;

use formwork_engine::shape::{Change, ChangeRule, Shape};
use formwork_engine::{Resource as _, Schema};

fn change(schema: &Schema, arg: &str) -> Option<Change> {
    match schema.arg(arg).map(|arg| arg.change) {
        Some(ChangeRule::Always(change)) => Some(change),
        _ => None,
    }
}

#[test]
fn a_draft_has_what_the_schema_knows_of_changes_and_shapes() {
    let queue = queue::Queue::schema();
    assert_eq!(change(queue, "fifo_queue"), Some(Change::Replace));
    assert_eq!(change(queue, "visibility_timeout"), Some(Change::InPlace));
    assert!(matches!(queue.arg("redrive_policy").map(|arg| &arg.shape), Some(Shape::Optional(Shape::Json))));
    assert_eq!(queue.natural_key, ["name"]);

    let table = table::Table::schema();
    assert!(matches!(
        table.arg("key_schema").map(|arg| &arg.shape),
        Some(Shape::List(Shape::Block(_)) | Shape::Set(Shape::Block(_)) | Shape::Json)
    ));
    assert!(table.args.iter().any(|arg| matches!(arg.change, ChangeRule::Decide(_))));
}
