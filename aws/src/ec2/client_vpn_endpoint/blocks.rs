//! What the arguments of an endpoint are made of, as AWS is told of it and as it tells of it.

use aws_sdk_ec2::types::{self as sdk, ClientVpnAuthenticationType, SelfServicePortal};
use formwork_engine::{Block, Choice, id};

use crate::acm::Certificate;
use crate::arn::Arn;
use crate::logs::LogGroupName;

id! {
    /// The id of a directory of AWS Directory Service, such as `d-0123456789`.
    pub struct DirectoryId;
}

/// What an `Arn<SamlProvider>` names: a SAML identity provider of IAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SamlProvider;

/// What an `Arn<ConnectHandlerFunction>` names: a Lambda function whose name begins with `AWSClientVPN-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectHandlerFunction;

/// A way in which people prove who they are.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[block(choice = "type", choice_cfn = "")]
pub enum Authentication {
    /// By a certificate of their own.
    #[choice("certificate-authentication")]
    Certificate {
        /// The certificate of the authority that has signed theirs, imported into ACM.
        #[arg(cfn = "")]
        client_root_certificate_chain: Arn<Certificate>,
    },
    /// By name and password of a directory.
    #[choice("directory-service-authentication")]
    Directory {
        /// The directory.
        #[arg(cfn = "")]
        directory: DirectoryId,
    },
    /// In the browser, at an identity provider that speaks SAML.
    #[choice("federated-authentication")]
    Federated {
        /// Which one.
        #[arg(cfn = "")]
        saml: SamlAuthentication,
    },
}

/// An identity provider that speaks SAML.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SamlAuthentication {
    /// The provider in IAM.
    pub provider: Arn<SamlProvider>,
    /// The provider in IAM for the self-service portal, which is an application of its own at the identity provider.
    pub self_service_provider: Option<Arn<SamlProvider>>,
}

impl Authentication {
    pub(super) fn request(&self) -> sdk::ClientVpnAuthenticationRequest {
        let request = sdk::ClientVpnAuthenticationRequest::builder();
        match self {
            Authentication::Certificate { client_root_certificate_chain } => {
                let mutual = sdk::CertificateAuthenticationRequest::builder();
                let mutual = mutual.client_root_certificate_chain_arn(client_root_certificate_chain.as_str());
                let request = request.r#type(ClientVpnAuthenticationType::CertificateAuthentication);
                request.mutual_authentication(mutual.build()).build()
            }
            Authentication::Directory { directory } => {
                let active = sdk::DirectoryServiceAuthenticationRequest::builder().directory_id(directory.as_str());
                let request = request.r#type(ClientVpnAuthenticationType::DirectoryServiceAuthentication);
                request.active_directory(active.build()).build()
            }
            Authentication::Federated { saml } => {
                let federated = sdk::FederatedAuthenticationRequest::builder()
                    .saml_provider_arn(saml.provider.as_str())
                    .set_self_service_saml_provider_arn(saml.self_service_provider.as_ref().map(ToString::to_string));
                let request = request.r#type(ClientVpnAuthenticationType::FederatedAuthentication);
                request.federated_authentication(federated.build()).build()
            }
        }
    }

    /// As AWS tells of it; nothing for a way that is not known here.
    pub(super) fn of(found: &sdk::ClientVpnAuthentication) -> Option<Self> {
        match found.r#type()? {
            ClientVpnAuthenticationType::CertificateAuthentication => {
                let chain = found.mutual_authentication()?.client_root_certificate_chain()?;
                Some(Authentication::Certificate { client_root_certificate_chain: Arn::new(chain) })
            }
            ClientVpnAuthenticationType::DirectoryServiceAuthentication => {
                let directory = found.active_directory()?.directory_id()?;
                Some(Authentication::Directory { directory: DirectoryId::new(directory) })
            }
            ClientVpnAuthenticationType::FederatedAuthentication => {
                let federated = found.federated_authentication()?;
                let self_service = federated.self_service_saml_provider_arn().filter(|arn| !arn.is_empty());
                let saml = SamlAuthentication {
                    provider: Arn::new(federated.saml_provider_arn()?),
                    self_service_provider: self_service.map(Arn::new),
                };
                Some(Authentication::Federated { saml })
            }
            _ => None,
        }
    }
}

