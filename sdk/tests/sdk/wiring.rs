//! Wrong wiring does not compile, and the message says what is wanted.
//!
//! Each file in `tests/ui` is compiled against the library that these tests are linked with, which takes a second or two each;
//! a tool that builds the dependencies anew would take minutes. Notes about other types are left out: they change with every
//! type that is added.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The library that was built for this test: the newest beside it.
fn library(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let ours = files.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libformwork-") && name.ends_with(".rlib")
    });
    ours.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).expect("the library stands beside its tests")
}

/// Compiles a file and answers whether it did, and the errors without their notes.
fn compile(file: &str) -> (bool, String) {
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let out = tempfile::tempdir().unwrap();
    let output = Command::new("rustc")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(out.path())
        .arg("--extern")
        .arg(format!("formwork={}", library(&folder).display()))
        .arg("-L")
        .arg(format!("dependency={}", folder.display()))
        .arg(format!("tests/ui/{file}.rs"))
        .output()
        .unwrap();
    (output.status.success(), errors(&String::from_utf8(output.stderr).unwrap()))
}

/// Keeps each error with its place in the file, and drops the notes and helps after it.
fn errors(text: &str) -> String {
    let mut kept = Vec::new();
    let mut within = false;
    for line in text.lines() {
        if line.starts_with("error") {
            within = !line.starts_with("error: aborting");
        } else if line.starts_with("note") || line.starts_with("help") || line.trim_start().starts_with("= ") {
            within = false;
        }
        if within {
            kept.push(line.trim_end());
        }
    }
    kept.join("\n").trim_end_matches(['\n', ' ', '|']).to_owned()
}

#[test]
fn a_subnet_does_not_take_a_subnet_for_its_vpc() {
    let (compiled, errors) = compile("wrong_handle");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn a_required_argument_cannot_be_left_out() {
    let (compiled, errors) = compile("missing_argument");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn a_bool_is_no_text() {
    let (compiled, errors) = compile("bool_for_text");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn a_tag_takes_no_secret() {
    let (compiled, errors) = compile("secret_in_a_tag");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn an_output_of_another_stack_has_a_type() {
    let (compiled, errors) = compile("wrong_stack_output");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn what_is_no_output_is_not_read_from_another_stack() {
    let (compiled, errors) = compile("no_stack_output");
    assert!(!compiled);
    insta::assert_snapshot!(errors);
}

#[test]
fn right_wiring_compiles() {
    let (compiled, errors) = compile("right");
    assert!(compiled, "{errors}");
}
