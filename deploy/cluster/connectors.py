"""Connectors in a cluster, told by the code: which there are, and which secrets and files each is given."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connectors.sdk.settings import ConnectorSettings
from deploy.local.home import REPOSITORY

STORE = "hearth"
"""The ClusterSecretStore, as for services."""
STORED = "hearth/connectors"
"""In the store: a property for each secret of each connector."""
CREDENTIALS = "/run/hearth/credentials"
PLACES = "/run/hearth/places"
PLACES_FIELD = "places_file"
READABLE = 0o440
LISTENS = ("feishu", "matrix", "onebot", "slack", "webhook")
"""Those that are brought something; the others fetch what happens."""
Manifest = dict[str, Any]


def connectors() -> tuple[str, ...]:
    """Every connector that is a process."""
    processes = (REPOSITORY / "connectors").glob("*/__main__.py")
    return tuple(sorted(each.parent.name for each in processes if (each.parent / "settings.py").is_file()))


def credentials(name: str) -> dict[str, str]:
    """What a connector cannot start without and nobody else may see: variable, and key of its Secret."""
    found = {}
    for field, info in _settings(name).model_fields.items():
        if field in ConnectorSettings.model_fields or not info.is_required():
            continue
        if info.annotation is SecretStr:
            found[f"{field.upper()}_FILE"] = _key(field)
        elif info.annotation is Path and field != PLACES_FIELD:
            found[field.upper()] = _key(field.removesuffix("_file"))
    return found


def has_places(name: str) -> bool:
    """Whether a file says which channel is of which community."""
    return PLACES_FIELD in _settings(name).model_fields


def kustomization(name: str) -> Iterator[Manifest]:
    """The shape of all connectors under this one's name."""
    yield {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../base/connector", "secret.yaml"],
        "nameSuffix": f"-{name}",
        "labels": [{"pairs": {"app.kubernetes.io/name": name}, "includeSelectors": True}],
        "patches": [{"path": "process.yaml"}],
    }


def process(name: str) -> Iterator[Manifest]:
    """What is this connector's own in its pod."""
    keys = credentials(name)
    told = {"CONNECTOR_ID": name, **{variable: f"{CREDENTIALS}/{key}" for variable, key in keys.items()}}
    items = [{"key": key, "path": key} for key in keys.values()]
    secret = {"secretName": f"connector-{name}", "defaultMode": READABLE, "items": items}
    volumes: list[Manifest] = [{"name": "credentials", "secret": secret}]
    mounts: list[Manifest] = []
    if has_places(name):
        told["PLACES_FILE"] = f"{PLACES}/places.yaml"
        volumes.append({"name": "places", "configMap": {"name": f"connector-{name}-places"}})
        mounts.append({"name": "places", "mountPath": PLACES, "readOnly": True})
    container = {
        "name": "connector",
        "args": [f"connectors.{name}"],
        # The second is the overlay's: settings that are no secrets.
        "envFrom": [
            {"configMapRef": {"name": "hearth-environment"}},
            {"configMapRef": {"name": f"connector-{name}", "optional": True}},
        ],
        "env": [{"name": variable, "value": value} for variable, value in told.items()],
        **({"volumeMounts": mounts} if mounts else {}),
    }
    yield {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "hearth"},
        "spec": {"template": {"spec": {"containers": [container], "volumes": volumes}}},
    }


def secret(name: str) -> Iterator[Manifest]:
    """Its Secret by reference; the kustomization adds the connector's name to `connector`."""
    keys = credentials(name).values()
    yield {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "connector"},
        "spec": {
            "refreshInterval": "15m",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
            "target": {"name": f"connector-{name}", "creationPolicy": "Owner"},
            "data": [
                {"secretKey": key, "remoteRef": {"key": STORED, "property": key.replace("-", "_")}}
                for key in keys
            ],
        },
    }


def _key(field: str) -> str:
    return field.replace("_", "-")


def _settings(name: str) -> type[ConnectorSettings]:
    settings: type[ConnectorSettings] = importlib.import_module(f"connectors.{name}.settings").Settings
    return settings
