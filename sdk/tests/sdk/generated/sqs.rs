//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn queue(stack: &mut Stack) {
    stack.component("queue", |stack| {
        let conformance_fifo_redrive_policy =
            sqs::RedrivePolicy::builder().dead_letter_target(Arn::new("dead-arn-1")).max_receive_count(5).build();
        let conformance_fifo = sqs::Queue::builder()
            .name("Conformance.fifo")
            .fifo_queue(true)
            .delay_seconds(5)
            .maximum_message_size(2048)
            .message_retention_period(86400)
            .receive_message_wait_time_seconds(10)
            .visibility_timeout(60)
            .content_based_deduplication(true)
            .deduplication_scope(sqs::DeduplicationScope::MessageGroup)
            .fifo_throughput_limit(sqs::FifoThroughputLimit::PerMessageGroup)
            .kms_key(Arn::new("key-arn-1"))
            .kms_data_key_reuse_period_seconds(600)
            .redrive_policy(conformance_fifo_redrive_policy)
            .redrive_allow_policy(sqs::RedriveAllowPolicy::deny_all())
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("Conformance.fifo", conformance_fifo, options().import("the-id"));
    });
}

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn queue_policy(stack: &mut Stack) {
    stack.component("queue-policy", |stack| {
        let queue_policy_policy = iam::Statement::allow()
            .principal(iam::Principal::service("sns.amazonaws.com"))
            .action("sqs:SendMessage")
            .resource("arn:aws:sqs:eu-west-1:123456789012:with-policy-1");
        let queue_policy_policy = iam::PolicyDocument::of([queue_policy_policy]);
        let queue_policy = sqs::QueuePolicy::builder()
            .queue(sqs::QueueUrl::new("with-policy-1-id-1"))
            .policy(queue_policy_policy)
            .build();
        stack.add_with("queue-policy", queue_policy, options().import("the-id"));
    });
}
