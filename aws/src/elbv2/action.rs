//! What a listener or a rule does with a request: the actions, in the order in which they are declared.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::{Block, Choice, Secret};

use super::TargetGroup;
use crate::arn::{Anything, Arn};

/// What is done with a request. Authentication and validation come first, and one of the others ends it.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "type", choice_cfn = "")]
pub enum Action {
    /// It goes to a target.
    #[choice("forward")]
    Forward {
        /// Where to.
        #[arg(cfn = "")]
        forward: Forward,
    },
    /// The client is sent somewhere else.
    #[choice("redirect")]
    Redirect {
        /// Where to.
        #[arg(cfn = "")]
        redirect: Redirect,
    },
    /// The load balancer answers itself.
    #[choice("fixed-response")]
    FixedResponse {
        /// What it answers.
        #[arg(cfn = "")]
        response: FixedResponse,
    },
    /// The user proves who he is at an OpenID Connect provider.
    #[choice("authenticate-oidc")]
    AuthenticateOidc {
        /// Which, and how.
        #[arg(cfn = "")]
        oidc: Oidc,
    },
    /// The user proves who he is at a Cognito user pool.
    #[choice("authenticate-cognito")]
    AuthenticateCognito {
        /// Which, and how.
        #[arg(cfn = "")]
        cognito: Cognito,
    },
    /// The request carries a token that must be valid.
    #[choice("jwt-validation")]
    JwtValidation {
        /// Whose, and what it must say.
        #[arg(cfn = "")]
        jwt: Jwt,
    },
}

/// Where requests go.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Forward {
    /// The target groups, at most 5.
    pub target_groups: Vec<WeightedTargets>,
    /// For how many seconds a client stays with its target group, 1 to 604800; 0 for not at all.
    #[arg(default = 0)]
    pub sticky_seconds: i32,
}

/// A target group with its share.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct WeightedTargets {
    /// The target group.
    pub target_group: Arn<TargetGroup>,
    /// Its weight among the others, 0 to 999.
    #[arg(default = 1)]
    pub weight: i32,
}

/// Where a client is sent. `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` stand for those of the request; one at least must change.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    #[arg(default = "#{protocol}")]
    pub protocol: String,
    /// The port.
    #[arg(default = "#{port}")]
    pub port: String,
    /// The host.
    #[arg(default = "#{host}")]
    pub host: String,
    /// The path, with its `/`.
    #[arg(default = "/#{path}")]
    pub path: String,
    /// The query, without its `?`.
    #[arg(default = "#{query}")]
    pub query: String,
    /// Whether the client may remember it.
    pub status: RedirectStatus,
}

/// The status of a redirect.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectStatus {
    /// 301: for good.
    #[choice("HTTP_301")]
    Permanent,
    /// 302: for now.
    #[choice("HTTP_302")]
    Temporary,
}

/// What the load balancer answers.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct FixedResponse {
    /// The status: `2xx`, `4xx` or `5xx`.
    pub status_code: String,
    /// `text/plain`, `text/css`, `text/html`, `application/javascript` or `application/json`.
    pub content_type: Option<String>,
    /// The body, at most 1024 bytes.
    #[arg(default = "")]
    pub message_body: String,
}

/// What becomes of a request whose user is not known.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnauthenticated {
    /// The user is asked who he is.
    #[choice("authenticate")]
    Authenticate,
    /// It is refused.
    #[choice("deny")]
    Deny,
    /// It passes.
    #[choice("allow")]
    Allow,
}

