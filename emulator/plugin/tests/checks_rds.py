"""RDS of moto as the plugin corrects it."""

from harness import Account, check, refused, same


def _instance(account: Account, **arguments: object) -> dict:
    base = {"DBInstanceIdentifier": "db", "Engine": "postgres", "DBInstanceClass": "db.t4g.small", "AllocatedStorage": 20, "MasterUsername": "app"}
    if "MasterUserPassword" not in arguments:
        base["ManageMasterUserPassword"] = True
    return account.rds.create_db_instance(**{**base, **arguments})["DBInstance"]


def _read(account: Account, name: str = "db") -> dict:
    return account.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


@check
def rds_subnet_group_lives(account: Account) -> None:
    rds, subnets = account.rds, account.subnets(account.vpc(), 3)
    base = {"DBSubnetGroupName": "Sub", "DBSubnetGroupDescription": "d"}
    with refused("InvalidSubnet"):
        rds.create_db_subnet_group(**base, SubnetIds=["subnet-0"])
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs"):
        rds.create_db_subnet_group(**base, SubnetIds=subnets[:1])
    rds.create_db_subnet_group(**base, SubnetIds=subnets[:2], Tags=[{"Key": "a", "Value": "b"}])
    with refused("DBSubnetGroupAlreadyExists"):
        rds.create_db_subnet_group(**base, SubnetIds=subnets)
    rds.modify_db_subnet_group(DBSubnetGroupName="sub", DBSubnetGroupDescription="e", SubnetIds=subnets)
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="sub")["DBSubnetGroups"][0]
    same((group["DBSubnetGroupName"], group["DBSubnetGroupDescription"], len(group["Subnets"])), ("sub", "e", 3))
    _instance(account, DBSubnetGroupName="sub")
    with refused("InvalidDBSubnetGroupStateFault"):
        rds.delete_db_subnet_group(DBSubnetGroupName="sub")
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName="sub")
    with refused("DBSubnetGroupNotFoundFault"):
        rds.describe_db_subnet_groups(DBSubnetGroupName="sub")


@check
def rds_parameter_group_lives(account: Account) -> None:
    rds = account.rds
    base = {"DBParameterGroupName": "p", "Description": "d"}
    with refused("InvalidParameterValue"):
        rds.create_db_parameter_group(**base, DBParameterGroupFamily="nothing1")
    rds.create_db_parameter_group(**base, DBParameterGroupFamily="postgres16")
    rds.modify_db_parameter_group(DBParameterGroupName="p", Parameters=[
        {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"},
        {"ParameterName": "max_connections", "ParameterValue": "50", "ApplyMethod": "pending-reboot"},
    ])
    with refused("InvalidParameterCombination"):
        rds.modify_db_parameter_group(DBParameterGroupName="p", Parameters=[{"ParameterName": "max_connections", "ParameterValue": "5", "ApplyMethod": "immediate"}])
    rows = rds.describe_db_parameters(DBParameterGroupName="p", Source="user")["Parameters"]
    same([(row["ParameterName"], row["ParameterValue"]) for row in rows], [("max_connections", "50"), ("rds.force_ssl", "1")])
    _instance(account, DBParameterGroupName="p", EngineVersion="16")
    with refused("InvalidDBParameterGroupState"):
        rds.delete_db_parameter_group(DBParameterGroupName="p")
    with refused("InvalidParameterCombination"):
        _instance(account, DBInstanceIdentifier="x", DBParameterGroupName="p", EngineVersion="15.4")
    rds.reset_db_parameter_group(DBParameterGroupName="p", ResetAllParameters=False, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}])
    same(len(rds.describe_db_parameters(DBParameterGroupName="p", Source="user")["Parameters"]), 1)
    rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    rds.delete_db_parameter_group(DBParameterGroupName="p")
    with refused("DBParameterGroupNotFound"):
        rds.describe_db_parameter_groups(DBParameterGroupName="p")


