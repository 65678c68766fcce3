"""EC2: a filter finds whatever has one of its values, also where a resource has several.

moto compares such sets as wholes: of two route tables with three subnets each, a filter with one subnet of each found neither.
"""

import fnmatch
from typing import Any

from moto.ec2 import utils

_moto_matches = utils.is_filter_matching


def _matches(thing: Any, name: str, wanted: Any) -> bool:
    value = thing.get_filter_value(name)
    if wanted is None or value is None or isinstance(value, (bool, int, str)):
        return bool(_moto_matches(thing, name, wanted))
    patterns = wanted if isinstance(wanted, list) else [wanted]
    return any(fnmatch.fnmatchcase(str(one), pattern) for one in value for pattern in patterns)


utils.is_filter_matching = _matches