/// An OpenID Connect provider.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Oidc {
    /// Its issuer, an address with `https://`.
    pub issuer: String,
    /// Where users are sent.
    pub authorization_endpoint: String,
    /// Where tokens come from.
    pub token_endpoint: String,
    /// Where it tells who a user is.
    pub user_info_endpoint: String,
    /// Who the load balancer is to it.
    pub client_id: String,
    /// By what the load balancer proves that. Absent in a change: as before.
    #[arg(write_only)]
    pub client_secret: Option<Secret<String>>,
    /// What it is asked to tell.
    #[arg(default = "openid")]
    pub scope: String,
    /// The name of the session's cookie.
    #[arg(default = "AWSELBAuthSessionCookie")]
    pub session_cookie_name: String,
    /// After how many seconds a user proves it anew.
    #[arg(default = 604_800)]
    pub session_timeout_seconds: i32,
    /// What the request for authorisation says besides, at most 10.
    #[arg(default)]
    pub extra_parameters: BTreeMap<String, String>,
    /// What becomes of a request whose user is not known.
    #[arg(default = OnUnauthenticated::Authenticate)]
    pub on_unauthenticated: OnUnauthenticated,
}

/// A Cognito user pool.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Cognito {
    /// The pool.
    pub user_pool: Arn<Anything>,
    /// The client of the pool that the load balancer is.
    pub client_id: String,
    /// The domain of the pool: its prefix, or the whole of an own one.
    pub domain: String,
    /// What it is asked to tell.
    #[arg(default = "openid")]
    pub scope: String,
    /// The name of the session's cookie.
    #[arg(default = "AWSELBAuthSessionCookie")]
    pub session_cookie_name: String,
    /// After how many seconds a user proves it anew.
    #[arg(default = 604_800)]
    pub session_timeout_seconds: i32,
    /// What the request for authorisation says besides, at most 10.
    #[arg(default)]
    pub extra_parameters: BTreeMap<String, String>,
    /// What becomes of a request whose user is not known.
    #[arg(default = OnUnauthenticated::Authenticate)]
    pub on_unauthenticated: OnUnauthenticated,
}

/// Tokens that a request must carry.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Jwt {
    /// Where the issuer's keys are, an address with `https://`.
    pub jwks_endpoint: String,
    /// Who issues them.
    pub issuer: String,
    /// What they must say besides, at most 10.
    #[arg(default)]
    pub claims: Vec<Claim>,
}

/// Something that a token must say.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// How it says it: `single-string`, `string-array` or `space-separated-values`.
    pub format: String,
    /// The values, of which one must be there.
    pub values: Vec<String>,
}

/// The actions of a call. With several of them each says which it is.
pub(super) fn to_sdk(actions: &[Action]) -> Vec<sdk::Action> {
    let ordered = actions.len() > 1;
    (1..).zip(actions).map(|(number, action)| action.to_sdk(ordered.then_some(number))).collect()
}

/// The actions of an answer, in their order; those of a sort that is not known here are left out.
pub(super) fn from_sdk(actions: Option<Vec<sdk::Action>>) -> Vec<Action> {
    let mut actions = actions.unwrap_or_default();
    actions.sort_by_key(|action| action.order.unwrap_or_default());
    actions.into_iter().filter_map(Action::from_sdk).collect()
}

impl Action {
    fn to_sdk(&self, order: Option<i32>) -> sdk::Action {
        let action = sdk::Action::builder().set_order(order);
        match self {
            Action::Forward { forward } => action.r#type("forward".into()).forward_config(forward.to_sdk()),
            Action::Redirect { redirect } => action.r#type("redirect".into()).redirect_config(redirect.to_sdk()),
            Action::FixedResponse { response } => {
                action.r#type("fixed-response".into()).fixed_response_config(response.to_sdk())
            }
            Action::AuthenticateOidc { oidc } => {
                action.r#type("authenticate-oidc".into()).authenticate_oidc_config(oidc.to_sdk())
            }
            Action::AuthenticateCognito { cognito } => {
                action.r#type("authenticate-cognito".into()).authenticate_cognito_config(cognito.to_sdk())
            }
            Action::JwtValidation { jwt } => action.r#type("jwt-validation".into()).jwt_validation_config(jwt.to_sdk()),
        }
        .build()
    }

