//! `aws:elbv2/listener`: a port of a load balancer, and what becomes of what comes in there.
//!
//! ```
//! use formwork_aws::Arn;
//! use formwork_aws::elbv2::{Action, Forward, Listener, Protocol, WeightedTargets};
//!
//! let targets = WeightedTargets::builder().target_group(Arn::new("arn:aws:elasticloadbalancing:…")).build();
//! let https = Listener::builder()
//!     .load_balancer(Arn::new("arn:aws:elasticloadbalancing:…"))
//!     .port(443)
//!     .protocol(Protocol::Https)
//!     .certificate(Arn::new("arn:aws:acm:…"))
//!     .ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
//!     .default_actions([Action::forward(Forward::builder().target_groups([targets]).build())])
//!     .build();
//! # drop(https);
//! ```

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types as sdk;
use formwork_engine::kind::{Candidate, Created, Deletion, Owner, Status, Waiting};
use formwork_engine::{Block, Choice, Expr, Outputs, Resource, Secret, Stack, Value};

use super::action::{self, Action, FixedResponse, Forward, Oidc, Redirect, RedirectStatus, WeightedTargets};
use super::attributes::{self, Found, Table};
use super::{LoadBalancer, Protocol, Switch, TargetGroup, retag, tags_by_arn, tags_of};
use crate::acm::Certificate;
use crate::arn::{Anything, Arn};
use crate::conformance::{Conformance, Conforms};
use crate::context::Aws;
use crate::ec2::{InternetGateway, Subnet, Vpc};
use crate::error::{Error, OrGone, Result};
use crate::lifecycle::{Lifecycle, Observed, Readings, Update, Updated, all_ready};
use crate::questions::{each, named};
use crate::tags::{self, Tags};

/// The id of a listener is its ARN.
pub type ListenerId = Arn<Listener>;

const GONE: &[&str] =
    &["ListenerNotFound", "ListenerNotFoundException", "LoadBalancerNotFound", "LoadBalancerNotFoundException"];

/// A port of a load balancer, and what becomes of what comes in there. Rules ([`super::ListenerRule`]) come before its default actions.
// A create with the same settings answers what is there, whoever made it: hence the look beforehand.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2/listener",
    cfn = "AWS::ElasticLoadBalancingV2::Listener",
    id = ListenerId,
    outputs = ListenerOutputs,
    guard = upsert,
    natural_key(load_balancer, port),
    visibility = 120
)]
pub struct Listener {
    /// The load balancer.
    #[arg(replace, cfn = "LoadBalancerArn")]
    pub load_balancer: Arn<LoadBalancer>,
    /// The port, 1 to 65535; none for gateway load balancers, which take all.
    #[arg(in_place)]
    pub port: Option<i32>,
    /// What is spoken there; none for gateway load balancers.
    #[arg(in_place)]
    pub protocol: Option<Protocol>,
    /// What it does by default.
    #[arg(in_place)]
    pub default_actions: Vec<Action>,
    /// By what it proves itself to the provider of an `Action::authenticate_oidc`. AWS does not tell it.
    #[arg(in_place, write_only, cfn = "DefaultActions")]
    pub oidc_client_secret: Option<Secret<String>>,
    /// The certificate that it shows, of the same region. For HTTPS and TLS.
    #[arg(in_place, cfn = "Certificates")]
    pub certificate: Option<Arn<Certificate>>,
    /// Which versions and ciphers of TLS it takes, by the name of AWS's policy. For HTTPS and TLS.
    #[arg(in_place)]
    pub ssl_policy: Option<String>,
    /// Which of HTTP/1 and HTTP/2 is agreed on, such as `HTTP2Preferred` or `None`. For TLS.
    #[arg(in_place)]
    pub alpn_policy: Option<String>,
    /// Whether clients must show certificates, too. For HTTPS.
    #[arg(in_place)]
    pub mutual_authentication: Option<MutualAuthentication>,
    /// After how many seconds without traffic a connection is forgotten, 60 to 6000. For network and gateway load balancers.
    #[arg(in_place, after_create, cfn = "ListenerAttributes")]
    pub tcp_idle_timeout_seconds: Option<i32>,
    /// Whether senders are told by a reset then. For gateway load balancers.
    #[arg(in_place, after_create, cfn = "ListenerAttributes")]
    pub reset_on_idle_timeout: Option<bool>,
    /// Whether answers have the header `server`. For application load balancers.
    #[arg(in_place, after_create, cfn = "ListenerAttributes")]
    pub server_header: Option<bool>,
    /// Headers that are added to answers or renamed in requests, by AWS's names of the attributes without `routing.http.`, such as
    /// `response.strict_transport_security.header_value`. Others are left as they are. For application load balancers.
    #[arg(in_place, after_create, cfn = "ListenerAttributes", same = says_so)]
    pub headers: Option<BTreeMap<String, String>>,
    /// Tags, without the ones that mark ownership.
    #[arg(in_place, default, tags, cfn = "")]
    pub tags: Tags,
}

