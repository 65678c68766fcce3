//! `aws:sqs/queue-policy`: who may do what with a queue.
//!
//! ```
//! use formwork_aws::iam::{PolicyDocument, Principal, Statement};
//! use formwork_aws::sns::Topic;
//! use formwork_aws::sqs::{Queue, QueuePolicy};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let topic = stack.add("orders", Topic::builder().name("orders").build());
//! let queue = stack.add("billing", Queue::builder().name("billing").build());
//! let told = PolicyDocument::of([Statement::allow()
//!     .principal(Principal::service("sns.amazonaws.com"))
//!     .action("sqs:SendMessage")
//!     .resource(&queue.arn)
//!     .condition("ArnEquals", "aws:SourceArn", [&topic.arn])]);
//! stack.add("billing-is-told", QueuePolicy::builder().queue(&queue).policy(told).build());
//! # }
//! ```

use std::collections::BTreeMap;

use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Proof, Status, Waiting};
use formwork_engine::{Json, Outputs, Resource, Stack};

use super::{Attributes, GONE, Queue, QueueUrl, attributes, propagation, set};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::error::{OrGone, Result};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated};
use crate::questions::each;

/// The policy of a queue, of which there is at most one. Without it only the account's own policies let anybody in.
#[derive(Resource)]
#[resource(
    kind = "aws:sqs/queue-policy",
    cfn = "AWS::SQS::QueueInlinePolicy",
    id = QueueUrl,
    outputs = QueuePolicyOutputs,
    guard = upsert,
    natural_key(queue),
    visibility = 120
)]
#[resource(create_wait = (0, 2, 3, 300), update_wait = (0, 2, 3, 300))]
pub struct QueuePolicy {
    /// The queue.
    #[arg(replace)]
    pub queue: QueueUrl,
    /// Who may do what.
    #[arg(in_place, cfn = "PolicyDocument")]
    pub policy: Json,
}

/// What is known of a policy once it is there.
#[derive(Outputs)]
pub struct QueuePolicyOutputs {
    /// The URL of the queue.
    pub id: QueueUrl,
}

impl Lifecycle for QueuePolicy {
    async fn create(aws: &Aws, _: &Owner, args: &Self) -> Result<Created> {
        let waiting = put(aws, &args.queue, args.policy.as_str()).await?;
        Ok(Created { waiting, ..Created::whole(args.queue.as_str()) })
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let mut statuses = propagation::status(aws, waiting).await?;
        let ready: Vec<&Waiting> = waiting.iter().filter(|one| statuses.get(&one.id) == Some(&Status::Ready)).collect();
        let found = each(&ready, |one| get(aws, &one.id)).await;
        for (one, policy) in ready.into_iter().zip(found) {
            if policy?.is_none() {
                statuses.remove(&one.id);
            }
        }
        Ok(statuses)
    }

    async fn read(aws: &Aws, ids: &[QueueUrl]) -> Result<Readings<Self>> {
        let found = each(ids, |id| get(aws, id.as_str())).await;
        let seen = |id: &QueueUrl, policy: Json| {
            Observed::new(Self { queue: id.clone(), policy }, QueuePolicyOutputs { id: id.clone() }, None)
        };
        let found = ids.iter().zip(found).filter_map(|(id, policy)| Some((id, policy.transpose()?)));
        Ok(found.map(|(id, policy)| (id.clone(), policy.map(|policy| seen(id, policy)))).collect())
    }

    async fn find(aws: &Aws, _: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let found = get(aws, args.queue.as_str()).await?;
        Ok(found.map(|_| Candidate { id: args.queue.to_string(), proof: Proof::Name }).into_iter().collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<QueuePolicyChanges>> {
        let QueuePolicyChanges { policy } = update.changes;
        let waiting = if policy { put(aws, update.id, update.planned.policy.as_str()).await? } else { None };
        Ok(Updated { waiting, ..Updated::done() })
    }

    async fn delete(aws: &Aws, id: &QueueUrl, _: &Self) -> Result<Deletion> {
        put(aws, id, "").await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

/// Writes the policy, or takes it away with empty text; answers what to wait for.
async fn put(aws: &Aws, queue: &QueueUrl, policy: &str) -> Result<Option<String>> {
    let wanted: Attributes = [("Policy".to_owned(), policy.to_owned())].into();
    set(aws, queue.as_str(), &wanted).await?;
    Ok(propagation::expect(aws, &wanted))
}

async fn get(aws: &Aws, queue: &str) -> Result<Option<Json>> {
    let found = attributes(aws, queue).await?;
    Ok(found.and_then(|mut found| found.remove("Policy")).filter(|policy| !policy.is_empty()).map(Json::new))
}

impl Conforms for QueuePolicy {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let mut queue = |name: &str| stack.add(name, Queue::builder().name(name).build());
        let (one, two) = (queue("with-policy-1"), queue("with-policy-2"));
        let allows = |action: &str, queue: &str| {
            let statement = Statement::allow().principal(Principal::service("sns.amazonaws.com")).action(action);
            PolicyDocument::of([statement.resource(format!("arn:aws:sqs:eu-west-1:123456789012:{queue}"))])
        };
        let base = QueuePolicy::builder().queue(&one).policy(allows("sqs:SendMessage", "with-policy-1")).build();
        Conformance::of(base)
            .change("policy", allows("sqs:GetQueueUrl", "with-policy-1").output())
            .change("queue", &two)
            .together_with("policy", allows("sqs:SendMessage", "with-policy-2").output())
    }
}
