//! The permissions of topics and subscriptions.

use super::{Subscription, Topic, TopicPolicy};
use crate::permissions::Verb::{Create, Update};
use crate::permissions::{Permission, Permitted, create, delete, look, pass, update};

const OWN: &[&str] = &[Topic::ARN];

impl Permitted for Topic {
    const ARN: &'static str = "arn:{partition}:sns:{region}:{account}:{name}";
    const ID_IS_ARN: bool = true;
    const PERMISSIONS: &'static [Permission] = &[
        look(&["sns:GetDataProtectionPolicy", "sns:GetTopicAttributes", "sns:ListTagsForResource"]).on(OWN),
        create(&["sns:CreateTopic", "sns:TagResource"]).on(OWN),
        create(&["sns:PutDataProtectionPolicy"]).on(OWN).when(&["data_protection_policy"]),
        update(&["sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"]).on(OWN),
        update(&["sns:PutDataProtectionPolicy"]).on(OWN).when(&["data_protection_policy"]),
        update(&["iam:PassRole"])
            .only("iam:PassedToService", "sns.amazonaws.com")
            .when(&["delivery_status_logging"])
            .because("the roles that write the logs are handed to the service"),
        delete(&["sns:DeleteTopic"]).on(OWN),
        delete(&["sns:SetTopicAttributes"])
            .on(OWN)
            .when(&["archive_policy"])
            .because("a topic that archives its messages cannot be deleted"),
    ];
}

const OF_TOPIC: &[&str] = &["{topic}"];

impl Permitted for Subscription {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["sns:GetSubscriptionAttributes", "sns:ListSubscriptionsByTopic"]).on(OF_TOPIC),
        create(&["sns:Subscribe"]).on(OF_TOPIC),
        pass(Create, &["{subscription_role}"], "sns.amazonaws.com").when(&["subscription_role"]),
        update(&["sns:SetSubscriptionAttributes"]).on(OF_TOPIC),
        pass(Update, &["{subscription_role}"], "sns.amazonaws.com").when(&["subscription_role"]),
        delete(&["sns:Unsubscribe"]).on(OF_TOPIC),
    ];
}

impl Permitted for TopicPolicy {
    const PERMISSIONS: &'static [Permission] = &[
        look(&["sns:GetTopicAttributes"]).on(OF_TOPIC),
        create(&["sns:SetTopicAttributes"]).on(OF_TOPIC),
        update(&["sns:SetTopicAttributes"]).on(OF_TOPIC),
        delete(&["sns:SetTopicAttributes"])
            .on(OF_TOPIC)
            .because("the policy that the topic was born with is written again"),
    ];
}
