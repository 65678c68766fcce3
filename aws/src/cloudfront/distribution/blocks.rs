//! The choices and blocks of a distribution.

use std::collections::{BTreeMap, BTreeSet};

use formwork_engine::{Block, Choice};

use crate::acm::Certificate;
use crate::arn::Arn;
use crate::cloudfront::{CachePolicyId, OriginAccessControlId, OriginRequestPolicyId, ResponseHeadersPolicyId};

/// Where a distribution asks for what it has not.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The name by which behaviours call it.
    pub id: String,
    /// The host: the regional name of a bucket, that of a load balancer, any other one.
    pub domain_name: String,
    /// What is put before every path, such as `/site`; nothing when empty.
    #[arg(default)]
    pub path: String,
    /// What it is.
    #[arg(default = OriginType::S3)]
    pub origin_type: OriginType,
    /// Who the distribution is towards it; nobody when empty.
    #[arg(default = OriginAccessControlId::new(""))]
    pub access_control: OriginAccessControlId,
    /// Headers that every request to it has.
    #[arg(default)]
    pub custom_headers: BTreeMap<String, String>,
    /// How often it is tried to be reached, 1 to 3 times.
    #[arg(default = 3)]
    pub connection_attempts: i32,
    /// For how many seconds each time, 1 to 10.
    #[arg(default = 10)]
    pub connection_timeout: i32,
    /// For how many seconds its answer is waited for, 1 to 120.
    #[arg(default = 30)]
    pub read_timeout: i32,
    /// For how many seconds a connection to it stays open when nothing is asked; of no use for buckets.
    #[arg(default = 5)]
    pub keepalive_timeout: i32,
    /// For how many seconds its whole answer is waited for, at least `read_timeout`; for ever when never said.
    pub response_completion_timeout: Option<i32>,
    /// The region of the cache that all edges ask before it, such as `eu-west-1`; there is no such cache when empty.
    #[arg(default)]
    pub shield_region: String,
}

/// What an origin is.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginType {
    /// A bucket, public or let in by an access control.
    #[choice("s3")]
    S3,
    /// A bucket that lets in an origin access identity, the predecessor of access controls.
    #[choice("s3_identity")]
    S3Identity {
        /// The identity, as `origin-access-identity/cloudfront/E74FTE3EXAMPLE`.
        identity: String,
    },
    /// Anything that speaks HTTP: a load balancer, the website of a bucket, a server of one's own.
    #[choice("custom")]
    Custom {
        /// How it is reached.
        endpoint: CustomOrigin,
    },
    /// Something inside of a VPC, reached through a VPC origin.
    #[choice("vpc")]
    Vpc {
        /// Through which.
        origin: VpcOrigin,
    },
}

/// How an origin is reached that speaks HTTP.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CustomOrigin {
    /// Whether with TLS.
    #[arg(default = OriginProtocolPolicy::HttpsOnly)]
    pub protocol_policy: OriginProtocolPolicy,
    /// The port without TLS.
    #[arg(default = 80)]
    pub http_port: i32,
    /// The port with TLS.
    #[arg(default = 443)]
    pub https_port: i32,
    /// The versions of TLS that it may be spoken to with.
    #[arg(default = BTreeSet::from([SslProtocol::Tls12]))]
    pub ssl_protocols: BTreeSet<SslProtocol>,
    /// Which addresses of it are used.
    #[arg(default = IpAddressType::Ipv4)]
    pub ip_address_type: IpAddressType,
    /// The ARN of the certificate that it is shown; none when empty.
    #[arg(default)]
    pub client_certificate: String,
}

/// A VPC origin as the origin of a distribution.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VpcOrigin {
    /// The id of the VPC origin, such as `vo_BQwjxxQxjCaBcQLzJUFkDM`.
    pub vpc_origin: String,
    /// The account that has it, where that is another one.
    #[arg(default)]
    pub owner_account: String,
}

/// Whether an origin is spoken to with TLS.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginProtocolPolicy {
    /// Never.
    #[choice("http-only")]
    HttpOnly,
    /// As the viewer does.
    #[choice("match-viewer")]
    MatchViewer,
    /// Always.
    #[choice("https-only")]
    HttpsOnly,
}

