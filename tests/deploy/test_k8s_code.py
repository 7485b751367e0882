"""The manifests say what the code says: services, topics, partitions, groups, settings, secrets, roles."""

import importlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.cluster import manifests as written
from deploy.cluster.credentials import contents, invented, own_keys
from deploy.cluster.rendering import OVERLAYS, NotRendered, manifests, of_kind, rendered
from deploy.local.prepare import password_variables
from deploy.local.roles import SERVICES
from shared.contracts.topics import PARTITIONS, TOPICS
from shared.settings import ServiceSettings
from tests.architecture.built import build_service
from tests.deploy.pods import service_pod

pytestmark = pytest.mark.usefixtures("kustomize_tool")


def test_what_follows_from_the_code_is_written_as_the_code_gives_it() -> None:
    assert written.main(["--check"]) == 0, "run python -m deploy.cluster.manifests"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_is_deployed_as_itself(overlay: str) -> None:
    deployed = {each["metadata"]["name"]: each for each in of_kind(overlay, "Deployment")}
    assert deployed.keys() == {f"hearth-{service}" for service in SERVICES}
    for service in SERVICES:
        (container,) = deployed[f"hearth-{service}"]["spec"]["template"]["spec"]["containers"]
        assert container["args"] == [f"services.{service}"]
        assert importlib.util.find_spec(f"services.{service}.__main__")
        told = {each["name"]: each["value"] for each in container["env"]}
        assert told["KAFKA_USERNAME"] == f"hearth-{service}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_topics_are_those_of_the_contract_with_its_partitions(overlay: str) -> None:
    topics = {each["metadata"]["name"]: each["spec"] for each in of_kind(overlay, "KafkaTopic")}
    assert topics.keys() == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        assert topics[topic.name]["partitions"] == PARTITIONS
        compact = topics[topic.name]["config"]["cleanup.policy"] == "compact"
        assert compact is topic.compacted


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_user_may_read_what_its_engine_reads_in_its_group_and_no_other(service: str) -> None:
    runtime = build_service(service).state.runtime
    rules = _rules(f"hearth-{service}")
    assert {place for place, may in rules.items() if place[0] == "topic" and "Read" in may} == {
        ("topic", topic) for topic in runtime.routes.topics
    }
    assert [place for place in rules if place[0] == "group"] == [("group", f"hearth.{service}")]
    own = f"{service}.events"
    if own in {topic.name for topic in TOPICS}:
        assert "Write" in rules["topic", own]
    others = {f"{other}.events" for other in SERVICES if other != service} | {"chat.events", "chat.receipts"}
    assert not any("Write" in may for (_, topic), may in rules.items() if topic in others)


def test_nobody_may_do_everything() -> None:
    for user in of_kind("production", "KafkaUser"):
        for rule in user["spec"]["authorization"]["acls"]:
            assert "All" not in rule["operations"]
            assert rule["resource"]["name"] != "*"


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_scaling_asks_for_the_lag_of_the_services_group_and_stays_below_the_partitions(overlay: str) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in of_kind(overlay, "ScaledObject")
    }
    assert scaled.keys() == {f"hearth-{service}" for service in SERVICES}
    for service in SERVICES:
        spec = scaled[f"hearth-{service}"]
        assert 2 <= spec["minReplicaCount"] <= spec["maxReplicaCount"] <= PARTITIONS
        assert spec["triggers"][0]["metadata"]["consumerGroup"] == f"hearth.{service}"


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_what_its_pod_is_told(
    overlay: str, service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, value in service_pod(overlay, service, tmp_path).environment.items():
        monkeypatch.setenv(variable, value)
    settings: ServiceSettings = importlib.import_module(f"services.{service}.settings").Settings()
    assert settings.kafka_ca_file is not None
    assert settings.kafka_password.get_secret_value()
    assert urlsplit(settings.database_url.get_secret_value()).username == f"hearth_{service}"
    ports = {each["name"]: each["containerPort"] for each in _container(overlay, service)["ports"]}
    assert ports == {"api": settings.api_port, "metrics": settings.metrics_port}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_of_the_pods_is_one_that_services_know(overlay: str) -> None:
    fields = {name.upper() for name in ServiceSettings.model_fields}
    for service in SERVICES:
        own = importlib.import_module(f"services.{service}.settings").Settings.model_fields
        known = fields | {name.upper() for name in own}
        told = _environment(overlay) | {
            each["name"]: each["value"] for each in _container(overlay, service)["env"]
        }
        assert {
            name for name in told if name not in known and name.removesuffix("_FILE") not in known
        } == set()


def test_an_overlay_that_patches_what_is_not_there_is_refused(tmp_path: Path) -> None:
    overlay = tmp_path / "wrong"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "resources: [shape.yaml]\npatches:\n"
        "  - target: {kind: ConfigMap}\n"
        "    patch: '[{op: replace, path: /data/LOG_LEVELS, value: DEBUG}]'\n"
    )
    (overlay / "shape.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\ndata: {LOG_LEVEL: INFO}\n"
    )
    with pytest.raises(NotRendered, match="LOG_LEVELS"):
        rendered(overlay)


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_every_secret_that_a_pod_mounts_has_a_source(overlay: str) -> None:
    made = {each["spec"]["target"]["name"]: each["spec"] for each in of_kind(overlay, "ExternalSecret")}
    users = {each["metadata"]["name"] for each in of_kind(overlay, "KafkaUser")}
    operators = {"hearth-cluster-ca-cert", "hearth-database-ca"}
    for workload in of_kind(overlay, "Deployment", "Job"):
        for volume in workload["spec"]["template"]["spec"]["volumes"]:
            if "secret" not in volume:
                continue
            name = volume["secret"]["secretName"]
            assert name in made.keys() | users | operators
            if name in made:
                keys = {each["key"] for each in volume["secret"].get("items", [])}
                assert keys <= made[name]["target"]["template"]["data"].keys()