@check
def rds_instance_reads_back_what_was_given(account: Account) -> None:
    vpc = account.vpc()
    account.rds.create_db_subnet_group(DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=account.subnets(vpc, 2))
    group = account.ec2.create_security_group(GroupName="d", Description="d", VpcId=vpc)["GroupId"]
    key = account.kms.create_key()["KeyMetadata"]["Arn"]
    role = account.role("monitor", "monitoring.rds.amazonaws.com")
    given = {
        "DBSubnetGroupName": "s", "VpcSecurityGroupIds": [group], "MultiAZ": True, "StorageType": "gp3", "StorageEncrypted": True, "KmsKeyId": key,
        "EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": 31, "MonitoringInterval": 60, "MonitoringRoleArn": role,
        "NetworkType": "IPV4", "CACertificateIdentifier": "rds-ca-ecc384-g1", "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "MaxAllocatedStorage": 100, "BackupRetentionPeriod": 7, "PreferredBackupWindow": "02:00-03:00", "PreferredMaintenanceWindow": "sun:04:00-sun:05:00",
        "DeletionProtection": True, "CopyTagsToSnapshot": True, "EngineVersion": "16", "MasterUserSecretKmsKeyId": key, "Tags": [{"Key": "a", "Value": "b"}],
    }
    made = _instance(account, **given)
    same((made["DBInstanceStatus"], "Endpoint" in made), ("creating", False))
    row = _read(account)
    for name in ("MultiAZ", "StorageType", "StorageEncrypted", "KmsKeyId", "PerformanceInsightsRetentionPeriod", "MonitoringInterval", "MonitoringRoleArn", "NetworkType",
                 "CACertificateIdentifier", "MaxAllocatedStorage", "BackupRetentionPeriod", "PreferredBackupWindow", "PreferredMaintenanceWindow", "DeletionProtection", "CopyTagsToSnapshot"):
        same((name, row.get(name)), (name, given[name]))
    same((row["EngineVersion"], row["PerformanceInsightsEnabled"], row["Iops"], row["StorageThroughput"]), ("16.10", True, 3000, 125))
    same(row["EnabledCloudwatchLogsExports"], ["postgresql", "upgrade"])
    same((row["DBInstanceStatus"], row["PubliclyAccessible"], row["Endpoint"]["Port"]), ("available", False, 5432))
    assert row["MasterUserSecret"]["SecretArn"]
    rds = account.rds
    rds.modify_db_instance(DBInstanceIdentifier="db", CloudwatchLogsExportConfiguration={"DisableLogTypes": ["upgrade"]}, EnablePerformanceInsights=False, MonitoringInterval=0, DeletionProtection=False, ApplyImmediately=True)
    row = _read(account)
    same((row["EnabledCloudwatchLogsExports"], row["PerformanceInsightsEnabled"], row.get("MonitoringRoleArn"), row["DeletionProtection"]), (["postgresql"], False, None, False))
    rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.large", BackupRetentionPeriod=3)
    row = _read(account)
    same((row["DBInstanceClass"], row["PendingModifiedValues"], row["BackupRetentionPeriod"]), ("db.t4g.small", {"DBInstanceClass": "db.t4g.large"}, 3))
    rds.modify_db_instance(DBInstanceIdentifier="db", ApplyImmediately=True)
    row = _read(account)
    same((row["DBInstanceClass"], row["PendingModifiedValues"]), ("db.t4g.large", {}))
    rds.modify_db_instance(DBInstanceIdentifier="db", DBPortNumber=5433, ApplyImmediately=True)
    same(_read(account)["Endpoint"]["Port"], 5433)
    with refused("InvalidParameterCombination"):
        rds.modify_db_instance(DBInstanceIdentifier="db", EngineVersion="15.14", ApplyImmediately=True)
    with refused("InvalidParameterCombination"):
        rds.delete_db_instance(DBInstanceIdentifier="db")
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="last")
    with refused("DBInstanceNotFound"):
        _read(account)


@check
def rds_instance_refuses_what_does_not_stand(account: Account) -> None:
    with refused("DBSubnetGroupNotFoundFault"):
        _instance(account, DBSubnetGroupName="none")
    with refused("InvalidParameterValue"):
        _instance(account, VpcSecurityGroupIds=["sg-0"])
    with refused("DBParameterGroupNotFound"):
        _instance(account, DBParameterGroupName="none")
    with refused("InvalidParameterValue"):
        _instance(account, MasterUserPassword="short")
    with refused("KMSKeyNotAccessibleFault"):
        _instance(account, StorageEncrypted=True, KmsKeyId="nothing")
    with refused("InvalidParameterCombination"):
        _instance(account, EngineVersion="99")
    with refused("InvalidParameterCombination"):
        _instance(account, MonitoringInterval=60)


def _cluster(account: Account, **arguments: object) -> dict:
    base = {"DBClusterIdentifier": "main", "Engine": "aurora-postgresql", "MasterUsername": "app"}
    if "MasterUserPassword" not in arguments:
        base["ManageMasterUserPassword"] = True
    return account.rds.create_db_cluster(**{**base, **arguments})["DBCluster"]


def _cluster_read(account: Account, name: str = "main") -> dict:
    return account.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]


