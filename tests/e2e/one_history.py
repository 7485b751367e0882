"""What two runs of one history must agree in, row by row, whatever was killed on the way.

Between topics there is no order, so a few things may differ and are left out or summed up here: how late a
service heard of something, and whether a message that moderation removed was paid before (paid and taken
back, which comes to nothing, or never paid).
"""

from dataclasses import dataclass

from deploy.local.roles import SERVICES
from shared.postgres.connection import Connection
from tests.e2e.stack_fixtures import Pipeline
from tests.laws.tables import Tables, business_tables, query_of, rows_of

STANDING = """
    SELECT t.* FROM rewards.transaction t
    WHERE t.community_id = $1 AND t.kind = 'award'
      AND NOT EXISTS (SELECT FROM rewards.transaction r WHERE r.reverses = t.id)
"""
OF_NOBODY = "SELECT * FROM {table} WHERE $1::text IS NOT NULL"
"""Tables that belong to no community are compared whole."""
COMES_TO: dict[str, str] = {
    "moderation.case_message": """
        SELECT m.* FROM moderation.case_message m JOIN moderation.moderation_case c USING (case_id)
        WHERE c.community_id = $1
    """,
    "moderation.case_history": """
        SELECT h.* FROM moderation.case_history h JOIN moderation.moderation_case c USING (case_id)
        WHERE c.community_id = $1
    """,
    "moderation.cleaning_member": """
        SELECT m.* FROM moderation.cleaning_member m JOIN moderation.cleaning c USING (cleaning_id)
        WHERE c.community_id = $1
    """,
    "moderation.moderation_list": OF_NOBODY.format(table="moderation.moderation_list"),
    "moderation.list_entry": OF_NOBODY.format(table="moderation.list_entry"),
    "rewards.account": """
        SELECT community_id, member_id, kind, balance FROM rewards.account
        WHERE community_id = $1 AND balance <> 0
    """,
    "rewards.transaction": f"""
        SELECT id, community_id, member_id, points, rule, rule_version, cause_id, fingerprint, occurred_at
        FROM ({STANDING}) AS standing
    """,
    "rewards.entry": f"""
        SELECT a.member_id, a.kind, e.transaction_id, e.amount
        FROM ({STANDING}) AS standing JOIN rewards.entry e ON e.transaction_id = standing.id
        JOIN rewards.account a ON a.id = e.account_id
    """,
    # how often a level changed depends on when what was taken back was
    "rewards.member_level": """
        SELECT member_id, level FROM rewards.member_level WHERE community_id = $1 AND level > 0
    """,
    "rewards.giveaway_entry": """
        SELECT e.* FROM rewards.giveaway_entry e JOIN rewards.giveaway g USING (giveaway_id)
        WHERE g.community_id = $1
    """,
    "rewards.talk": "SELECT * FROM rewards.talk WHERE community_id = $1 AND messages > 0",
    "reporting.fact": """
        SELECT event_id, community_id, occurred_at, local_date, type, member_id, channel_id, subject_id,
               other_member_id, label, amount, is_bot, answers_id, thread_key
        FROM reporting.fact WHERE community_id = $1 AND type NOT IN ('points.awarded', 'points.reversed')
    """,
    "reporting.day": """
        SELECT community_id, local_date, active_members, first_event_at FROM reporting.day
        WHERE community_id = $1
    """,
    "reporting.day_count": """
        SELECT local_date, type, is_bot, label, events, amount, answers FROM reporting.day_count
        WHERE community_id = $1 AND type NOT IN ('points.awarded', 'points.reversed')
    """,
    "reporting.message_text": """
        SELECT message_id, local_date, member_id, text FROM reporting.message_text WHERE community_id = $1
    """,
    "reporting.text_reading": "SELECT community_id FROM reporting.text_reading WHERE community_id = $1",
    "reporting.sent_report": """
        SELECT by, first_day, attempt, state, sent_to FROM reporting.sent_report WHERE community_id = $1
    """,
}
"""Tables whose rows may differ between two runs by what they come to, and those that name no community."""
SUMS: dict[str, str] = {
    "points of each member": """
        SELECT member_id, sum(CASE type WHEN 'points.awarded' THEN amount ELSE -amount END)
        FROM reporting.fact WHERE community_id = $1 AND type IN ('points.awarded', 'points.reversed')
        GROUP BY member_id HAVING sum(CASE type WHEN 'points.awarded' THEN amount ELSE -amount END) <> 0
    """,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A community's rows in all services, by service and table."""

    tables: Tables


async def outcome(live: Pipeline, community: str) -> Outcome:
    """What is kept of a community; a table that nobody named here is taken as it is."""
    found: Tables = {}
    async with live.database.acquire() as connection:
        for service in SERVICES:
            for name in await business_tables(connection, service):
                query = await _query(connection, service, name)
                found[f"{service}.{name}"] = await rows_of(connection, query, community)
        for what, query in SUMS.items():
            found[what] = await rows_of(connection, query, community)
    return Outcome(found)


async def _query(connection: Connection, service: str, name: str) -> str:
    table = f"{service}.{name}"
    if table in COMES_TO:
        return COMES_TO[table]
    return f"SELECT * FROM ({await query_of(connection, service, name)}) AS kept WHERE community_id = $1"
