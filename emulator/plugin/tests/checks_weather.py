"""Lag, pending states and the mix."""

import json
import threading
import urllib.error
import urllib.request
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from harness import Account, check, refused, same


def weather(account: Account, **wish: Any) -> None:
    body = json.dumps({"account": account.id, **wish}).encode()
    request = urllib.request.Request(f"{account.endpoint}/_formwork/weather", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).close()


def told(account: Account) -> dict[str, Any]:
    with urllib.request.urlopen(f"{account.endpoint}/_formwork/weather?account={account.id}", timeout=30) as answer:
        return json.load(answer)


@check
def a_lagging_create_is_absent_for_n_reads(account: Account) -> None:
    weather(account, lag=2)
    ec2, vpc = account.ec2, account.vpc()
    for _ in range(2):
        with refused("InvalidVpcID.NotFound"):
            ec2.describe_vpcs(VpcIds=[vpc])
    same([row["VpcId"] for row in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]], [vpc])
    tagged = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged)["Vpc"]["VpcId"]
    found = [[row["VpcId"] for row in ec2.describe_vpcs(Filters=[{"Name": "tag:a", "Values": ["b"]}])["Vpcs"]] for _ in range(3)]
    same(found, [[], [], [other]])
    account.role("one")
    for _ in range(2):
        with refused("NoSuchEntity"):
            account.iam.get_role(RoleName="one")
    account.iam.get_role(RoleName="one")
    same(told(account)["counts"], {"stale": 6})


@check
def what_leaves_a_narrowed_list_is_not_taken_for_gone(account: Account) -> None:
    ec2, vpc = account.ec2, account.vpc()
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    weather(account, lag=2)

    def listed(name: str, value: str) -> list[str]:
        return [row["RouteTableId"] for row in ec2.describe_route_tables(Filters=[{"Name": name, "Values": [value]}])["RouteTables"]]

    same([listed("association.subnet-id", subnet), listed("route-table-id", table)], [[table], [table]])
    # The call that takes it out names the association; what names the table holds back what reads show of it.
    ec2.create_tags(Resources=[table], Tags=[{"Key": "a", "Value": "b"}])
    ec2.disassociate_route_table(AssociationId=association)
    same([listed("association.subnet-id", subnet) for _ in range(3)], [[table], [table], []])
    ec2.create_tags(Resources=[table], Tags=[{"Key": "a", "Value": "c"}])
    same([listed("route-table-id", table) for _ in range(3)], [[table], [table], [table]])


@check
def a_list_that_is_narrowed_by_bare_words_lags_like_the_others(account: Account) -> None:
    account.role("one")
    weather(account, lag=2)
    account.role("two")
    listed = [[row["RoleName"] for row in account.iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]] for _ in range(3)]
    same(listed, [["one"], ["one"], ["one", "two"]])


@check
def weather_changes_while_it_acts(account: Account) -> None:
    subnet = account.ec2.create_subnet(VpcId=account.vpc(), CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]

    def reads() -> None:
        for _ in range(40):
            account.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "a", "Value": "b"}])
            account.ec2.describe_nat_gateways()
            account.ec2.describe_subnets()

    def gateways() -> None:
        for _ in range(10):
            account.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")

    weather(account, pending=1000, lag=3)
    threads = [threading.Thread(target=target, daemon=True) for target in (reads, reads, gateways)]
    for thread in threads:
        thread.start()
    for _ in range(60):
        weather(account, pending=1000, lag=3)
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "the emulator stands still"


@check
def a_lagging_update_and_delete_show_what_was(account: Account) -> None:
    vpc, logs = account.vpc(), account.logs
    weather(account, lag=2)
    logs.create_log_group(logGroupName="/one")

    def retention() -> list[Any]:
        return [row.get("retentionInDays") for row in logs.describe_log_groups(logGroupNamePrefix="/one")["logGroups"]]

    same([retention() for _ in range(3)], [[], [], [None]])
    logs.put_retention_policy(logGroupName="/one", retentionInDays=30)
    same([retention() for _ in range(3)], [[None], [None], [30]])
    logs.delete_log_group(logGroupName="/one")
    same([retention() for _ in range(3)], [[30], [30], []])
    # What stood before is seen, and what AWS makes by itself too.
    ids = {row["VpcId"] for row in account.ec2.describe_vpcs()["Vpcs"]}
    assert vpc in ids, ids
    bucket = f"lag-{account.id}"
    account.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    account.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        with refused("404"):
            account.s3.head_bucket(Bucket=bucket)
    account.s3.head_bucket(Bucket=bucket)
    same(account.s3.get_bucket_versioning(Bucket=bucket).get("Status"), None)
    same(account.s3.get_bucket_versioning(Bucket=bucket).get("Status"), None)
    same(account.s3.get_bucket_versioning(Bucket=bucket).get("Status"), "Enabled")
    weather(account)
    account.logs.create_log_group(logGroupName="/two")
    same(len(logs.describe_log_groups(logGroupNamePrefix="/two")["logGroups"]), 1)


