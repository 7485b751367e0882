"""What operators set for a community's reports, and who is not to be named."""

from collections.abc import Sequence
from datetime import time
from typing import NamedTuple

from shared.postgres.connection import Connection

LOAD_SETTINGS = """
    SELECT community_id, version, text_days, brands, daily, weekly, monthly, send_at, webhook_url,
           webhook_secret
    FROM report_setting WHERE community_id = ANY($1::text[])
"""
SAVE_SETTINGS = """
    INSERT INTO report_setting AS known
        (community_id, version, text_days, brands, daily, weekly, monthly, send_at, webhook_url,
         webhook_secret, changed_by)
    VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (community_id) DO UPDATE SET
        version = excluded.version, text_days = excluded.text_days, brands = excluded.brands,
        daily = excluded.daily, weekly = excluded.weekly, monthly = excluded.monthly,
        send_at = excluded.send_at, webhook_url = excluded.webhook_url,
        webhook_secret = excluded.webhook_secret, changed_by = excluded.changed_by
    WHERE known.version = $2
    RETURNING version
"""
PRIVACY = """
    SELECT community_id, 'days' AS kind, text_days::text AS value FROM report_setting
    WHERE community_id = ANY($1::text[])
    UNION ALL SELECT community_id, 'out', member_id FROM opted_out WHERE community_id = ANY($1::text[])
    UNION ALL SELECT community_id, 'forgotten', alias FROM forgotten WHERE community_id = ANY($1::text[])
"""


class SettingsRow(NamedTuple):
    """A row of report_setting."""

    community_id: str
    version: int
    text_days: int
    brands: Sequence[str]
    daily: bool
    weekly: bool
    monthly: bool
    send_at: time
    webhook_url: str | None
    webhook_secret: str | None


class PrivacyRow(NamedTuple):
    """Of a community: days that texts are kept, a member who opted out, or an alias of a forgotten one."""

    community_id: str
    kind: str
    value: str


async def load_settings(connection: Connection, communities: Sequence[str]) -> list[SettingsRow]:
    """The rows that there are."""
    return [SettingsRow(*row) for row in await connection.fetch(LOAD_SETTINGS, communities)]


async def save_settings(connection: Connection, row: SettingsRow, by: str) -> int | None:
    """Write a row whose version is the one that was read; the new version, or None where it was changed."""
    version: int | None = await connection.fetchval(SAVE_SETTINGS, *row, by)
    return version


async def privacy(connection: Connection, communities: Sequence[str]) -> list[PrivacyRow]:
    """What must not be kept or named."""
    return [PrivacyRow(*row) for row in await connection.fetch(PRIVACY, communities)]