const ATTRIBUTES: Table = &[
    ("tcp_idle_timeout_seconds", "tcp.idle_timeout.seconds"),
    ("reset_on_idle_timeout", "send_tcp_reset.on_idle_timeout.enabled"),
    ("server_header", "routing.http.response.server.enabled"),
];

/// What the names of attributes of headers begin with.
const HEADERS: &str = "routing.http.";

/// Headers that nobody declares are somebody else's.
fn says_so(wanted: &Option<BTreeMap<String, String>>, found: &Option<BTreeMap<String, String>>) -> bool {
    let (wanted, found) = (wanted.iter().flatten(), found.as_ref());
    wanted.into_iter().all(|(name, value)| found.and_then(|found| found.get(name)) == Some(value))
}

/// Whether clients must show certificates.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct MutualAuthentication {
    /// What becomes of a client's certificate.
    #[arg(default = ClientCertificates::Off)]
    pub mode: ClientCertificates,
    /// The authorities that are trusted. For `ClientCertificates::Verify`.
    #[arg(cfn = "")]
    pub trust_store: Option<Arn<Anything>>,
    /// Whether a certificate that has expired passes.
    pub ignore_expiry: Option<bool>,
    /// Whether clients are told which authorities are trusted.
    pub advertise_authorities: Option<Switch>,
}

/// What becomes of a client's certificate.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None is asked for.
    #[choice("off")]
    Off,
    /// Targets see it.
    #[choice("passthrough")]
    Passthrough,
    /// It must be of a trusted authority.
    #[choice("verify")]
    Verify,
}

/// What is known of a listener once it is there.
#[derive(Outputs)]
pub struct ListenerOutputs {
    /// The ARN.
    pub id: ListenerId,
    /// The ARN.
    pub arn: Arn<Listener>,
}

impl Lifecycle for Listener {
    async fn create(aws: &Aws, owner: &Owner, args: &Self) -> Result<Created> {
        let answer = aws
            .elbv2()
            .create_listener()
            .load_balancer_arn(args.load_balancer.as_str())
            .set_port(args.port)
            .set_protocol(args.protocol.map(|it| it.as_str().into()))
            .set_default_actions(Some(action::to_sdk(&args.default_actions, args.oidc_client_secret.as_ref())))
            .set_certificates(args.certificates())
            .set_ssl_policy(args.ssl_policy.clone())
            .set_alpn_policy(args.alpn_policy.clone().map(|policy| vec![policy]))
            .set_mutual_authentication(args.mutual_authentication.as_ref().map(MutualAuthentication::to_sdk))
            .set_tags(Some(tags_of(owner, &args.tags)))
            .send()
            .await?;
        let arn = answer.listeners.unwrap_or_default().into_iter().next().and_then(|listener| listener.listener_arn);
        let missing = || Error::unexpected("elasticloadbalancingv2 CreateListener", "no ARN in the answer");
        arn.map(Created::whole).ok_or_else(missing)
    }

