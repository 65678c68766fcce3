//! `aws:ec2/ami` and `aws:ec2/ami-by-parameter`: which machine image, looked up while planning.
//!
//! ```
//! use formwork_aws::ec2::{self, AmiFilter, Instance};
//!
//! # fn declare(stack: &mut formwork_engine::Stack) {
//! let ubuntu = AmiFilter::of("099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*");
//! let image = ec2::ami(stack, &ubuntu);
//! stack.add("host", Instance::builder().ami(&image.id).instance_type("t3.micro").build());
//! # }
//! ```

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use formwork_engine::shape::ReadSchema;
use formwork_engine::{Expr, Output, ProviderName, Stack, Value, id};

use super::filter;
use crate::context::Aws;
use crate::error::{Error, Result};
use crate::reads::Lookup;

id! {
    /// The id of a machine image, such as `ami-0123456789abcdef0`. An image belongs to one region.
    pub struct AmiId;
}

/// Which images are meant; of them, the newest is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmiFilter {
    owners: Vec<String>,
    filters: BTreeMap<String, Vec<String>>,
}

impl AmiFilter {
    /// The images of an owner whose name fits a pattern with `*` and `?`. The owner is an account or one of `amazon`, `aws-marketplace` and `self`:
    /// anybody may call an image as somebody else's is called, so that a name alone means nothing.
    pub fn of(owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self { owners: vec![owner.into()], filters: [("name".to_owned(), vec![name.into()])].into() }
    }

    /// Only images for this processor: `x86_64` or `arm64`.
    #[must_use]
    pub fn architecture(self, architecture: impl Into<String>) -> Self {
        self.and("architecture", [architecture])
    }

    /// Only images that one of EC2's own filters lets through, such as `root-device-type` or `tag:stage`.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.filters.insert(name.into(), values.into_iter().map(Into::into).collect());
        self
    }

    fn args(&self) -> BTreeMap<String, Expr> {
        let list = |texts: &[String]| Expr::List(texts.iter().map(Expr::text).collect());
        let filters = self.filters.iter().map(|(name, values)| (name.clone(), list(values)));
        let filters = Expr::Record(filters.collect());
        [("owners".to_owned(), list(&self.owners)), ("filters".to_owned(), filters)].into()
    }
}

/// A machine image that was found.
#[derive(Debug, Clone)]
pub struct Ami {
    /// The id.
    pub id: Output<AmiId>,
    /// The name, which says version and date in most cases.
    pub name: Output<String>,
    /// The device of the root volume, such as `/dev/xvda`.
    pub root_device_name: Output<String>,
}

/// The newest of these images in the default provider's region.
///
/// Pinned: the image of the first run stays, so that a newer one never replaces a machine, until `--repin` asks for it. Plans mention a newer one.
#[track_caller]
pub fn ami(stack: &mut Stack, filter: &AmiFilter) -> Ami {
    ami_in(stack, filter, &ProviderName::default())
}

/// The same in the region of another provider.
#[track_caller]
pub fn ami_in(stack: &mut Stack, filter: &AmiFilter, provider: &ProviderName) -> Ami {
    let schema = AmiByFilter::SCHEMA;
    Ami {
        id: stack.read(schema, filter.args(), "id", provider.clone()),
        name: stack.read(schema, filter.args(), "name", provider.clone()),
        root_device_name: stack.read(schema, filter.args(), "root_device_name", provider.clone()),
    }
}

/// The image that a public parameter of Systems Manager names now, such as
/// `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64`.
///
/// Pinned: the image of the first run stays until `--repin` asks for the present one, which plans mention.
#[cfg(feature = "ssm")]
#[track_caller]
pub fn ami_by_parameter(stack: &mut Stack, parameter: &str) -> Output<AmiId> {
    ami_by_parameter_in(stack, parameter, &ProviderName::default())
}

/// The same in the region of another provider.
#[cfg(feature = "ssm")]
#[track_caller]
pub fn ami_by_parameter_in(stack: &mut Stack, parameter: &str, provider: &ProviderName) -> Output<AmiId> {
    let args = [("parameter".to_owned(), Expr::text(parameter))].into();
    stack.read(AmiByParameter::SCHEMA, args, "id", provider.clone())
}

