"""RDS: which classes an engine can be had in, and where. moto knows two engines, with the zones of one region.

Families are those of RDS's documentation of DB instance classes and the engines that support them,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html and the one of Aurora. The sizes of a family, and the
zones that have it, are those of EC2's machine of that name: nobody but RDS itself tells its own.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext

from ..intercept import Layer, Proceed, around, refusal

_OPEN = ("m5", "m5d", "m6g", "m6gd", "m6i", "m6id", "m7g", "m7i", "m8g", "r5", "r5b", "r5d", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g", "t3", "t4g", "x2iedn")
_AURORA = ("r5", "r6g", "r6gd", "r6i", "r7g", "r7i", "r8g", "t3", "t4g")
_LICENSED = ("m5", "m6i", "m7i", "r5", "r5b", "r6i", "r7i", "t3", "x2iedn")

_FAMILIES: dict[str, tuple[str, ...]] = {
    "aurora-mysql": _AURORA, "aurora-postgresql": _AURORA, "mariadb": _OPEN, "mysql": _OPEN, "postgres": _OPEN,
    "oracle-ee": _LICENSED, "oracle-se2": _LICENSED, "sqlserver-ee": _LICENSED, "sqlserver-ex": ("t3",), "sqlserver-se": _LICENSED, "sqlserver-web": _LICENSED,
}

# The minor versions that are had of a major one, the first and the last.
_VERSIONS: dict[str, dict[str, tuple[int, int]]] = {
    "aurora-postgresql": {"13": (14, 20), "14": (11, 17), "15": (6, 12), "16": (1, 8), "17": (4, 4)},
    "mariadb": {"10.6": (19, 22), "10.11": (9, 13), "11.4": (4, 7)},
    "mysql": {"8.0": (37, 43), "8.4": (3, 6)},
    "postgres": {"11": (22, 22), "12": (22, 22), "13": (14, 22), "14": (11, 19), "15": (6, 14), "16": (1, 10), "17": (1, 6), "18": (1, 1)},
}
_WHOLE: dict[str, tuple[str, ...]] = {
    "aurora-mysql": ("5.7.mysql_aurora.2.12.5", "8.0.mysql_aurora.3.04.4", "8.0.mysql_aurora.3.08.0", "8.0.mysql_aurora.3.08.2"),
    "oracle-ee": ("19.0.0.0.ru-2025-07.rur-2025-07.r1", "21.0.0.0.ru-2025-07.rur-2025-07.r1"),
    "oracle-se2": ("19.0.0.0.ru-2025-07.rur-2025-07.r1", "21.0.0.0.ru-2025-07.rur-2025-07.r1"),
    **dict.fromkeys(("sqlserver-ee", "sqlserver-ex", "sqlserver-se", "sqlserver-web"), ("15.00.4435.7.v1", "16.00.4195.2.v1")),
}

# The smallest machine that an engine is put on: Aurora leaves out the smaller burstable ones, and neither has `nano` or bare metal.
_SIZES = {"t3": {"micro", "small", "medium", "large", "xlarge", "2xlarge"}, "t4g": {"micro", "small", "medium", "large", "xlarge", "2xlarge"}}
_AURORA_SIZES = {"aurora-mysql": {"small", "medium", "large"}, "aurora-postgresql": {"medium", "large"}}
_SERVERLESS = "db.serverless"


@around(Layer.GAPS, "rds", "DescribeOrderableDBInstanceOptions")
def describe_orderable(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    engine = request["Engine"]
    if engine not in _FAMILIES:
        raise refusal("InvalidParameterValue", f"Unrecognized engine name: {engine}")
    classes = _classes(engine, context.region)
    wanted = request.get("DBInstanceClass")
    if wanted:
        classes = {name: zones for name, zones in classes.items() if name == wanted}
    versions = [version for version in _versions(engine) if request.get("EngineVersion") in (None, version)]
    rows = [_option(engine, version, name, zones) for name, zones in sorted(classes.items()) for version in versions]
    if not str(request.get("Marker") or "0").isdigit():
        raise refusal("InvalidParameterValue", "The marker is not one of this list")
    size = int(request.get("MaxRecords") or 100)
    if not 20 <= size <= 1000:
        raise refusal("InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be between 20 and 1000")
    start = int(request.get("Marker") or 0)
    end = start + size
    return {"OrderableDBInstanceOptions": rows[start:end], **({"Marker": str(end)} if end < len(rows) else {})}


def _option(engine: str, version: str, name: str, zones: tuple[str, ...]) -> dict[str, Any]:
    aurora = engine.startswith("aurora")
    return {
        "Engine": engine, "EngineVersion": version, "DBInstanceClass": name, "AvailabilityZones": [{"Name": zone} for zone in zones], "Vpc": True,
        "MultiAZCapable": not aurora, "StorageType": "aurora" if aurora else "gp3", "SupportedNetworkTypes": ["IPV4", "DUAL"],
        "SupportsStorageEncryption": True, "SupportsIAMDatabaseAuthentication": True, "SupportsPerformanceInsights": True,
        "SupportsClusters": engine in ("mysql", "postgres"), "LicenseModel": "general-public-license",
    }


def _versions(engine: str) -> Iterator[str]:
    for major, (first, last) in _VERSIONS.get(engine, {}).items():
        yield from (f"{major}.{minor}" for minor in range(first, last + 1))
    yield from _WHOLE.get(engine, ())


@functools.cache
def _classes(engine: str, region: str) -> dict[str, tuple[str, ...]]:
    """Zones by class, those of the machine that a class is named after."""
    from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

    zones: dict[str, set[str]] = {}
    for row in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, []):
        family, size = row["InstanceType"].split(".")
        sizes = (_AURORA_SIZES.get(engine) or _SIZES[family]) if family in _SIZES else None
        if family in _FAMILIES[engine] and (size in sizes if sizes is not None else re.fullmatch(r"\d*x?large", size)):
            zones.setdefault(f"db.{row['InstanceType']}", set()).add(row["Location"])
    if engine.startswith("aurora"):
        zones[_SERVERLESS] = set().union(*zones.values())
    return {name: tuple(sorted(found)) for name, found in zones.items()}
