"""The double of Client VPN: what is on its way, what goes along with what, and what is refused."""

from typing import Any

from checks_weather import weather
from harness import Account, check, refused, same

_TOKEN = "e" * 32


def _certificate(account: Account, name: str) -> str:
    return account.acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]


def _endpoint(account: Account, **more: Any) -> str:
    asked: dict[str, Any] = {
        "ClientCidrBlock": "10.200.0.7/22",
        "ServerCertificateArn": _certificate(account, "server.example.com"),
        "AuthenticationOptions": [{"Type": "certificate-authentication", "MutualAuthentication": {"ClientRootCertificateChainArn": _certificate(account, "people.example.com")}}],
        "ConnectionLogOptions": {"Enabled": False},
    }
    return account.ec2.create_client_vpn_endpoint(**{**asked, **more})["ClientVpnEndpointId"]


def _subnets(account: Account) -> tuple[str, list[str]]:
    vpc = account.ec2.create_vpc(CidrBlock="10.46.0.0/16")["Vpc"]["VpcId"]
    zones = ["eu-west-1a", "eu-west-1a", "eu-west-1b"]
    made = [account.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.46.{number}.0/24", AvailabilityZone=zone) for number, zone in enumerate(zones)]
    return vpc, [answer["Subnet"]["SubnetId"] for answer in made]


@check
def vpn_endpoints_are_told_as_they_were_asked_for(account: Account) -> None:
    tags = [{"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "team", "Value": "a"}]}]
    made = _endpoint(account, TagSpecifications=tags, Description="people", SplitTunnel=True, DnsServers=["10.0.0.2"], ClientLoginBannerOptions={"Enabled": True, "BannerText": "hello"})
    found = account.ec2.describe_client_vpn_endpoints(Filters=[{"Name": "endpoint-id", "Values": [made]}])["ClientVpnEndpoints"][0]
    same((found["ClientCidrBlock"], found["Status"]["Code"], found["VpnPort"], found["TransportProtocol"]), ("10.200.0.0/22", "pending-associate", 443, "udp"))
    same((found["Tags"], found["DnsServers"], found["ClientLoginBannerOptions"]["BannerText"]), ([{"Key": "team", "Value": "a"}], ["10.0.0.2"], "hello"))
    account.ec2.modify_client_vpn_endpoint(ClientVpnEndpointId=made, DnsServers={"Enabled": False}, SelfServicePortal="disabled", ClientLoginBannerOptions={"Enabled": False})
    account.ec2.create_tags(Resources=[made], Tags=[{"Key": "cost", "Value": "1"}])
    found = account.ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"][0]
    same((found["DnsServers"], "SelfServicePortalUrl" in found, found["ClientLoginBannerOptions"]), ([], False, {"Enabled": False}))
    same(account.resources()[0]["tags"], {"team": "a", "cost": "1"})
    same({row["ResourceId"] for row in account.ec2.describe_tags()["Tags"]}, {made})
    account.ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=made)
    same([row["Status"]["Code"] for row in account.ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]], ["deleting"])
    same((account.ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"], account.ec2.describe_tags()["Tags"]), ([], []))
    with refused("InvalidClientVpnEndpointId.NotFound"):
        account.ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=made)


@check
def vpn_endpoints_are_refused_what_does_not_fit(account: Account) -> None:
    for wrong in (
        {"ClientCidrBlock": "10.0.0.0/24"}, {"VpnPort": 80}, {"SessionTimeoutHours": 9}, {"DnsServers": ["1.1.1.1", "1.0.0.1", "8.8.8.8"]},
        {"ConnectionLogOptions": {"Enabled": True, "CloudwatchLogGroup": "/nothing"}}, {"SecurityGroupIds": ["sg-0a"]},
        {"ServerCertificateArn": "arn:aws:acm:eu-west-1:1:certificate/a"}, {"ClientConnectOptions": {"Enabled": True, "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:1:function:ask"}},
    ):
        with refused("InvalidParameterValue"):
            _endpoint(account, **wrong)
    with refused("InvalidVpcID.NotFound"):
        _endpoint(account, VpcId="vpc-0a")
    same({kind for kind in account.kinds() if "vpn" in kind}, set())


@check
def vpn_associations_come_slowly_and_take_their_routes_along(account: Account) -> None:
    ec2, endpoint = account.ec2, _endpoint(account)
    vpc, (one, same_zone, other) = _subnets(account)
    with refused("InvalidClientVpnActiveAssociationNotFound"):
        ec2.create_client_vpn_route(ClientVpnEndpointId=endpoint, DestinationCidrBlock="0.0.0.0/0", TargetVpcSubnetId=one)
    made = ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=one, ClientToken=_TOKEN)
    again = ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=one, ClientToken=_TOKEN)
    same((made["Status"]["Code"], again["AssociationId"]), ("associating", made["AssociationId"]))
    codes = [ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"][0]["Status"]["Code"] for _ in range(2)]
    same((codes, ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"][0]["Status"]["Code"]), (["associating", "associated"], "available"))
    with refused("InvalidClientVpnDuplicateAssociationException"):
        ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=one)
    with refused("InvalidClientVpnSubnetId.DuplicateAz"):
        ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=same_zone)
    with refused("ClientVpnEndpointAssociationExists"):
        ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=one)
    ec2.create_client_vpn_route(ClientVpnEndpointId=endpoint, DestinationCidrBlock="0.0.0.0/0", TargetVpcSubnetId=one)
    with refused("InvalidClientVpnDuplicateRoute"):
        ec2.create_client_vpn_route(ClientVpnEndpointId=endpoint, DestinationCidrBlock="0.0.0.0/0", TargetVpcSubnetId=one)
    with refused("OperationNotPermitted"):
        ec2.delete_client_vpn_route(ClientVpnEndpointId=endpoint, DestinationCidrBlock="10.46.0.0/16", TargetVpcSubnetId=one)
    origins = {row["DestinationCidr"]: row["Origin"] for row in ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"]}
    same(origins, {"10.46.0.0/16": "associate", "0.0.0.0/0": "add-route"})
    same([kind for kind in account.kinds() if "vpn" in kind], ["aws:ec2/client-vpn-endpoint", "aws:ec2/client-vpn-route", "aws:ec2/client-vpn-target-network-association"])
    ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint, AssociationId=made["AssociationId"])
    same(ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"], [])
    codes = [row["Status"]["Code"] for row in ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]]
    same((codes, ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]), (["disassociating"], []))
    ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    ec2.delete_subnet(SubnetId=one)