/// Versions of TLS towards origins.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslProtocol {
    /// SSL 3.
    #[choice("SSLv3")]
    Ssl3,
    /// TLS 1.0.
    #[choice("TLSv1")]
    Tls1,
    /// TLS 1.1.
    #[choice("TLSv1.1")]
    Tls11,
    /// TLS 1.2.
    #[choice("TLSv1.2")]
    Tls12,
}

/// Kinds of addresses.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IpAddressType {
    /// IPv4.
    #[choice("ipv4")]
    Ipv4,
    /// IPv6.
    #[choice("ipv6")]
    Ipv6,
    /// Both.
    #[choice("dualstack")]
    Dualstack,
}

/// Two origins, of which the second is asked where the first fails.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginGroup {
    /// The name by which behaviours call it.
    pub id: String,
    /// The ids of the two origins, the first one first.
    pub members: Vec<String>,
    /// Which codes of the first one are a failure, such as 500 and 503.
    pub status_codes: BTreeSet<i32>,
    /// How the two are chosen between.
    #[arg(default = OriginSelection::Default)]
    pub selection: OriginSelection,
}

/// How the origins of a group are chosen between.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginSelection {
    /// The second where the first fails.
    #[choice("default")]
    Default,
    /// The one with the better pictures, as MediaPackage says.
    #[choice("media-quality-based")]
    MediaQualityBased,
}

/// What is done with requests.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct Behavior {
    /// The id of the origin or origin group that they are for.
    pub target_origin: String,
    /// Whether viewers must use TLS.
    #[arg(default = ViewerProtocolPolicy::RedirectToHttps)]
    pub viewer_protocol_policy: ViewerProtocolPolicy,
    /// The methods that viewers may use.
    #[arg(default = AllowedMethods::GetHead)]
    pub allowed_methods: AllowedMethods,
    /// The methods of which answers are kept.
    #[arg(default = CachedMethods::GetHead)]
    pub cached_methods: CachedMethods,
    /// Whether answers are compressed for viewers that can read them so.
    #[arg(default = true)]
    pub compress: bool,
    /// For how long answers are kept, and for which requests they stand. Needed unless there are `forwarded_values`.
    #[arg(default = CachePolicyId::new(""))]
    pub cache_policy: CachePolicyId,
    /// What of a request the origin gets beside what the cache policy has in its key; nothing when left out.
    #[arg(default = OriginRequestPolicyId::new(""))]
    pub origin_request_policy: OriginRequestPolicyId,
    /// Which headers answers get and lose; none when left out.
    #[arg(default = ResponseHeadersPolicyId::new(""))]
    pub response_headers_policy: ResponseHeadersPolicyId,
    /// What `cache_policy` has replaced: AWS advises against it.
    pub forwarded_values: Option<ForwardedValues>,
    /// CloudFront Functions that see requests and answers, at most one for each event.
    #[arg(default)]
    pub functions: BTreeSet<Function>,
    /// Lambda functions that see requests and answers, at most one for each event.
    #[arg(default)]
    pub lambda_functions: BTreeSet<LambdaFunction>,
    /// The ids of the key groups of which viewers must have a signature; they need none when empty.
    #[arg(default)]
    pub trusted_key_groups: BTreeSet<String>,
    /// The accounts of which viewers must have a signature, which key groups have replaced; they need none when empty.
    #[arg(default)]
    pub trusted_signers: BTreeSet<String>,
    /// The id of the configuration by which single fields of what viewers send are encrypted; none when empty.
    #[arg(default)]
    pub field_level_encryption: String,
    /// The ARN of the configuration by which requests are logged within seconds; they are not when empty.
    #[arg(default)]
    pub realtime_log_config: String,
    /// Whether it is for Microsoft Smooth Streaming.
    #[arg(default = false)]
    pub smooth_streaming: bool,
    /// Whether viewers may speak gRPC; needs HTTP/2 and all methods.
    #[arg(default = false)]
    pub grpc: bool,
}

/// What is done with requests for certain paths.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct PathBehavior {
    /// Which paths, such as `/images/*.jpg`.
    pub path_pattern: String,
    /// What is done.
    pub behavior: Behavior,
}

/// Whether viewers must use TLS.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerProtocolPolicy {
    /// They need not.
    #[choice("allow-all")]
    AllowAll,
    /// Those that do not get an error.
    #[choice("https-only")]
    HttpsOnly,
    /// Those that do not are sent to the same place with it.
    #[choice("redirect-to-https")]
    RedirectToHttps,
}

