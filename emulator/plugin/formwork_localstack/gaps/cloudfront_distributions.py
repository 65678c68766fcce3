"""CloudFront's distributions, with what CloudFront fills in where a request is silent."""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import fault, refusal
from .cloudfront import CACHE_POLICIES, CLOUDFRONT, CONTROLS, HEADERS_POLICIES, Versioned, at, behaviors, consistent, items, listed, matched, random_id
from .cloudfront_managed import ORIGIN_REQUEST

_ERRORS = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
_NONE: dict[str, Any] = {"Quantity": 0}


class Distribution(Versioned):
    """A distribution with its tags."""

    def __init__(self, context: RequestContext, config: dict[str, Any], tags: dict[str, str]):
        super().__init__(random_id(), config)
        self.arn = f"arn:aws:cloudfront::{context.account_id}:distribution/{self.identity}"
        self.tags = tags

    def shown(self, status: str = "Deployed") -> dict[str, Any]:
        """As answers have it."""
        domain = f"d{self.identity[1:].lower()}.cloudfront.net"
        trusted = {"Enabled": False, "Quantity": 0}
        return {
            "Id": self.identity, "ARN": self.arn, "Status": status, "LastModifiedTime": self.modified, "InProgressInvalidationBatches": 0,
            "DomainName": domain, "ActiveTrustedSigners": trusted, "ActiveTrustedKeyGroups": trusted, "DistributionConfig": self.config,
        }

    def summary(self) -> dict[str, Any]:
        """As lists have it: without the reference of who made it and what else only the distribution itself tells."""
        shown = self.shown()
        hidden = ("CallerReference", "DefaultRootObject", "Logging", "ContinuousDeploymentPolicyId", "TenantConfig")
        config = {name: value for name, value in self.config.items() if name not in hidden}
        return {**{name: shown[name] for name in ("Id", "ARN", "Status", "LastModifiedTime", "DomainName")}, "ETag": self.etag, **config}


