"""The composition root of the Discord connector."""

from fastapi import FastAPI

from connectors.discord.adapter import DiscordAdapter, outcome_of
from connectors.discord.platform import DiscordPlatform
from connectors.discord.settings import Settings
from connectors.discord.translate import DiscordTranslator
from connectors.nonebot.guilds import Guilds
from connectors.nonebot.host import host
from connectors.nonebot.line import Line, Resumed
from connectors.sdk.places import read_places


def build(settings: Settings) -> FastAPI:
    """The connector as an app with health checks; the adapter connects to Discord's gateway."""
    places = read_places(settings.places_file)
    line = Line(outcome_of, Resumed())
    guilds = Guilds(places)
    platform = DiscordPlatform(line, places, guilds)
    translator = DiscordTranslator(places, guilds=guilds, line=line)
    return host(settings, DiscordAdapter, settings.config(), line, platform, translator)
