//! [`Tenant`]: what one customer of a platform has in AWS.

use formwork_aws::iam::{OpenIdConnectProvider, PolicyDocument, Role, Statement};
use formwork_aws::secretsmanager::Secret;
use formwork_aws::{Arn, reads};
use formwork_engine::{Handle, Name, Output, Stack, join};

use super::{IrsaRole, ServiceAccount, Tags};

/// One tenant of a platform: a role for its service accounts, which reads the tenant's secrets, works in the tenant's part of a shared bucket
/// and connects as the tenant's database user; and the secret that tells its workloads how to connect.
///
/// Everything stands under the tenant's own path and carries its name, so that one tenant more plans exactly its resources, and one less deletes
/// exactly them.
///
/// ```
/// use formwork::components::{Tenant, TenantDatabase};
/// use formwork::prelude::*;
///
/// fn tenants(stack: &mut Stack, provider: &Handle<iam::OpenIdConnectProvider>, database: &TenantDatabase) {
///     for name in ["numinia", "r3s3t"] {
///         Tenant::new(name)
///             .service_account(name, "default")
///             .secrets(format!("{name}-*"))
///             .database(database.clone())
///             .declare(stack, provider);
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The name: a part of names and of the path.
    pub name: String,
    /// The name of the role.
    pub role_name: Name,
    /// Who assumes the role.
    pub service_accounts: Vec<ServiceAccount>,
    /// The names of secrets that it reads, with `*` as a wildcard.
    pub secret_patterns: Vec<String>,
    /// The part of a shared bucket that is its own.
    pub objects: Option<TenantObjects>,
    /// The database that it has a user in.
    pub database: Option<TenantDatabase>,
    /// Tags for everything that has tags.
    pub tags: Tags,
}

/// A part of a shared bucket.
#[derive(Debug, Clone)]
pub struct TenantObjects {
    /// The bucket.
    pub bucket_arn: Output<Arn<formwork_aws::s3::Bucket>>,
    /// The beginning of the keys, with its `/`.
    pub prefix: String,
}

/// A database of the platform in which each tenant has a user and a database of its own name.
///
/// The user signs in with IAM: there is no password that could be kept anywhere. (The user itself is made in SQL, with `GRANT rds_iam`.)
#[derive(Debug, Clone)]
pub struct TenantDatabase {
    /// Where it is reached.
    pub endpoint: Output<String>,
    /// On which port.
    pub port: i32,
    /// The cluster's permanent id, such as `cluster-ABCDEFGHIJKL01234`, which policies name it by.
    pub resource_id: Output<String>,
    /// The first part of the secret's name.
    pub secret_prefix: String,
    /// For how many days a deleted secret can be restored.
    pub recovery_window_in_days: i32,
}

/// The handles of a [`Tenant`].
#[derive(Debug)]
pub struct TenantParts {
    /// Its role.
    pub role: Handle<Role>,
    /// How to connect to its database.
    pub credentials: Option<Handle<Secret>>,
}

impl Tenant {
    /// A tenant whose role has its name, and nothing else yet.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            role_name: name.clone().into(),
            name,
            service_accounts: Vec::new(),
            secret_patterns: Vec::new(),
            objects: None,
            database: None,
            tags: Tags::new(),
        }
    }

    /// With another name for the role.
    #[must_use]
    pub fn role_name(mut self, name: impl Into<Name>) -> Self {
        self.role_name = name.into();
        self
    }

    /// With a service account more.
    #[must_use]
    pub fn service_account(mut self, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        self.service_accounts.push(ServiceAccount { namespace: namespace.into(), name: name.into() });
        self
    }

    /// With the secrets of these names, `*` being a wildcard.
    #[must_use]
    pub fn secrets(mut self, pattern: impl Into<String>) -> Self {
        self.secret_patterns.push(pattern.into());
        self
    }

    /// With a part of a bucket.
    #[must_use]
    pub fn objects(mut self, objects: TenantObjects) -> Self {
        self.objects = Some(objects);
        self
    }

    /// With a user in a database.
    #[must_use]
    pub fn database(mut self, database: TenantDatabase) -> Self {
        self.database = Some(database);
        self
    }

    /// With these tags.
    #[must_use]
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// Declares it under its name, for the cluster of this identity provider.
    #[track_caller]
    pub fn declare(&self, stack: &mut Stack, provider: &Handle<OpenIdConnectProvider>) -> TenantParts {
        if self.service_accounts.is_empty() {
            stack.mistake(format!("nobody may assume the role of the tenant {}: name a service account", self.name));
        }
        stack.component(&self.name, |stack| {
            let credentials = self.database.as_ref().map(|database| self.credentials(stack, database));
            let policy = self.policy(stack, credentials.as_ref());
            let role = IrsaRole {
                role_name: self.role_name.clone(),
                service_accounts: self.service_accounts.clone(),
                policy,
                tags: self.tags.clone(),
            }
            .declare(stack, "service-accounts", provider);
            TenantParts { role, credentials }
        })
    }

    fn credentials(&self, stack: &mut Stack, database: &TenantDatabase) -> Handle<Secret> {
        let text = join([
            r#"{"engine":"postgres","host":""#.into(),
            (&database.endpoint).into(),
            format!(
                r#"","port":{},"dbname":"{name}","username":"{name}","authentication":"iam"}}"#,
                database.port,
                name = self.name
            )
            .into(),
        ]);
        let secret = Secret::builder()
            .name(format!("{}-{}-database", database.secret_prefix, self.name))
            .description(format!("how {} connects to its database", self.name))
            .secret_string(text)
            .recovery_window_in_days(database.recovery_window_in_days)
            .tags(self.tags.clone());
        stack.add("database", secret.build())
    }

    fn policy(&self, stack: &mut Stack, credentials: Option<&Handle<Secret>>) -> PolicyDocument {
        let account = reads::caller_identity(stack).account;
        let region = reads::region(stack);
        let arn = |service: &str| {
            join([format!("arn:aws:{service}:").into(), (&region).into(), ":".into(), (&account).into()])
        };
        let mut document = PolicyDocument::default();
        let patterns = self.secret_patterns.iter();
        let secrets: Vec<Output<String>> = patterns
            .map(|pattern| join([arn("secretsmanager").into(), format!(":secret:{pattern}").into()]))
            .chain(credentials.map(|secret| join([(&secret.arn).into()])))
            .collect();
        if !secrets.is_empty() {
            let read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
            document = document.statement(Statement::allow().sid("Secrets").actions(read).resources(secrets));
        }
        if let Some(objects) = &self.objects {
            let prefix = &objects.prefix;
            document = document
                .statement(
                    Statement::allow()
                        .sid("ListObjects")
                        .action("s3:ListBucket")
                        .resource(&objects.bucket_arn)
                        .condition("StringLike", "s3:prefix", [format!("{prefix}*")]),
                )
                .statement(
                    Statement::allow()
                        .sid("Objects")
                        .actions(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"])
                        .resource(join([(&objects.bucket_arn).into(), format!("/{prefix}*").into()])),
                );
        }
        if let Some(database) = &self.database {
            let user = join([
                arn("rds-db").into(),
                ":dbuser:".into(),
                (&database.resource_id).into(),
                format!("/{}", self.name).into(),
            ]);
            let connect = Statement::allow().sid("Database").action("rds-db:connect").resource(user);
            document = document.statement(connect);
        }
        document
    }
}