pub(crate) struct AmiByFilter;

impl Lookup for AmiByFilter {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:ec2/ami",
        doc: "The newest machine image of an owner that passes filters.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let call = aws.ec2().describe_images().set_owners(Some(texts(args.get("owners"))));
        // Deprecated and disabled images are left out by AWS; one that is still being copied is not of use yet.
        let mut call = call.filters(filter("state", ["available"]));
        for (name, values) in args.get("filters").as_map().into_iter().flatten() {
            call = call.filters(filter(name, texts(values)));
        }
        let mut found = Vec::new();
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            found.extend(page?.images.unwrap_or_default());
        }
        let Some(newest) = newest(&found) else {
            return Err(Error::refused(
                "ec2 DescribeImages",
                format!("no image in {} passes the filters", aws.region()),
            ));
        };
        let text = |text: &Option<String>| Value::from(text.clone().unwrap_or_default());
        Ok(Value::from([
            ("id", text(&newest.image_id)),
            ("name", text(&newest.name)),
            ("root_device_name", text(&newest.root_device_name)),
        ]))
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_list().unwrap_or_default().iter();
    items.filter_map(Value::as_text).map(str::to_owned).collect()
}

/// By the date of creation, which AWS writes in a form that sorts; of two of one second, by the id, so that the answer is always the same.
fn newest(images: &[sdk::Image]) -> Option<&sdk::Image> {
    images.iter().filter(|image| image.image_id.is_some()).max_by_key(|image| (&image.creation_date, &image.image_id))
}

#[cfg(feature = "ssm")]
pub(crate) struct AmiByParameter;

#[cfg(feature = "ssm")]
impl Lookup for AmiByParameter {
    const SCHEMA: &'static ReadSchema = &ReadSchema {
        kind: "aws:ec2/ami-by-parameter",
        doc: "The machine image that a public parameter of Systems Manager names.",
        pinned: true,
    };

    async fn look_up(aws: &Aws, args: &Value) -> Result<Value> {
        let name = args.get("parameter").as_text().unwrap_or_default();
        let answer = aws.ssm().get_parameter().name(name).send().await?;
        let id = answer.parameter.and_then(|parameter| parameter.value).unwrap_or_default();
        // Some public parameters hold a document around the id, and any other parameter may hold anything.
        if !id.starts_with("ami-") {
            let reason = format!("the parameter {name} does not hold the id of an image");
            return Err(Error::refused("ssm GetParameter", reason));
        }
        Ok(Value::from([("id", id)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, date: &str) -> sdk::Image {
        sdk::Image::builder().image_id(id).creation_date(date).build()
    }

    #[test]
    fn the_newest_image_is_taken_whatever_the_order() {
        let images = [
            image("ami-1", "2026-01-31T09:00:00.000Z"),
            image("ami-2", "2026-02-01T08:00:00.000Z"),
            image("ami-3", "2025-12-31T23:00:00.000Z"),
        ];
        assert_eq!(newest(&images).and_then(|image| image.image_id()), Some("ami-2"));
        let twins = [image("ami-2", "2026-02-01T08:00:00.000Z"), image("ami-1", "2026-02-01T08:00:00.000Z")];
        assert_eq!(newest(&twins).and_then(|image| image.image_id()), Some("ami-2"));
        assert_eq!(newest(&[]), None);
    }

    #[test]
    fn all_that_is_asked_of_one_image_is_one_read() {
        let mut stack = Stack::new("shop", "dev", BTreeMap::new());
        let filter = AmiFilter::of("amazon", "al2023-ami-2023.*").architecture("arm64");
        ami(&mut stack, &filter);
        ami(&mut stack, &filter);
        ami(&mut stack, &filter.and("root-device-type", ["ebs"]));
        let program = stack.finish().expect("no mistakes");
        assert_eq!(program.reads.len(), 2);
    }
}
