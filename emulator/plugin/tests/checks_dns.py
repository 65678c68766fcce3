"""Route 53 and ACM: what is refused, what takes its time, and what DNS proves."""

from typing import Any

from harness import Account, check, refused, same


def _zone(account: Account, name: str = "example.com", reference: str = "r", **more: Any) -> str:
    return account.route53.create_hosted_zone(Name=name, CallerReference=reference, **more)["HostedZone"]["Id"].rsplit("/", 1)[-1]


def _change(account: Account, zone: str, *changes: tuple[str, dict[str, Any]]) -> str:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    return account.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)["ChangeInfo"]["Id"]


def _record(name: str, kind: str = "A", value: str = "192.0.2.1", **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}], **more}


def _names(account: Account, zone: str) -> list[str]:
    rows = account.route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [f"{row['Name']} {row['Type']}" for row in rows if row["Type"] not in ("NS", "SOA")]


@check
def a_reference_makes_one_zone_for_ever(account: Account) -> None:
    zone = _zone(account)
    with refused("HostedZoneAlreadyExists"):
        _zone(account)
    account.route53.delete_hosted_zone(Id=zone)
    with refused("HostedZoneAlreadyExists"):
        _zone(account)
    with refused("NoSuchHostedZone"):
        account.route53.get_hosted_zone(Id=zone)
    _zone(account, reference="another")
    same(account.kinds(), ["aws:route53/hosted-zone"])


@check
def a_change_is_pending_before_it_is_in_sync(account: Account) -> None:
    change = _change(account, _zone(account), ("CREATE", _record("a.example.com")))
    same([account.route53.get_change(Id=change)["ChangeInfo"]["Status"] for _ in range(3)], ["PENDING", "INSYNC", "INSYNC"])
    with refused("NoSuchChange"):
        account.route53.get_change(Id="C0")


@check
def a_batch_is_made_whole_or_not_at_all(account: Account) -> None:
    zone = _zone(account)
    _change(account, zone, ("CREATE", _record("A.example.com")))
    with refused("InvalidChangeBatch"):
        _change(account, zone, ("CREATE", _record("b.example.com")), ("CREATE", _record("a.example.com.")))
    same(_names(account, zone), ["a.example.com. A"])
    with refused("InvalidChangeBatch"):
        _change(account, zone, ("DELETE", {**_record("a.example.com"), "TTL": 61}))
    with refused("InvalidChangeBatch"):
        _change(account, zone, ("DELETE", _record("c.example.com")))
    _change(account, zone, ("DELETE", _record("a.example.com")), ("CREATE", _record("*.example.com")))
    same(_names(account, zone), ["\\052.example.com. A"])


@check
def what_dns_does_not_have_is_refused(account: Account) -> None:
    zone = _zone(account)
    _change(account, zone, ("CREATE", _record("a.example.com")), ("CREATE", _record("w.example.com", SetIdentifier="1", Weight=1)))
    for record in (
        _record("example.com", "CNAME", "a.example.com"),
        _record("a.example.com", "CNAME", "b.example.com"),
        _record("a.example.org"),
        _record("t.example.com", "TXT", "no quotation marks"),
        _record("w.example.com"),
        _record("w.example.com", SetIdentifier="2", Region="eu-west-1"),
        _record("x.example.com", SetIdentifier="1"),
        {"Name": "y.example.com", "Type": "A", "TTL": 60},
    ):
        with refused("InvalidChangeBatch", "InvalidInput"):
            _change(account, zone, ("CREATE", record))
    _change(account, zone, ("CREATE", _record("t.example.com", "TXT", '"quotation" "marks"')))


@check
def a_zone_goes_when_only_its_own_records_are_left(account: Account) -> None:
    zone = _zone(account)
    _change(account, zone, ("CREATE", _record("a.example.com")))
    with refused("HostedZoneNotEmpty"):
        account.route53.delete_hosted_zone(Id=zone)
    _change(account, zone, ("DELETE", _record("a.example.com")))
    account.route53.delete_hosted_zone(Id=zone)
    same(account.kinds(), [])


