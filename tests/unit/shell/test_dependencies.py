"""Which errors of the database a caller may just try again."""

import asyncpg
import pytest

from shared.http.dependencies import is_dependency_away


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.TooManyConnectionsError(), True),
        (asyncpg.LockNotAvailableError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.SerializationError(), True),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.UndefinedColumnError(), False),
        (OSError(), True),
        (KeyError(), False),
    ],
)
def test_what_asking_again_can_help(error: Exception, is_away: bool) -> None:
    assert is_dependency_away(error) is is_away
