"""ACM: a certificate is issued when DNS has its validation records, and not after a time.

moto gives every name the same record, knows no validation by mail, forgets sorts of keys and options, and deletes what is in use.
The certificates themselves stay moto's, so that load balancers and distributions find them there.
https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, fault
from . import cloudfront, route53
from .native import now, page

ISSUED_AFTER = 1
"""How many looks find the records before ACM has seen them, too."""

_ASKED = "formwork_request"
_SORTS = ("RSA_1024", "RSA_2048")
"""The keys whose certificates a list tells without being asked for the others."""

Users = Callable[[str, str, str], Iterator[str]]
USERS: list[Users] = []
"""Who uses a certificate (account, region, ARN), as ARNs; services that this plugin supplies itself add theirs."""


def clear(_account_id: str | None = None) -> None:
    """Nothing is held here: everything is in moto's store, which the reset empties itself."""


@around(Layer.GAPS, "acm", "RequestCertificate")
def request_certificate(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    names = [request["DomainName"], *(request.get("SubjectAlternativeNames") or [])]
    if len(names) > 10 + 1:
        raise fault(context, "LimitExceededException", "The number of domain names exceeds the limit")
    token = request.get("IdempotencyToken")
    certificates = _certificates(context)
    if token:
        # A token that comes again with another request makes another certificate; moto looks at the tags alone.
        for arn, held in list(certificates.items()):
            asked = getattr(held, _ASKED, None)
            if asked and asked["token"] == token and asked["request"] == _lasting(request):
                return {"CertificateArn": arn}
    answer = proceed()
    certificate = certificates[answer["CertificateArn"]]
    private = bool(request.get("CertificateAuthorityArn"))
    certificate.status = "PENDING_VALIDATION"
    # moto counts the seconds, and then calls it issued.
    certificate.type = "PRIVATE" if private else "AMAZON_ISSUED_BY_RECORDS"
    setattr(certificate, _ASKED, {
        "token": token,
        "request": _lasting(request),
        "names": list(dict.fromkeys(name.lower() for name in names)),
        "method": None if private else request.get("ValidationMethod") or "EMAIL",
        "domains": {row["DomainName"].lower(): row["ValidationDomain"] for row in request.get("DomainValidationOptions") or []},
        "key": request.get("KeyAlgorithm") or "RSA_2048",
        "options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED", **(request.get("Options") or {})},
        "authority": request.get("CertificateAuthorityArn"),
        "looks": 0,
        "found": 0,
        "created": now(),
        "issued": None,
    })
    return answer


