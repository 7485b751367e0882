"""The composition root of the Milky connector."""

from fastapi import FastAPI
from nonebot.adapters.milky import Adapter

from connectors.milky.platform import MilkyPlatform, outcome_of
from connectors.milky.settings import Settings
from connectors.milky.translate import MilkyTranslator
from connectors.nonebot.host import host
from connectors.nonebot.line import Line
from connectors.sdk.places import read_places


def build(settings: Settings) -> FastAPI:
    """The connector as an app with health checks; the adapter connects to the implementation."""
    places = read_places(settings.places_file)
    line = Line(outcome_of)
    platform = MilkyPlatform(line, places)
    config = {"milky_clients": [settings.client()]}
    return host(settings, Adapter, config, line, platform, MilkyTranslator(places))
