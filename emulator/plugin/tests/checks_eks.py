"""EKS as the plugin supplies it."""

import base64
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError
from harness import Account, check, refused, same


@check
def eks_cluster_reads_back_what_was_given(account: Account) -> None:
    key = account.kms.create_key()["KeyMetadata"]["Arn"]
    cluster = account.cluster(
        version="1.33",
        upgradePolicy={"supportType": "STANDARD"},
        deletionProtection=True,
        zonalShiftConfig={"enabled": True},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
        logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        resourcesVpcConfig={"endpointPrivateAccess": True, "publicAccessCidrs": ["1.2.3.4/32"]},
        tags={"a": "b"},
    )
    same(cluster["status"], "ACTIVE")
    same(cluster["accessConfig"], {"authenticationMode": "API"})
    same(cluster["upgradePolicy"], {"supportType": "STANDARD"})
    same((cluster["deletionProtection"], cluster["zonalShiftConfig"]), (True, {"enabled": True}))
    same(cluster["encryptionConfig"][0]["provider"]["keyArn"], key)
    same(cluster["logging"]["clusterLogging"][0], {"types": ["api", "audit"], "enabled": True})
    same(cluster["resourcesVpcConfig"]["publicAccessCidrs"], ["1.2.3.4/32"])
    assert cluster["resourcesVpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert b"BEGIN CERTIFICATE" in base64.b64decode(cluster["certificateAuthority"]["data"])
    with refused("InvalidRequestException"):
        account.eks.delete_cluster(name="main")
    account.eks.update_cluster_config(name="main", deletionProtection=False)
    same(account.eks.delete_cluster(name="main")["cluster"]["status"], "DELETING")
    with refused("ResourceNotFoundException"):
        account.eks.describe_cluster(name="main")


@check
def eks_refuses_what_does_not_stand(account: Account) -> None:
    subnets, role = account.subnets(account.vpc()), account.role("r")
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="c", roleArn=role.replace("/r", "/x"), resourcesVpcConfig={"subnetIds": subnets})
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1", subnets[0]]})
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig={"subnetIds": subnets[:1]})
    with refused("InvalidParameterException"):
        account.eks.create_cluster(name="c", roleArn=role, version="1.1", resourcesVpcConfig={"subnetIds": subnets})


@check
def eks_one_of_many_concurrent_creates_wins(account: Account) -> None:
    placed, role = {"subnetIds": account.subnets(account.vpc())}, account.role("r")

    def create(_: int) -> bool:
        try:
            account.eks.create_cluster(name="one", roleArn=role, resourcesVpcConfig=placed)
            return True
        except ClientError as error:
            same(error.response["Error"]["Code"], "ResourceInUseException")
            return False

    with ThreadPoolExecutor(10) as pool:
        same(sum(pool.map(create, range(20))), 1)


@check
def eks_token_makes_a_retry_harmless(account: Account) -> None:
    arguments = {"name": "one", "roleArn": account.role("r"), "resourcesVpcConfig": {"subnetIds": account.subnets(account.vpc())}, "clientRequestToken": "t1"}
    first = account.eks.create_cluster(**arguments)["cluster"]
    same(account.eks.create_cluster(**arguments)["cluster"]["arn"], first["arn"])
    with refused("ResourceInUseException"):
        account.eks.create_cluster(**{**arguments, "clientRequestToken": "t2"})