@around(Layer.GAPS, "acm", "DescribeCertificate")
def describe_certificate(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    certificate = _certificates(context).get(request["CertificateArn"])
    asked = getattr(certificate, _ASKED, None)
    if asked is None:
        return proceed()
    _look(context, certificate, asked)
    users = sorted({user for users in USERS for user in users(context.account_id, context.region, certificate.arn)})
    row = {
        "CertificateArn": certificate.arn,
        "DomainName": asked["names"][0],
        "SubjectAlternativeNames": asked["names"],
        "Status": certificate.status,
        "Type": "PRIVATE" if asked["authority"] else "AMAZON_ISSUED",
        "KeyAlgorithm": asked["key"].replace("RSA_", "RSA-"),
        "Options": asked["options"],
        "InUseBy": users,
        "CreatedAt": asked["created"],
        "RenewalEligibility": "ELIGIBLE" if users else "INELIGIBLE",
        "Subject": f"CN={asked['names'][0]}",
    }
    if asked["authority"]:
        row["CertificateAuthorityArn"] = asked["authority"]
    if asked["method"]:
        row["DomainValidationOptions"] = [_option(context, certificate, asked, name) for name in asked["names"]]
    if certificate.status == "ISSUED":
        row.update(IssuedAt=asked["issued"], Issuer="Amazon", Serial=":".join(f"{byte:02x}" for byte in hashlib.md5(certificate.arn.encode()).digest()))
    return {"Certificate": row}


@around(Layer.GAPS, "acm", "ListCertificates")
def list_certificates(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    statuses, includes = request.get("CertificateStatuses"), request.get("Includes") or {}
    rows = []
    for certificate in list(_certificates(context).values()):
        asked = getattr(certificate, _ASKED, None)
        sort = asked["key"] if asked else "RSA_2048"
        if sort not in (includes.get("keyTypes") or _SORTS) or (statuses and certificate.status not in statuses):
            continue
        name = asked["names"][0] if asked else certificate.common_name
        rows.append({"CertificateArn": certificate.arn, "DomainName": name, "Status": certificate.status, "KeyAlgorithm": sort.replace("RSA_", "RSA-")})
    some, token = page(request, rows, "MaxItems", "NextToken")
    return {"CertificateSummaryList": some, **({"NextToken": token} if token else {})}


@around(Layer.GAPS, "acm", "UpdateCertificateOptions")
def update_options(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    certificate = _certificates(context).get(request["CertificateArn"])
    asked = getattr(certificate, _ASKED, None)
    if asked is None:
        raise fault(context, "ResourceNotFoundException", f"Certificate with arn {request['CertificateArn']} not found in account {context.account_id}")
    if request["Options"].get("Export", asked["options"]["Export"]) != asked["options"]["Export"]:
        raise fault(context, "LimitExceededException", "The export option of a certificate cannot be changed.")
    asked["options"] = {**asked["options"], **request["Options"]}
    return {}


@around(Layer.STRICT, "acm", "DeleteCertificate")
def delete_certificate(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """What serves TLS with it must let go of it first.
    https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html"""
    arn = request["CertificateArn"]
    if arn in _certificates(context) and any(True for users in USERS for _ in users(context.account_id, context.region, arn)):
        raise fault(context, "ResourceInUseException", f"Certificate {arn} in account {context.account_id} is in use.")
    return proceed()


def certificates(account_id: str, region: str | None) -> Iterator[tuple[str, Any]]:
    """What stands, by region, for the lister."""
    module = sys.modules.get("moto.acm.models")
    if module is None or account_id not in module.acm_backends:
        return
    for at, backend in list(module.acm_backends[account_id].items()):
        if region in (None, at):
            for certificate in list(backend._certificates.values()):
                yield at, certificate


def _certificates(context: RequestContext) -> dict[str, Any]:
    from moto.acm.models import acm_backends

    return acm_backends[context.account_id][context.region]._certificates


def _lasting(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "IdempotencyToken" and value is not None}


def _record(account_id: str, name: str) -> dict[str, str]:
    """The same for a name and its wildcard, in every region of an account."""
    plain = name.removeprefix("*.")
    token = lambda what: hashlib.md5(f"{what} {account_id} {plain}".encode()).hexdigest()  # noqa: E731
    return {"Name": f"_{token('name')}.{plain}.", "Type": "CNAME", "Value": f"_{token('value')}.{token('place')[:10]}.acm-validations.aws."}


def _proven(account_id: str, name: str) -> bool:
    record = _record(account_id, name)
    return route53.resolves(account_id, record["Name"], "CNAME", record["Value"])


def _look(context: RequestContext, certificate: Any, asked: dict[str, Any]) -> None:
    """What became of it since the last look."""
    asked["looks"] += 1
    if certificate.status != "PENDING_VALIDATION":
        return
    proven = bool(asked["authority"]) or asked["method"] == "DNS" and all(_proven(context.account_id, name) for name in asked["names"])
    if proven and asked["found"] >= ISSUED_AFTER:
        certificate.status, asked["issued"] = "ISSUED", now()
    asked["found"] += proven


def _option(context: RequestContext, certificate: Any, asked: dict[str, Any], name: str) -> dict[str, Any]:
    done = certificate.status == "ISSUED" or asked["method"] == "DNS" and _proven(context.account_id, name)
    option = {"DomainName": name, "ValidationMethod": asked["method"], "ValidationStatus": "SUCCESS" if done else "PENDING_VALIDATION"}
    domain = asked["domains"].get(name, name)
    option["ValidationDomain"] = domain
    if asked["method"] == "EMAIL":
        option["ValidationEmails"] = [f"{who}@{domain}" for who in ("admin", "administrator", "hostmaster", "postmaster", "webmaster")]
    elif asked["looks"] > 1:
        # ACM makes up the record in the seconds after the request.
        option["ResourceRecord"] = _record(context.account_id, name)
    return option


def _listeners(account_id: str, region: str, arn: str) -> Iterator[str]:
    module = sys.modules.get("moto.elbv2.models")
    if module is None or account_id not in module.elbv2_backends:
        return
    for balancer in list(module.elbv2_backends[account_id][region].load_balancers.values()):
        for listener in list(balancer.listeners.values()):
            if arn in str(getattr(listener, "certificates", "")) or arn == getattr(listener, "certificate", None):
                yield balancer.arn


def _distributions(account_id: str, region: str, arn: str) -> Iterator[str]:
    for _, state in cloudfront.STATE.each(account_id):
        for distribution in list(state.distributions.values()):
            if distribution.config["ViewerCertificate"].get("ACMCertificateArn") == arn:
                yield distribution.arn


USERS += [_listeners, _distributions]
