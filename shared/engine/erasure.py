"""What every service does when it forgets a member: its own statements, and the engine's dead letters."""

from collections.abc import Iterable

from shared.postgres.connection import Connection

# a letter holds the whole event, as JSON whose spaces its writer chose
_DEAD_LETTERS = """
    DELETE FROM dead_letter
    WHERE key = convert_to($1, 'UTF8')
      AND (position(convert_to('"member_id":' || to_json($2::text), 'UTF8') IN value) > 0
           OR position(convert_to('"member_id": ' || to_json($2::text), 'UTF8') IN value) > 0)
"""


async def erase_rows(
    connection: Connection, steps: Iterable[tuple[str, str]], community_id: str, member_id: str
) -> dict[str, int]:
    """Run each statement with the two ids, dead letters last; returns how many rows by the steps' names."""
    counts = {}
    for name, statement in (*steps, ("dead_letter", _DEAD_LETTERS)):
        status = await connection.execute(statement, community_id, member_id)
        counts[name] = int(status.rpartition(" ")[2])
    return counts