@check
def eks_cluster_updates_take_one_change_each(account: Account) -> None:
    account.cluster(version="1.32", accessConfig={"authenticationMode": "CONFIG_MAP"})
    eks = account.eks
    with refused("InvalidParameterException"):
        eks.update_cluster_config(name="main", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}, deletionProtection=True)
    update = eks.update_cluster_config(name="main", resourcesVpcConfig={"endpointPrivateAccess": True})["update"]
    same(update["status"], "InProgress")
    same(eks.describe_update(name="main", updateId=update["id"])["update"]["status"], "Successful")
    with refused("InvalidParameterException"):
        eks.update_cluster_config(name="main", resourcesVpcConfig={"endpointPrivateAccess": True})
    eks.update_cluster_config(name="main", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    with refused("InvalidParameterException"):
        eks.update_cluster_config(name="main", accessConfig={"authenticationMode": "CONFIG_MAP"})
    eks.update_cluster_version(name="main", version="1.33")
    with refused("InvalidParameterException"):
        eks.update_cluster_version(name="main", version="1.32")
    same(len(eks.list_updates(name="main")["updateIds"]), 3)
    cluster = eks.describe_cluster(name="main")["cluster"]
    same((cluster["version"], cluster["accessConfig"]["authenticationMode"]), ("1.33", "API_AND_CONFIG_MAP"))
    eks.tag_resource(resourceArn=cluster["arn"], tags={"x": "y"})
    eks.untag_resource(resourceArn=cluster["arn"], tagKeys=["x"])
    same(eks.list_tags_for_resource(resourceArn=cluster["arn"])["tags"], {})


@check
def eks_node_group_lives(account: Account) -> None:
    cluster = account.cluster()
    node, subnets, eks = account.role("node", "ec2.amazonaws.com"), cluster["resourcesVpcConfig"]["subnetIds"], account.eks
    made = eks.create_nodegroup(
        clusterName="main", nodegroupName="ng", nodeRole=node, subnets=subnets, updateConfig={"maxUnavailablePercentage": 33},
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2}, labels={"a": "b"}, taints=[{"key": "k", "effect": "NO_SCHEDULE"}],
    )["nodegroup"]
    same(made["status"], "CREATING")
    eks.update_nodegroup_config(
        clusterName="main", nodegroupName="ng", scalingConfig={"minSize": 2, "maxSize": 4, "desiredSize": 3}, updateConfig={"maxUnavailable": 2},
        labels={"addOrUpdateLabels": {"c": "d"}, "removeLabels": ["a"]}, taints={"removeTaints": [{"key": "k", "effect": "NO_SCHEDULE"}]},
    )
    group = eks.describe_nodegroup(clusterName="main", nodegroupName="ng")["nodegroup"]
    same((group["labels"], group.get("taints"), group["updateConfig"]), ({"c": "d"}, [], {"maxUnavailable": 2}))
    same((group["status"], group["amiType"], group["version"]), ("ACTIVE", "AL2023_x86_64_STANDARD", "1.33"))
    with refused("InvalidParameterException"):
        eks.update_nodegroup_config(clusterName="main", nodegroupName="ng", scalingConfig={"minSize": 9})
    same(eks.list_access_entries(clusterName="main")["accessEntries"], [node])
    with refused("ResourceInUseException"):
        eks.delete_cluster(name="main")
    eks.delete_nodegroup(clusterName="main", nodegroupName="ng")
    with refused("ResourceNotFoundException"):
        eks.describe_nodegroup(clusterName="main", nodegroupName="ng")
    same(eks.list_access_entries(clusterName="main")["accessEntries"], [])


@check
def eks_addon_lives(account: Account) -> None:
    account.cluster()
    eks, role = account.eks, account.role("cni")
    with refused("InvalidParameterException"):
        eks.create_addon(clusterName="main", addonName="no-such-addon")
    same(eks.create_addon(clusterName="main", addonName="vpc-cni", tags={"a": "b"})["addon"]["status"], "CREATING")
    with refused("ResourceInUseException"):
        eks.create_addon(clusterName="main", addonName="vpc-cni")
    eks.update_addon(clusterName="main", addonName="vpc-cni", serviceAccountRoleArn=role, configurationValues='{"a": 1}', resolveConflicts="OVERWRITE")
    addon = eks.describe_addon(clusterName="main", addonName="vpc-cni")["addon"]
    same((addon["status"], addon["serviceAccountRoleArn"], addon["configurationValues"]), ("ACTIVE", role, '{"a": 1}'))
    versions = eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.33")["addons"][0]["addonVersions"]
    same(versions[0]["compatibilities"][0]["clusterVersion"], "1.33")
    eks.delete_addon(clusterName="main", addonName="vpc-cni")
    with refused("ResourceNotFoundException"):
        eks.describe_addon(clusterName="main", addonName="vpc-cni")


