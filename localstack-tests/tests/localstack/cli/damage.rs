//! A wrong byte in each file of the state folder: the same rows, or an error that says so; never a panic, and no row less.

use std::path::{Path, PathBuf};

use super::{Project, code};

#[test]
fn a_flipped_byte_loses_no_row_and_is_no_panic() {
    let project = Project::new();
    project.expect("up small --yes", code::DONE);
    let rows = project.rows();
    assert_eq!(rows.as_array().unwrap().len(), 4);

    let kept = project.path("kept");
    let state = project.path(".formwork/small");
    copy(&state, &kept);
    let files = files(&kept, &kept);
    assert!(["log", "head", "view.sums"].iter().all(|name| files.contains(&PathBuf::from(name))), "{files:?}");
    let mut refused = Vec::new();
    for file in files {
        flip(&state.join(&file));
        for line in ["state list small --json", "up small --yes --expect-no-changes"] {
            let ran = project.run(line);
            ran.is_sound();
            match ran.code {
                Some(code::DONE) if line.starts_with("state") => assert_eq!(ran.json(), rows, "{}", file.display()),
                Some(code::DONE) => {}
                Some(code::BAD_INPUT) => {
                    ran.says(&["log"]);
                    refused.push(file.clone());
                }
                _ => panic!("{}: {ran:#?}", file.display()),
            }
        }
        std::fs::remove_dir_all(&state).unwrap();
        copy(&kept, &state);
        assert_eq!(project.rows(), rows);
    }
    refused.dedup();
    // Everything but the log can be made again from it.
    assert_eq!(refused, [PathBuf::from("log")]);
}

/// Turns the byte in the middle of a file over.
fn flip(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0xff;
    }
    std::fs::write(file, bytes).unwrap();
}

/// The files of a folder at every depth that hold something, relative to `root`.
fn files(folder: &Path, root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, root));
        } else if path.metadata().unwrap().len() > 0 {
            found.push(path.strip_prefix(root).unwrap().to_owned());
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