@check
def pending_states_last_n_reads(account: Account) -> None:
    weather(account, pending=2)
    ec2 = account.ec2
    vpc = account.vpc()
    same([ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] for _ in range(3)], ["pending", "pending", "available"])
    cluster = account.cluster()
    same(cluster["status"], "CREATING")

    def status() -> str:
        return account.eks.describe_cluster(name="main")["cluster"]["status"]

    same([status() for _ in range(2)], ["CREATING", "ACTIVE"])
    update = account.eks.update_cluster_config(name="main", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})["update"]["id"]
    same([account.eks.describe_update(name="main", updateId=update)["update"]["status"] for _ in range(3)], ["InProgress", "InProgress", "Successful"])
    same([status() for _ in range(3)], ["UPDATING", "UPDATING", "ACTIVE"])
    account.eks.delete_cluster(name="main")
    same([status() for _ in range(2)], ["DELETING", "DELETING"])
    with refused("ResourceNotFoundException"):
        status()
    account.rds.create_db_instance(DBInstanceIdentifier="db", Engine="postgres", DBInstanceClass="db.r6g.large", MasterUsername="u", MasterUserPassword="secret-1234", AllocatedStorage=20)

    def database() -> str:
        return account.rds.describe_db_instances(DBInstanceIdentifier="db")["DBInstances"][0]["DBInstanceStatus"]

    same([database() for _ in range(3)], ["creating", "creating", "available"])
    account.rds.modify_db_instance(DBInstanceIdentifier="db", BackupRetentionPeriod=3, ApplyImmediately=True)
    same([database() for _ in range(3)], ["modifying", "modifying", "available"])
    account.rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    same([database() for _ in range(2)], ["deleting", "deleting"])
    with refused("DBInstanceNotFound"):
        database()


@check
def lag_and_pending_states_add_up(account: Account) -> None:
    weather(account, lag=1, pending=1)
    vpc = account.vpc()
    with refused("InvalidVpcID.NotFound"):
        account.ec2.describe_vpcs(VpcIds=[vpc])
    same([account.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] for _ in range(2)], ["pending", "available"])


@check
def a_mix_is_the_same_with_the_same_seed(account: Account) -> None:
    def run(seed: int) -> list[str]:
        account.reset()
        weather(account, mix={"seed": seed, "percent": 40})
        outcomes = []
        for number in range(12):
            for call in (lambda: account.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16"), account.iam.list_roles, account.rds.describe_db_instances):
                try:
                    call()
                    outcomes.append("ok")
                except ClientError as error:
                    outcomes.append(error.response["Error"]["Code"])
                except BotoCoreError:
                    outcomes.append("lost")
        return outcomes

    first = run(1)
    same(run(1), first)
    assert run(2) != first
    assert {"RequestLimitExceeded", "Throttling"} & {*first} and first.count("ok") > 10, first
    found = told(account)
    assert sum(found["counts"].values()) >= len(found["deeds"]) > 5, found


@check
def what_comes_to_nothing_late_does_so_once_in_its_seed(account: Account) -> None:
    def gateways(seed: int) -> list[str]:
        account.reset()
        weather(account, mix={"seed": seed, "percent": 0})
        subnet = account.subnets(account.vpc(), 1)[0]
        ids = [account.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"] for _ in range(2)]
        rows = account.ec2.describe_nat_gateways(NatGatewayIds=ids)["NatGateways"]
        states = {row["NatGatewayId"]: row["State"] for row in rows}
        return [states[identity] for identity in ids]

    same(gateways(17), ["failed", "available"])
    same(told(account)["counts"], {"late": 1})
    same([deed["operation"] for deed in told(account)["deeds"]], ["CreateNatGateway"])
    # Of this seed it is a node group that fails, and of most nothing does.
    for seed in (37, 16, 7):
        same(gateways(seed), ["available", "available"])


@check
def throttled_weather_refuses_what_changes_something(account: Account) -> None:
    weather(account, throttled=60)
    for refusing, code in (
        (lambda: account.vpc(), "RequestLimitExceeded"),
        (lambda: account.role("one"), "Throttling"),
        (lambda: account.logs.create_log_group(logGroupName="/x"), "ThrottlingException"),
        (lambda: account.eks.create_cluster(name="x", roleArn="arn:aws:iam::1:role/x", resourcesVpcConfig={}), "TooManyRequestsException"),
        (lambda: account.s3.create_bucket(Bucket="throttled-bucket"), "SlowDown"),
    ):
        with refused(code):
            refusing()
    account.ec2.describe_vpcs()
    same(told(account)["counts"], {"throttle": 5})
    account.reset()
    account.vpc()


@check
def misspelt_weather_is_refused(account: Account) -> None:
    for wish in ({"lagg": 1}, {"lag": -1}, {"mix": {"seed": 1}}, {"mix": {"seed": 1, "percent": 10, "kinds": ["rain"]}}):
        try:
            weather(account, **wish)
        except urllib.error.HTTPError as error:
            same(error.code, 400)
        else:
            raise AssertionError(f"{wish} was taken")