@check
def eks_access_lives(account: Account) -> None:
    account.cluster()
    eks, role = account.eks, account.role("admin")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    with refused("InvalidParameterException"):
        eks.create_access_entry(clusterName="main", principalArn=role + "x")
    with refused("ResourceNotFoundException"):
        eks.associate_access_policy(clusterName="main", principalArn=role, policyArn=policy, accessScope={"type": "cluster"})
    eks.create_access_entry(clusterName="main", principalArn=role, kubernetesGroups=["g"], tags={"a": "b"})
    with refused("ResourceInUseException"):
        eks.create_access_entry(clusterName="main", principalArn=role)
    eks.associate_access_policy(clusterName="main", principalArn=role, policyArn=policy, accessScope={"type": "namespace", "namespaces": ["x"]})
    rows = eks.list_associated_access_policies(clusterName="main", principalArn=role)["associatedAccessPolicies"]
    same(rows[0]["accessScope"], {"type": "namespace", "namespaces": ["x"]})
    eks.disassociate_access_policy(clusterName="main", principalArn=role, policyArn=policy)
    with refused("ResourceNotFoundException"):
        eks.disassociate_access_policy(clusterName="main", principalArn=role, policyArn=policy)
    eks.update_access_entry(clusterName="main", principalArn=role, kubernetesGroups=["h"])
    same(eks.describe_access_entry(clusterName="main", principalArn=role)["accessEntry"]["kubernetesGroups"], ["h"])
    eks.delete_access_entry(clusterName="main", principalArn=role)
    with refused("ResourceNotFoundException"):
        eks.describe_access_entry(clusterName="main", principalArn=role)


@check
def eks_pod_identity_lives(account: Account) -> None:
    account.cluster()
    eks, role = account.eks, account.role("pod", "pods.eks.amazonaws.com")
    made = eks.create_pod_identity_association(clusterName="main", namespace="n", serviceAccount="s", roleArn=role)["association"]
    with refused("ResourceInUseException"):
        eks.create_pod_identity_association(clusterName="main", namespace="n", serviceAccount="s", roleArn=role)
    other = account.role("pod2", "pods.eks.amazonaws.com")
    eks.update_pod_identity_association(clusterName="main", associationId=made["associationId"], roleArn=other)
    same(eks.describe_pod_identity_association(clusterName="main", associationId=made["associationId"])["association"]["roleArn"], other)
    same(len(eks.list_pod_identity_associations(clusterName="main", namespace="n")["associations"]), 1)
    eks.delete_pod_identity_association(clusterName="main", associationId=made["associationId"])
    with refused("ResourceNotFoundException"):
        eks.describe_pod_identity_association(clusterName="main", associationId=made["associationId"])


@check
def eks_lists_come_in_pages(account: Account) -> None:
    placed, role = {"subnetIds": account.subnets(account.vpc())}, account.role("r")
    for number in range(5):
        account.eks.create_cluster(name=f"c{number}", roleArn=role, resourcesVpcConfig=placed)
    pages = [page["clusters"] for page in account.eks.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 2})]
    same(pages, [["c0", "c1"], ["c2", "c3"], ["c4"]])
    with refused("InvalidParameterException"):
        account.eks.list_clusters(nextToken="nonsense")


@check
def eks_makes_and_deletes_one_fargate_profile_at_a_time(account: Account) -> None:
    account.cluster("main")
    role, eks = account.role("pods", "eks-fargate-pods.amazonaws.com"), account.eks
    base = {"clusterName": "main", "podExecutionRoleArn": role, "selectors": [{"namespace": "batch"}]}
    eks.create_fargate_profile(fargateProfileName="a", clientRequestToken="t", **base)
    eks.create_fargate_profile(fargateProfileName="a", clientRequestToken="t", **base)
    with refused("ResourceInUseException"):
        eks.create_fargate_profile(fargateProfileName="b", **base)
    same(eks.describe_fargate_profile(clusterName="main", fargateProfileName="a")["fargateProfile"]["status"], "ACTIVE")
    eks.create_fargate_profile(fargateProfileName="b", **base)
    with refused("ResourceInUseException"):
        eks.delete_fargate_profile(clusterName="main", fargateProfileName="a")
    eks.describe_fargate_profile(clusterName="main", fargateProfileName="b")
    eks.delete_fargate_profile(clusterName="main", fargateProfileName="a")
    with refused("ResourceNotFoundException"):
        eks.describe_fargate_profile(clusterName="main", fargateProfileName="a")
    eks.delete_fargate_profile(clusterName="main", fargateProfileName="b")
