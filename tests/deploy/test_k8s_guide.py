"""The guide docs/DEPLOY.md is true: its overlay renders, its labels choose, its versions are pinned."""

import importlib
import re
import shutil
from pathlib import Path

import pytest
import yaml

from deploy.cluster.connectors import connectors, credentials, has_places
from deploy.cluster.external_secrets import PATH
from deploy.cluster.rendering import K8S, Manifest, manifests, of_kind, rendered
from deploy.cluster.schemas import MODULES, STRIMZI_JARS
from deploy.local.home import REPOSITORY
from deploy.local.roles import SERVICES

pytestmark = pytest.mark.usefixtures("kustomize_tool")
DOCS = REPOSITORY / "docs"
GUIDE = (DOCS / "DEPLOY.md").read_text(encoding="utf-8")
PLACES = "communities: [{community: tea-house, namespace: tg, channels: [-1001234567890]}]\n"
CODE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
LABEL = "app.kubernetes.io/component"


@pytest.fixture
def ours(tmp_path: Path) -> list[Manifest]:
    """What the guide's own overlay makes."""
    shutil.copytree(K8S, tmp_path / "k8s")
    folder = tmp_path / "k8s" / "overlays" / "ours"
    folder.mkdir()
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (folder / "kustomization.yaml").write_text(example, encoding="utf-8")
    (folder / "places.yaml").write_text(PLACES, encoding="utf-8")
    return [each for each in yaml.safe_load_all(rendered(folder)) if each]


def test_its_overlay_pins_the_image_and_sets_what_it_says(ours: list[Manifest]) -> None:
    deployments = {each["metadata"]["name"]: each for each in ours if each["kind"] == "Deployment"}
    assert deployments.keys() == {f"hearth-{service}" for service in SERVICES}
    pods = {name: each["spec"]["template"]["spec"] for name, each in deployments.items()}
    (connector,) = [each for each in ours if each["kind"] == "StatefulSet"]
    for pod in (*pods.values(), connector["spec"]["template"]["spec"]):
        assert "@sha256:" in pod["containers"][0]["image"]
    told = {each["name"]: each["value"] for each in pods["hearth-rewards"]["containers"][0]["env"]}
    assert told["FULFILMENT_URL"].startswith("https://")
    (cluster,) = [each for each in ours if each["kind"] == "Cluster"]
    assert cluster["spec"]["backup"]["barmanObjectStore"]["destinationPath"] == "s3://ours/"


def test_a_changed_setting_rolls_every_pod(ours: list[Manifest]) -> None:
    def named(all_of_them: list[Manifest]) -> set[str]:
        return {
            each["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
            for each in all_of_them
            if each["kind"] == "Deployment"
        }

    assert len(named(ours)) == 1
    assert not named(ours) & named(manifests("production"))


def test_its_labels_choose_the_job_alone_and_the_services_alone() -> None:
    def chosen(value: str, kind: str) -> list[str]:
        return [
            each["metadata"]["name"]
            for each in manifests("production")
            if each["metadata"].get("labels", {}).get(LABEL) == value and each["kind"] in ("Job", kind)
        ]

    assert f"-l {LABEL}=database" in GUIDE
    assert f"-l {LABEL}=service" in GUIDE
    assert chosen("database", "Deployment") == ["hearth-database"]
    assert sorted(chosen("service", "Deployment")) == sorted(f"hearth-{service}" for service in SERVICES)


def test_its_versions_are_those_that_manifests_are_held_against() -> None:
    pinned = {module.version.removeprefix("v") for module in MODULES}
    pinned |= {re.sub(r"api-(.*)\.jar", r"\1", name) for name in STRIMZI_JARS if name.startswith("api-")}
    section = GUIDE.partition("## What the cluster must have")[2].partition("\n## ")[0]
    assert {version for version in pinned if version not in section} == set()


def test_everything_that_a_store_is_asked_for_is_listed() -> None:
    for each in of_kind("connectors", "ExternalSecret"):
        for wanted in each["spec"]["data"]:
            place, name = wanted["remoteRef"]["key"], wanted["remoteRef"]["property"]
            assert place.startswith(f"{PATH}/")
            (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{place}` |")]
            pattern = re.sub(rf"({'|'.join(SERVICES)})(?=$|_owner)", "<service>", name)
            assert f"`{name}`" in row or f"`{pattern}`" in row, f"{place} {name}"


def test_settings_that_it_names_are_settings() -> None:
    table = GUIDE.partition("| to have | set |")[2].partition("\n\n")[0]
    known = {
        f"{name.upper()}{end}"
        for service in SERVICES
        for name in importlib.import_module(f"services.{service}.settings").Settings.model_fields
        for end in ("", "_FILE")
    }
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", table))
    assert named
    assert named - known == set()


def test_every_connector_is_listed_with_its_secrets_and_files() -> None:
    table = GUIDE.partition("| connector | Secret")[2].partition("\n\n")[0]
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if row.startswith("| ")}
    assert rows.keys() == set(connectors())
    for name, row in rows.items():
        assert [key for key in credentials(name).values() if f"`{key}`" not in row] == []
        assert has_places(name) == (f"`connector-{name}-places`" in row)


@pytest.mark.parametrize("page", ["DEPLOY", "RUNBOOK"])
def test_the_chinese_page_has_the_same_commands_and_names(page: str) -> None:
    """What is typed, and what a table names, is the same in both languages; comments are translated."""
    english, chinese = [(DOCS / f"{page}{end}.md").read_text(encoding="utf-8") for end in ("", ".zh-CN")]
    assert [_typed(block) for block in CODE.findall(chinese)] == [
        _typed(block) for block in CODE.findall(english)
    ]
    assert _first_cells(chinese) == _first_cells(english)
    assert _headings(chinese) == _headings(english)


def _typed(block: tuple[str, str]) -> tuple[str, list[str]]:
    language, text = block
    return language, [re.sub(r"\s+#.*", "", line).rstrip() for line in text.splitlines()]


def _first_cells(page: str) -> list[str]:
    """Of every row whose first cell is code: an alert, a Secret, a reason."""
    return re.findall(r"^\| (`[^|]*`) \|", CODE.sub("", page), re.MULTILINE)


def _headings(page: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", CODE.sub("", page), re.MULTILINE)]
