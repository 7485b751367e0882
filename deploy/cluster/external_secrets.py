"""The same Secrets by reference: an ExternalSecret for each, whose values a secret store keeps."""

from collections.abc import Iterator
from typing import Any

from deploy.cluster.credentials import ADMINISTRATOR, contents, own_keys, type_of
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES

STORE = "hearth"
PATH = "hearth"
"""In the store: `hearth/roles` with a property for each role, `hearth/tokens` with one for each service,
`hearth/keys` with what a service has beside."""


def secrets() -> Iterator[dict[str, Any]]:
    """One for each Secret that a pod mounts; templates put passwords where they belong."""
    passwords = {role: _placeholder(role) for role in (*password_variables(), ADMINISTRATOR)}
    tokens = {service: _placeholder(f"token_{service}") for service in SERVICES}
    keys = {name: _placeholder(f"key_{name}") for name in own_keys()}
    for name, values in contents(passwords, tokens, keys).items():
        yield {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": name},
            "spec": {
                "refreshInterval": "15m",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
                "target": {
                    "name": name,
                    "creationPolicy": "Owner",
                    "template": {"engineVersion": "v2", "type": type_of(name), "data": values},
                },
                "data": [_fetched(key) for key in _needed(values)],
            },
        }


def _placeholder(key: str) -> str:
    return "{{ ." + key + " }}"


def _needed(values: dict[str, str]) -> list[str]:
    keys = [*password_variables(), ADMINISTRATOR, *(f"token_{service}" for service in SERVICES)]
    keys += [f"key_{name}" for name in own_keys()]
    return [key for key in keys if any(_placeholder(key) in value for value in values.values())]


def _fetched(key: str) -> dict[str, Any]:
    kind, _, rest = key.partition("_")
    folder, name = {"token": ("tokens", rest), "key": ("keys", rest)}.get(kind, ("roles", key))
    return {"secretKey": key, "remoteRef": {"key": f"{PATH}/{folder}", "property": name}}