@check
def records_are_listed_by_labels_in_pages(account: Account) -> None:
    zone = _zone(account)
    _change(account, zone, *[("CREATE", _record(f"{name}.example.com")) for name in ("b", "a", "z.a", "c")])
    first = account.route53.list_resource_record_sets(HostedZoneId=zone, MaxItems="4")
    same([row["Name"] for row in first["ResourceRecordSets"]], ["example.com.", "example.com.", "a.example.com.", "z.a.example.com."])
    rest = account.route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=first["NextRecordName"], StartRecordType=first["NextRecordType"])
    same(([row["Name"] for row in rest["ResourceRecordSets"]], rest["IsTruncated"]), (["b.example.com.", "c.example.com."], False))


@check
def a_private_zone_has_vpcs_and_never_none(account: Account) -> None:
    one, other = ({"VPCId": account.vpc(), "VPCRegion": account.region} for _ in range(2))
    zone = _zone(account, VPC=one, HostedZoneConfig={"PrivateZone": True})
    with refused("ConflictingDomainExists"):
        _zone(account, reference="2", VPC=one)
    with refused("InvalidVPCId"):
        account.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={**one, "VPCId": "vpc-0"})
    with refused("LastVPCAssociation"):
        account.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=one)
    account.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=other)
    account.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=one)
    same(account.route53.get_hosted_zone(Id=zone)["VPCs"], [other])
    with refused("PublicZoneVPCAssociation"):
        account.route53.associate_vpc_with_hosted_zone(HostedZoneId=_zone(account, reference="3"), VPC=one)


def _look(account: Account, arn: str) -> dict[str, Any]:
    return account.acm.describe_certificate(CertificateArn=arn)["Certificate"]


@check
def a_certificate_is_issued_when_all_its_names_are_proven(account: Account) -> None:
    zone = _zone(account)
    names = ["*.example.com", "api.example.com"]
    arn = account.acm.request_certificate(DomainName="example.com", SubjectAlternativeNames=names, ValidationMethod="DNS", IdempotencyToken="t")["CertificateArn"]
    same(account.acm.request_certificate(DomainName="example.com", SubjectAlternativeNames=names, ValidationMethod="DNS", IdempotencyToken="t")["CertificateArn"], arn)
    assert all("ResourceRecord" not in option for option in _look(account, arn)["DomainValidationOptions"]), "the records are made up later"
    options = {option["DomainName"]: option for option in _look(account, arn)["DomainValidationOptions"]}
    records = {name: option["ResourceRecord"] for name, option in options.items()}
    same(records["example.com"], records["*.example.com"])
    same(len({record["Name"] for record in records.values()}), 2)
    _change(account, zone, ("CREATE", _record(records["example.com"]["Name"], "CNAME", records["example.com"]["Value"])))
    same({_look(account, arn)["Status"] for _ in range(3)}, {"PENDING_VALIDATION"})
    same({option["ValidationStatus"] for option in _look(account, arn)["DomainValidationOptions"]}, {"SUCCESS", "PENDING_VALIDATION"})
    _change(account, zone, ("CREATE", _record(records["api.example.com"]["Name"], "CNAME", records["api.example.com"]["Value"])))
    same([_look(account, arn)["Status"] for _ in range(3)], ["PENDING_VALIDATION", "ISSUED", "ISSUED"])


@check
def a_certificate_keeps_what_was_requested(account: Account) -> None:
    arn = account.acm.request_certificate(
        DomainName="example.com", ValidationMethod="EMAIL", KeyAlgorithm="EC_prime256v1", Options={"Export": "ENABLED"}, Tags=[{"Key": "a", "Value": "b"}],
        DomainValidationOptions=[{"DomainName": "example.com", "ValidationDomain": "example.com"}],
    )["CertificateArn"]
    held = _look(account, arn)
    same((held["KeyAlgorithm"], held["Options"]["Export"], held["DomainValidationOptions"][0]["ValidationMethod"]), ("EC_prime256v1", "ENABLED", "EMAIL"))
    same(account.acm.list_certificates()["CertificateSummaryList"], [])
    same(len(account.acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]), 1)
    account.acm.delete_certificate(CertificateArn=arn)
    with refused("ResourceNotFoundException"):
        _look(account, arn)
    same(account.kinds(), [])
