//! The security controls of `prod`.

mod bucket;
mod iam;
mod images;
mod network;
mod stores;

use formwork::engine::Resource;
use formwork::testing::{PlannedResource, TypedPlan};

/// All resources of a type. A control over none of them would always hold, so that there must be one.
fn some<R: Resource>(plan: &TypedPlan) -> Result<Vec<PlannedResource<'_, R>>, String> {
    let all = plan.resources::<R>();
    if all.is_empty() { Err(format!("there is no {}", R::schema().kind)) } else { Ok(all) }
}

/// The resources of a type that an argument refers to, and which must be all that it says.
fn referred<'a, T: Resource, R: Resource>(
    plan: &'a TypedPlan,
    from: &PlannedResource<'_, R>,
    arg: &str,
) -> Result<Vec<PlannedResource<'a, T>>, String> {
    let names = from.references(arg);
    let found: Vec<_> = plan.resources::<T>().into_iter().filter(|it| names.contains(&it.step().urn)).collect();
    if names.is_empty() || found.len() != names.len() {
        return Err(format!("`{arg}` of {} is not made of the stack's own {}", from.path(), T::schema().kind));
    }
    Ok(found)
}

/// The resources of a type whose argument refers to this one.
fn referring<'a, T: Resource, R: Resource>(
    plan: &'a TypedPlan,
    arg: &str,
    to: &PlannedResource<'_, R>,
) -> Vec<PlannedResource<'a, T>> {
    plan.resources::<T>().into_iter().filter(|it| it.references(arg).contains(&to.step().urn)).collect()
}

/// An argument has this value.
fn has<R: Resource>(
    resource: &PlannedResource<'_, R>,
    arg: &str,
    wanted: impl Into<formwork::engine::Value>,
) -> Result<(), String> {
    let (found, wanted) = (resource.arg(arg), wanted.into());
    if *found == wanted { Ok(()) } else { Err(format!("`{arg}` of {} is {found:?}, not {wanted:?}", resource.path())) }
}
