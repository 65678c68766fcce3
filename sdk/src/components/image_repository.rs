//! [`ImageRepository`]: a repository of container images as production wants it.

use formwork_aws::ecr::{Repository, TagMutability};
use formwork_engine::{Handle, Name, Stack};

use super::Tags;

/// A repository whose images are scanned on every push, whose tags never move, and whose leftovers expire.
#[derive(Debug, Clone)]
pub struct ImageRepository {
    /// The name of the repository.
    pub repository_name: Name,
    /// Days after which images without a tag expire.
    pub untagged_expire_after_days: u32,
    /// How many tagged images are kept; the oldest go first.
    pub keep_images: u32,
    /// Tags of the repository.
    pub tags: Tags,
}

impl ImageRepository {
    /// Declares it as `name`.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, name: &str) -> Handle<Repository> {
        let repository = Repository::builder()
            .name(&self.repository_name)
            .scan_on_push(true)
            .tag_mutability(TagMutability::Immutable)
            .lifecycle_policy(self.lifecycle())
            .tags(self.tags.clone());
        stack.add(name, repository.build())
    }

    fn lifecycle(&self) -> String {
        let untagged = serde_json::json!({
            "rulePriority": 1,
            "description": "images that no tag names any more",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": self.untagged_expire_after_days,
            },
            "action": { "type": "expire" },
        });
        let oldest = serde_json::json!({
            "rulePriority": 2,
            "description": "all but the newest images",
            "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": self.keep_images },
            "action": { "type": "expire" },
        });
        serde_json::json!({ "rules": [untagged, oldest] }).to_string()
    }
}