@CLOUDFRONT.operation
def create_distribution_with_tags(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    with_tags = request["DistributionConfigWithTags"]
    return _create(context, with_tags["DistributionConfig"], _pairs(with_tags["Tags"]))


@CLOUDFRONT.operation
def create_distribution(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return _create(context, request["DistributionConfig"], {})


def _create(context: RequestContext, config: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    held = at(context).distributions
    for other in held.values():
        # Whatever else the request says: a reference is used once.
        if other.config["CallerReference"] == config["CallerReference"]:
            raise fault(context, "DistributionAlreadyExists", f"The caller reference that you are using to create a distribution is associated with another distribution. Already exists: {other.identity}")
    config = _filled(config)
    _check(context, config, None)
    made = Distribution(context, config, tags)
    held[made.identity] = made
    return {"Distribution": made.shown("InProgress"), "ETag": made.etag, "Location": f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{made.identity}"}


@CLOUDFRONT.operation
def get_distribution(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    found = _found(context, request["Id"])
    return {"Distribution": found.shown(), "ETag": found.etag}


@CLOUDFRONT.operation
def get_distribution_config(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    found = _found(context, request["Id"])
    return {"DistributionConfig": found.config, "ETag": found.etag}


@CLOUDFRONT.operation
def list_distributions(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"DistributionList": listed(request, [it.summary() for it in at(context).distributions.values()])}


@CLOUDFRONT.operation
def update_distribution(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    found = _found(context, request["Id"])
    matched(request, found.etag)
    config = _filled(request["DistributionConfig"])
    for member, word in (("CallerReference", "caller reference"), ("Staging", "staging flag")):
        if config[member] != found.config[member]:
            raise fault(context, "IllegalUpdate", f"The {word} of a distribution cannot be changed.")
    _check(context, config, found.identity)
    found.put(config)
    return {"Distribution": found.shown("InProgress"), "ETag": found.etag}


@CLOUDFRONT.operation
def delete_distribution(context: RequestContext, request: dict[str, Any]) -> None:
    found = _found(context, request["Id"])
    matched(request, found.etag)
    if found.config["Enabled"]:
        raise fault(context, "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
    del at(context).distributions[found.identity]


@CLOUDFRONT.operation
def list_tags_for_resource(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    tags = _tagged(context, request["Resource"]).tags
    return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in tags.items()]}}


@CLOUDFRONT.operation
def tag_resource(context: RequestContext, request: dict[str, Any]) -> None:
    tags = _tagged(context, request["Resource"]).tags
    added = _pairs(request["Tags"])
    if len({**tags, **added}) > 50:
        raise fault(context, "InvalidTagging", "A resource has at most 50 tags.")
    tags.update(added)


@CLOUDFRONT.operation
def untag_resource(context: RequestContext, request: dict[str, Any]) -> None:
    tags = _tagged(context, request["Resource"]).tags
    for key in items(request["TagKeys"]):
        tags.pop(key, None)


def _pairs(tags: dict[str, Any] | None) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value") or "" for tag in items(tags)}


def _found(context: RequestContext, identity: str) -> Distribution:
    found = at(context).distributions.get(identity)
    if found is None:
        raise fault(context, "NoSuchDistribution", f"The specified distribution does not exist: {identity}.")
    return found


def _tagged(context: RequestContext, arn: str) -> Distribution:
    found = next((it for it in at(context).distributions.values() if it.arn == arn), None)
    if found is None:
        raise fault(context, "NoSuchResource", f"The specified resource does not exist: {arn}.")
    return found


def _filled(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as CloudFront gives it back: with what it takes where nothing was said."""
    silent = {
        "Aliases": _NONE, "DefaultRootObject": "", "OriginGroups": _NONE, "CacheBehaviors": _NONE, "CustomErrorResponses": _NONE,
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}, "PriceClass": "PriceClass_All",
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True}, "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "", "HttpVersion": "http2", "IsIPV6Enabled": False, "ContinuousDeploymentPolicyId": "", "Staging": False,
    }
    filled = {**silent, **{name: value for name, value in config.items() if value is not None}}
    filled["ViewerCertificate"] = _certificate(filled["ViewerCertificate"])
    filled["Origins"] = {**config["Origins"], "Items": [_origin(origin) for origin in items(config["Origins"])]}
    filled["DefaultCacheBehavior"] = _behavior(config["DefaultCacheBehavior"])
    if others := items(filled["CacheBehaviors"]):
        filled["CacheBehaviors"] = {**filled["CacheBehaviors"], "Items": [_behavior(behavior) for behavior in others]}
    return filled


def _certificate(certificate: dict[str, Any]) -> dict[str, Any]:
    if certificate.get("CloudFrontDefaultCertificate"):
        return {"CloudFrontDefaultCertificate": True, "SSLSupportMethod": "vip", "MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront"}
    source = "acm" if certificate.get("ACMCertificateArn") else "iam"
    named = certificate.get("ACMCertificateArn") or certificate.get("IAMCertificateId")
    return {"MinimumProtocolVersion": "TLSv1", **certificate, "CloudFrontDefaultCertificate": False, "Certificate": named, "CertificateSource": source}


def _origin(origin: dict[str, Any]) -> dict[str, Any]:
    silent = {"OriginPath": "", "CustomHeaders": _NONE, "ConnectionAttempts": 3, "ConnectionTimeout": 10, "OriginShield": {"Enabled": False}, "OriginAccessControlId": ""}
    filled = {**silent, **{name: value for name, value in origin.items() if value is not None}}
    timeouts = {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}
    for member in ("CustomOriginConfig", "VpcOriginConfig"):
        if filled.get(member):
            filled[member] = {**timeouts, **filled[member]}
    if filled.get("CustomOriginConfig"):
        filled["CustomOriginConfig"] = {"OriginSslProtocols": {"Quantity": 2, "Items": ["TLSv1", "SSLv3"]}, "IpAddressType": "ipv4", **filled["CustomOriginConfig"]}
    if filled.get("S3OriginConfig"):
        filled["S3OriginConfig"] = {"OriginReadTimeout": 30, **filled["S3OriginConfig"]}
    return filled


def _behavior(behavior: dict[str, Any]) -> dict[str, Any]:
    trusted = {"Enabled": False, "Quantity": 0}
    silent = {
        "TrustedSigners": trusted, "TrustedKeyGroups": trusted, "SmoothStreaming": False, "Compress": False, "LambdaFunctionAssociations": _NONE,
        "FunctionAssociations": _NONE, "FieldLevelEncryptionId": "", "GrpcConfig": {"Enabled": False},
    }
    filled = {**silent, **{name: value for name, value in behavior.items() if value is not None}}
    methods = filled.get("AllowedMethods") or {"Quantity": 2, "Items": ["HEAD", "GET"]}
    filled["AllowedMethods"] = {"CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]}, **methods}
    return filled


def _check(context: RequestContext, config: dict[str, Any], own: str | None) -> None:
    """What CloudFront refuses of a configuration."""
    consistent(config)
    origins = items(config["Origins"])
    names = [origin["Id"] for origin in origins]
    if len(set(names)) < len(names):
        raise refusal("InvalidArgument", "The origin ids are not unique.")
    groups = items(config["OriginGroups"])
    for group in groups:
        members = [member["OriginId"] for member in items(group["Members"])]
        if len(members) != 2 or any(member not in names for member in members):
            raise refusal("InvalidArgument", "An origin group must have two members, which are origins of the distribution.")
    for origin in origins:
        _check_origin(context, origin)
    targets = {*names, *(group["Id"] for group in groups)}
    for behavior in behaviors(config):
        _check_behavior(context, behavior, targets)
    patterns = [behavior["PathPattern"] for behavior in items(config["CacheBehaviors"])]
    if len(set(patterns)) < len(patterns):
        raise refusal("InvalidArgument", "The path patterns are not unique.")
    if config["DefaultRootObject"].startswith("/"):
        raise fault(context, "InvalidDefaultRootObject", "The default root object must not begin with a slash.")
    for answer in items(config["CustomErrorResponses"]):
        if answer["ErrorCode"] not in _ERRORS:
            raise fault(context, "InvalidErrorCode", f"There is no error code {answer['ErrorCode']}.")
        if bool(answer.get("ResponsePagePath")) != bool(answer.get("ResponseCode")):
            raise refusal("InvalidArgument", "The response page path and the response code must be given together.")
    _check_names(context, config, own)


def _check_origin(context: RequestContext, origin: dict[str, Any]) -> None:
    given = [name for name in ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig") if origin.get(name) is not None]
    if len(given) != 1:
        raise refusal("InvalidArgument", f"The origin {origin['Id']} must have exactly one configuration.")
    control = origin["OriginAccessControlId"]
    if control and not CONTROLS.stands(context, control):
        raise fault(context, "InvalidOriginAccessControl", f"The origin access control {control} does not exist.")
    if control and (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity"):
        raise fault(context, "IllegalOriginAccessConfiguration", "An origin cannot have both an access control and an access identity.")


def _check_behavior(context: RequestContext, behavior: dict[str, Any], targets: set[str]) -> None:
    if behavior["TargetOriginId"] not in targets:
        raise fault(context, "NoSuchOrigin", f"One or more of your origins or origin groups do not exist: {behavior['TargetOriginId']}.")
    policy = behavior.get("CachePolicyId")
    if bool(policy) == bool(behavior.get("ForwardedValues")):
        raise refusal("InvalidArgument", "A cache behavior needs either a cache policy or forwarded values.")
    if policy and not CACHE_POLICIES.stands(context, policy):
        raise fault(context, "NoSuchCachePolicy", f"The cache policy {policy} does not exist.")
    request = behavior.get("OriginRequestPolicyId")
    if request and request not in ORIGIN_REQUEST:
        raise fault(context, "NoSuchOriginRequestPolicy", f"The origin request policy {request} does not exist.")
    headers = behavior.get("ResponseHeadersPolicyId")
    if headers and not HEADERS_POLICIES.stands(context, headers):
        raise fault(context, "NoSuchResponseHeadersPolicy", f"The response headers policy {headers} does not exist.")
    for member, shape in (("FunctionAssociations", "InvalidFunctionAssociation"), ("LambdaFunctionAssociations", "InvalidLambdaFunctionAssociation")):
        events = [association["EventType"] for association in items(behavior[member])]
        if len(set(events)) < len(events):
            raise fault(context, shape, "There can be one function for each event.")


def _check_names(context: RequestContext, config: dict[str, Any], own: str | None) -> None:
    """Names of its own need a certificate from us-east-1, and belong to one distribution."""
    names, certificate = items(config["Aliases"]), config["ViewerCertificate"]
    if names and certificate["CloudFrontDefaultCertificate"]:
        raise fault(context, "InvalidViewerCertificate", "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate.")
    if (arn := certificate.get("ACMCertificateArn")) and not _usable(context, arn):
        raise fault(context, "InvalidViewerCertificate", "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.")
    for other in at(context).distributions.values():
        taken = set(names) & set(items(other.config["Aliases"]))
        if other.identity != own and taken:
            raise fault(context, "CNAMEAlreadyExists", f"One or more of the CNAMEs you provided are already associated with a different resource: {sorted(taken)[0]}.")


def _usable(context: RequestContext, arn: str) -> bool:
    """Whether a certificate stands and is issued; one of another account is believed to."""
    from moto.acm.models import acm_backends

    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "acm" or parts[3] != "us-east-1":
        return False
    if parts[4] != context.account_id:
        return True
    found = acm_backends[context.account_id]["us-east-1"]._certificates.get(arn)
    return found is not None and found.status == "ISSUED"
