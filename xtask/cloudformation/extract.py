#!/usr/bin/env python3
"""Derives properties.json, the table `cargo xtask coverage` compares resource types with.

The CloudFormation resource schemas say of every property whether it can be written, whether it must
be, and whether a change of it makes a new resource. The PyPI package cfn-lint carries all of them,
so no AWS account and no credentials are needed:

    pip download cfn-lint==1.44.0 --no-deps -d DIR
    python3 xtask/cloudformation/extract.py DIR/cfn_lint-1.44.0-py3-none-any.whl

The result is committed. Run this again to take a newer cfn-lint, or after adding a type to TYPES,
and look at the difference: a property that is new there is either covered or explained in
missing.toml before `cargo xtask coverage` passes again.
"""

import ast
import json
import pathlib
import sys
import zipfile

# The region with the most types and the newest properties.
REGION = "us_east_1"

SCHEMAS = "cfnlint/data/schemas"

TYPES = {
    "EC2": "VPC Subnet InternetGateway VPCGatewayAttachment EIP NatGateway RouteTable Route"
    " SubnetRouteTableAssociation SecurityGroup SecurityGroupIngress SecurityGroupEgress VPCEndpoint FlowLog"
    " Instance KeyPair LaunchTemplate NetworkAcl NetworkAclEntry SubnetNetworkAclAssociation PrefixList"
    " ClientVpnEndpoint ClientVpnTargetNetworkAssociation ClientVpnAuthorizationRule ClientVpnRoute",
    "IAM": "Role RolePolicy ManagedPolicy InstanceProfile OIDCProvider ServiceLinkedRole",
    "EKS": "Cluster Nodegroup Addon AccessEntry PodIdentityAssociation FargateProfile",
    "RDS": "DBSubnetGroup DBParameterGroup DBInstance DBCluster DBClusterParameterGroup",
    "ElastiCache": "SubnetGroup ParameterGroup ReplicationGroup",
    "S3": "Bucket BucketPolicy",
    "SecretsManager": "Secret",
    "KMS": "Key Alias",
    "ECR": "Repository",
    "Logs": "LogGroup",
    "CloudFront": "Distribution OriginAccessControl CachePolicy ResponseHeadersPolicy",
    "CertificateManager": "Certificate",
    "Route53": "HostedZone RecordSet",
    "ElasticLoadBalancingV2": "LoadBalancer TargetGroup Listener ListenerRule",
    "DynamoDB": "Table",
    "SQS": "Queue QueueInlinePolicy",
    "SNS": "Subscription Topic TopicInlinePolicy",
    "SSM": "Parameter",
    "CloudWatch": "Alarm",
    "EFS": "FileSystem MountTarget",
}

# The lists of a schema that speak about properties, and the flag each becomes here.
# "sometimesCreateOnly" is CloudFormation's conditionalCreateOnlyProperties: the values decide.
LISTS = {
    "createOnlyProperties": "createOnly",
    "conditionalCreateOnlyProperties": "sometimesCreateOnly",
    "readOnlyProperties": "readOnly",
    "writeOnlyProperties": "writeOnly",
    "deprecatedProperties": "deprecated",
}


def resolve(schema, node):
    """Follows `$ref` until there is none."""
    while "$ref" in node:
        target = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def variants(schema, node):
    """The node and every alternative it offers: a block may be one of several shapes."""
    node = resolve(schema, node)
    yield node
    for word in ("oneOf", "anyOf", "allOf"):
        for alternative in node.get(word, []):
            yield from variants(schema, alternative)


def type_of(schema, node):
    """JSON's word for the type; several are joined with a bar."""
    found = []
    for variant in variants(schema, node):
        words = variant.get("type", "object" if "properties" in variant else [])
        for word in [words] if isinstance(words, str) else words:
            if word not in found:
                found.append(word)
    return "|".join(found) or "any"


def flags_by_path(schema):
    """Dotted path -> the flags that the schema's lists give it."""
    flags = {}
    for word, flag in LISTS.items():
        for pointer in schema.get(word, []):
            path = pointer.removeprefix("/properties/").replace("/properties/", "/").replace("/", ".")
            flags.setdefault(path, set()).add(flag)
    return flags


def properties(schema):
    """Every top-level property, and one level below the ones that are objects, in dotted paths."""
    flags = flags_by_path(schema)
    table = {}

    def put(path, node, required, inherited):
        entry = {"type": type_of(schema, node)}
        # What holds for a block holds for each of its fields.
        own = flags.get(path, set()) | inherited
        if required:
            entry["required"] = True
        entry.update({flag: True for flag in sorted(own)})
        table[path] = entry
        return own

    for name in sorted(schema["properties"]):
        node = schema["properties"][name]
        own = put(name, node, name in schema.get("required", []), set())
        for variant in variants(schema, node):
            for field in sorted(variant.get("properties", {})):
                path = f"{name}.{field}"
                if path not in table:
                    put(path, variant["properties"][field], field in variant.get("required", []), own)
    return table


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wheel = pathlib.Path(sys.argv[1])
    with zipfile.ZipFile(wheel) as archive:
        index = ast.parse(archive.read(f"{SCHEMAS}/providers/{REGION}.py"))
        hashes = next(
            ast.literal_eval(line.value)
            for line in index.body
            if isinstance(line, ast.AnnAssign) and line.target.id == "types"
        )
        # The wheel's own date, as its build wrote it.
        year, month, day = archive.getinfo(f"{SCHEMAS}/providers/{REGION}.py").date_time[:3]
        types = {}
        for service, names in TYPES.items():
            for name in names.split():
                kind = f"AWS::{service}::{name}"
                schema = json.loads(archive.read(f"{SCHEMAS}/resources/{hashes[kind]}.json"))
                assert schema["typeName"] == kind, kind
                types[kind] = properties(schema)

    source = {
        "package": wheel.name.split("-")[0].replace("_", "-"),
        "version": wheel.name.split("-")[1],
        "date": f"{year:04}-{month:02}-{day:02}",
        "region": REGION.replace("_", "-"),
    }
    # One property a line, so that a newer source reads well as a difference.
    lines = ["{", f' "source": {json.dumps(source)},', ' "types": {']
    for at, kind in enumerate(sorted(types)):
        lines.append(f'  "{kind}": {{"properties": {{')
        rows = [f'   "{path}": {json.dumps(entry)}' for path, entry in sorted(types[kind].items())]
        lines.append(",\n".join(rows))
        lines.append("  }}" + ("," if at + 1 < len(types) else ""))
    lines += [" }", "}", ""]
    (pathlib.Path(__file__).parent / "properties.json").write_text("\n".join(lines))


if __name__ == "__main__":
    main()
