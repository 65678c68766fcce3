//! Commits reach the disk: what a run asks of it, in which order, and what waits for it.

use std::collections::BTreeMap;
use std::path::Path;

use formwork_emulator::Call;
use localstack_tests::disk::{self, Cut, Disk, DiskCall, DiskError};
use serde_json::Value;

use super::{CONFIG, Project, WHOLE, code, run};

/// What a commit is, call by call: durable in the log first, then in a head that takes the place of the last one when it is whole. The folder
/// holds the head's name.
const COMMIT: [(&str, &str); 7] = [
    ("pwrite", "log"),
    ("fdatasync", "log"),
    ("open", "head.next"),
    ("write", "head.next"),
    ("fsync", "head.next"),
    ("rename", "head"),
    ("fsync", "."),
];

/// The bytes of a record before its payload.
const HEADER: usize = 76;

/// A commit as the disk saw it.
struct Commit {
    /// Microseconds since 1970 at which it was durable.
    durable: u64,
    entries: Vec<Value>,
}

#[test]
fn every_commit_reaches_the_disk_before_what_hangs_on_it_is_called() {
    let project = Project::new();
    let changed = CONFIG.replace("10.0.", "10.1.").replace("= 30", "= 60");
    let mut seen = BTreeMap::new();
    for (line, config) in [
        ("up small --yes", CONFIG),
        // The VPC is replaced with its subnet, and the log group changed.
        ("up small --yes", &changed),
        ("destroy small --yes --allow-delete data/events --allow-delete data/token", &changed),
    ] {
        project.configure(config);
        let log = project.path(".formwork/small/log");
        let before = std::fs::metadata(&log).map_or(0, |log| log.len());
        project.account.news();
        let trace = project.path("trace");
        let mut command = project.command(line);
        // The library is built where there is a cargo; the command itself runs in an environment of its own.
        Disk::below(&project.path(".formwork/small")).unwrap().traced(&trace).load(&mut command).unwrap();
        run(&mut command).expect(code::DONE);

        let commits = commits(&disk::calls(&trace).unwrap(), &log, usize::try_from(before).unwrap());
        let mutating: Vec<Call> = project.account.news().into_iter().filter(|call| call.mutating).collect();
        assert!(mutating.len() > 3 && commits.len() > mutating.len(), "{} of {}", mutating.len(), commits.len());
        let ids = ids(&commits, &log, usize::try_from(before).unwrap());
        for call in mutating {
            let op = intended(&call, &commits, &ids);
            *seen.entry(op.unwrap_or_else(|| panic!("no durable intent before {call:?}"))).or_insert(0) += 1;
        }
        std::fs::remove_file(trace).unwrap();
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["create", "delete", "update"], "{seen:?}");
}

/// The commits of a trace. Every call on the log, the head and their folder belongs to one, in its order, and none of them failed.
fn commits(calls: &[DiskCall], log: &Path, before: usize) -> Vec<Commit> {
    let first = calls.iter().position(|call| call.operation == "pwrite" && call.file == "log" && call.length > 16);
    let about = ["log", "head.next", "head", "."];
    let calls = &calls[first.unwrap()..];
    let calls: Vec<&DiskCall> = calls.iter().filter(|call| about.contains(&call.file.as_str())).collect();
    let bytes = std::fs::read(log).unwrap();
    let mut at = before.max(16);
    let commits = calls.chunks(COMMIT.len()).map(|calls| {
        let order: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.file.as_str())).collect();
        assert_eq!(order, COMMIT);
        assert!(calls.iter().all(|call| call.result >= 0), "{calls:?}");
        assert!(calls.is_sorted_by_key(|call| call.micros), "{calls:?}");
        let end = at + usize::try_from(calls[0].length).unwrap();
        let entries = serde_json::from_slice(&bytes[at + HEADER..end]).unwrap();
        at = end;
        Commit { durable: calls[6].micros, entries }
    });
    let commits: Vec<Commit> = commits.collect();
    assert_eq!(at, bytes.len(), "all of the log is of these commits");
    commits
}

