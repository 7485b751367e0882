"""Declared metrics: closed labels, and a document that cannot drift from the code."""

import socket
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from shared.observability import document, metrics
from shared.observability.exposition import metrics_served
from shared.observability.metrics import BadMetric, Counter, Declared, counter, gauge, histogram


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    """What a test declares is gone after it; what modules declare that it imports stays."""
    yield
    metrics.DECLARED[:] = [each for each in metrics.DECLARED if not each.name.startswith("hearth_test_")]
    for collector, names in list(REGISTRY._collector_to_names.items()):
        if any(name.startswith("hearth_test_") for name in names):
            REGISTRY.unregister(collector)


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def cups() -> Counter:
    return counter("hearth_test_cups_total", "Cups.", labels={"tea": ("green", "black"), "size": (1, 2)})


def test_a_counters_series_are_there_before_the_first_event() -> None:
    cups()
    assert value("hearth_test_cups_total", tea="green", size="2") == 0


def test_a_value_of_the_set_is_counted_under_its_name() -> None:
    made = cups()
    made.labels(tea="green", size=1).inc(3)
    made.labels("green", 1).inc()
    assert value("hearth_test_cups_total", tea="green", size="1") == 4


def test_a_value_outside_the_set_is_counted_as_other_and_adds_no_series() -> None:
    made = cups()
    for number in range(1000):
        made.labels(tea=f"evil-{number}", size=1).inc()
    assert value("hearth_test_cups_total", tea="other", size="1") == 1000
    assert value("hearth_test_cups_total", tea="evil-1", size="1") is None


def test_a_forgotten_label_is_an_error() -> None:
    made = cups()
    with pytest.raises((ValueError, KeyError)):
        made.labels(tea="green")
    with pytest.raises(ValueError, match="labels"):
        made.labels("green")


def test_gauges_and_histograms_have_closed_labels_too() -> None:
    gauge("hearth_test_level_ratio", "Level.", labels={"tea": ("green",)}).labels(tea="x").set(0.5)
    histogram("hearth_test_brew_seconds", "Brewing.", labels={"tea": ("green",)}).labels(tea="x").observe(3)
    assert value("hearth_test_level_ratio", tea="other") == 0.5
    assert value("hearth_test_brew_seconds_bucket", tea="other", le="5.0") == 1


@pytest.mark.parametrize(
    ("name", "help", "labels", "reason"),
    [
        ("cups_total", "Cups.", {}, "hearth_"),
        ("hearth_Cups_total", "Cups.", {}, "small letters"),
        ("hearth_test_cups", "Cups.", {}, "_total"),
        ("hearth_test_cups_total", "cups", {}, "sentence"),
        ("hearth_test_cups_total", "Cups.", {"community_id": ("a",)}, "no end of values"),
        ("hearth_test_cups_total", "Cups.", {"member": ("a",)}, "no end of values"),
        ("hearth_test_cups_total", "Cups.", {"tea": ()}, "no values"),
        ("hearth_test_cups_total", "Cups.", {"a": range(100), "b": range(100)}, "10000 series"),
    ],
)
def test_a_dangerous_declaration_is_refused(
    name: str, help: str, labels: metrics.Labels, reason: str
) -> None:
    with pytest.raises(BadMetric, match=reason):
        counter(name, help, labels)
    assert not any(declared.name == name for declared in metrics.DECLARED)


def test_no_creation_times_are_exported() -> None:
    cups()
    assert not [sample for family in REGISTRY.collect() for sample in family.samples
                if sample.name.endswith("_created") and "hearth" in sample.name]  # fmt: skip


def test_metrics_are_served_until_the_end_of_the_block() -> None:
    cups().labels("green", 1).inc(7)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        metrics_served("127.0.0.1", port),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page,
    ):
        assert 'hearth_test_cups_total{size="1",tea="green"} 7.0' in page.read().decode()
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"), metrics_served("127.0.0.1", taken.getsockname()[1]):
            pass


def test_the_document_shows_name_kind_labels_and_meaning() -> None:
    text = document.render([Declared("hearth_x_total", "counter", "Xs.", (("a", ("1", "2")),))])
    assert "| `hearth_x_total` | counter | `a`: 1, 2 | Xs. |" in text


def test_every_declaring_module_is_documented() -> None:
    names = [declared.name for declared in document.collect()]
    assert "hearth_event_loop_lag_seconds" in names
    assert names == sorted(set(names))


def test_the_documents_check_fails_when_it_is_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(document, "DOCUMENT", tmp_path / "docs" / "M.md")  # type: ignore[operator]
    assert document.main(["--check"]) == 1
    assert document.main([]) == 0
    assert document.main(["--check"]) == 0
    cups()
    assert document.main(["--check"]) == 1