/// Where connections are logged.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "to", choice_cfn = "Enabled")]
pub enum ConnectionLog {
    /// Nowhere.
    #[choice("nowhere")]
    Off,
    /// In a stream that AWS makes.
    #[choice("log-group")]
    LogGroup {
        /// The log group, of the same account and region.
        #[arg(cfn = "CloudwatchLogGroup")]
        log_group: LogGroupName,
    },
    /// In a stream that is there already.
    #[choice("log-stream")]
    LogStream {
        /// The log group, of the same account and region.
        #[arg(cfn = "CloudwatchLogGroup")]
        log_group: LogGroupName,
        /// The name of the stream.
        #[arg(cfn = "CloudwatchLogStream")]
        log_stream: String,
    },
}

impl ConnectionLog {
    pub(super) fn request(&self) -> sdk::ConnectionLogOptions {
        let options = sdk::ConnectionLogOptions::builder();
        match self {
            ConnectionLog::Off => options.enabled(false),
            ConnectionLog::LogGroup { log_group } => options.enabled(true).cloudwatch_log_group(log_group.as_str()),
            ConnectionLog::LogStream { log_group, log_stream } => {
                options.enabled(true).cloudwatch_log_group(log_group.as_str()).cloudwatch_log_stream(log_stream)
            }
        }
        .build()
    }

    pub(super) fn of(found: Option<&sdk::ConnectionLogResponseOptions>) -> Self {
        let Some(found) = found.filter(|found| found.enabled() == Some(true)) else { return ConnectionLog::Off };
        let log_group = LogGroupName::new(found.cloudwatch_log_group().unwrap_or_default());
        match found.cloudwatch_log_stream().filter(|stream| !stream.is_empty()) {
            Some(stream) => ConnectionLog::LogStream { log_group, log_stream: stream.to_owned() },
            None => ConnectionLog::LogGroup { log_group },
        }
    }
}

/// What is asked about new connections.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "by", choice_cfn = "Enabled")]
pub enum ConnectHandler {
    /// Nothing: whoever has proved himself is let in.
    #[choice("nothing")]
    Off,
    /// A function, which is told who connects from where.
    #[choice("function")]
    Function {
        /// The function, of the same account and region; its name begins with `AWSClientVPN-`.
        #[arg(cfn = "LambdaFunctionArn")]
        function: Arn<ConnectHandlerFunction>,
    },
}

impl ConnectHandler {
    pub(super) fn request(&self) -> sdk::ClientConnectOptions {
        let options = sdk::ClientConnectOptions::builder();
        match self {
            ConnectHandler::Off => options.enabled(false),
            ConnectHandler::Function { function } => options.enabled(true).lambda_function_arn(function.as_str()),
        }
        .build()
    }

    pub(super) fn of(found: Option<&sdk::ClientConnectResponseOptions>) -> Self {
        let function =
            found.filter(|found| found.enabled() == Some(true)).and_then(|found| found.lambda_function_arn());
        function.map_or(ConnectHandler::Off, |arn| ConnectHandler::Function { function: Arn::new(arn) })
    }
}

/// What carries a tunnel.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportProtocol {
    /// UDP, which is faster.
    #[choice("udp")]
    Udp,
    /// TCP, for networks that let nothing else out.
    #[choice("tcp")]
    Tcp,
}

/// The addresses of a VPN.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpnAddresses {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
    /// Both.
    #[choice("dual-stack")]
    DualStack,
}

/// An empty text switches the banner off.
pub(super) fn banner(text: &str) -> sdk::ClientLoginBannerOptions {
    let options = sdk::ClientLoginBannerOptions::builder();
    if text.is_empty() { options.enabled(false) } else { options.enabled(true).banner_text(text) }.build()
}

pub(super) fn banner_of(found: Option<&sdk::ClientLoginBannerResponseOptions>) -> String {
    let found = found.filter(|found| found.enabled() == Some(true));
    found.and_then(|found| found.banner_text()).unwrap_or_default().to_owned()
}

pub(super) fn enforcement(enforced: bool) -> sdk::ClientRouteEnforcementOptions {
    sdk::ClientRouteEnforcementOptions::builder().enforced(enforced).build()
}

pub(super) fn portal(offered: bool) -> SelfServicePortal {
    if offered { SelfServicePortal::Enabled } else { SelfServicePortal::Disabled }
}

/// AWS takes servers away only when it is told to use none.
pub(super) fn servers(servers: &[String]) -> sdk::DnsServersOptionsModifyStructure {
    let options = sdk::DnsServersOptionsModifyStructure::builder().enabled(!servers.is_empty());
    options.set_custom_dns_servers((!servers.is_empty()).then(|| servers.to_vec())).build()
}