    fn from_sdk(action: sdk::Action) -> Option<Self> {
        Some(match action.r#type?.as_str() {
            "forward" => Action::Forward { forward: Forward::from_sdk(action.forward_config, action.target_group_arn) },
            "redirect" => Action::Redirect { redirect: Redirect::from_sdk(action.redirect_config?) },
            "fixed-response" => {
                Action::FixedResponse { response: FixedResponse::from_sdk(action.fixed_response_config?) }
            }
            "authenticate-oidc" => Action::AuthenticateOidc { oidc: Oidc::from_sdk(action.authenticate_oidc_config?) },
            "authenticate-cognito" => {
                Action::AuthenticateCognito { cognito: Cognito::from_sdk(action.authenticate_cognito_config?) }
            }
            "jwt-validation" => Action::JwtValidation { jwt: Jwt::from_sdk(action.jwt_validation_config?) },
            _ => return None,
        })
    }
}

impl Forward {
    fn to_sdk(&self) -> sdk::ForwardActionConfig {
        let group = |one: &WeightedTargets| {
            let group = sdk::TargetGroupTuple::builder().target_group_arn(one.target_group.as_str());
            group.weight(one.weight).build()
        };
        let sticky = sdk::TargetGroupStickinessConfig::builder().enabled(self.sticky_seconds > 0);
        let seconds = (self.sticky_seconds > 0).then_some(self.sticky_seconds);
        sdk::ForwardActionConfig::builder()
            .set_target_groups(Some(self.target_groups.iter().map(group).collect()))
            .target_group_stickiness_config(sticky.set_duration_seconds(seconds).build())
            .build()
    }

    /// A single group may be told in the one way or the other.
    fn from_sdk(config: Option<sdk::ForwardActionConfig>, single: Option<String>) -> Self {
        let Some(config) = config else {
            let group = single.map(|arn| WeightedTargets { target_group: Arn::new(arn), weight: 1 });
            return Self { target_groups: group.into_iter().collect(), sticky_seconds: 0 };
        };
        let group = |one: sdk::TargetGroupTuple| {
            Some(WeightedTargets { target_group: Arn::new(one.target_group_arn?), weight: one.weight.unwrap_or(1) })
        };
        let sticky = config.target_group_stickiness_config.filter(|it| it.enabled.unwrap_or_default());
        Self {
            target_groups: config.target_groups.unwrap_or_default().into_iter().filter_map(group).collect(),
            sticky_seconds: sticky.and_then(|it| it.duration_seconds).unwrap_or_default(),
        }
    }
}

impl Redirect {
    fn to_sdk(&self) -> sdk::RedirectActionConfig {
        sdk::RedirectActionConfig::builder()
            .protocol(&self.protocol)
            .port(&self.port)
            .host(&self.host)
            .path(&self.path)
            .query(&self.query)
            .status_code(self.status.as_str().into())
            .build()
    }

    fn from_sdk(config: sdk::RedirectActionConfig) -> Self {
        let or = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
        let status = config.status_code.and_then(|code| RedirectStatus::parse(code.as_str()));
        Self {
            protocol: or(config.protocol, "#{protocol}"),
            port: or(config.port, "#{port}"),
            host: or(config.host, "#{host}"),
            path: or(config.path, "/#{path}"),
            query: or(config.query, "#{query}"),
            status: status.unwrap_or(RedirectStatus::Temporary),
        }
    }
}

impl FixedResponse {
    fn to_sdk(&self) -> sdk::FixedResponseActionConfig {
        sdk::FixedResponseActionConfig::builder()
            .status_code(&self.status_code)
            .set_content_type(self.content_type.clone())
            .set_message_body((!self.message_body.is_empty()).then(|| self.message_body.clone()))
            .build()
    }

    fn from_sdk(config: sdk::FixedResponseActionConfig) -> Self {
        Self {
            status_code: config.status_code.unwrap_or_default(),
            content_type: config.content_type,
            message_body: config.message_body.unwrap_or_default(),
        }
    }
}

