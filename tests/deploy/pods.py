"""A pod of the rendered manifests as a process of this machine: its arguments, its variables, its files."""

from dataclasses import dataclass, replace
from pathlib import Path

from deploy.cluster.connectors import connectors, credentials
from deploy.cluster.credentials import ADMINISTRATOR, contents, own_keys
from deploy.cluster.rendering import Manifest, of_kind
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES
from tests.certificates import authority

MOUNTED = "/run/hearth"
BOTS = """
bots:
  - name: fox
    secrets: [whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=]
    places: [{community: tea-house}]
"""


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


def connector_pod(name: str, folder: Path) -> Pod:
    """A connector's pod; its store lies in `folder`, too."""
    pod = _pod("connectors", "StatefulSet", f"hearth-{name}", folder)
    return replace(pod, environment={**pod.environment, "CONNECTOR_STORE": f"sqlite:{folder}/store.db"})


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
            _mount(overlay, volumes[mount["name"]], _here(mount["mountPath"], folder))
    told = {
        name: value for each in container.get("envFrom", ()) for name, value in _told(overlay, each).items()
    }
    told |= {each["name"]: _here(each["value"], folder) for each in container["env"]}
    return Pod(container["args"], told, folder)


def _mount(overlay: str, volume: Manifest, place: str) -> None:
    if "secret" in volume:
        source = volume["secret"]
        values = _secrets()[source["secretName"]]
    else:
        source = volume["configMap"]
        values = _config_maps(overlay)[source["name"]]
    items = source.get("items", [{"key": key, "path": key} for key in values])
    Path(place).mkdir(parents=True)
    for item in items:
        (Path(place) / item["path"]).write_text(values[item["key"]])


def _secrets() -> dict[str, dict[str, str]]:
    """Those that people or a store make, and those that operators make."""
    names = [f"hearth-{user}" for user in (*SERVICES, "connectors")]
    users = {name: {"password": password(name)} for name in names}
    authorities = {name: {"ca.crt": authority()} for name in ("hearth-cluster-ca-cert", "hearth-database-ca")}
    made = contents(
        {role: password(role) for role in (*password_variables(), ADMINISTRATOR)},
        {service: f"a-token-for-{service}" for service in SERVICES},
        {name: f"a-key-called-{name}" for name in own_keys()},
    )
    given = {
        f"connector-{name}": {
            key: BOTS if key == "webhook-bots" else f"secret-of-{key}" for key in credentials(name).values()
        }
        for name in connectors()
    }
    return {**made, **users, **authorities, **given}


def _here(value: str, folder: Path) -> str:
    return str(folder) + value.removeprefix(MOUNTED) if value.startswith(MOUNTED) else value


def _told(overlay: str, source: Manifest) -> dict[str, str]:
    """What a ConfigMap adds to the environment; one that may be missing adds nothing."""
    reference = source["configMapRef"]
    found = _config_maps(overlay)
    return found.get(reference["name"], {}) if reference.get("optional") else found[reference["name"]]


def _config_maps(overlay: str) -> dict[str, dict[str, str]]:
    return {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