@check
def rds_cluster_reads_back_what_was_given_and_changed(account: Account) -> None:
    rds, vpc = account.rds, account.vpc()
    rds.create_db_subnet_group(DBSubnetGroupName="s", DBSubnetGroupDescription="d", SubnetIds=account.subnets(vpc, 2))
    group = account.ec2.create_security_group(GroupName="d", Description="d", VpcId=vpc)["GroupId"]
    key, role = account.kms.create_key()["KeyMetadata"]["Arn"], account.role("monitor", "monitoring.rds.amazonaws.com")
    given = {
        "DBSubnetGroupName": "s", "VpcSecurityGroupIds": [group], "StorageEncrypted": True, "KmsKeyId": key, "EnableIAMDatabaseAuthentication": True,
        "EnableHttpEndpoint": True, "EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": 31, "MonitoringInterval": 60,
        "MonitoringRoleArn": role, "NetworkType": "IPV4", "EnableCloudwatchLogsExports": ["postgresql"], "StorageType": "aurora-iopt1",
        "BackupRetentionPeriod": 7, "PreferredBackupWindow": "02:00-03:00", "PreferredMaintenanceWindow": "Sun:04:00-Sun:05:00", "DeletionProtection": True,
        "CopyTagsToSnapshot": True, "EngineVersion": "16", "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 8}, "Tags": [{"Key": "a", "Value": "b"}],
    }
    same(_cluster(account, **given)["Status"], "creating")
    row = _cluster_read(account)
    for name in ("KmsKeyId", "StorageType", "MonitoringInterval", "MonitoringRoleArn", "BackupRetentionPeriod", "DeletionProtection", "CopyTagsToSnapshot", "PerformanceInsightsRetentionPeriod"):
        same((name, row.get(name)), (name, given[name]))
    same((row["IAMDatabaseAuthenticationEnabled"], row["HttpEndpointEnabled"], row["EnabledCloudwatchLogsExports"]), (True, True, ["postgresql"]))
    same((row["EngineVersion"], row["DBClusterParameterGroup"], row["PreferredMaintenanceWindow"]), ("16.8", "default.aurora-postgresql16", "sun:04:00-sun:05:00"))
    same((row["Status"], row["ServerlessV2ScalingConfiguration"]["MinCapacity"], len(row["AvailabilityZones"])), ("available", 0.5, 3))
    assert row["MasterUserSecret"]["SecretArn"] and row["TagList"]
    rds.disable_http_endpoint(ResourceArn=row["DBClusterArn"])
    rds.modify_db_cluster(DBClusterIdentifier="main", EnableIAMDatabaseAuthentication=False, StorageType="aurora", CloudwatchLogsExportConfiguration={"EnableLogTypes": ["instance"], "DisableLogTypes": ["postgresql"]}, ApplyImmediately=True)
    row = _cluster_read(account)
    same((row["HttpEndpointEnabled"], row["IAMDatabaseAuthenticationEnabled"], row.get("StorageType"), row["EnabledCloudwatchLogsExports"]), (False, False, None, ["instance"]))
    rds.modify_db_cluster(DBClusterIdentifier="main", EngineVersion="16.9", BackupRetentionPeriod=3)
    row = _cluster_read(account)
    same((row["EngineVersion"], row["PendingModifiedValues"]["EngineVersion"], row["BackupRetentionPeriod"]), ("16.8", "16.9", 3))
    for wrong in ({"EngineVersion": "15"}, {"EngineVersion": "17"}, {"CloudwatchLogsExportConfiguration": {"EnableLogTypes": ["nothing"]}}):
        with refused("InvalidParameterCombination"):
            rds.modify_db_cluster(DBClusterIdentifier="main", ApplyImmediately=True, **wrong)
    rds.modify_db_cluster(DBClusterIdentifier="main", EngineVersion="17", AllowMajorVersionUpgrade=True, ApplyImmediately=True)
    same((_cluster_read(account)["EngineVersion"], _cluster_read(account)["DBClusterParameterGroup"]), ("17.4", "default.aurora-postgresql17"))
    importer = account.role("import", "rds.amazonaws.com")
    rds.add_role_to_db_cluster(DBClusterIdentifier="main", RoleArn=importer, FeatureName="s3Import")
    same([it["FeatureName"] for it in _cluster_read(account)["AssociatedRoles"]], ["s3Import"])
    rds.remove_role_from_db_cluster(DBClusterIdentifier="main", RoleArn=importer, FeatureName="s3Import")
    same(_cluster_read(account).get("AssociatedRoles"), [])


