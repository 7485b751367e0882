"""Prepares given servers for Hearth, once before the services start: topics, roles, schemas, tables.

Reads `KAFKA_BOOTSTRAP_SERVERS`, `DATABASE_URL` (of one who may create roles and schemas) and the password
of each role: `HEARTH_MODERATION_PASSWORD`, `HEARTH_MODERATION_OWNER_PASSWORD` and so on. May be repeated.
For containers; `hearth up` does the same by itself.
"""

import asyncio
import os
import sys
from collections.abc import Mapping

from deploy.local.roles import SERVICES, create_roles, logins
from deploy.local.topics import WrongTopics, create_topics
from shared.postgres.migrate import MigrationFailed, migrate

ADDRESSES = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")


def password_variables() -> dict[str, str]:
    """The variable with each role's password, by role."""
    roles = [f"hearth_{name}{kind}" for name in SERVICES for kind in ("", "_owner")]
    return {role: f"{role.upper()}_PASSWORD" for role in roles}


async def prepare(environment: Mapping[str, str]) -> None:
    """Create what is missing; raises when a server refuses."""
    created = await create_topics(environment["KAFKA_BOOTSTRAP_SERVERS"])
    print(f"topics: {', '.join(created) if created else 'all there'}")
    given = {role: environment[variable] for role, variable in password_variables().items()}
    await prepare_database(environment["DATABASE_URL"], given)


async def prepare_database(url: str, passwords: Mapping[str, str]) -> None:
    """Create roles with these passwords, schemas and tables; raises when the server refuses."""
    services = logins(passwords)
    await create_roles(url, services)
    for login in services:
        applied = await asyncio.to_thread(migrate, login.service, login.owner_url(url))
        print(f"{login.service}: {', '.join(applied) if applied else 'at the newest version'}")


def main() -> None:
    """Prepare what the environment names; exit code 1 and one sentence when it cannot be done."""
    needed = [*ADDRESSES, *password_variables().values()]
    if missing := [name for name in needed if not os.environ.get(name)]:
        sys.exit(f"cannot prepare: {', '.join(missing)} missing")
    try:
        asyncio.run(prepare(os.environ))
    except (WrongTopics, MigrationFailed) as error:
        sys.exit(f"cannot prepare: {error}")


if __name__ == "__main__":
    main()