/// What users prove themselves with says of sessions, the same for both sorts.
fn session(timeout: Option<i64>) -> i32 {
    timeout.and_then(|seconds| i32::try_from(seconds).ok()).unwrap_or(604_800)
}

impl Oidc {
    fn to_sdk(&self) -> sdk::AuthenticateOidcActionConfig {
        let secret = self.client_secret.as_ref().map(|secret| secret.reveal().clone());
        sdk::AuthenticateOidcActionConfig::builder()
            .issuer(&self.issuer)
            .authorization_endpoint(&self.authorization_endpoint)
            .token_endpoint(&self.token_endpoint)
            .user_info_endpoint(&self.user_info_endpoint)
            .client_id(&self.client_id)
            .use_existing_client_secret(secret.is_none())
            .set_client_secret(secret)
            .scope(&self.scope)
            .session_cookie_name(&self.session_cookie_name)
            .session_timeout(i64::from(self.session_timeout_seconds))
            .set_authentication_request_extra_params(Some(self.extra_parameters.clone().into_iter().collect()))
            .on_unauthenticated_request(self.on_unauthenticated.as_str().into())
            .build()
    }

    fn from_sdk(config: sdk::AuthenticateOidcActionConfig) -> Self {
        let otherwise = config.on_unauthenticated_request.and_then(|it| OnUnauthenticated::parse(it.as_str()));
        Self {
            issuer: config.issuer.unwrap_or_default(),
            authorization_endpoint: config.authorization_endpoint.unwrap_or_default(),
            token_endpoint: config.token_endpoint.unwrap_or_default(),
            user_info_endpoint: config.user_info_endpoint.unwrap_or_default(),
            client_id: config.client_id.unwrap_or_default(),
            client_secret: None,
            scope: config.scope.unwrap_or_default(),
            session_cookie_name: config.session_cookie_name.unwrap_or_default(),
            session_timeout_seconds: session(config.session_timeout),
            extra_parameters: config.authentication_request_extra_params.unwrap_or_default().into_iter().collect(),
            on_unauthenticated: otherwise.unwrap_or(OnUnauthenticated::Authenticate),
        }
    }
}

impl Cognito {
    fn to_sdk(&self) -> sdk::AuthenticateCognitoActionConfig {
        sdk::AuthenticateCognitoActionConfig::builder()
            .user_pool_arn(self.user_pool.as_str())
            .user_pool_client_id(&self.client_id)
            .user_pool_domain(&self.domain)
            .scope(&self.scope)
            .session_cookie_name(&self.session_cookie_name)
            .session_timeout(i64::from(self.session_timeout_seconds))
            .set_authentication_request_extra_params(Some(self.extra_parameters.clone().into_iter().collect()))
            .on_unauthenticated_request(self.on_unauthenticated.as_str().into())
            .build()
    }

    fn from_sdk(config: sdk::AuthenticateCognitoActionConfig) -> Self {
        let otherwise = config.on_unauthenticated_request.and_then(|it| OnUnauthenticated::parse(it.as_str()));
        Self {
            user_pool: Arn::new(config.user_pool_arn.unwrap_or_default()),
            client_id: config.user_pool_client_id.unwrap_or_default(),
            domain: config.user_pool_domain.unwrap_or_default(),
            scope: config.scope.unwrap_or_default(),
            session_cookie_name: config.session_cookie_name.unwrap_or_default(),
            session_timeout_seconds: session(config.session_timeout),
            extra_parameters: config.authentication_request_extra_params.unwrap_or_default().into_iter().collect(),
            on_unauthenticated: otherwise.unwrap_or(OnUnauthenticated::Authenticate),
        }
    }
}