@check
def rds_cluster_goes_after_its_members(account: Account) -> None:
    rds = account.rds
    _cluster(account)
    with refused("DBClusterAlreadyExistsFault"):
        _cluster(account)
    member = {"DBClusterIdentifier": "main", "Engine": "aurora-postgresql", "DBInstanceClass": "db.t4g.medium"}
    with refused("InvalidParameterCombination"):
        rds.create_db_instance(DBInstanceIdentifier="one", **{**member, "DBInstanceClass": "db.serverless"})
    rds.create_db_instance(DBInstanceIdentifier="one", PromotionTier=3, **member)
    rds.create_db_instance(DBInstanceIdentifier="two", **member)
    same([it["DBInstanceIdentifier"] for it in _cluster_read(account)["DBClusterMembers"] if it["IsClusterWriter"]], ["one"])
    rds.modify_db_instance(DBInstanceIdentifier="two", PromotionTier=5, DBInstanceClass="db.r7g.large")
    row = _read(account, "two")
    same((row["PromotionTier"], row["DBInstanceClass"], row["PendingModifiedValues"]), (5, "db.t4g.medium", {"DBInstanceClass": "db.r7g.large"}))
    same((row["MonitoringInterval"], row["Endpoint"]["Port"], row["EngineVersion"]), (0, 5432, "16.8"))
    same([kind for kind in account.kinds() if kind.startswith("aws:rds/")], ["aws:rds/cluster", "aws:rds/cluster-instance", "aws:rds/cluster-instance"])
    with refused("InvalidDBClusterStateFault"):
        rds.delete_db_cluster(DBClusterIdentifier="main", SkipFinalSnapshot=True)
    for name in ("one", "two"):
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    with refused("InvalidParameterCombination"):
        rds.delete_db_cluster(DBClusterIdentifier="main")
    rds.delete_db_cluster(DBClusterIdentifier="main", FinalDBSnapshotIdentifier="last")
    same(account.kinds(), ["aws:rds/cluster-snapshot"])
    with refused("DBClusterNotFoundFault"):
        _cluster_read(account)


@check
def rds_cluster_parameter_group_lives(account: Account) -> None:
    rds = account.rds
    made = rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="P", DBParameterGroupFamily="aurora-postgresql16", Description="d", Tags=[{"Key": "a", "Value": "b"}])
    arn = made["DBClusterParameterGroup"]["DBClusterParameterGroupArn"]
    with refused("DBParameterGroupAlreadyExists"):
        rds.create_db_cluster_parameter_group(DBClusterParameterGroupName="p", DBParameterGroupFamily="aurora-postgresql16", Description="d")
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "c", "Value": "d"}])
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])
    same(rds.list_tags_for_resource(ResourceName=arn)["TagList"], [{"Key": "c", "Value": "d"}])
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="p", Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}])
    rows = rds.describe_db_cluster_parameters(DBClusterParameterGroupName="p", Source="user")["Parameters"]
    same([(row["ParameterName"], row["ParameterValue"]) for row in rows], [("rds.force_ssl", "1")])
    rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName="p", Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}])
    same(rds.describe_db_cluster_parameters(DBClusterParameterGroupName="p", Source="user")["Parameters"], [])
    with refused("InvalidParameterCombination"):
        _cluster(account, EngineVersion="15", DBClusterParameterGroupName="p")
    _cluster(account, EngineVersion="16", DBClusterParameterGroupName="p")
    with refused("InvalidDBParameterGroupState"):
        rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="p")
    rds.delete_db_cluster(DBClusterIdentifier="main", SkipFinalSnapshot=True)
    rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="p")
    with refused("DBParameterGroupNotFound"):
        rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName="p")


@check
def rds_says_where_a_class_can_be_had(account: Account) -> None:
    def options(**wish: object) -> list[dict]:
        return account.rds.describe_orderable_db_instance_options(**wish)["OrderableDBInstanceOptions"]

    def zones(row: dict) -> list[str]:
        return [zone["Name"] for zone in row["AvailabilityZones"]]

    rows = options(Engine="postgres", DBInstanceClass="db.r6g.large", MaxRecords=1000)
    assert {"16.4", "17.1"} <= {row["EngineVersion"] for row in rows}, rows
    same(zones(rows[0]), ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    same([row["EngineVersion"] for row in options(Engine="postgres", EngineVersion="16.4", DBInstanceClass="db.t4g.micro")], ["16.4"])
    same(options(Engine="postgres", DBInstanceClass="db.r6g.enormous"), [])
    same(options(Engine="aurora-postgresql", DBInstanceClass="db.m6g.large"), [])
    assert options(Engine="aurora-mysql", DBInstanceClass="db.serverless")
    first = account.rds.describe_orderable_db_instance_options(Engine="postgres", MaxRecords=20)
    same((len(first["OrderableDBInstanceOptions"]), first["Marker"]), (20, "20"))
    with refused("InvalidParameterValue"):
        options(Engine="postgrey")
    far = Account(account.endpoint, "us-east-1")
    rows = far.rds.describe_orderable_db_instance_options(Engine="postgres", DBInstanceClass="db.r5b.large")["OrderableDBInstanceOptions"]
    assert "us-east-1e" not in zones(rows[0]) and "us-east-1a" in zones(rows[0]), rows[0]
