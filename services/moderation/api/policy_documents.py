"""Policies as they travel: JSON and YAML, in and out."""

import json
from typing import Annotated, Any, Literal

import yaml
from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, Field

from services.moderation.api.acts import refused
from services.moderation.domain.policy import BadPolicy
from services.moderation.store.policy_documents import PolicyDocument, read_yaml
from shared.http.problems import Kind

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/yaml": {"schema": {"type": "string"}},
        },
    }
}
"""For the OpenAPI document: a policy comes in either form."""


class PolicyShown(BaseModel):
    """The policy that is in force, whole."""

    version: int
    """0: the shipped set as it is."""
    judging: int
    """The version that judges: an earlier one where this release cannot build the newest."""
    policy: dict[str, Any]
    """Its ladder and all of its rules, those of the shipped set too."""
    rule_versions: dict[str, int]


class VersionShown(BaseModel):
    """One change of a policy."""

    version: int
    changed_at: str
    changed_by: str
    reason: str
    rule_versions: dict[str, int]
    document: dict[str, Any]
    """What it changes of the shipped set."""


class Linted(BaseModel):
    """What is wrong with a policy; it can be saved when there are no errors."""

    valid: bool
    errors: list[str] = Field(description="For those who write policies; each names its rule.")
    warnings: list[str] = Field(description="Contradictions, in the caller's language.")


async def read_policy(request: Request) -> PolicyDocument:
    """The policy in a body, YAML or JSON. Raises `BadPolicy`."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    body = await request.body()
    if not body.strip():  # what stands for nothing else in YAML would take all rules of one's own away
        raise BadPolicy(["the body is empty; a policy that changes nothing is {}"])
    try:
        text = body.decode("utf-8")
        # YAML would read JSON's escaped surrogate pairs as two characters
        return read_yaml(text if kind in YAML_TYPES else json.dumps(json.loads(text), ensure_ascii=False))
    except (ValueError, RecursionError):
        raise BadPolicy([f"the body is no {'YAML' if kind in YAML_TYPES else 'JSON'} in UTF-8"]) from None


def wants_yaml(
    accept: Annotated[str, Header()] = "application/json",
    form: Annotated[Literal["json", "yaml"] | None, Query(alias="format")] = None,
) -> bool:
    """Whether the answer is YAML, by `?format=` or by the Accept header."""
    return form == "yaml" if form else any(kind in accept for kind in YAML_TYPES)


def seen_version(
    if_match: Annotated[str | None, Header(max_length=50)] = None,
    version: Annotated[int | None, Query(ge=0, le=2**31 - 2)] = None,
) -> int:
    """Which version the caller has seen."""
    if version is not None:
        return version
    tag = (if_match or "").strip().removeprefix("W/").strip('"')
    if not tag.isascii() or not tag.isdigit() or len(tag) > 9:
        raise refused("policy-version-missing", Kind.INVALID)
    return int(tag)


WantsYaml = Annotated[bool, Depends(wants_yaml)]
SeenVersion = Annotated[int, Depends(seen_version)]


def parsed(text: str) -> dict[str, Any]:
    """A policy that was written as YAML, for JSON."""
    document: dict[str, Any] = yaml.safe_load(text)
    return document