    async fn status(aws: &Aws, waiting: &[Waiting]) -> Result<BTreeMap<String, Status>> {
        let found = described(aws, waiting.iter().map(|one| one.id.as_str())).await?;
        let found = found.into_iter().map(|(arn, listener)| listener.map(|_| arn.to_owned()));
        Ok(all_ready(found.collect::<Result<Vec<_>>>()?))
    }

    async fn read(aws: &Aws, ids: &[ListenerId]) -> Result<Readings<Self>> {
        let found = described(aws, ids.iter().map(Arn::as_str)).await?;
        let arns: Vec<String> = found.keys().map(|arn| (*arn).to_owned()).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let seen = each(found.into_values(), |listener| async { observe(aws, listener?, &tags).await }).await;
        let readings = arns.into_iter().zip(seen).filter_map(|(arn, seen)| Some((Arn::new(arn), seen.transpose()?)));
        Ok(readings.collect())
    }

    async fn find(aws: &Aws, owner: &Owner, args: Option<&Self>) -> Result<Vec<Candidate>> {
        let Some(args) = args else { return Ok(Vec::new()) };
        let of_balancer = of_balancer(aws, args.load_balancer.as_str()).await?.into_iter();
        let on_port = of_balancer.filter(|listener| listener.port == args.port);
        let arns: Vec<String> = on_port.filter_map(|listener| listener.listener_arn).collect();
        let tags = tags_by_arn(aws, &arns, GONE).await?;
        let theirs = |arn: &String| tags.get(arn).and_then(|tags| tags.owner.as_ref());
        Ok(arns.iter().map(|arn| tags::candidate(owner, arn, theirs(arn))).collect())
    }

    async fn update(aws: &Aws, update: Update<'_, Self>) -> Result<Updated<ListenerChanges>> {
        let ListenerChanges {
            port,
            protocol,
            default_actions,
            oidc_client_secret,
            certificate,
            ssl_policy,
            alpn_policy,
            mutual_authentication,
            tcp_idle_timeout_seconds,
            reset_on_idle_timeout,
            server_header,
            headers,
            tags,
        } = update.changes;
        let Update { owner, id, now, planned, .. } = update;
        if tags {
            retag(aws, owner, id.as_str(), &now.tags, &planned.tags).await?;
        }
        let secure = certificate || ssl_policy || alpn_policy || mutual_authentication;
        if port || protocol || default_actions || oidc_client_secret || secure {
            let actions = (default_actions || oidc_client_secret)
                .then(|| action::to_sdk(&planned.default_actions, planned.oidc_client_secret.as_ref()));
            let mutual = planned.mutual_authentication.as_ref().filter(|_| mutual_authentication || protocol);
            aws.elbv2()
                .modify_listener()
                .listener_arn(id.as_str())
                .set_port(planned.port.filter(|_| port))
                .set_protocol(planned.protocol.filter(|_| protocol).map(|it| it.as_str().into()))
                .set_default_actions(actions)
                .set_certificates(planned.certificates().filter(|_| certificate || protocol))
                .set_ssl_policy(planned.ssl_policy.clone().filter(|_| ssl_policy || protocol))
                .set_alpn_policy(planned.alpn_policy.clone().filter(|_| alpn_policy).map(|policy| vec![policy]))
                .set_mutual_authentication(mutual.map(MutualAuthentication::to_sdk))
                .send()
                .await?;
        }
        if tcp_idle_timeout_seconds || reset_on_idle_timeout || server_header || headers {
            let mut pairs: BTreeMap<String, String> = attributes::difference(ATTRIBUTES, now, planned)
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect();
            let held = now.headers.as_ref();
            let moved = planned.headers.iter().flatten();
            let moved = moved.filter(|(name, value)| held.and_then(|held| held.get(*name)) != Some(value));
            pairs.extend(moved.map(|(name, value)| (format!("{HEADERS}{name}"), value.clone())));
            set_attributes(aws, id, pairs).await?;
        }
        Ok(Updated::done())
    }

