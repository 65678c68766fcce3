"""Parameter group families of ElastiCache, and the parameters that a production stack sets.

A family of AWS has some eighty parameters; here are the ones with a documented default and range that people set
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html). Any other name is refused, as a wrong one
is on AWS.
"""

from typing import Any

FAMILIES = ["redis4.0", "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8", "memcached1.6"]
"""The families that a parameter group may be made for."""

_POLICIES = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"
_YES_NO = "yes,no"

# name: (default, type, allowed values, takes effect at once, modifiable)
_PARAMETERS: dict[str, tuple[str, str, str, bool, bool]] = {
    "acllog-max-len": ("128", "integer", "1-10000", True, True),
    "activedefrag": ("no", "string", _YES_NO, True, True),
    "active-defrag-cycle-max": ("75", "integer", "1-75", True, True),
    "active-defrag-cycle-min": ("5", "integer", "1-75", True, True),
    "active-defrag-ignore-bytes": ("104857600", "integer", "1048576-1073741824", True, True),
    "active-defrag-threshold-lower": ("10", "integer", "1-100", True, True),
    "active-defrag-threshold-upper": ("100", "integer", "1-100", True, True),
    "active-expire-effort": ("1", "integer", "1-10", True, True),
    "activerehashing": ("yes", "string", _YES_NO, False, True),
    "appendfsync": ("everysec", "string", "always,everysec,no", True, False),
    "appendonly": ("no", "string", _YES_NO, True, False),
    "client-output-buffer-limit-normal-hard-limit": ("0", "integer", "0-4294967295", True, True),
    "client-output-buffer-limit-normal-soft-limit": ("0", "integer", "0-4294967295", True, True),
    "client-output-buffer-limit-normal-soft-seconds": ("0", "integer", "0-4294967295", True, True),
    "client-output-buffer-limit-pubsub-hard-limit": ("33554432", "integer", "0-4294967295", True, True),
    "client-output-buffer-limit-pubsub-soft-limit": ("8388608", "integer", "0-4294967295", True, True),
    "client-output-buffer-limit-pubsub-soft-seconds": ("60", "integer", "0-4294967295", True, True),
    "close-on-replica-write": ("yes", "string", _YES_NO, True, True),
    "cluster-allow-pubsubshard-when-down": ("yes", "string", _YES_NO, True, True),
    "cluster-allow-reads-when-down": ("no", "string", _YES_NO, True, True),
    "cluster-enabled": ("no", "string", _YES_NO, False, True),
    "databases": ("16", "integer", "1-1200000", False, True),
    "hash-max-ziplist-entries": ("512", "integer", "0-4294967295", True, True),
    "hash-max-ziplist-value": ("64", "integer", "0-4294967295", True, True),
    "latency-tracking": ("no", "string", _YES_NO, True, True),
    "lazyfree-lazy-eviction": ("yes", "string", _YES_NO, True, True),
    "lazyfree-lazy-expire": ("yes", "string", _YES_NO, True, True),
    "lazyfree-lazy-server-del": ("yes", "string", _YES_NO, True, True),
    "lazyfree-lazy-user-del": ("yes", "string", _YES_NO, True, True),
    "lfu-decay-time": ("1", "integer", "0-4294967295", True, True),
    "lfu-log-factor": ("10", "integer", "0-4294967295", True, True),
    "list-compress-depth": ("0", "integer", "0-4294967295", False, True),
    "lua-time-limit": ("5000", "integer", "5000-5000", True, False),
    "maxclients": ("65000", "integer", "1-65000", False, False),
    "maxmemory-policy": ("volatile-lru", "string", _POLICIES, True, True),
    "maxmemory-samples": ("3", "integer", "1-4294967295", True, True),
    "min-replicas-max-lag": ("10", "integer", "0-4294967295", True, True),
    "min-replicas-to-write": ("0", "integer", "0-4294967295", True, True),
    "notify-keyspace-events": ("", "string", "", True, True),
    "proto-max-bulk-len": ("536870912", "integer", "1048576-536870912", True, True),
    "repl-backlog-size": ("1048576", "integer", "16384-4294967295", True, True),
    "repl-backlog-ttl": ("3600", "integer", "0-4294967295", True, True),
    "repl-timeout": ("60", "integer", "11-60", True, True),
    "reserved-memory-percent": ("25", "integer", "0-100", True, True),
    "set-max-intset-entries": ("512", "integer", "0-4294967295", True, True),
    "slowlog-log-slower-than": ("10000", "integer", "", True, True),
    "slowlog-max-len": ("128", "integer", "0-4294967295", True, True),
    "stream-node-max-bytes": ("4096", "integer", "0-4294967295", True, True),
    "stream-node-max-entries": ("100", "integer", "0-4294967295", True, True),
    "tcp-keepalive": ("300", "integer", "0-2147483647", True, True),
    "timeout": ("0", "integer", "0-2147483647", True, True),
    "tracking-table-max-keys": ("1000000", "integer", "1-100000000", True, True),
    "zset-max-ziplist-entries": ("128", "integer", "0-4294967295", True, True),
    "zset-max-ziplist-value": ("64", "integer", "0-4294967295", True, True),
}


def defaults(family: str) -> list[dict[str, Any]]:
    """The parameters of a family with their defaults, in the shape of DescribeCacheParameters."""
    return [
        {
            "ParameterName": name,
            "ParameterValue": value,
            "Description": name.replace("-", " "),
            "Source": "system",
            "DataType": kind,
            "AllowedValues": allowed,
            "IsModifiable": modifiable,
            "MinimumEngineVersion": "4.0.10",
            "ChangeType": "immediate" if immediate else "requires-reboot",
        }
        for name, (value, kind, allowed, immediate, modifiable) in _PARAMETERS.items()
        if not family.startswith("memcached")
    ]
