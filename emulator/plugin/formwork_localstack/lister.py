"""What really stands in an account, read from the stores themselves and through no API.

A test that asks the API whether a destroy left something behind trusts the very reads that it tests. Left out is what AWS
makes by itself: the default VPC and all in it, each VPC's main route table, default security group and default network
ACL, local routes and those of a gateway endpoint, AWS's own policies, service-linked roles that do not say what they are for (those are the account's), the password that RDS
manages, the security group and the access entries that EKS makes.
"""

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from .gaps import acm, cloudcontrol, cloudfront, ec2_client_vpn, eks, elasticache, elbv2, route53, sns

Row = dict[str, Any]


def resources(account_id: str, region: str | None = None) -> list[Row]:
    """Every resource of an account, or of one region of it: kind, id, region, tags, and name and state where there are
    any. Global services have the region `aws-global` and are listed whatever region is asked for."""
    rows: list[Row] = []
    for part in _PARTS:
        rows.extend(part(account_id, region))
    return rows


def _cloudfront(account_id: str, _region: str | None) -> Iterator[Row]:
    for at, state in cloudfront.STATE.each(account_id):
        for distribution in list(state.distributions.values()):
            yield _row("aws:cloudfront/distribution", distribution.identity, at, distribution.tags)
        for kind, part in (("origin-access-control", state.controls), ("cache-policy", state.cache_policies), ("response-headers-policy", state.headers_policies)):
            for held in list(part.values()):
                yield _row(f"aws:cloudfront/{kind}", held.identity, at, {}, name=held.config["Name"])


