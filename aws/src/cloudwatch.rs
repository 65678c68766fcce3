//! CloudWatch: alarms.