@check
def vpn_rules_are_told_apart_by_range_and_group(account: Account) -> None:
    ec2, endpoint = account.ec2, _endpoint(account)
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.1.2.3/8", AuthorizeAllGroups=True, Description="all")
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8", AccessGroupId="ops")
    with refused("InvalidClientVpnDuplicateAuthorizationRule"):
        ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8", AccessGroupId="ops")
    with refused("InvalidParameterCombination"):
        ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8")
    rows = [ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"] for _ in range(2)][1]
    same([(row["DestinationCidr"], row["GroupId"], row["AccessAll"], row["Status"]["Code"]) for row in rows], [("10.0.0.0/8", "", True, "active"), ("10.0.0.0/8", "ops", False, "active")])
    ec2.revoke_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8", RevokeAllGroups=True)
    rows = [ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"] for _ in range(2)]
    same([[row["Status"]["Code"] for row in some] for some in rows], [["revoking", "active"], ["active"]])
    with refused("InvalidClientVpnEndpointAuthorizationRuleNotFound"):
        ec2.revoke_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8", RevokeAllGroups=True)


@check
def vpn_certificates_and_groups_in_use_stay(account: Account) -> None:
    vpc, (one, _, _) = _subnets(account)
    group = account.ec2.create_security_group(GroupName="people", Description="people", VpcId=vpc)["GroupId"]
    server = _certificate(account, "other.example.com")
    endpoint = _endpoint(account, ServerCertificateArn=server, VpcId=vpc, SecurityGroupIds=[group])
    with refused("ResourceInUseException"):
        account.acm.delete_certificate(CertificateArn=server)
    association = account.ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=one)["AssociationId"]
    with refused("DependencyViolation"):
        account.ec2.delete_security_group(GroupId=group)
    account.ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint, AssociationId=association)
    for _ in range(2):
        account.ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)
    account.ec2.delete_security_group(GroupId=group)
    account.ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    account.acm.delete_certificate(CertificateArn=server)


@check
def vpn_parts_lag_each_for_itself(account: Account) -> None:
    ec2, endpoint = account.ec2, _endpoint(account)
    weather(account, lag=2)
    same(len(ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]), 1)
    for group in ("ops", "dev"):
        ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.0.0.0/8", AccessGroupId=group)
    seen = [[row["GroupId"] for row in ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"]] for _ in range(3)]
    same(seen, [[], [], ["ops", "dev"]])
    other = _endpoint(account)
    listed = [[row["ClientVpnEndpointId"] for row in ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]] for _ in range(3)]
    same([endpoint in row for row in listed] + [other in row for row in listed], [True, True, True, False, False, True])
