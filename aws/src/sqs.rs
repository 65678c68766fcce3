//! SQS: queues.