    async fn delete(aws: &Aws, id: &ListenerId, _: &Self) -> Result<Deletion> {
        aws.elbv2().delete_listener().listener_arn(id.as_str()).send().await.or_gone(GONE)?;
        Ok(Deletion::Done)
    }
}

impl Listener {
    fn certificates(&self) -> Option<Vec<sdk::Certificate>> {
        let certificate = |arn: &Arn<Certificate>| sdk::Certificate::builder().certificate_arn(arn.as_str()).build();
        self.certificate.as_ref().map(|arn| vec![certificate(arn)])
    }
}

impl MutualAuthentication {
    fn to_sdk(&self) -> sdk::MutualAuthenticationAttributes {
        sdk::MutualAuthenticationAttributes::builder()
            .mode(self.mode.as_str())
            .set_trust_store_arn(self.trust_store.as_ref().map(ToString::to_string))
            .set_ignore_client_certificate_expiry(self.ignore_expiry)
            .set_advertise_trust_store_ca_names(self.advertise_authorities.map(|it| it.as_str().into()))
            .build()
    }

    fn from_sdk(found: sdk::MutualAuthenticationAttributes) -> Self {
        Self {
            mode: found.mode.as_deref().and_then(ClientCertificates::parse).unwrap_or(ClientCertificates::Off),
            trust_store: found.trust_store_arn.map(Arn::new),
            ignore_expiry: found.ignore_client_certificate_expiry,
            advertise_authorities: found.advertise_trust_store_ca_names.and_then(|it| Switch::parse(it.as_str())),
        }
    }
}

async fn set_attributes(aws: &Aws, id: &ListenerId, pairs: BTreeMap<String, String>) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let pair = |(key, value): (String, String)| sdk::ListenerAttribute::builder().key(key).value(value).build();
    let call = aws.elbv2().modify_listener_attributes().listener_arn(id.as_str());
    call.set_attributes(Some(pairs.into_iter().map(pair).collect())).send().await?;
    Ok(())
}

/// The listeners of a load balancer; none where there is no such load balancer.
async fn of_balancer(aws: &Aws, balancer: &str) -> Result<Vec<sdk::Listener>> {
    let mut found = Vec::new();
    let mut pages = aws.elbv2().describe_listeners().load_balancer_arn(balancer).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = page.or_gone(GONE)? else { break };
        found.extend(page.listeners.unwrap_or_default());
    }
    Ok(found)
}

/// The ARN of the load balancer of a listener.
fn balancer_of(listener: &str) -> String {
    let balancer = listener.rsplit_once('/').map_or(listener, |(balancer, _)| balancer);
    balancer.replacen(":listener/", ":loadbalancer/", 1)
}

/// The listeners of these ARNs that are there; of many, by load balancer.
async fn described<'n>(
    aws: &Aws,
    arns: impl IntoIterator<Item = &'n str>,
) -> Result<BTreeMap<&'n str, Result<sdk::Listener>>> {
    let arns: Vec<&str> = arns.into_iter().collect();
    let balancers: BTreeSet<String> = arns.iter().map(|arn| balancer_of(arn)).collect();
    let all = async {
        let mut found = BTreeMap::new();
        for listeners in each(&balancers, |balancer| of_balancer(aws, balancer)).await {
            found.extend(listeners?.into_iter().filter_map(|one| Some((one.listener_arn.clone()?, one))));
        }
        Ok(found)
    };
    let one = |arn: &'n str| async move {
        let answer = aws.elbv2().describe_listeners().listener_arns(arn).send().await.or_gone(GONE)?;
        Ok(answer.and_then(|answer| answer.listeners?.into_iter().next()))
    };
    named(arns, all, one).await
}

