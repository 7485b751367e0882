"""`hearth metrics`: what it asks for, what it shows, and what it says when nothing answers."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner

from tools.metrics_command import metrics, neutral, write_csv

ANSWER: dict[str, Any] = {
    "community_id": "=cmd|' /C calc'!A0",
    "time_zone": "Asia/Shanghai",
    "by": "week",
    "periods": [
        {"name": "2024-W10", "first": "2024-03-04", "last": "2024-03-10", "revision": 2},
        {"name": "2024-W11", "first": "2024-03-11", "last": "2024-03-17", "revision": 0},
    ],
    "series": [
        {"metric": {"name": "messages", "title": "消息数"}, "values": [16, 4], "total": 20},
        {"metric": {"name": "removals", "title": "[red]撤下[/red]"}, "values": [-1, 0], "total": -1},
    ],
}
PROBLEM = {"title": "Not found", "detail": "No event of this community was received.", "known": ["messages"]}
app = typer.Typer()
app.command()(metrics)


class Reporting(HTTPServer):
    """A server that answers as told and remembers what it was asked."""

    status = 200
    answer: Any = ANSWER
    asked = ""
    authorization = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Reporting

    def do_GET(self) -> None:
        self.server.asked, self.server.authorization = self.path, self.headers["authorization"]
        body = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing at the terminal."""


@pytest.fixture
def reporting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reporting]:
    server = Reporting(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HEARTH_HOME", str(tmp_path))
    monkeypatch.setenv("REPORTING_URL", server.url)
    monkeypatch.setenv("API_TOKEN", "from-the-environment")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str, columns: int = 120) -> Any:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns)})


def test_what_is_asked_for_reaches_the_service(reporting: Reporting) -> None:
    run(
        "qq/123", "--from", "2024-03-04", "--to", "2024-03-17", "--by", "week",
        "--metric", "messages", "--metric", "removals",
    )  # fmt: skip
    asked = urlsplit(reporting.asked)
    assert asked.path == "/v1/communities/qq%2F123/metrics"
    assert parse_qs(asked.query) == {
        "from": ["2024-03-04"],
        "to": ["2024-03-17"],
        "by": ["week"],
        "metric": ["messages", "removals"],
    }
    assert reporting.authorization == "Bearer from-the-environment"


def test_address_and_token_come_from_the_running_stack(
    reporting: Reporting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("REPORTING_URL")
    monkeypatch.delenv("API_TOKEN")
    state = {"services": {"reporting": {"api_url": reporting.url}}, "api_token": "of-the-stack"}
    (tmp_path / "state.json").write_text(json.dumps(state))
    assert run("tea").exit_code == 0
    assert reporting.authorization == "Bearer of-the-stack"


def test_the_table_has_a_row_for_each_period_and_the_totals(reporting: Reporting) -> None:
    shown = run("tea")
    assert shown.exit_code == 0
    rows = [line.split() for line in shown.output.splitlines()]
    assert ["2024-W10", "16", "-1", "2"] in rows
    assert ["total", "20", "-1"] in rows


def test_a_narrow_terminal_folds_headings_and_cuts_no_number(reporting: Reporting) -> None:
    series = {
        "metric": {"name": "messages", "title": "A title of many words"},
        "values": [123456, 7],
        "total": 123463,
    }
    reporting.answer = {**ANSWER, "series": [series] * 7}
    rows = [line.split() for line in run("tea", columns=80).output.splitlines()]
    assert ["2024-W10", *["123456"] * 7, "2"] in rows


def test_a_title_that_looks_like_markup_is_shown_as_it_is(reporting: Reporting) -> None:
    assert "[red]撤下[/red]" in run("tea").output


def test_json_is_the_answer_itself(reporting: Reporting) -> None:
    assert json.loads(run("tea", "--json").output) == ANSWER


def test_csv_holds_no_formula_and_its_numbers_stay_numbers(reporting: Reporting) -> None:
    rows = list(csv.reader(io.StringIO(run("tea", "--csv").output)))
    assert rows == [
        ["community_id", "week", "messages", "removals", "revision"],
        ["'=cmd|' /C calc'!A0", "2024-W10", "16", "-1", "2"],
        ["'=cmd|' /C calc'!A0", "2024-W11", "4", "0", "0"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_every_start_of_a_formula_is_neutralised(start: str) -> None:
    assert neutral(f"{start}1+1") == f"'{start}1+1"
    assert (neutral(-1), neutral("a=1")) == (-1, "a=1")


def test_a_comma_or_quote_stays_inside_its_cell() -> None:
    file = io.StringIO()
    write_csv({**ANSWER, "community_id": 'a,"b"\nc'}, file)
    assert [row[0] for row in csv.reader(io.StringIO(file.getvalue()))][1] == 'a,"b"\nc'


def test_a_refusal_is_told_and_fails(reporting: Reporting) -> None:
    reporting.status, reporting.answer = 404, PROBLEM
    shown = run("nobody")
    assert shown.exit_code == 1
    assert "No event of this community was received." in shown.output
    assert "known: messages" in shown.output


def test_a_stranger_at_the_address_is_recognised(reporting: Reporting) -> None:
    reporting.answer = ["hello"]
    assert "is not reporting" in run("tea").output


def test_nothing_running_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEARTH_HOME", str(tmp_path))
    monkeypatch.delenv("REPORTING_URL", raising=False)
    shown = run("tea")
    assert shown.exit_code == 1
    assert "hearth up" in shown.output


def test_a_dead_address_is_told(reporting: Reporting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTING_URL", "http://127.0.0.1:1")
    shown = run("tea")
    assert shown.exit_code == 1
    assert "does not answer" in shown.output


def test_one_form_at_a_time(reporting: Reporting) -> None:
    assert run("tea", "--json", "--csv").exit_code == 2