/// Methods that viewers may use; CloudFront knows these three sets.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedMethods {
    /// To read.
    #[choice("GET,HEAD")]
    GetHead,
    /// To read, and to ask what may be done.
    #[choice("GET,HEAD,OPTIONS")]
    GetHeadOptions,
    /// All.
    #[choice("DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT")]
    All,
}

/// Methods of which answers are kept.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachedMethods {
    /// To read.
    #[choice("GET,HEAD")]
    GetHead,
    /// To read, and to ask what may be done.
    #[choice("GET,HEAD,OPTIONS")]
    GetHeadOptions,
}

/// What of a request makes a difference and reaches the origin, where there is no cache policy.
#[derive(Block, Clone, PartialEq, Eq)]
pub struct ForwardedValues {
    /// Whether the query string does.
    #[arg(default = false)]
    pub query_string: bool,
    /// Which parameters of it make a difference; all when empty.
    #[arg(default)]
    pub query_string_cache_keys: BTreeSet<String>,
    /// Which headers do; none when empty, all where it is `*`.
    #[arg(default)]
    pub headers: BTreeSet<String>,
    /// Which cookies do.
    #[arg(default = ForwardedCookies::None)]
    pub cookies: ForwardedCookies,
    /// For how many seconds an answer is kept at least.
    #[arg(default = 0)]
    pub min_ttl: i64,
    /// For how many seconds an answer is kept of which the origin does not say it; a day when left out.
    #[arg(default = 86_400)]
    pub default_ttl: i64,
    /// For how many seconds an answer is kept at most; a year when left out.
    #[arg(default = 31_536_000)]
    pub max_ttl: i64,
}

/// Which cookies make a difference and reach the origin.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ForwardedCookies {
    /// None.
    #[choice("none")]
    None,
    /// All.
    #[choice("all")]
    All,
    /// These.
    #[choice("whitelist")]
    Only {
        /// Their names.
        names: BTreeSet<String>,
    },
}

/// When a function sees a request.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// When a viewer asks.
    #[choice("viewer-request")]
    ViewerRequest,
    /// Before the viewer is answered.
    #[choice("viewer-response")]
    ViewerResponse,
    /// Before the origin is asked. Lambda functions only.
    #[choice("origin-request")]
    OriginRequest,
    /// When the origin has answered. Lambda functions only.
    #[choice("origin-response")]
    OriginResponse,
}

/// A CloudFront Function.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// When it sees a request.
    pub event: Event,
    /// Its ARN.
    pub function: String,
}

/// A function of Lambda at the edge.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LambdaFunction {
    /// When it sees a request.
    pub event: Event,
    /// The ARN of a version of it, in us-east-1.
    pub function: String,
    /// Whether it sees the body too.
    #[arg(default = false)]
    pub include_body: bool,
}

/// What viewers get in place of an error.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorResponse {
    /// Which error of the origin's: 400, 403, 404, 405, 414, 416, or 500 to 504.
    pub error_code: i32,
    /// What they get; the error itself when left out.
    #[arg(default = ErrorAnswer::Itself)]
    pub answer: ErrorAnswer,
    /// For how many seconds the error is kept before the origin is asked again.
    #[arg(default = 10)]
    pub caching_seconds: i64,
}

/// What viewers get.
#[derive(Block, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorAnswer {
    /// The error itself.
    #[choice("itself")]
    Itself,
    /// A page.
    #[choice("page")]
    Page {
        /// Its path, such as `/index.html`.
        path: String,
        /// The code with which it is answered, such as 200.
        code: i32,
    },
}

/// By which certificate a distribution proves its names.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "source")]
pub enum ViewerCertificate {
    /// CloudFront's own, for `*.cloudfront.net`.
    #[choice("cloudfront")]
    Cloudfront,
    /// One of Certificate Manager's, in us-east-1.
    #[choice("acm")]
    Acm {
        /// Which.
        certificate: Arn<Certificate>,
        /// For which viewers.
        ssl_support_method: SslSupportMethod,
        /// The oldest version of TLS that viewers may speak.
        minimum_protocol_version: MinimumProtocolVersion,
    },
    /// One that IAM keeps.
    #[choice("iam")]
    Iam {
        /// Its id in IAM.
        certificate_id: String,
        /// For which viewers.
        ssl_support_method: SslSupportMethod,
        /// The oldest version of TLS that viewers may speak.
        minimum_protocol_version: MinimumProtocolVersion,
    },
}

