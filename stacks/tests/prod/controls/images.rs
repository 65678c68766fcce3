//! Images: scanned on every push, and their tags never move.

use formwork::engine::{Expr, Value};
use formwork::prelude::*;
use formwork::testing::TypedPlan;

use super::{has, some};
use crate::{altered, beside, check};

#[test]
fn images_are_scanned_on_push_and_immutable() {
    check(
        images_are_scanned_and_immutable,
        [
            ("scan_on_push", altered(|it| it.altering::<ecr::Repository>("images/gateway", "scan_on_push", false))),
            ("tag_mutability", altered(|it| it.altering::<ecr::Repository>("images/web", "tag_mutability", "MUTABLE"))),
            (
                "tag_mutability",
                altered(|it| it.altering::<ecr::Repository>("images/web", "tag_mutability", Expr::null())),
            ),
            (
                "images/worker keeps",
                altered(|it| it.altering::<ecr::Repository>("images/worker", "lifecycle_policy", Expr::null())),
            ),
            (
                "`tag_mutability` of scratch",
                beside(|stack| drop(stack.add("scratch", ecr::Repository::builder().name("scratch").build()))),
            ),
        ],
    );
}

fn images_are_scanned_and_immutable(plan: &TypedPlan) -> Result<(), String> {
    for repository in some::<ecr::Repository>(plan)? {
        has(&repository, "scan_on_push", true)?;
        has(&repository, "tag_mutability", "IMMUTABLE")?;
        has(&repository, "tag_mutability_exclusions", Value::List(Vec::new()))?;
        if repository.arg("lifecycle_policy").is_null() {
            return Err(format!("{} keeps every image for ever", repository.path()));
        }
    }
    Ok(())
}
