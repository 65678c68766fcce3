"""ElastiCache as the plugin supplies it."""

from harness import Account, check, refused, same


@check
def elasticache_groups_live_and_are_kept_while_in_use(account: Account) -> None:
    cache, subnets = account.elasticache, account.subnets(account.vpc(), 3)
    with refused("InvalidSubnet"):
        cache.create_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=["subnet-0"])
    group = cache.create_cache_subnet_group(CacheSubnetGroupName="S", CacheSubnetGroupDescription="d", SubnetIds=subnets[:2], Tags=[{"Key": "a", "Value": "b"}])["CacheSubnetGroup"]
    same(group["CacheSubnetGroupName"], "s")
    with refused("CacheSubnetGroupAlreadyExists"):
        cache.create_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=subnets)
    cache.modify_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="e", SubnetIds=subnets)
    same(len(cache.describe_cache_subnet_groups(CacheSubnetGroupName="s")["CacheSubnetGroups"][0]["Subnets"]), 3)
    same(cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"], [{"Key": "a", "Value": "b"}])
    cache.create_cache_parameter_group(CacheParameterGroupName="p", CacheParameterGroupFamily="redis7", Description="d")
    cache.modify_cache_parameter_group(CacheParameterGroupName="p", ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}])
    for wrong in ({"ParameterName": "no-such", "ParameterValue": "1"}, {"ParameterName": "maxmemory-policy", "ParameterValue": "never"}):
        with refused("InvalidParameterValue"):
            cache.modify_cache_parameter_group(CacheParameterGroupName="p", ParameterNameValues=[wrong])
    rows = cache.describe_cache_parameters(CacheParameterGroupName="p", Source="user")["Parameters"]
    same([(row["ParameterName"], row["ParameterValue"]) for row in rows], [("maxmemory-policy", "noeviction")])
    cache.create_replication_group(
        ReplicationGroupId="r", ReplicationGroupDescription="d", CacheSubnetGroupName="s", CacheParameterGroupName="p", NumCacheClusters=2, AutomaticFailoverEnabled=True,
    )
    with refused("CacheSubnetGroupInUse"):
        cache.delete_cache_subnet_group(CacheSubnetGroupName="s")
    with refused("InvalidCacheParameterGroupState"):
        cache.delete_cache_parameter_group(CacheParameterGroupName="p")
    cache.delete_replication_group(ReplicationGroupId="r")
    cache.reset_cache_parameter_group(CacheParameterGroupName="p", ResetAllParameters=True)
    same(cache.describe_cache_parameters(CacheParameterGroupName="p", Source="user")["Parameters"], [])
    cache.delete_cache_parameter_group(CacheParameterGroupName="p")
    cache.delete_cache_subnet_group(CacheSubnetGroupName="s")
    with refused("CacheParameterGroupNotFound"):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="p")
    with refused("CacheSubnetGroupNotFoundFault"):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName="s")


@check
def elasticache_replication_group_lives(account: Account) -> None:
    cache, vpc = account.elasticache, account.vpc()
    subnets = account.subnets(vpc, 3)
    group_id = account.ec2.create_security_group(GroupName="r", Description="d", VpcId=vpc)["GroupId"]
    cache.create_cache_subnet_group(CacheSubnetGroupName="s", CacheSubnetGroupDescription="d", SubnetIds=subnets)
    base = {"ReplicationGroupId": "redis", "ReplicationGroupDescription": "d", "CacheSubnetGroupName": "s"}
    for wrong in ({"AuthToken": "short", "TransitEncryptionEnabled": True}, {"AuthToken": "a" * 20}, {"SecurityGroupIds": ["sg-1"]}, {"EngineVersion": "99"}):
        with refused("InvalidParameterValue"):
            cache.create_replication_group(**base, **wrong)
    made = cache.create_replication_group(
        **base, NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True, TransitEncryptionEnabled=True, AtRestEncryptionEnabled=True,
        AuthToken="a" * 20, SnapshotRetentionLimit=3, SnapshotWindow="03:00-04:00", SecurityGroupIds=[group_id], CacheNodeType="cache.t4g.small",
        EngineVersion="7.1", PreferredMaintenanceWindow="sun:05:00-sun:06:00", Tags=[{"Key": "a", "Value": "b"}],
    )["ReplicationGroup"]
    same(made["Status"], "creating")
    group = cache.describe_replication_groups(ReplicationGroupId="redis")["ReplicationGroups"][0]
    same((group["Status"], group["MultiAZ"], group["AuthTokenEnabled"], group["SnapshotWindow"]), ("available", "enabled", True, "03:00-04:00"))
    same(group["MemberClusters"], ["redis-001", "redis-002"])
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Address"].startswith("master.redis.")
    member = cache.describe_cache_clusters(CacheClusterId="redis-001", ShowCacheNodeInfo=True)["CacheClusters"][0]
    same((member["EngineVersion"], member["SecurityGroups"][0]["SecurityGroupId"], member["CacheSubnetGroupName"]), ("7.1.0", group_id, "s"))
    cache.modify_replication_group(ReplicationGroupId="redis", SnapshotRetentionLimit=5, CacheNodeType="cache.t4g.medium", ApplyImmediately=True, PreferredMaintenanceWindow="mon:05:00-mon:06:00")
    cache.increase_replica_count(ReplicationGroupId="redis", NewReplicaCount=2, ApplyImmediately=True)
    group = cache.describe_replication_groups(ReplicationGroupId="redis")["ReplicationGroups"][0]
    same((len(group["MemberClusters"]), group["SnapshotRetentionLimit"], group["CacheNodeType"]), (3, 5, "cache.t4g.medium"))
    cache.decrease_replica_count(ReplicationGroupId="redis", NewReplicaCount=1, ApplyImmediately=True)
    same(len(cache.describe_cache_clusters()["CacheClusters"]), 2)
    cache.add_tags_to_resource(ResourceName=group["ARN"], Tags=[{"Key": "c", "Value": "d"}])
    cache.remove_tags_from_resource(ResourceName=group["ARN"], TagKeys=["a"])
    same(cache.list_tags_for_resource(ResourceName=group["ARN"])["TagList"], [{"Key": "c", "Value": "d"}])
    same(cache.delete_replication_group(ReplicationGroupId="redis", FinalSnapshotIdentifier="last")["ReplicationGroup"]["Status"], "deleting")
    with refused("ReplicationGroupNotFoundFault"):
        cache.describe_replication_groups(ReplicationGroupId="redis")
    with refused("CacheClusterNotFound"):
        cache.describe_cache_clusters(CacheClusterId="redis-001")
    same(cache.describe_snapshots(SnapshotName="last")["Snapshots"][0]["ReplicationGroupId"], "redis")
    assert "aws:elasticache/snapshot" in account.kinds()
    cache.delete_snapshot(SnapshotName="last")
    same(cache.describe_snapshots()["Snapshots"], [])
