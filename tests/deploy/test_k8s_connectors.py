"""Connectors in the cluster: each is deployed, told what it needs, and reaches what it must and no more."""

import importlib
import re
import shutil
from pathlib import Path

import pytest
import yaml
from fastapi import FastAPI

from connectors.sdk.command_intake import GROUP_PREFIX
from deploy.cluster.access import rights_of_connectors
from deploy.cluster.connectors import LISTENS, STORED, connectors, credentials
from deploy.cluster.rendering import K8S, Manifest, manifests, of_kind, rendered
from deploy.local.home import REPOSITORY
from deploy.local.roles import SERVICES
from shared.contracts.topics import (
    CHAT_COMMANDS,
    CHAT_EVENTS,
    CHAT_RECEIPTS,
    COMMUNITY_PROFILES,
    CONNECTOR_STATES,
)
from tests.deploy.pods import connector_pod

pytestmark = pytest.mark.usefixtures("kustomize_tool")
OVERLAY = "connectors"
NAME = "app.kubernetes.io/name"
CALLS_OUT = re.compile(r"^\s*(?:import|from) (?:httpx|aiohttp|aiogram|slack_\w+|nonebot)\b", re.MULTILINE)
TAKES_IN = re.compile(r"include_router|add_api_\w*route|add_websocket_route")


def test_every_connector_that_is_a_process_is_deployed_once_as_itself() -> None:
    deployed = {each["metadata"]["name"]: each["spec"] for each in of_kind(OVERLAY, "StatefulSet")}
    assert deployed.keys() == {f"hearth-{name}" for name in connectors()}
    for name in connectors():
        spec = deployed[f"hearth-{name}"]
        assert spec["replicas"] == 1, "of two under one name one stands back"
        (container,) = spec["template"]["spec"]["containers"]
        assert container["args"] == [f"connectors.{name}"]
        (volume,) = spec["volumeClaimTemplates"]
        assert volume["spec"]["accessModes"] == ["ReadWriteOnce"]
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        told = {each["name"]: each["value"] for each in container["env"]}
        assert told["CONNECTOR_STORE"].startswith(f"sqlite:{mounts[volume['metadata']['name']]}/")


@pytest.mark.parametrize("name", connectors())
def test_a_connector_accepts_what_its_pod_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, value in connector_pod(name, tmp_path).environment.items():
        monkeypatch.setenv(variable, value)
    settings = importlib.import_module(f"connectors.{name}.settings").Settings()
    assert (settings.connector_id, settings.kafka_username) == (name, "hearth-connectors")
    assert settings.kafka_password.get_secret_value()
    assert settings.kafka_ca_file is not None
    assert (settings.metrics_host, settings.metrics_port, settings.api_port) == ("0.0.0.0", 9000, 8000)  # noqa: S104
    assert isinstance(importlib.import_module(f"connectors.{name}.app").build(settings), FastAPI)


@pytest.mark.parametrize("name", connectors())
def test_every_variable_of_a_connectors_pod_is_one_that_it_knows(name: str, tmp_path: Path) -> None:
    fields = importlib.import_module(f"connectors.{name}.settings").Settings.model_fields
    known = {field.upper() for field in fields} | {f"{field.upper()}_FILE" for field in fields}
    assert connector_pod(name, tmp_path).environment.keys() - known == set()


def test_their_user_may_do_what_they_do_and_no_more() -> None:
    rights = rights_of_connectors()
    assert set(rights.writes) == {CHAT_EVENTS, CHAT_RECEIPTS, COMMUNITY_PROFILES, CONNECTOR_STATES}
    assert set(rights.reads) == {CHAT_COMMANDS, COMMUNITY_PROFILES, CONNECTOR_STATES}
    assert (rights.group, rights.group_is_prefix) == (GROUP_PREFIX, True)


def test_no_connector_goes_to_kafka_past_its_login() -> None:
    """`kafka_bootstrap_servers` alone leads to brokers that ask for nothing; `access_of` has the login."""
    bare = [
        str(path)
        for path in (REPOSITORY / "connectors").rglob("*.py")
        if "settings.kafka_bootstrap_servers" in path.read_text(encoding="utf-8")
    ]
    assert bare == []


def test_those_that_are_brought_something_are_let_in_and_no_others() -> None:
    routed = {
        name
        for name in connectors()
        if TAKES_IN.search((REPOSITORY / "connectors" / name / "app.py").read_text(encoding="utf-8"))
    }
    assert set(LISTENS) == routed
    policy = _policy("connectors-listen")
    assert _chosen(policy) == routed
    (rule,) = policy["spec"]["ingress"]
    assert rule == {
        "from": [{"namespaceSelector": {"matchLabels": {"hearth-chat": "allowed"}}}],
        "ports": [{"protocol": "TCP", "port": 8000}],
    }