/// What a listener is; its attributes are a call of their own. `None` when it went between them.
async fn observe(
    aws: &Aws,
    listener: sdk::Listener,
    tags: &BTreeMap<String, tags::Read>,
) -> Result<Option<Observed<Listener>>> {
    let arn = listener.listener_arn.unwrap_or_default();
    let answer = aws.elbv2().describe_listener_attributes().listener_arn(&arn).send().await.or_gone(GONE)?;
    let (Some(answer), Some(read)) = (answer, tags.get(&arn)) else { return Ok(None) };
    let pairs = answer.attributes.unwrap_or_default().into_iter();
    let found = Found::new(ATTRIBUTES, pairs.filter_map(|pair| Some((pair.key?, pair.value?))).collect());
    let (tcp_idle_timeout_seconds, server_header) = (found.of("tcp_idle_timeout_seconds"), found.of("server_header"));
    let reset_on_idle_timeout = found.of("reset_on_idle_timeout");
    let headers = found.into_pairs().into_iter();
    let headers = headers.filter_map(|(key, value)| Some((key.strip_prefix(HEADERS)?.to_owned(), value)));
    let certificate = listener.certificates.unwrap_or_default().into_iter().next();
    let args = Listener {
        load_balancer: Arn::new(listener.load_balancer_arn.unwrap_or_default()),
        port: listener.port,
        protocol: listener.protocol.and_then(|protocol| Protocol::parse(protocol.as_str())),
        default_actions: action::from_sdk(listener.default_actions),
        oidc_client_secret: None,
        certificate: certificate.and_then(|certificate| certificate.certificate_arn).map(Arn::new),
        ssl_policy: listener.ssl_policy,
        alpn_policy: listener.alpn_policy.unwrap_or_default().into_iter().next(),
        mutual_authentication: listener.mutual_authentication.map(MutualAuthentication::from_sdk),
        tcp_idle_timeout_seconds,
        reset_on_idle_timeout,
        server_header,
        headers: Some(headers.collect()),
        tags: read.tags.clone(),
    };
    let outputs = ListenerOutputs { id: Arn::new(arn.as_str()), arn: Arn::new(arn) };
    Ok(Some(Observed::new(args, outputs, read.owner.clone())))
}

/// A load balancer with its network, for examples.
pub(super) fn example_balancer(stack: &mut Stack, range: u8) -> formwork_engine::Handle<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::builder().cidr_block(format!("10.{range}.0.0/16")).build());
    stack.add("gateway", InternetGateway::builder().vpc(&vpc).build());
    let mut subnet = |zone: &str, number: u8| {
        let subnet = Subnet::builder().vpc(&vpc).cidr_block(format!("10.{range}.{number}.0/24"));
        stack.add(zone, subnet.availability_zone(format!("eu-west-1{zone}")).build())
    };
    let (a, b) = (subnet("a", 1), subnet("b", 2));
    stack.add("balancer", LoadBalancer::builder().name(format!("Conformance-Front-{range}")).subnets([&a, &b]).build())
}

/// A target group for examples.
pub(super) fn example_targets(stack: &mut Stack, name: &str) -> formwork_engine::Handle<TargetGroup> {
    let vpc = stack.add(&format!("{name}-vpc"), Vpc::builder().cidr_block("10.79.0.0/16").build());
    let group = TargetGroup::builder().name(format!("Conformance-{name}")).protocol(Protocol::Http).port(80);
    stack.add(name, group.vpc(&vpc).build())
}

