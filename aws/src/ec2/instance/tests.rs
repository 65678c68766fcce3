use aws_sdk_ec2::types as sdk;
use formwork_engine::Change;
use formwork_engine::kind::Status;

use super::blocks::{BlockDevice, VolumeType};
use super::changes::{RUNNING, STOPPED, devices, same_devices, status_of};
use super::observe::decoded;

fn instance(state: &str) -> sdk::Instance {
    let state = sdk::InstanceState::builder().name(state.into()).build();
    let reason = sdk::StateReason::builder()
        .code("Client.InternalError")
        .message("Client.InternalError: Client error on launch")
        .build();
    sdk::Instance::builder().state(state).state_reason(reason).build()
}

fn root(size: i32) -> BlockDevice {
    BlockDevice {
        device_name: "/dev/xvda".to_owned(),
        volume_size: Some(size),
        volume_type: Some(VolumeType::Gp3),
        encrypted: Some(false),
        ..BlockDevice::default()
    }
}

#[test]
fn a_machine_that_ended_while_it_was_made_says_why_and_is_otherwise_gone() {
    let failed = Status::Failed("Client.InternalError: Client error on launch".to_owned());
    assert_eq!(status_of(&instance("terminated"), Some(RUNNING)), Some(failed));
    assert_eq!(status_of(&instance("terminated"), None), None);
    assert_eq!(status_of(&instance("shutting-down"), None), Some(Status::Pending("shutting-down".to_owned())));
}

#[test]
fn a_stop_and_a_start_are_waited_for_by_their_own_word() {
    assert_eq!(status_of(&instance("running"), None), Some(Status::Ready));
    assert_eq!(status_of(&instance("stopped"), None), Some(Status::Ready));
    assert_eq!(status_of(&instance("running"), Some(STOPPED)), Some(Status::Pending("running".to_owned())));
    assert_eq!(status_of(&instance("stopped"), Some(RUNNING)), Some(Status::Pending("stopped".to_owned())));
    assert_eq!(status_of(&instance("a-new-word"), None), Some(Status::Pending("a-new-word".to_owned())));
}

#[test]
fn volumes_grow_and_change_their_sort_in_place() {
    let faster = BlockDevice { volume_type: Some(VolumeType::Io2), iops: Some(9000), ..root(12) };
    assert_eq!(devices(&vec![root(10)], &vec![faster]), Change::InPlace);
    assert_eq!(devices(&vec![root(10)], &vec![root(8)]), Change::Replace);
    let encrypted = BlockDevice { encrypted: Some(true), ..root(10) };
    assert_eq!(devices(&vec![root(10)], &vec![encrypted]), Change::Replace);
    let other = BlockDevice { device_name: "/dev/sdf".to_owned(), ..root(10) };
    assert_eq!(devices(&vec![root(10)], &vec![root(10), other]), Change::Replace);
}

#[test]
fn what_is_not_declared_of_the_volumes_is_not_looked_at() {
    let found = BlockDevice { iops: Some(3000), throughput: Some(125), ..root(10) };
    let other = BlockDevice { device_name: "/dev/sdf".to_owned(), ..root(10) };
    assert!(same_devices(&vec![root(10)], &vec![other, found.clone()]));
    assert!(same_devices(&vec![], &vec![found.clone()]));
    assert!(!same_devices(&vec![root(12)], &vec![found.clone()]));
    assert!(!same_devices(&vec![BlockDevice { iops: Some(4000), ..root(10) }], &vec![found]));
}

#[test]
fn user_data_is_text_where_it_is_text() {
    assert_eq!(decoded("IyEvYmluL3NoCg=="), "#!/bin/sh\n");
    // Compressed: no text.
    assert_eq!(decoded("H4sIAAAA//8="), "H4sIAAAA//8=");
    assert_eq!(decoded("not base64"), "not base64");
}
