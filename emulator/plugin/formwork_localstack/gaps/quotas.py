"""Service Quotas: how much an account may have, generously, and less where a test asks for that.

An increase is granted at once, also one that is none: so a test makes a quota that its plan passes. Names and codes are AWS's,
https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html.
"""

from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import fault
from ..stores import Regional
from .native import Native, page

QUOTAS: dict[str, dict[str, tuple[str, float]]] = {
    "vpc": {
        "L-F678F1CE": ("VPCs per Region", 2000),
        "L-407747CB": ("Subnets per VPC", 2000),
        "L-A4707A72": ("Internet gateways per Region", 2000),
        "L-FE5A380F": ("NAT gateways per Availability Zone", 2000),
        "L-0EA8095F": ("Inbound or outbound rules per security group", 60),
        "L-E79EC296": ("VPC security groups per Region", 2500),
        "L-589F43AA": ("Route tables per VPC", 2000),
        "L-93826ACB": ("Routes per route table", 500),
    },
    "ec2": {"L-0263D0A3": ("EC2-VPC Elastic IPs", 2000)},
    "eks": {
        "L-1194D53C": ("Clusters", 2000),
        "L-6D54EA21": ("Managed node groups per cluster", 30),
    },
    "rds": {
        "L-7B6409FD": ("DB instances", 2000),
        "L-952B80B8": ("DB clusters", 2000),
        "L-7ADDB58A": ("Total storage for all DB instances", 1000000),
    },
    "elasticloadbalancing": {
        "L-53DA6B97": ("Application Load Balancers per Region", 2000),
        "L-69A177A2": ("Network Load Balancers per Region", 2000),
        "L-B22855CB": ("Target Groups per Region", 6000),
    },
    "elasticfilesystem": {"L-848C634D": ("File systems per account", 2000)},
}

STATE: Regional[dict[tuple[str, str], float]] = Regional(dict)
SERVICE_QUOTAS = Native(STATE)
clear = STATE.clear


@SERVICE_QUOTAS.operation
def list_service_quotas(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    service = request["ServiceCode"]
    quotas = [_quota(context, service, code) for code in QUOTAS.get(service, {}) if request.get("QuotaCode") in (None, code)]
    rows, token = page(request, quotas, "MaxResults", "NextToken")
    return {"Quotas": rows, "NextToken": token}


@SERVICE_QUOTAS.operation
def get_service_quota(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    return {"Quota": _quota(context, request["ServiceCode"], request["QuotaCode"])}


@SERVICE_QUOTAS.operation
def request_service_quota_increase(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    service, code = request["ServiceCode"], request["QuotaCode"]
    quota = _quota(context, service, code)
    STATE.at(context)[service, code] = request["DesiredValue"]
    return {"RequestedQuota": {"Id": f"{service}-{code}", "ServiceCode": service, "QuotaCode": code, "QuotaName": quota["QuotaName"], "DesiredValue": request["DesiredValue"], "Status": "APPROVED"}}


def _quota(context: RequestContext, service: str, code: str) -> dict[str, Any]:
    if code not in QUOTAS.get(service, {}):
        raise fault(context, "NoSuchResourceException", "The request failed because the specified service or quota does not exist.")
    name, value = QUOTAS[service][code]
    value = STATE.at(context).get((service, code), value)
    return {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Adjustable": True, "GlobalQuota": False, "Unit": "None"}
