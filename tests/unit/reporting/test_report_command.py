"""`hearth report` and `hearth forget`: what they ask for, what they write, and what they say when refused."""

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

from tools.report_command import forget, report

app = typer.Typer()
app.command()(report)
app.command()(forget)


class Reporting(HTTPServer):
    """Answers as told and remembers what it was asked."""

    status, text, asked, body = 200, "# 月报\n", "", b""


class _Answering(BaseHTTPRequestHandler):
    server: Reporting

    def do_GET(self) -> None:
        self.server.asked = f"{self.command} {self.path}"
        self.server.body = self.rfile.read(int(self.headers.get("content-length") or 0))
        content = self.server.text.encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing at the terminal."""


@pytest.fixture
def reporting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reporting]:
    server = Reporting(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HEARTH_HOME", str(tmp_path))
    monkeypatch.setenv("REPORTING_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("API_TOKEN", "token")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str, given: str = "") -> Any:
    return CliRunner().invoke(app, arguments, input=given)


def test_a_report_goes_to_the_terminal(reporting: Reporting) -> None:
    done = run("report", "qq/1", "--period", "2024-03")
    assert (done.exit_code, done.stdout) == (0, "# 月报\n")
    asked = urlsplit(reporting.asked.partition(" ")[2])
    assert asked.path == "/v1/communities/qq%2F1/report"
    assert parse_qs(asked.query) == {"period": ["2024-03"], "format": ["md"]}


def test_a_report_goes_to_a_file_whose_path_is_told(reporting: Reporting, tmp_path: Path) -> None:
    path = tmp_path / "march.html"
    done = run("report", "tea", "--period", "2024-03", "--format", "html", "-o", str(path))
    assert done.stdout.strip() == str(path)
    assert path.read_text(encoding="utf-8") == "# 月报\n"


def test_a_file_that_cannot_be_written_is_named(reporting: Reporting, tmp_path: Path) -> None:
    done = run("report", "tea", "--period", "2024-03", "-o", str(tmp_path / "no" / "where"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_a_refusal_is_told(reporting: Reporting) -> None:
    reporting.status, reporting.text = 422, json.dumps({"title": "Invalid", "detail": "A period is …"})
    done = run("report", "tea", "--period", "soon")
    assert (done.exit_code, "A period is" in done.stderr) == (1, True)


def test_forgetting_is_asked_first(reporting: Reporting) -> None:
    assert run("forget", "tea", "ann", given="n\n").exit_code == 1
    assert reporting.asked == ""
    done = run("forget", "tea", "ann", "--reason", "mail", "--yes")
    assert done.exit_code == 0
    assert reporting.asked == "POST /v1/communities/tea/members/ann/forget"
    assert json.loads(reporting.body) == {"reason": "mail"}
