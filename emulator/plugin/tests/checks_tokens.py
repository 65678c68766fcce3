"""Creates that are sent twice."""

from concurrent.futures import ThreadPoolExecutor

from harness import Account, check, refused, same


@check
def tokens_make_a_retry_harmless(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()

    def table(token: str, vpc_id: str = vpc) -> str:
        return ec2.create_route_table(VpcId=vpc_id, ClientToken=token)["RouteTable"]["RouteTableId"]

    same(table("one"), table("one"))
    assert table("one") != table("two")
    with refused("IdempotentParameterMismatch"):
        table("one", account.vpc())
    with ThreadPoolExecutor(8) as pool:
        same(len(set(pool.map(table, ["three"] * 8))), 1)
    with refused("InvalidVpcID.NotFound"):
        table("four", "vpc-0")
    subnet = account.subnets(vpc, 1)[0]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = [ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, ClientToken="n")["NatGateway"]["NatGatewayId"] for _ in range(2)]
    same(len(set(nat)), 1)


@check
def tokens_of_secrets_are_version_ids(account: Account) -> None:
    token = "a" * 36
    first = account.secretsmanager.create_secret(Name="s", SecretString="v", ClientRequestToken=token)
    same(account.secretsmanager.create_secret(Name="s", SecretString="v", ClientRequestToken=token)["ARN"], first["ARN"])
    with refused("ResourceExistsException"):
        account.secretsmanager.create_secret(Name="s", SecretString="w", ClientRequestToken=token)
    with refused("ResourceExistsException"):
        account.secretsmanager.create_secret(Name="s", SecretString="v", ClientRequestToken="b" * 36)
