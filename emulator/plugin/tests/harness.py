"""What the checks of the plugin share: an account of their own each, clients, and expected refusals."""

import contextlib
import json
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CHECKS: dict[str, Callable[["Account"], None]] = {}
"""Every check by the name of its function."""


def check(function: Callable[["Account"], None]) -> Callable[["Account"], None]:
    """Registers a check. Its name is the claim that it makes."""
    CHECKS[function.__name__] = function
    return function


class Account:
    """A fresh AWS account in the emulator at `endpoint`."""

    def __init__(self, endpoint: str, region: str = "eu-west-1"):
        self.endpoint, self.region = endpoint, region
        self.id = str(secrets.randbelow(9 * 10**11) + 10**11)
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        """The client of a service: `account.ec2`."""
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=self.region,
                aws_access_key_id=self.id,
                aws_secret_access_key="test",
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def resources(self) -> list[dict[str, Any]]:
        """What stands in the account, by the plugin's own lister."""
        with urllib.request.urlopen(f"{self.endpoint}/_formwork/resources?account={self.id}", timeout=30) as answer:
            return json.load(answer)

    def kinds(self) -> list[str]:
        """The kinds of what stands, sorted."""
        return sorted(row["kind"] for row in self.resources())

    def reset(self) -> None:
        """Empties the account."""
        body = json.dumps({"account": self.id}).encode()
        request = urllib.request.Request(f"{self.endpoint}/_formwork/reset", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def vpc(self, cidr: str = "10.0.0.0/16") -> str:
        """A new VPC."""
        return self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def subnets(self, vpc_id: str, count: int = 2) -> list[str]:
        """New subnets of a VPC, each in the next zone."""
        return [
            self.ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{self.region}{'abc'[n % 3]}")["Subnet"]["SubnetId"]
            for n in range(count)
        ]

    def role(self, name: str, service: str = "eks.amazonaws.com") -> str:
        """A new role that a service may assume."""
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
        return self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    def cluster(self, name: str = "main", **arguments: Any) -> dict[str, Any]:
        """A new EKS cluster in a VPC of its own."""
        arguments.setdefault("accessConfig", {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
        placed = {"subnetIds": self.subnets(self.vpc())}
        placed.update(arguments.pop("resourcesVpcConfig", {}))
        self.eks.create_cluster(name=name, roleArn=self.role(f"{name}-cluster"), resourcesVpcConfig=placed, **arguments)
        return self.eks.describe_cluster(name=name)["cluster"]


@contextlib.contextmanager
def refused(*codes: str) -> Iterator[None]:
    """The block must end in an error with one of the codes."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in codes, f"refused with {code} instead of {' or '.join(codes)}: {error}"
        return
    raise AssertionError(f"accepted instead of refused with {' or '.join(codes)}")


def same(found: Any, wanted: Any) -> None:
    """Both must be equal."""
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"
