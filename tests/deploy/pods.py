"""A pod of the rendered manifests as a process of this machine: its arguments, its variables, its files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.cluster.credentials import ADMINISTRATOR, contents, own_keys
from deploy.cluster.rendering import Manifest, of_kind
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES

MOUNTED = "/run/hearth"


@dataclass(frozen=True, slots=True)
class Pod:
    """What a container is started with; `MOUNTED` lies in `folder`."""

    arguments: list[str]
    environment: dict[str, str]
    folder: Path

    def file(self, name: str) -> Path:
        """A mounted file: `credentials/api-token`."""
        return self.folder / name


def service_pod(overlay: str, service: str, folder: Path) -> Pod:
    """A service's pod, its secrets invented."""
    return _pod(overlay, "Deployment", f"hearth-{service}", folder)


def database_pod(overlay: str, folder: Path) -> Pod:
    """The pod of the Job that prepares the database."""
    return _pod(overlay, "Job", "hearth-database", folder)


def password(role: str) -> str:
    """The invented password of a role."""
    return f"secret-of-{role}"


def _pod(overlay: str, kind: str, name: str, folder: Path) -> Pod:
    (found,) = [each for each in of_kind(overlay, kind) if each["metadata"]["name"] == name]
    pod = found["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    for mount in container["volumeMounts"]:
        if mount["mountPath"].startswith(MOUNTED):
            _mount(volumes[mount["name"]]["secret"], _here(mount["mountPath"], folder))
    told = _shared(overlay) if container.get("envFrom") else {}
    told |= {each["name"]: _here(each["value"], folder) for each in container["env"]}
    return Pod(container["args"], told, folder)


def _mount(volume: Manifest, place: str) -> None:
    values = _secrets()[volume["secretName"]]
    items = volume.get("items", [{"key": key, "path": key} for key in values])
    Path(place).mkdir(parents=True)
    for item in items:
        (Path(place) / item["path"]).write_text(values[item["key"]])


def _secrets() -> dict[str, dict[str, str]]:
    """Those that people or a store make, and those that operators make."""
    users = {f"hearth-{service}": {"password": password(f"hearth-{service}")} for service in SERVICES}
    authorities = {
        name: {"ca.crt": "certificate"} for name in ("hearth-cluster-ca-cert", "hearth-database-ca")
    }
    made = contents(
        {role: password(role) for role in (*password_variables(), ADMINISTRATOR)},
        {service: f"a-token-for-{service}" for service in SERVICES},
        {name: f"a-key-called-{name}" for name in own_keys()},
    )
    return {**made, **users, **authorities}


def _here(value: str, folder: Path) -> str:
    return str(folder) + value.removeprefix(MOUNTED) if value.startswith(MOUNTED) else value


def _shared(overlay: str) -> dict[str, str]:
    (shared,) = [
        each
        for each in of_kind(overlay, "ConfigMap")
        if each["metadata"]["name"].startswith("hearth-environment")
    ]
    data: dict[str, Any] = shared["data"]
    return dict(data)