def test_secrets_made_by_hand_are_those_that_the_store_would_give() -> None:
    by_hand = {each["metadata"]["name"]: each for each in invented()}
    stored = {each["metadata"]["name"]: each["spec"] for each in of_kind("production", "ExternalSecret")}
    # what opens the bucket belongs to whoever owns the bucket
    assert by_hand.keys() == stored.keys() - {"database-backup"}
    for name, secret in by_hand.items():
        template = stored[name]["target"]["template"]
        assert secret["stringData"].keys() == template["data"].keys()
        assert secret["type"] == template["type"]
    values = [value for each in by_hand.values() for value in each["stringData"].values()]
    assert all("{{" not in value for value in values)


def test_production_keeps_every_change_and_a_nightly_copy_with_a_login_by_reference() -> None:
    (cluster,) = of_kind("production", "Cluster")
    (nightly,) = of_kind("production", "ScheduledBackup")
    (secret,) = [
        each
        for each in of_kind("production", "ExternalSecret")
        if each["metadata"]["name"] == "database-backup"
    ]
    assert nightly["spec"]["cluster"]["name"] == cluster["metadata"]["name"]
    assert len(nightly["spec"]["schedule"].split()) == 6, "the operator's schedule begins with seconds"
    login = cluster["spec"]["backup"]["barmanObjectStore"]["s3Credentials"]
    assert {each["name"] for each in login.values()} == {secret["spec"]["target"]["name"]}
    assert {each["key"] for each in login.values()} == {each["secretKey"] for each in secret["spec"]["data"]}


def test_the_database_job_finds_a_password_for_every_role() -> None:
    passwords = {role: role for role in (*password_variables(), "hearth_admin")}
    made = contents(passwords, {name: name for name in SERVICES}, {name: name for name in own_keys()})
    assert made["database-roles"].keys() == password_variables().keys()
    (cluster,) = of_kind("production", "Cluster")
    (managed,) = cluster["spec"]["managed"]["roles"]
    assert (
        managed["name"]
        == made["database-owner"]["username"]
        == cluster["spec"]["bootstrap"]["initdb"]["owner"]
    )
    assert urlsplit(made["database-administrator"]["database-url"]).username == managed["name"]


def test_everything_is_in_one_namespace() -> None:
    for overlay in OVERLAYS:
        spaces = {
            each["metadata"].get("namespace") for each in manifests(overlay) if each["kind"] != "Namespace"
        }
        assert spaces == {"hearth"}


def _rules(user: str) -> dict[tuple[str, str], list[str]]:
    (found,) = [each for each in of_kind("production", "KafkaUser") if each["metadata"]["name"] == user]
    return {
        (rule["resource"]["type"], rule["resource"]["name"]): rule["operations"]
        for rule in found["spec"]["authorization"]["acls"]
    }


def _container(overlay: str, service: str) -> dict[str, list[dict[str, str]]]:
    (found,) = [
        each for each in of_kind(overlay, "Deployment") if each["metadata"]["name"] == f"hearth-{service}"
    ]
    container: dict[str, list[dict[str, str]]] = found["spec"]["template"]["spec"]["containers"][0]
    return container


def _environment(overlay: str) -> dict[str, str]:
    (shared,) = [
        each
        for each in of_kind(overlay, "ConfigMap")
        if each["metadata"]["name"].startswith("hearth-environment")
    ]
    data: dict[str, str] = shared["data"]
    return data