impl Conforms for Listener {
    fn conformance(stack: &mut Stack) -> Conformance<Self> {
        let balancer = example_balancer(stack, 75);
        let (one, two) = (example_targets(stack, "one"), example_targets(stack, "two"));
        let certificate = |domain: &str| Certificate::builder().domain_name(domain).build();
        let first = stack.add("first", certificate("one.formwork.example"));
        let second = stack.add("second", certificate("two.formwork.example"));
        let other = {
            let vpc = stack.add("other-vpc", Vpc::builder().cidr_block("10.76.0.0/16").build());
            let subnet = Subnet::builder().vpc(&vpc).cidr_block("10.76.1.0/24").availability_zone("eu-west-1a");
            let subnet = stack.add("other-subnet", subnet.build());
            let network = LoadBalancer::builder().name("Conformance-Network").sort(super::LoadBalancerType::Network);
            stack.add("other", network.scheme(super::Scheme::Internal).subnets([&subnet]).build())
        };
        let to = |group| WeightedTargets::builder().target_group(group);
        let forward = |groups: Vec<_>, seconds: i32| {
            Action::forward(Forward::builder().target_groups(groups).sticky_seconds(seconds).build())
        };
        let sign_in = |timeout: i32| {
            let oidc = Oidc::builder()
                .issuer("https://issuer.formwork.example")
                .authorization_endpoint("https://issuer.formwork.example/authorize")
                .token_endpoint("https://issuer.formwork.example/token")
                .user_info_endpoint("https://issuer.formwork.example/user")
                .client_id("balancer")
                .session_timeout_seconds(timeout);
            Action::authenticate_oidc(oidc.build())
        };
        let header = "response.x_frame_options.header_value";
        let mutual = |mode| MutualAuthentication::builder().mode(mode).build();
        let base = Listener::builder()
            .load_balancer(&balancer)
            .port(8443)
            .protocol(Protocol::Https)
            .certificate(&first.arn)
            .ssl_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
            .mutual_authentication(mutual(ClientCertificates::Off))
            .default_actions([forward(vec![to(&one).build()], 0)])
            .server_header(false)
            .headers([(header, "DENY")])
            .tags([("team", "a"), ("cost", "1")])
            .build();
        let nothing = Expr::null;
        let both = vec![to(&one).weight(80).build(), to(&two).weight(20).build()];
        let redirect = Redirect::builder().protocol("HTTPS").port("443").status(RedirectStatus::Permanent);
        let answer = FixedResponse::builder().status_code("404").content_type("text/plain").message_body("not here");
        let actions = |actions: Vec<formwork_engine::Input<Action>>| -> Expr {
            actions.into_iter().map(Expr::from).collect::<Vec<_>>().into()
        };
        Conformance::of(base)
            .change("default_actions", actions(vec![forward(both, 60)]))
            .change("default_actions", actions(vec![sign_in(600), forward(vec![to(&two).build()], 0)]))
            .together_with("oidc_client_secret", Expr::Literal(Value::from("conformance-secret").into_secret()))
            .change("default_actions", actions(vec![sign_in(900), forward(vec![to(&two).build()], 0)]))
            .change("default_actions", actions(vec![Action::redirect(redirect.build())]))
            .change("default_actions", actions(vec![Action::fixed_response(answer.build())]))
            .change("port", 9443)
            .change("certificate", &second.arn)
            .together_with("ssl_policy", "ELBSecurityPolicy-TLS13-1-3-2021-06")
            .together_with("mutual_authentication", mutual(ClientCertificates::Passthrough))
            .together_with("server_header", true)
            .together_with("headers", [(header, "SAMEORIGIN")])
            .together_with("tags", [("team", "b")])
            .change("protocol", "HTTP")
            .together_with("certificate", nothing())
            .together_with("ssl_policy", nothing())
            .together_with("mutual_authentication", nothing())
            .change("load_balancer", &other)
            .together_with("protocol", "TLS")
            .together_with("certificate", &first.arn)
            .together_with("server_header", nothing())
            .together_with("headers", nothing())
            .together_with("default_actions", actions(vec![forward(vec![to(&one).build()], 0)]))
            .together_with("alpn_policy", "HTTP2Preferred")
            .together_with("tcp_idle_timeout_seconds", 60)
            .change("alpn_policy", "None")
            .together_with("tcp_idle_timeout_seconds", 600)
            .unseen("reset_on_idle_timeout", "gateway load balancers alone have it, and the example has none")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_balancer_stands_in_the_arn() {
        let listener = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/front/0a/0b";
        assert_eq!(balancer_of(listener), "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/front/0a");
    }

    #[test]
    fn headers_that_are_not_declared_are_left_alone() {
        let headers = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert!(says_so(&headers(&[("a", "1")]), &headers(&[("a", "1"), ("b", "")])));
        assert!(!says_so(&headers(&[("a", "2")]), &headers(&[("a", "1")])));
        assert!(!says_so(&headers(&[("c", "1")]), &headers(&[("a", "1")])));
    }
}
