"""EC2: launch templates. moto mixes the template's own tags into what it says, cuts lists without a token, and knows no end of a version.

What a version says is kept as it was sent, which is how AWS answers it.
"""

import copy
import re
from datetime import datetime
from typing import Any

from localstack.aws.api import RequestContext

from .. import known
from ..intercept import Layer, Proceed, around, refusal
from .native import now


@around(Layer.GAPS, "ec2", "CreateLaunchTemplate")
def create(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    from moto.ec2.models.launch_templates import LaunchTemplate

    backend, name, data = _backend(context), request["LaunchTemplateName"], request.get("LaunchTemplateData") or {}
    if not re.fullmatch(r"[a-zA-Z0-9().\-/_]{3,128}", name):
        raise refusal("InvalidLaunchTemplateName.MalformedException", f"The launch template name '{name}' is invalid")
    if name in backend.launch_template_name_to_ids:
        raise refusal("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
    if not data:
        raise refusal("MissingParameter", "The request must contain the parameter LaunchTemplateData")
    tags = {tag["Key"]: tag["Value"] for spec in request.get("TagSpecifications") or [] for tag in spec.get("Tags") or []}
    template = LaunchTemplate(backend, name, _said(data), request.get("VersionDescription") or "", {"launch-template": tags})
    template.versions[0].formwork_made = template.formwork_made = now()
    backend.launch_templates[template.id] = template
    backend.launch_template_name_to_ids[name] = template.id
    backend.launch_template_insert_order.append(template.id)
    return {"LaunchTemplate": _row(template)}


@around(Layer.GAPS, "ec2", "CreateLaunchTemplateVersion")
def create_version(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """With a source version, what is not said is what stood there."""
    template = _template(context, request)
    data = _said(request.get("LaunchTemplateData") or {})
    if request.get("SourceVersion"):
        data = {**_version(template, request["SourceVersion"]).data, **data}
    version = template.create_version(data, request.get("VersionDescription") or "")
    version.formwork_made = now()
    return {"LaunchTemplateVersion": _version_row(template, version)}


@around(Layer.GAPS, "ec2", "ModifyLaunchTemplate")
def modify(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    template = _template(context, request)
    template.default_version_number = _version(template, request["DefaultVersion"]).number
    return {"LaunchTemplate": _row(template)}


@around(Layer.GAPS, "ec2", "DescribeLaunchTemplates")
def describe(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    backend = _backend(context)
    ids = request.get("LaunchTemplateIds") or []
    for template_id in ids:
        if template_id not in backend.launch_templates:
            raise refusal("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {template_id}, does not exist.")
    for name in request.get("LaunchTemplateNames") or []:
        if name not in backend.launch_template_name_to_ids:
            raise refusal("InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.")
        ids = [*ids, backend.launch_template_name_to_ids[name]]
    filters = {filter["Name"]: filter["Values"] for filter in request.get("Filters") or []}
    found = backend.describe_launch_templates(filters=filters or None)
    return {"LaunchTemplates": [_row(template) for template in found if not ids or template.id in ids]}


@around(Layer.GAPS, "ec2", "DescribeLaunchTemplateVersions")
def describe_versions(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    if not (request.get("LaunchTemplateId") or request.get("LaunchTemplateName")):
        wanted = request.get("Versions") or []
        if not wanted or any(word not in ("$Latest", "$Default") for word in wanted):
            raise refusal("InvalidParameterValue", "For all templates, only the versions $Latest and $Default can be asked for")
        found = [(template, _version(template, word)) for template in list(_backend(context).launch_templates.values()) for word in wanted]
        return {"LaunchTemplateVersions": [_version_row(template, version) for template, version in found]}
    template = _template(context, request)
    versions = [_version(template, word) for word in request["Versions"]] if request.get("Versions") else list(reversed(_there(template)))
    return {"LaunchTemplateVersions": [_version_row(template, version) for version in versions]}


@around(Layer.GAPS, "ec2", "DeleteLaunchTemplateVersions")
def delete_versions(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    """The default version stays. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html"""
    template = _template(context, request)
    done, refused = [], []
    for word in request["Versions"]:
        row = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(word)}
        version = next((held for held in _there(template) if held.number == int(word)), None)
        if version is None:
            refused.append({**row, "ResponseError": {"Code": "launchTemplateVersionDoesNotExist", "Message": f"There is no version {word}"}})
        elif template.is_default(version):
            refused.append({**row, "ResponseError": {"Code": "unexpectedError", "Message": "The default version cannot be deleted"}})
        else:
            version.formwork_gone = True
            done.append(row)
    return {"SuccessfullyDeletedLaunchTemplateVersions": done, "UnsuccessfullyDeletedLaunchTemplateVersions": refused}


@around(Layer.GAPS, "ec2", "DeleteLaunchTemplate")
def delete(context: RequestContext, request: dict[str, Any], _proceed: Proceed) -> Any:
    backend, template = _backend(context), _template(context, request)
    del backend.launch_templates[template.id]
    backend.launch_template_name_to_ids.pop(template.name, None)
    backend.launch_template_insert_order = [held for held in backend.launch_template_insert_order if held != template.id]
    backend.tags.pop(template.id, None)
    return {"LaunchTemplate": _row(template)}


def said(context: RequestContext, specification: dict[str, Any]) -> dict[str, Any]:
    """What the version of a template says that an instance is started from."""
    return copy.deepcopy(_version(_template(context, specification), specification.get("Version") or "$Default").data)


def _backend(context: RequestContext) -> Any:
    return known.ec2(context.account_id, context.region)


def _template(context: RequestContext, request: dict[str, Any]) -> Any:
    backend = _backend(context)
    template_id = request.get("LaunchTemplateId") or backend.launch_template_name_to_ids.get(request.get("LaunchTemplateName"))
    found = backend.launch_templates.get(template_id)
    if found is None:
        if request.get("LaunchTemplateId"):
            raise refusal("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {template_id}, does not exist.")
        raise refusal("InvalidLaunchTemplateName.NotFoundException", "The specified launch template does not exist.")
    return found


def _there(template: Any) -> list[Any]:
    return [version for version in template.versions if not getattr(version, "formwork_gone", False)]


def _version(template: Any, word: str) -> Any:
    if word in ("$Latest", "$Default"):
        number = _there(template)[-1].number if word == "$Latest" else template.default_version_number
    else:
        number = int(word)
    found = next((version for version in _there(template) if version.number == number), None)
    if found is None:
        raise refusal("InvalidLaunchTemplateId.VersionNotFound", f"Could not find the specified version {word} for the launch template with ID {template.id}.")
    return found


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """As it is answered: empty parts are left out."""
    return {key: value for key, value in copy.deepcopy(dict(data)).items() if value not in (None, [], {})}


def _row(template: Any) -> dict[str, Any]:
    return {
        "LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "CreateTime": getattr(template, "formwork_made", datetime(2026, 1, 1)),
        "CreatedBy": f"arn:aws:iam::{template.ec2_backend.account_id}:root", "DefaultVersionNumber": template.default_version_number,
        "LatestVersionNumber": _there(template)[-1].number, "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in template.get_tags()],
    }


def _version_row(template: Any, version: Any) -> dict[str, Any]:
    row = {
        "LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": version.number,
        "CreateTime": getattr(version, "formwork_made", datetime(2026, 1, 1)), "DefaultVersion": template.is_default(version),
        "LaunchTemplateData": copy.deepcopy(version.data),
    }
    return {**row, "VersionDescription": version.description} if version.description else row