def _ec2(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.ec2.models", "ec2_backends", account_id, region):
        yield from _network(at, backend)
        yield from _routing(at, backend)
        yield from _groups(at, backend)


def _client_vpn(account_id: str, region: str | None) -> Iterator[Row]:
    for at, kind, identity, tags in ec2_client_vpn.rows(account_id, region):
        yield _row(f"aws:ec2/{kind}", identity, at, tags)


def _network(at: str, backend: Any) -> Iterator[Row]:
    default = {vpc.id for vpc in list(backend.vpcs.values()) if vpc.is_default in (True, "true")}
    for vpc in list(backend.vpcs.values()):
        if vpc.id not in default:
            yield _row("aws:ec2/vpc", vpc.id, at, _ec2_tags(vpc))
    for zone in list(backend.subnets.values()):
        for subnet in list(zone.values()):
            if subnet.vpc_id not in default:
                yield _row("aws:ec2/subnet", subnet.id, at, _ec2_tags(subnet))
    for gateway in list(backend.internet_gateways.values()):
        if not (gateway.vpc and gateway.vpc.id in default):
            yield _row("aws:ec2/internet-gateway", gateway.id, at, _ec2_tags(gateway))
    for address in list(backend.addresses):
        yield _row("aws:ec2/elastic-ip", address.allocation_id, at, _ec2_tags(address))
    for gateway in list(backend.nat_gateways.values()):
        if gateway.state not in ("deleted", "deleting", "failed"):
            yield _row("aws:ec2/nat-gateway", gateway.id, at, _ec2_tags(gateway), state=gateway.state)
    for endpoint in list(backend.vpc_end_points.values()):
        if endpoint.state not in ("deleted", "deleting"):
            yield _row("aws:ec2/vpc-endpoint", endpoint.id, at, _ec2_tags(endpoint), state=endpoint.state)
    for log in list(backend.flow_logs.values()):
        yield _row("aws:ec2/flow-log", log.id, at, _ec2_tags(log))
    for acl in list(backend.network_acls.values()):
        if acl.default not in (True, "true") and acl.vpc_id not in default:
            yield _row("aws:ec2/network-acl", acl.id, at, _ec2_tags(acl))
            for entry in list(acl.network_acl_entries):
                # The two that every ACL ends with are AWS's.
                if int(entry.rule_number) != 32767:
                    leaves = "true" if entry.egress in (True, "true") else "false"
                    yield _row("aws:ec2/network-acl-entry", f"{acl.id}|{leaves}|{entry.rule_number}", at, {})
            # Known by its subnet, which has one ACL, and without an association the default one.
            for association in list(acl.associations.values()):
                yield _row("aws:ec2/network-acl-association", association.subnet_id, at, {}, association=association.id)
    for listed in list(backend.managed_prefix_lists.values()):
        if listed.owner_id != "AWS":
            yield _row("aws:ec2/prefix-list", listed.id, at, _ec2_tags(listed), name=listed.prefix_list_name)
    for template in list(backend.launch_templates.values()):
        yield _row("aws:ec2/launch-template", template.id, at, _ec2_tags(template), name=template.name)
    for pair in list(backend.key_pairs.values()):
        yield _row("aws:ec2/key-pair", pair.id, at, _ec2_tags(pair), name=pair.key_name)
    for reservation in list(backend.reservations.values()):
        for instance in reservation.instances:
            if instance.state not in ("terminated", "shutting-down"):
                yield _row("aws:ec2/instance", instance.id, at, _ec2_tags(instance), state=instance.state)


def _routing(at: str, backend: Any) -> Iterator[Row]:
    default = {vpc.id for vpc in list(backend.vpcs.values()) if vpc.is_default in (True, "true")}
    for table in list(backend.route_tables.values()):
        if table.vpc_id in default:
            continue
        if table.main_association_id is None:
            yield _row("aws:ec2/route-table", table.id, at, _ec2_tags(table))
        for route in list(table.routes.values()):
            if route.local or _made_by_endpoint(route, backend):
                continue
            listed = route.destination_prefix_list
            destination = route.destination_cidr_block or route.destination_ipv6_cidr_block or (listed.id if listed else "")
            yield _row("aws:ec2/route", f"{table.id}_{destination}", at, {})
        # Known by its subnet, which has one at most: its own id changes when another table is put in.
        for association_id, subnet_id in list(table.associations.items()):
            yield _row("aws:ec2/route-table-association", subnet_id, at, {}, association=association_id)


def _made_by_endpoint(route: Any, backend: Any) -> bool:
    if getattr(route, "vpc_endpoint_id", None):
        return True
    target = getattr(route, "gateway", None)
    return getattr(target, "id", "").startswith("vpce-") or (
        route.destination_prefix_list is not None and route.destination_prefix_list.prefix_list_name.startswith("com.amazonaws.")
    )


def _groups(at: str, backend: Any) -> Iterator[Row]:
    default = {vpc.id for vpc in list(backend.vpcs.values()) if vpc.is_default in (True, "true")}
    for groups in list(backend.groups.values()):
        for group in list(groups.values()):
            tags = _ec2_tags(group)
            if group.vpc_id in default and group.name == "default" or "aws:eks:cluster-name" in tags:
                continue
            own = group.name != "default"
            if own:
                yield _row("aws:ec2/security-group", group.id, at, tags, name=group.name)
            for rule in list(group.ingress_rules):
                if own or not _of_default_group(rule, group):
                    yield _row("aws:ec2/security-group-ingress-rule", rule.id, at, _ec2_tags(rule))
            for rule in list(group.egress_rules):
                if own or not _of_default_group(rule, group):
                    yield _row("aws:ec2/security-group-egress-rule", rule.id, at, _ec2_tags(rule))


def _of_default_group(rule: Any, group: Any) -> bool:
    """The rules that every default group begins with: all traffic out, and all among its members."""
    everywhere = rule.ip_range.get("CidrIp") == "0.0.0.0/0" or rule.ip_range.get("CidrIpv6") == "::/0"
    among = (rule.source_group or {}).get("GroupId") == group.id
    return rule.ip_protocol == "-1" and (everywhere or among)


def _iam(account_id: str, _region: str | None) -> Iterator[Row]:
    at = "aws-global"
    for _, backend in _backends("moto.iam.models", "iam_backends", account_id, None):
        for role in list(backend.roles.values()):
            if role.path.startswith("/aws-service-role/"):
                if role.description:
                    yield _row("aws:iam/service-linked-role", role.name, at, {}, arn=role.arn)
                continue
            yield _row("aws:iam/role", role.name, at, _value_tags(role.tags), arn=role.arn)
            for name in list(role.policies):
                yield _row("aws:iam/role-policy", f"{role.name}:{name}", at, {})
            for arn in list(role.managed_policies):
                yield _row("aws:iam/role-policy-attachment", f"{role.name}/{arn}", at, {})
        for policy in list(backend.managed_policies.values()):
            if f":{account_id}:" in policy.arn:
                yield _row("aws:iam/policy", policy.arn, at, _value_tags(policy.tags), name=policy.name)
        for profile in list(backend.instance_profiles.values()):
            yield _row("aws:iam/instance-profile", profile.name, at, _value_tags(profile.tags), arn=profile.arn)
        for provider in list(backend.open_id_providers.values()):
            yield _row("aws:iam/open-id-connect-provider", provider.arn, at, _value_tags(provider.tags))


def _cloudcontrol(account_id: str, region: str | None) -> Iterator[Row]:
    for at, state in cloudcontrol.STATE.each(account_id, region):
        for type_name, identifier in list(state.models):
            yield _row("aws:cloudcontrol/resource", f"{type_name}|{identifier}", at, {})


def _eks(account_id: str, region: str | None) -> Iterator[Row]:
    for at, state in eks.STATE.each(account_id, region):
        for name, cluster in list(state.clusters.items()):
            yield _row("aws:eks/cluster", name, at, cluster["tags"], arn=cluster["arn"])
        for (cluster, name), group in state.nodegroups.items():
            yield _row("aws:eks/node-group", f"{cluster}:{name}", at, group["tags"])
        for (cluster, name), profile in list(state.fargate.items()):
            yield _row("aws:eks/fargate-profile", f"{cluster}:{name}", at, profile["tags"])
        for (cluster, name), addon in list(state.addons.items()):
            yield _row("aws:eks/addon", f"{cluster}:{name}", at, addon["tags"])
        for key, entry in list(state.entries.items()):
            if key not in state.own_entries:
                yield _row("aws:eks/access-entry", f"{key[0]}:{key[1]}", at, entry["tags"])
        for key, held in list(state.policies.items()):
            if key not in state.own_entries:
                for arn in list(held):
                    yield _row("aws:eks/access-policy-association", f"{key[0]}#{key[1]}#{arn}", at, {})
        for (cluster, identity), item in list(state.identities.items()):
            if "ownerArn" not in item:
                yield _row("aws:eks/pod-identity-association", f"{cluster}:{identity}", at, item["tags"])


def _rds(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.rds.models", "rds_backends", account_id, region):
        for group in list(backend.subnet_groups.values()):
            yield _row("aws:rds/subnet-group", group.name, at, _listed_tags(group.tags))
        for group in list(backend.db_parameter_groups.values()):
            if not group.name.startswith("default."):
                yield _row("aws:rds/parameter-group", group.name, at, _listed_tags(group.tags))
        for group in list(backend.db_cluster_parameter_groups.values()):
            if not group.name.startswith("default."):
                yield _row("aws:rds/cluster-parameter-group", group.name, at, _listed_tags(group.tags))
        for database in list(backend.databases.values()):
            kind = "aws:rds/cluster-instance" if database.db_cluster_identifier else "aws:rds/instance"
            yield _row(kind, database.db_instance_identifier, at, _listed_tags(database.tags), state=database.status)
        for cluster in list(backend.clusters.values()):
            yield _row("aws:rds/cluster", cluster.db_cluster_identifier, at, _listed_tags(cluster.tags))
        for snapshot in list(backend.cluster_snapshots.values()):
            if snapshot.snapshot_type != "automated":
                yield _row("aws:rds/cluster-snapshot", snapshot.db_cluster_snapshot_identifier, at, _listed_tags(snapshot.tags))
        for snapshot in list(backend.database_snapshots.values()):
            if getattr(snapshot, "snapshot_type", "manual") != "automated":
                yield _row("aws:rds/snapshot", snapshot.db_snapshot_identifier, at, _listed_tags(snapshot.tags))


def _elasticache(account_id: str, region: str | None) -> Iterator[Row]:
    for at, state in elasticache.STATE.each(account_id, region):
        for kind, part in (
            ("subnet-group", state.subnet_groups), ("parameter-group", state.parameter_groups), ("replication-group", state.replication_groups),
            ("snapshot", state.snapshots),
        ):
            for name, item in list(part.items()):
                yield _row(f"aws:elasticache/{kind}", name, at, state.tags.get(item["ARN"], {}))


def _elbv2(account_id: str, region: str | None) -> Iterator[Row]:
    for at, state in elbv2.STATE.each(account_id, region):
        for kind, part in (
            ("load-balancer", state.balancers), ("target-group", state.groups), ("listener", state.listeners), ("listener-rule", state.rules),
        ):
            for arn in list(part):
                yield _row(f"aws:elbv2/{kind}", arn, at, state.tags.get(arn, {}))


def _efs(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.efs.models", "efs_backends", account_id, region):
        for name in list(backend.file_systems_by_id):
            yield _row("aws:efs/file-system", name, at, _listed_tags(backend.list_tags_for_resource(name)))
        for name in list(backend.mount_targets_by_id):
            yield _row("aws:efs/mount-target", name, at, {})


def _s3(account_id: str, region: str | None) -> Iterator[Row]:
    if "localstack.services.s3.models" not in sys.modules:
        return
    from localstack.services.s3.models import s3_stores

    if account_id not in s3_stores:
        return
    for store in list(s3_stores[account_id].values())[:1]:  # Buckets are shared by all regions of an account.
        for bucket in list(store.buckets.values()):
            if region in (None, bucket.bucket_region):
                tags = store.TAGS.list_tags_for_resource(f"arn:aws:s3:::{bucket.name}").get("Tags", [])
                yield _row("aws:s3/bucket", bucket.name, bucket.bucket_region, _listed_tags(tags))
                if bucket.policy:
                    yield _row("aws:s3/bucket-policy", bucket.name, bucket.bucket_region, {})


def _secrets(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.secretsmanager.models", "secretsmanager_backends", account_id, region):
        for secret in list(backend.secrets.values()):
            # Names with this prefix are AWS's own; RDS takes its secret away with the database. A replica comes and goes with its secret.
            if not secret.name.startswith("rds!") and hasattr(secret, "deleted_date"):
                state = "scheduled" if secret.deleted_date else "available"
                yield _row("aws:secretsmanager/secret", secret.arn, at, _listed_tags(secret.tags), name=secret.name, state=state)


def _kms(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.kms.models", "kms_backends", account_id, region):
        # moto makes AWS's own keys when a service first needs one, and marks them by their alias only.
        services = {key_id for key_id, aliases in list(backend.key_to_aliases.items()) if any(alias.startswith("alias/aws/") for alias in aliases)}
        for key in list(backend.keys.values()):
            if key.id not in services and key.key_state != "PendingDeletion" and key.key_manager == "CUSTOMER":
                yield _row("aws:kms/key", key.id, at, _listed_tags(backend.tagger.list_tags_for_resource(key.id).get("Tags", [])), state=key.key_state)
        for key_id, aliases in list(backend.key_to_aliases.items()):
            for alias in sorted(aliases):
                if not alias.startswith("alias/aws/"):
                    yield _row("aws:kms/alias", alias, at, {}, target=key_id)


def _ecr(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.ecr.models", "ecr_backends", account_id, region):
        for repository in list(backend.repositories.values()):
            yield _row("aws:ecr/repository", repository.name, at, _listed_tags(backend.tagger.list_tags_for_resource(repository.arn).get("tags", [])), arn=repository.arn)


def _logs(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.logs.models", "logs_backends", account_id, region):
        from localstack.services.logs.models import logs_stores

        kept = logs_stores[account_id][at].TAGS  # LocalStack keeps the tags itself, beside moto's groups.
        for group in list(backend.groups.values()):
            yield _row("aws:logs/log-group", group.name, at, kept.get(group.arn.removesuffix(":*"), {}))


def _acm(account_id: str, region: str | None) -> Iterator[Row]:
    for at, certificate in acm.certificates(account_id, region):
        yield _row("aws:acm/certificate", certificate.arn, at, {key: value or "" for key, value in certificate.tags.items()}, state=certificate.status)


def _route53(account_id: str, _region: str | None) -> Iterator[Row]:
    for zone in route53.zones(account_id):
        yield _row("aws:route53/hosted-zone", zone.id, "aws-global", zone.tags, name=zone.row["Name"])
        for record in route53.foreign(zone):
            name = record["Name"].replace("\\052", "*").removesuffix(".")
            parts = [zone.id, name, record["Type"], *([record["SetIdentifier"]] if record.get("SetIdentifier") else [])]
            yield _row("aws:route53/record-set", "|".join(parts), "aws-global", {})


def _messages(account_id: str, region: str | None) -> Iterator[Row]:
    for at, store in _stores("localstack.services.sqs.models", "sqs_stores", account_id, region):
        for queue in list(store.queues.values()):
            # Its URL, which is how it is called, depends on who asks only where that was configured.
            asking = SimpleNamespace(request=SimpleNamespace(scheme="http", host=""))
            yield _row("aws:sqs/queue", queue.url(asking), at, queue.tags, name=queue.name)
            if queue.attributes.get("Policy"):
                yield _row("aws:sqs/queue-policy", queue.url(asking), at, {})
    for at, store in _stores("localstack.services.sns.models", "sns_stores", account_id, region):
        for arn in list(store.topic_subscriptions):
            yield _row("aws:sns/topic", arn, at, _listed_tags(store.sns_tags.get(arn, [])))
            if sns.has_policy(account_id, at, arn):
                yield _row("aws:sns/topic-policy", arn, at, {})
        for arn in list(store.subscriptions):
            yield _row("aws:sns/subscription", arn, at, {})


def _alarms(account_id: str, region: str | None) -> Iterator[Row]:
    for at, store in _stores("localstack.services.cloudwatch.models", "cloudwatch_stores", account_id, region):
        for arn, held in list(store.alarms.items()):
            if "AlarmRule" not in held.alarm:
                yield _row("aws:cloudwatch/alarm", held.alarm["AlarmName"], at, _listed_tags(store.TAGS.list_tags_for_resource(arn)["Tags"]))


def _dynamodb(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.dynamodb.models", "dynamodb_backends", account_id, region):
        for table in list(backend.tables.values()):
            yield _row("aws:dynamodb/table", table.name, at, _listed_tags(table.tags), arn=table.table_arn)


def _ssm(account_id: str, region: str | None) -> Iterator[Row]:
    for at, backend in _backends("moto.ssm.models", "ssm_backends", account_id, region):
        for name, versions in list(backend._parameters.items()):
            # AWS's own public ones begin with this, and nobody else's can.
            if versions and not name.startswith("/aws/"):
                yield _row("aws:ssm/parameter", name, at, backend._resource_tags["Parameter"].get(name, {}))


_PARTS: list[Callable[[str, str | None], Iterator[Row]]] = [
    _cloudcontrol, _ec2, _client_vpn, _iam, _eks, _rds, _elasticache, _s3, _secrets, _kms, _ecr, _logs, _acm, _route53, _cloudfront, _elbv2, _efs, _messages, _alarms, _dynamodb, _ssm,
]


def _backends(module: str, name: str, account_id: str, region: str | None) -> Iterator[tuple[str, Any]]:
    """The regions of an account that moto has a store for. Asking for another would make one, with a default VPC."""
    if module not in sys.modules:
        return
    backends = getattr(sys.modules[module], name)
    if account_id in backends:
        for at, backend in list(backends[account_id].items()):
            if region in (None, at):
                yield at, backend


def _stores(module: str, name: str, account_id: str, region: str | None) -> Iterator[tuple[str, Any]]:
    """The same of LocalStack's own stores."""
    yield from _backends(module, name, account_id, region)


def _row(kind: str, identity: str, region: str, tags: dict[str, str], **more: Any) -> Row:
    return {"kind": kind, "id": identity, "region": region, "tags": dict(tags), **{key: value for key, value in more.items() if value is not None}}


def _ec2_tags(resource: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in resource.get_tags()}


def _listed_tags(tags: Any) -> dict[str, str]:
    """Tags as pairs; KMS names them TagKey and TagValue."""
    return {tag.get("Key") or tag["TagKey"]: tag.get("Value") or tag.get("TagValue") or "" for tag in tags or []}


def _value_tags(tags: Any) -> dict[str, str]:
    """moto keeps IAM's tags as a map from the lower-cased key to the pair, and in places as a plain list."""
    if isinstance(tags, dict):
        return {key: pair for key, pair in tags.items() if isinstance(pair, str)} or _listed_tags(tags.values())
    return _listed_tags(tags)
