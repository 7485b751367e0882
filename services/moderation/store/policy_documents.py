"""Policies as people write them: YAML or JSON, only what differs from the default set, checked as a whole."""

import re
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.moderation.domain.policy import SEVERITY_MAX, Action, BadPolicy, Mode, Policy, Rule, Scope
from services.moderation.domain.rules import KINDS

DEFAULT_FILE = Path(__file__).with_name("default_policy.yaml")
RULES_MAX = 200
YAML_CHARACTERS_MAX = 1_000_000
RESOLVED = {"tag:yaml.org,2002:bool": re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")}
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Ids = Annotated[tuple[str, ...], Field(max_length=2000)]


class _Yaml(yaml.SafeLoader):
    """YAML of which only `true` and `false` are truth values, as in YAML 1.2: `mode: off` is a mode."""

    yaml_implicit_resolvers = {
        first: [(tag, RESOLVED.get(tag, pattern)) for tag, pattern in resolvers]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class ScopeDocument(BaseModel):
    """Where and for whom a rule applies."""

    model_config = ConfigDict(extra="forbid")

    channels: Ids = ()
    channels_exempt: Ids = ()
    roles_exempt: Ids = Scope().roles_exempt


class RuleDocument(BaseModel):
    """A rule of one's own, or what differs in one of the default set: what is left out is as it is there."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    id: Slug
    kind: str | None = None
    """May be left out for a rule of the default set."""
    mode: Mode | None = None
    newcomer_mode: Mode | None = None
    """For a member's first three messages and first day."""
    action: Action | None = None
    severity: int | None = Field(default=None, ge=0, le=SEVERITY_MAX)
    scope: ScopeDocument | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    """Single parameters of the kind."""
    names: dict[str, str] | None = Field(default=None, max_length=10)
    """Its name for people, by locale."""


class PolicyDocument(BaseModel):
    """What a community's policy changes of the default set."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    ladder: dict[str, int] = Field(default_factory=dict)
    rules: list[RuleDocument] = Field(default_factory=list, max_length=RULES_MAX)


def read_yaml(text: str) -> PolicyDocument:
    """A policy in YAML (JSON is YAML too). Raises `BadPolicy`."""
    if len(text) > YAML_CHARACTERS_MAX:
        raise BadPolicy([f"the policy has over {YAML_CHARACTERS_MAX:,} characters"])
    if re.search(r"[&*]\w", text) and re.search(r":\s*\*\w|-\s*\*\w", text):
        raise BadPolicy(["anchors and aliases are not taken"])
    try:
        return PolicyDocument.model_validate(yaml.load(text, _Yaml) or {})  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadPolicy([f"no YAML{f', line {mark.line + 1}' if mark else ''}"]) from None
    except ValidationError as error:
        raise BadPolicy(complaints_of(error)) from None
    except (ValueError, RecursionError):  # a date that there is not, brackets without end
        raise BadPolicy(["it holds a value that cannot be read, or is nested too deeply"]) from None


def write_yaml(policy: Policy) -> str:
    """The whole policy as YAML that `read_yaml` takes."""
    rules = [_document(rule) for rule in policy.rules]
    return yaml.safe_dump(
        {"ladder": asdict(policy.ladder), "rules": rules}, allow_unicode=True, sort_keys=False, width=100
    )


def default_policy() -> Policy:
    """The shipped set."""
    return compose(Policy(()), read_yaml(DEFAULT_FILE.read_text(encoding="utf-8")), version=0)


def compose(base: Policy, document: PolicyDocument, *, version: int, before: Policy | None = None) -> Policy:
    """The base with what the document changes. Raises `BadPolicy` with all complaints.

    A rule that judges differently than in the policy `before` (or the base) has the next version.
    """
    complaints: list[str] = []
    rules = {rule.id: rule for rule in base.rules}
    seen: set[str] = set()
    for each in document.rules:
        if each.id in seen:
            complaints.append(f"rule {each.id}: it is there twice")
        seen.add(each.id)
        try:
            rules[each.id] = _rule(rules.get(each.id), each)
        except ValueError as error:
            complaints.append(f"rule {each.id}: {error}")
    try:
        ladder = _filled(type(base.ladder), asdict(base.ladder) | document.ladder)
    except ValueError as error:
        complaints.append(f"ladder: {error}")
    if complaints:
        raise BadPolicy(complaints)
    known = {rule.id: rule for rule in (before or base).rules}
    return Policy(tuple(_versioned(rule, known.get(rule.id)) for rule in rules.values()), ladder, version)


def _rule(base: Rule | None, document: RuleDocument) -> Rule:
    kind = document.kind or (base.kind if base else None)
    if kind is None or kind not in KINDS:
        raise ValueError(
            f"no such kind {kind!r}; there are {', '.join(sorted(KINDS))}" if kind else "its kind is missing"
        )
    kept = _values(base.params) if base and base.kind == kind else {}
    params = _filled(KINDS[kind].params, kept | document.params)
    fallback = base or Rule(document.id, kind, params)
    scope = document.scope
    return Rule(
        document.id,
        kind,
        params,
        document.mode or fallback.mode,
        document.action or fallback.action,
        fallback.severity if document.severity is None else document.severity,
        fallback.version,
        Scope(**scope.model_dump()) if scope else fallback.scope,
        fallback.names if document.names is None else document.names,
        document.newcomer_mode or fallback.newcomer_mode,
    )


def _filled(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """The dataclass with these values. Raises ValueError with a sentence."""
    unknown = values.keys() - {field.name for field in fields(kind)}
    if unknown:
        known = ", ".join(field.name for field in fields(kind)) or "none"
        raise ValueError(f"no such parameter: {', '.join(sorted(unknown))} (there are: {known})")
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise ValueError("; ".join(complaints_of(error))) from None


def _values(params: object) -> dict[str, Any]:
    return {field.name: getattr(params, field.name) for field in fields(params)}  # type: ignore[arg-type]


def _versioned(rule: Rule, known: Rule | None) -> Rule:
    if known is None:
        return rule
    same = (rule.kind, rule.params, rule.scope) == (known.kind, known.params, known.scope)
    return replace(rule, version=known.version if same else known.version + 1)


def _document(rule: Rule) -> dict[str, Any]:
    params = TypeAdapter(type(rule.params)).dump_python(rule.params, mode="json")
    written: dict[str, Any] = {
        "id": rule.id,
        "kind": rule.kind,
        "mode": rule.mode.value,
        "action": rule.action.value,
        "severity": rule.severity,
        "scope": {name: list(value) for name, value in asdict(rule.scope).items()},
        "params": params,
    }
    if rule.newcomer_mode:
        written["newcomer_mode"] = rule.newcomer_mode.value
    return written | ({"names": dict(sorted(rule.names.items()))} if rule.names else {})


def complaints_of(error: ValidationError) -> list[str]:
    """Sentences, each with its place."""
    return [
        ": ".join(
            part
            for part in (".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, "))
            if part
        )
        for each in error.errors(include_url=False, include_input=False)
    ]
