"""The composition root of the QQ connector."""

from fastapi import FastAPI

from connectors.nonebot.host import host
from connectors.nonebot.line import Line, Resumed
from connectors.qq.adapter import QQAdapter, outcome_of
from connectors.qq.openings import Openings
from connectors.qq.platform import QQPlatform
from connectors.qq.settings import Settings
from connectors.qq.translate import QQTranslator
from connectors.sdk.places import read_places


def build(settings: Settings) -> FastAPI:
    """The connector as an app with health checks; the adapter connects to QQ's gateway."""
    places = read_places(settings.places_file)
    line, openings = Line(outcome_of, Resumed()), Openings()
    platform = QQPlatform(line, places, openings)
    translator = QQTranslator(places, openings=openings)
    return host(settings, QQAdapter, settings.config(), line, platform, translator)
