use std::path::Path;

use super::{TypeName, draft_of};

/// The draft of a type whose schema is kept here, and the file that is compiled with the resource types.
fn pair(name: &str, schema: &str, kept: &str) -> (String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/new_type");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let draft = draft_of(&TypeName::parse(name).unwrap(), &read(schema)).unwrap();
    (draft.text, read(kept))
}

#[test]
fn a_draft_is_the_file_that_compiles_with_the_resource_types() {
    for (name, schema, kept) in [
        ("AWS::SQS::Queue", "aws-sqs-queue.json", "queue.rs"),
        ("AWS::DynamoDB::Table", "aws-dynamodb-table.json", "table.rs"),
    ] {
        let (draft, kept) = pair(name, schema, kept);
        assert_eq!(
            draft, kept,
            "{name}: print it anew with `cargo xtask new-type {name} --schema xtask/tests/new_type`"
        );
    }
}

#[test]
fn what_is_no_schema_of_the_type_is_refused_with_its_reason() {
    let queue = TypeName::parse("AWS::SQS::Queue").unwrap();
    let refusal = |text: &str| draft_of(&queue, text).map(|draft| draft.text).unwrap_err().to_string();
    assert!(refusal("{").contains("not JSON"));
    assert!(refusal("[]").contains("not an object"));
    assert!(refusal(r#"{"typeName":"AWS::SQS::Queue"}"#).contains("`properties`"));
    let other = r#"{"typeName":"AWS::SNS::Topic","properties":{}}"#;
    assert!(refusal(other).contains("this is the schema of AWS::SNS::Topic"));
}

#[test]
fn a_definition_that_holds_itself_becomes_a_document() {
    let schema = r##"{"typeName":"AWS::SQS::Queue","properties":{"Rule":{"$ref":"#/definitions/Rule"}},
        "definitions":{"Rule":{"type":"object","properties":{"Not":{"$ref":"#/definitions/Rule"},"Loop":{"$ref":"#/definitions/Loop"}}},
        "Loop":{"$ref":"#/definitions/Loop"}}}"##;
    let text = draft_of(&TypeName::parse("AWS::SQS::Queue").unwrap(), schema).unwrap().text;
    assert!(text.contains("pub not: Option<Json>") && text.contains("pub rule: Option<Rule>"), "{text}");
}

#[test]
fn what_is_written_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let draft =
        draft_of(&TypeName::parse("AWS::SQS::Queue").unwrap(), r#"{"typeName":"AWS::SQS::Queue","properties":{}}"#);
    let draft = draft.unwrap();
    super::write(folder.path(), &draft).unwrap();
    assert_eq!(std::fs::read_to_string(folder.path().join("aws/src/sqs/queue.rs")).unwrap(), draft.text);
    assert!(super::write(folder.path(), &draft).unwrap_err().to_string().contains("is there already"));
}
