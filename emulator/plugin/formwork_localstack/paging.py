"""Pages for the lists of moto that have none.

moto ignores the size of a page for most of EC2, IAM, ECR and Logs and answers with everything, so a client that never
asks for the second page would pass every test. What the paging of an operation is called is in botocore's own data.
"""

import functools
from typing import Any

import botocore.session
from localstack.aws.api import RequestContext

from .intercept import Layer, Proceed, around, refusal

_MARK = "formwork-"
_SERVICES = ("ec2", "iam", "ecr", "logs", "kms", "secretsmanager", "ssm")


def paged(context: RequestContext, request: dict[str, Any], proceed: Proceed) -> Any:
    """Cuts a list at the size that the request asks for; its token goes back to where the page ended."""
    paging = _paging(context.service.service_name).get(context.operation.name)
    if paging is None:
        return proceed()
    token, size = request.get(paging["input"]), request.get(paging["size"])
    if token and not str(token).startswith(_MARK):
        return proceed()
    start = int(str(token).removeprefix(_MARK)) if token else 0
    answer = proceed()
    rows = answer.get(paging["rows"]) if isinstance(answer, dict) else None
    if not isinstance(rows, list) or answer.get(paging["output"]):
        return answer
    if start > len(rows):
        raise refusal("InvalidNextToken", "The specified token is not valid.")
    end = start + int(size) if size else len(rows)
    answer[paging["rows"]] = rows[start:end]
    if end < len(rows):
        answer[paging["output"]] = f"{_MARK}{end}"
        if paging["more"]:
            answer[paging["more"]] = True
    return answer


for _service in _SERVICES:
    around(Layer.ECHO, _service)(paged)


@functools.cache
def _paging(service: str) -> dict[str, dict[str, str]]:
    """By operation: the names of the token in and out, of the size, of the list and of the flag that there is more."""
    pagination = botocore.session.get_session().get_component("data_loader").load_service_model(service, "paginators-1")["pagination"]
    found = {}
    for operation, row in pagination.items():
        rows = row["result_key"] if isinstance(row["result_key"], str) else row["result_key"][0]
        if isinstance(row.get("input_token"), str) and row.get("limit_key") and isinstance(row.get("output_token"), str) and "." not in rows:
            found[operation] = {
                "input": row["input_token"], "output": row["output_token"], "size": row["limit_key"], "rows": rows, "more": row.get("more_results", ""),
            }
    return found