impl Jwt {
    fn to_sdk(&self) -> sdk::JwtValidationActionConfig {
        let claim = |claim: &Claim| {
            let made = sdk::JwtValidationActionAdditionalClaim::builder().name(&claim.name);
            made.format(claim.format.as_str().into()).set_values(Some(claim.values.clone())).build()
        };
        let claims: Vec<_> = self.claims.iter().map(claim).collect();
        sdk::JwtValidationActionConfig::builder()
            .jwks_endpoint(&self.jwks_endpoint)
            .issuer(&self.issuer)
            .set_additional_claims((!claims.is_empty()).then_some(claims))
            .build()
    }

    fn from_sdk(config: sdk::JwtValidationActionConfig) -> Self {
        let claim = |claim: sdk::JwtValidationActionAdditionalClaim| Claim {
            name: claim.name.unwrap_or_default(),
            format: claim.format.map(|format| format.as_str().to_owned()).unwrap_or_default(),
            values: claim.values.unwrap_or_default(),
        };
        Self {
            jwks_endpoint: config.jwks_endpoint.unwrap_or_default(),
            issuer: config.issuer.unwrap_or_default(),
            claims: config.additional_claims.unwrap_or_default().into_iter().map(claim).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(groups: &[&str], sticky_seconds: i32) -> Action {
        let group = |arn: &&str| WeightedTargets { target_group: Arn::new(*arn), weight: 1 };
        Action::Forward { forward: Forward { target_groups: groups.iter().map(group).collect(), sticky_seconds } }
    }

    #[test]
    fn what_is_sent_is_read_back() {
        let redirect = Redirect {
            protocol: "HTTPS".into(),
            port: "443".into(),
            host: "#{host}".into(),
            path: "/#{path}".into(),
            query: "#{query}".into(),
            status: RedirectStatus::Permanent,
        };
        let jwt = Jwt {
            jwks_endpoint: "https://a/jwks".into(),
            issuer: "https://a".into(),
            claims: vec![Claim { name: "role".into(), format: "single-string".into(), values: vec!["admin".into()] }],
        };
        for actions in [
            vec![forward(&["arn:a", "arn:b"], 60)],
            vec![Action::Redirect { redirect }],
            vec![Action::JwtValidation { jwt }, forward(&["arn:a"], 0)],
        ] {
            assert!(from_sdk(Some(to_sdk(&actions))) == actions, "{actions:?}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_program_whatever_the_answer_has() {
        let actions = vec![
            Action::FixedResponse {
                response: FixedResponse { status_code: "401".into(), content_type: None, message_body: String::new() },
            },
            forward(&["arn:a"], 0),
        ];
        let mut sent = to_sdk(&actions);
        sent.reverse();
        assert!(from_sdk(Some(sent)) == actions);
        assert_eq!(to_sdk(&actions[..1])[0].order, None);
    }

    #[test]
    fn a_single_target_group_may_be_told_without_a_share() {
        let told = sdk::Action::builder().r#type("forward".into()).target_group_arn("arn:a").build();
        assert!(from_sdk(Some(vec![told])) == [forward(&["arn:a"], 0)]);
    }

    #[test]
    fn a_secret_that_is_not_known_any_more_stays_as_it_is() {
        let oidc = |secret: Option<&str>| Oidc {
            issuer: "https://a".into(),
            authorization_endpoint: "https://a/authorize".into(),
            token_endpoint: "https://a/token".into(),
            user_info_endpoint: "https://a/user".into(),
            client_id: "balancer".into(),
            client_secret: secret.map(|secret| Secret::new(secret.to_owned())),
            scope: "openid".into(),
            session_cookie_name: "session".into(),
            session_timeout_seconds: 60,
            extra_parameters: BTreeMap::new(),
            on_unauthenticated: OnUnauthenticated::Deny,
        };
        let (given, absent) = (oidc(Some("s")).to_sdk(), oidc(None).to_sdk());
        assert_eq!((given.client_secret.as_deref(), given.use_existing_client_secret), (Some("s"), Some(false)));
        assert_eq!((absent.client_secret.as_deref(), absent.use_existing_client_secret), (None, Some(true)));
    }
}
