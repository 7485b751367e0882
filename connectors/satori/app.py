"""The composition root of the Satori connector."""

from fastapi import FastAPI

from connectors.nonebot.guilds import Guilds
from connectors.nonebot.host import host
from connectors.nonebot.line import Line
from connectors.satori.adapter import SatoriAdapter, outcome_of
from connectors.satori.platform import SatoriPlatform
from connectors.satori.settings import Settings
from connectors.satori.translate import SatoriTranslator
from connectors.sdk.places import read_places


def build(settings: Settings) -> FastAPI:
    """The connector as an app with health checks; the adapter connects to the Satori server."""
    places = read_places(settings.places_file)
    line = Line(outcome_of)
    guilds = Guilds(places)
    platform = SatoriPlatform(line, places, guilds)
    config = {"satori_clients": [settings.client()]}
    translator = SatoriTranslator(places, guilds=guilds)
    return host(settings, SatoriAdapter, config, line, platform, translator)
