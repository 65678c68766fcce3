//! Made by the generator out of the examples of the types; see `generating`.

use formwork::prelude::*;

/// What exists already: the first run takes it over by its ids, and writes whose it is.
pub fn repository(stack: &mut Stack) {
    stack.component("repository", |stack| {
        // AWS does not tell `force_delete`: the code leaves it out.
        let conformance_repository_policy = iam::Statement::allow()
            .sid("One")
            .principal(iam::Principal::service("codebuild.amazonaws.com"))
            .action("ecr:BatchGetImage");
        let conformance_repository_policy = iam::PolicyDocument::of([conformance_repository_policy]);
        let conformance_repository = ecr::Repository::builder()
            .name("conformance/repository")
            .tag_mutability(ecr::TagMutability::Immutable)
            .lifecycle_policy(r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}"#)
            .policy(conformance_repository_policy)
            .tags([("cost", "1"), ("team", "a")])
            .build();
        stack.add_with("conformance-repository", conformance_repository, options().import("the-id"));
    });
}
