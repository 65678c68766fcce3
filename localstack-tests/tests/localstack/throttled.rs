//! Services that refuse calls for coming too fast: a run goes on more slowly, and asks little meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use formwork_emulator::{Call, Fault};
use formwork_engine::clock::{Clock as _, TokioClock};
use formwork_engine::event::{Consumer, Event};
use localstack_tests::{Account, Trial};

/// How the services that `prod` uses say it.
const DIALECTS: [(&str, &str, u16); 10] = [
    ("ec2", "RequestLimitExceeded", 503),
    ("ecr", "ThrottlingException", 400),
    ("eks", "ThrottlingException", 429),
    ("elasticache", "Throttling", 400),
    ("iam", "Throttling", 400),
    ("kms", "ThrottlingException", 400),
    ("logs", "ThrottlingException", 400),
    ("rds", "Throttling", 400),
    ("s3", "SlowDown", 503),
    ("secretsmanager", "ThrottlingException", 400),
];

/// Long enough for a bucket to be refused three times: at once, and after 1 and 5 seconds. The next tries come after 21 and 66 seconds, so that a
/// whole minute costs a third more than this.
const THROTTLED: Duration = Duration::from_secs(10);

fn throttle(account: &Account) {
    for (service, code, status) in DIALECTS {
        let fault = Fault::error(&account.id, code, status).service(service).mutating().always();
        account.emulator.admin().inject(&fault).unwrap();
    }
}

fn changing(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.mutating).count()
}

/// Keeps what was told of calls that wait.
#[derive(Default)]
struct Paces(Mutex<Vec<(String, bool, usize, bool)>>);

impl Consumer for Paces {
    fn consume(&self, event: &Event) {
        if let Event::CallsPaced { service, mutate, waiting, throttled, .. } = event {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.push((service.clone(), *mutate, *waiting, *throttled));
        }
    }
}

/// The roles that services act with, as an account has them that was used before: otherwise the run waits for IAM alone before its first step.
async fn service_roles(trial: &Trial) -> anyhow::Result<()> {
    let aws = trial.cloud.aws().await?;
    for service in ["eks", "eks-nodegroup", "rds", "elasticache"] {
        let call = aws.iam().create_service_linked_role().aws_service_name(format!("{service}.amazonaws.com"));
        call.send().await?;
    }
    trial.account.news();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_every_change_is_refused_little_is_sent_and_then_all_is_done() -> anyhow::Result<()> {
    let program = crate::prod::program(&crate::prod::config());
    let trial = Trial::new(crate::emulator()).await;
    trial.account.news();
    trial.up(&program).await?;
    let needed = changing(&trial.account.news());

    let mut trial = Trial::new(crate::emulator()).await;
    let paces = Arc::new(Paces::default());
    trial.events = paces.clone();
    service_roles(&trial).await?;
    throttle(&trial.account);
    let account = &trial.account;
    let thaw = async {
        TokioClock::new().sleep(THROTTLED).await;
        account.emulator.admin().clear_faults(&account.id).unwrap();
    };
    let (summary, ()) = tokio::join!(trial.up(&program), thaw);
    let summary = summary?;
    let sent = changing(&trial.account.news());
    let in_vain = sent - needed;
    let minute = in_vain * 4 / 3;
    assert!(2 * minute <= needed, "{sent} calls were sent that change something, and {needed} were needed");

    // It is told where and why, to the end.
    let told = paces.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for service in ["ec2", "iam", "s3"] {
        let of: Vec<_> = told.iter().filter(|(told, mutate, ..)| told == service && *mutate).collect();
        assert!(of.iter().any(|(_, _, waiting, throttled)| *waiting > 0 && *throttled), "{service}: {told:?}");
        assert_eq!(of.last().map(|(_, _, waiting, _)| *waiting), Some(0), "{service}: {told:?}");
        assert!(summary.throttled.iter().any(|one| one.service == service && one.mutate && one.refused >= 3));
    }
    assert!(summary.throttled.iter().all(|one| one.mutate), "looks were not refused: {:?}", summary.throttled);
    assert!(trial.plan(&program).await?.is_noop());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_nothing_refuses_tells_of_no_throttling() -> anyhow::Result<()> {
    let mut trial = Trial::new(crate::emulator()).await;
    let paces = Arc::new(Paces::default());
    trial.events = paces.clone();
    let program = localstack_tests::Many { subnets: 40, ..localstack_tests::Many::default() }.program()?;
    let summary = trial.up(&program).await?;
    assert!(summary.throttled.is_empty());
    assert!(paces.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|(.., throttled)| !throttled));
    Ok(())
}