def test_those_that_call_their_platform_reach_the_open_internet_by_tls_and_no_others_do() -> None:
    calling = {
        name
        for name in connectors()
        for path in (REPOSITORY / "connectors" / name).glob("*.py")
        if CALLS_OUT.search(path.read_text(encoding="utf-8"))
    }
    policy = _policy("connectors-outside")
    assert _chosen(policy) == calling
    (rule,) = policy["spec"]["egress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]
    assert all("ipBlock" in peer for peer in rule["to"])


def test_inside_connectors_reach_the_brokers_alone() -> None:
    (rule,) = _policy("connectors")["spec"]["egress"]
    assert rule["to"] == [{"podSelector": {"matchLabels": {"strimzi.io/cluster": "hearth"}}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 9093}]
    postgres = _policy("postgres")["spec"]["ingress"][0]["from"][0]["podSelector"]
    assert postgres["matchExpressions"] == [
        {"key": "app.kubernetes.io/component", "operator": "In", "values": ["service", "database"]}
    ]
    (kafka,) = of_kind(OVERLAY, "Kafka")
    (listener,) = kafka["spec"]["kafka"]["listeners"]
    peers = [each.get("podSelector", {}).get("matchLabels", {}) for each in listener["networkPolicyPeers"]]
    assert {"service", "connector"} <= {each.get("app.kubernetes.io/component") for each in peers}


def test_every_secret_of_a_connector_comes_from_the_store_and_every_place_from_the_overlay() -> None:
    stored = {each["metadata"]["name"]: each["spec"] for each in of_kind(OVERLAY, "ExternalSecret")}
    config = {each["metadata"]["name"] for each in of_kind(OVERLAY, "ConfigMap")}
    for name in connectors():
        spec = stored[f"connector-{name}"]
        assert spec["target"]["name"] == f"connector-{name}"
        assert {each["secretKey"] for each in spec["data"]} == set(credentials(name).values())
        assert {each["remoteRef"]["key"] for each in spec["data"]} == {STORED}
    for each in of_kind(OVERLAY, "StatefulSet"):
        volumes = each["spec"]["template"]["spec"]["volumes"]
        assert {volume["configMap"]["name"] for volume in volumes if "configMap" in volume} <= config


def test_metrics_of_connectors_are_read_apart_from_those_of_services() -> None:
    monitors = {each["metadata"]["name"]: each["spec"] for each in of_kind(OVERLAY, "PodMonitor")}
    jobs = {}
    for name, spec in monitors.items():
        (endpoint,) = spec["podMetricsEndpoints"]
        (job,) = [each["replacement"] for each in endpoint["relabelings"] if each["targetLabel"] == "job"]
        jobs[name] = (job, spec["selector"]["matchLabels"]["app.kubernetes.io/component"])
    assert jobs == {"hearth": ("hearth", "service"), "hearth-connectors": ("hearth-connectors", "connector")}


def test_without_a_store_the_same_renders_without_its_custom_resources(tmp_path: Path) -> None:
    shutil.copytree(K8S, tmp_path / "k8s")
    folder = tmp_path / "k8s" / "overlays" / "ours"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(
        "namespace: hearth\nresources: [../local, ../../connectors/webhook]\n"
        "components: [../../components/secrets-by-hand]\n"
        "images: [{name: registry.example.org/hearth, newName: hearth, newTag: local}]\n"
    )
    made = [each for each in yaml.safe_load_all(rendered(folder)) if each]
    assert [each for each in made if each["kind"] == "ExternalSecret"] == []
    (connector,) = [each for each in made if each["kind"] == "StatefulSet"]
    services = [each for each in made if each["kind"] == "Deployment"]
    images = {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in (connector, *services)}
    assert images == {"hearth:local"}
    assert len(services) == len(SERVICES)


def _policy(name: str) -> Manifest:
    (found,) = [each for each in of_kind(OVERLAY, "NetworkPolicy") if each["metadata"]["name"] == name]
    return found


def _chosen(policy: Manifest) -> set[str]:
    """The connectors whose pods a policy is for."""
    (by_name,) = policy["spec"]["podSelector"]["matchExpressions"]
    assert (by_name["key"], by_name["operator"]) == (NAME, "In")
    there = {
        each["spec"]["template"]["metadata"]["labels"][NAME]
        for each in manifests(OVERLAY)
        if each["kind"] == "StatefulSet"
    }
    assert set(by_name["values"]) <= there
    return set(by_name["values"])
