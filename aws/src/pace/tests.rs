use formwork_engine::testing::ScriptedClock;
use futures::FutureExt;

use super::*;
use crate::questions::each;

#[derive(Default)]
struct Listener(Mutex<Vec<(usize, bool)>>);

impl Consumer for Listener {
    fn consume(&self, event: &Event) {
        if let Event::CallsPaced { waiting, throttled, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((*waiting, *throttled));
        }
    }
}

fn governor() -> (Arc<Governor>, ScriptedClock, Arc<Listener>) {
    let clock = ScriptedClock::new();
    let governor = Arc::new(Governor::new(Arc::new(clock.clone()), 1));
    let events = Arc::new(Listener::default());
    governor.listen(events.clone());
    (governor, clock, events)
}

fn key(service: &'static str, operation: &str) -> Key {
    let row = limits::of(service, operation, !only_reads(operation));
    Key { account: "1".to_owned(), region: "eu-west-1".to_owned(), service, row }
}

async fn call(governor: &Arc<Governor>, key: &Key, heard: Heard) {
    governor.turn(key).await.expect("nobody asks to stop").heard(heard);
}

#[tokio::test]
async fn a_refusal_is_heard_by_all_callers_of_the_bucket_and_by_no_others() {
    let (governor, clock, events) = governor();
    let creates = key("ec2", "CreateVpc");
    call(&governor, &creates, Heard::Throttled).await;
    // Others of the service, another service, the same calls elsewhere.
    let elsewhere = Key { region: "eu-north-1".to_owned(), ..creates.clone() };
    for other in [key("ec2", "DescribeVpcs"), key("iam", "CreateRole"), key("ec2", "CreateVpcEndpoint"), elsewhere] {
        assert!(call(&governor, &other, Heard::Served).now_or_never().is_some(), "{other:?}");
    }
    each(0..12, |_| call(&governor, &creates, Heard::Served)).await;
    let took = clock.elapsed();
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "{took:?}");
    let told = events.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(told.first(), Some(&(1, true)), "{told:?}");
    assert_eq!(told.last(), Some(&(0, true)), "{told:?}");
    let throttled = governor.throttled();
    assert_eq!(throttled.len(), 1);
    let Throttled { service, mutate, refused, slowest, waited, .. } = &throttled[0];
    assert_eq!((service.as_str(), *mutate, *refused, *slowest), ("ec2", true, 1, 2.5));
    assert!(*waited >= Duration::from_secs(12), "twelve waited a second and more: {waited:?}");
}

#[tokio::test]
async fn calls_leave_in_the_order_in_which_they_came() {
    let (governor, _, _) = governor();
    let creates = key("ec2", "CreateVpc");
    call(&governor, &creates, Heard::Throttled).await;
    let order = Mutex::new(Vec::new());
    let waiting = |number: i32| {
        let (governor, creates, order) = (&governor, &creates, &order);
        async move {
            let ticket = governor.turn(creates).await.expect("nobody asks to stop");
            order.lock().unwrap_or_else(PoisonError::into_inner).push(number);
            ticket.heard(Heard::Served);
        }
    };
    each(0..8, waiting).await;
    assert_eq!(*order.lock().unwrap_or_else(PoisonError::into_inner), (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_gives_up_waiting_holds_up_nobody() {
    let (governor, _, _) = governor();
    let creates = key("ec2", "CreateVpc");
    call(&governor, &creates, Heard::Throttled).await;
    let mut first = Box::pin(governor.turn(&creates));
    assert!((&mut first).now_or_never().is_none());
    let second = governor.turn(&creates);
    drop(first);
    // The one that tries is lost, and the next one tries.
    drop(second.await.expect("nobody asks to stop"));
    call(&governor, &creates, Heard::Served).await;
}

#[test]
fn codes_are_found_in_every_protocol() {
    for (header, body, code) in [
        (None, "<Response><Errors><Error><Code>RequestLimitExceeded</Code>", "RequestLimitExceeded"),
        (None, "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>", "Throttling"),
        (None, r#"{"__type":"com.amazonaws.kms#ThrottlingException","message":"slow"}"#, "ThrottlingException"),
        (None, r#"{"code" : "TooManyRequestsException"}"#, "TooManyRequestsException"),
        (Some("ThrottlingException:http://internal/"), "{}", "ThrottlingException"),
        (None, "", ""),
    ] {
        assert_eq!(error_code(header, body), code);
    }
}
