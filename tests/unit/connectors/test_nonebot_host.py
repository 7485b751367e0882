"""NoneBot within a connector: told by us, not by files that lie about, and silent about what it is told."""

import logging
from pathlib import Path

import nonebot
import pytest

from connectors.nonebot import host


def test_files_beside_the_process_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".env", ".env.prod"):
        (tmp_path / name).write_text("SATORI_CLIENTS=[]\nHEARTH_PROBE=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nonebot, "_driver", None)
    driver = host._driver({})
    assert getattr(driver.config, "hearth_probe", None) is None


def test_an_adapters_complaint_is_told_without_its_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(nonebot, "_driver", None)
    host._driver({})
    with caplog.at_level(logging.WARNING):
        nonebot.logger.error("secret words")
        try:
            raise ValueError("secret words")
        except ValueError as error:
            nonebot.logger.opt(exception=error).error("secret words")
    assert "the adapter complains" in caplog.text
    assert "ValueError at connectors/test_nonebot_host.py" in caplog.text
    assert "secret words" not in caplog.text
