"""Operations that a request tells apart by the value of a query argument, such as CloudFront's TagResource and UntagResource.

LocalStack keeps those values as an iterator, which the first request uses up: from then on any value fits, and the first
of the operations is taken for all of them.
"""

import functools

from botocore.model import OperationModel
from localstack.aws.protocol import op_router


def install() -> None:
    """Must run before the first request to a service, for which its router is made."""
    made = op_router._HttpOperation.from_operation
    if getattr(made, "formwork", False):
        return

    @functools.wraps(made)
    def from_operation(operation: OperationModel) -> op_router._HttpOperation:
        found = made(operation)
        return found._replace(query_args={name: list(values) for name, values in found.query_args.items()})

    from_operation.formwork = True  # type: ignore[attr-defined]
    op_router._HttpOperation.from_operation = staticmethod(from_operation)