/// For which viewers names of one's own are proved.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslSupportMethod {
    /// For those that say which name they want, which all of the last ten years do.
    #[choice("sni-only")]
    SniOnly,
    /// For all, under addresses of their own, at a price of hundreds of dollars a month.
    #[choice("vip")]
    Vip,
    /// For all, under addresses that do not change. Only for accounts that AWS has enabled for it.
    #[choice("static-ip")]
    StaticIp,
}

/// What viewers must at least be able to speak: the version, and the year of the set of ciphers.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimumProtocolVersion {
    /// SSL 3. With `vip` only.
    #[choice("SSLv3")]
    Ssl3,
    /// TLS 1.0. With `vip` only.
    #[choice("TLSv1")]
    Tls1,
    /// TLS 1.0, of 2016.
    #[choice("TLSv1_2016")]
    Tls1_2016,
    /// TLS 1.1, of 2016.
    #[choice("TLSv1.1_2016")]
    Tls11_2016,
    /// TLS 1.2, of 2018.
    #[choice("TLSv1.2_2018")]
    Tls12_2018,
    /// TLS 1.2, of 2019.
    #[choice("TLSv1.2_2019")]
    Tls12_2019,
    /// TLS 1.2, of 2021: what AWS recommends.
    #[choice("TLSv1.2_2021")]
    Tls12_2021,
    /// TLS 1.2, of 2025.
    #[choice("TLSv1.2_2025")]
    Tls12_2025,
    /// TLS 1.3, of 2025.
    #[choice("TLSv1.3_2025")]
    Tls13_2025,
}

/// Whether viewers must have a certificate too.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum ViewerMtls {
    /// They need none.
    #[choice("off")]
    Off,
    /// It is looked at.
    #[choice("verified")]
    Verified {
        /// What becomes of those without one.
        mode: MtlsMode,
        /// The id of the trust store that has the authorities.
        trust_store: String,
        /// Whether viewers are told which authorities those are.
        advertise_authorities: bool,
        /// Whether certificates that have expired are taken too.
        ignore_expiry: bool,
    },
}

/// What becomes of viewers without a certificate.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtlsMode {
    /// They are refused.
    #[choice("required")]
    Required,
    /// They are let in.
    #[choice("optional")]
    Optional,
}

/// Where a distribution answers requests from, by country.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum GeoRestriction {
    /// Everywhere.
    #[choice("none")]
    Unrestricted,
    /// In these countries.
    #[choice("whitelist")]
    Only {
        /// Their codes, such as `DE`.
        countries: BTreeSet<String>,
    },
    /// Everywhere but in these countries.
    #[choice("blacklist")]
    AllBut {
        /// Their codes, such as `DE`.
        countries: BTreeSet<String>,
    },
}

/// Where requests are logged.
#[derive(Block, Clone, PartialEq, Eq)]
pub enum Logging {
    /// Nowhere.
    #[choice("off")]
    Off,
    /// In a bucket that lets CloudFront write by its access control list.
    #[choice("bucket")]
    Bucket {
        /// The host of the bucket, such as `acme-logs.s3.amazonaws.com`.
        domain_name: String,
        /// The beginning of the keys.
        prefix: String,
        /// Whether cookies are logged too.
        include_cookies: bool,
    },
}

/// Which edges a distribution uses.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceClass {
    /// Those of North America, Europe and Israel, which cost the least.
    #[choice("PriceClass_100")]
    Class100,
    /// All but those of South America, Australia and New Zealand.
    #[choice("PriceClass_200")]
    Class200,
    /// All.
    #[choice("PriceClass_All")]
    All,
    /// As each tenant says; for distributions of tenants.
    #[choice("None")]
    None,
}

/// The newest version of HTTP that viewers may speak.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[choice("http1.1")]
    Http11,
    /// HTTP/2.
    #[choice("http2")]
    Http2,
    /// HTTP/3 but not HTTP/2.
    #[choice("http3")]
    Http3,
    /// HTTP/2 and HTTP/3.
    #[choice("http2and3")]
    Http2and3,
}