/// By uid, the ids under which things were recorded, and when that was durable; those of earlier runs from the beginning.
fn ids(commits: &[Commit], log: &Path, before: usize) -> Vec<(String, String, u64)> {
    let id = |entry: &Value, durable: u64| {
        let row = if entry["entry"] == "accepted" { &entry["row"] } else { entry };
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        ["accepted", "row", "progress"]
            .iter()
            .any(|one| entry["entry"] == *one)
            .then(|| (text("uid"), text("id"), durable))
    };
    let bytes = std::fs::read(log).unwrap();
    let mut at = 16;
    let mut found = Vec::new();
    while at < before {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let entries: Vec<Value> = serde_json::from_slice(&bytes[at + HEADER..at + HEADER + length]).unwrap();
        found.extend(entries.iter().filter_map(|entry| id(entry, 0)));
        at += HEADER + length;
    }
    let of = |commit: &Commit| commit.entries.iter().filter_map(|entry| id(entry, commit.durable)).collect::<Vec<_>>();
    found.extend(commits.iter().flat_map(of));
    found
}

/// What the intent of a call is: of those that were durable when the call arrived, the last whose token it carries, or an id of whose thing.
fn intended(call: &Call, commits: &[Commit], ids: &[(String, String, u64)]) -> Option<String> {
    let sent = call.parameters.to_string();
    let arrived = (call.time * 1e6) as u64;
    let durable = commits.iter().filter(|commit| commit.durable <= arrived);
    let mut intents = durable.flat_map(|commit| &commit.entries).filter(|entry| entry["entry"] == "intent");
    let about = |intent: &&Value| {
        let uid = intent["row"]["uid"].as_str().unwrap_or_default();
        let known = ids.iter().filter(|(of, id, durable)| of == uid && !id.is_empty() && *durable <= arrived);
        let mut names = known.map(|(_, id, _)| id.as_str()).chain(intent["token"].as_str());
        names.any(|name| sent.contains(&format!("\"{name}\"")))
    };
    let op = intents.rfind(about)?["op"].as_str()?;
    Some(op.to_owned())
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_commit_is_followed_by_one_that_finishes() {
    // In the middle of the intent's record, and of the one that says what was made.
    for number in [3, 4] {
        let project = Project::new();
        let mut command = project.command("up small --yes --parallel 1");
        let disk = Disk::below(&project.path(".formwork/small")).unwrap();
        disk.kill(Cut::Within, "pwrite", "log", number + 1).load(&mut command).unwrap();
        let killed = run(&mut command);
        assert_eq!(killed.code, None, "{killed:?}");
        project.expect("up small --yes", code::DONE).says(&["was cut off while it was being written"]);
        assert_eq!(project.standing(), WHOLE);
        project.expect("preview small --detailed-exitcode", code::DONE);
    }
}

#[test]
fn a_disk_that_fails_at_any_write_is_what_the_run_says_it_is_and_the_next_run_finishes() {
    let kinds = [(DiskError::Full, "No space left on device"), (DiskError::ReadOnly, "Read-only file system")];
    let (mut before, mut within) = (0, 0);
    for number in 1.. {
        let (error, words) = kinds[number % kinds.len()];
        let project = Project::new();
        let mut command = project.command("up small --yes");
        let disk = Disk::below(&project.path(".formwork/small")).unwrap();
        disk.fail(error, "pwrite", "log", number as u64).load(&mut command).unwrap();
        let failed = run(&mut command);
        failed.is_sound();
        match failed.code {
            Some(code::DONE) => break,
            // Before anything was changed it is a fault of what the run was given; after that it is a run that was cut short.
            Some(code::BAD_INPUT) => {
                before += 1;
                assert!(project.account.news().iter().all(|call| !call.mutating), "{failed:?}");
            }
            _ => {
                within += 1;
                failed.expect(code::INTERRUPTED);
                failed.says(&[&format!("next: {} up small", env!("CARGO_BIN_EXE_small"))]);
            }
        }
        failed.says(&[words, ".formwork/small/log", "hint"]);
        project.expect("up small --yes", code::DONE);
        assert_eq!(project.standing(), WHOLE, "after a failure at write {number}");
        project.expect("preview small --detailed-exitcode", code::DONE);
    }
    assert!(before >= 2 && within >= 8, "{before} failures before the first call and {within} after it");
}
