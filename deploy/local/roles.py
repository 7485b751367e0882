"""Schemas and roles: per service one schema, an owner that migrates it and an application role that uses it.

Idempotent. No service's role can reach another's schema; nobody can use the schema `public`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from deploy.local.addresses import with_login

SERVICES = ("moderation", "engagement", "rewards", "reporting")


@dataclass(frozen=True, slots=True)
class ServiceLogin:
    """A service's two logins; roles belong to the whole server, so they serve every database of it."""

    service: str
    owner_password: str
    app_password: str

    @property
    def owner(self) -> str:
        """Owns the schema, runs migrations."""
        return f"hearth_{self.service}_owner"

    @property
    def app(self) -> str:
        """Runs the service: rows, no structure."""
        return f"hearth_{self.service}"

    def owner_url(self, admin_url: str) -> str:
        """The owner's address of the database that `admin_url` names."""
        return with_login(admin_url, self.owner, self.owner_password)

    def app_url(self, admin_url: str) -> str:
        """The service's address of the database that `admin_url` names."""
        return with_login(admin_url, self.app, self.app_password)


# Each statement is a template for format(): %1$I database, %2$I schema, %3$I owner, %4$I application role,
# %5$L and %6$L their passwords.
DATABASE_STATEMENTS = (
    "REVOKE ALL ON DATABASE %1$I FROM PUBLIC",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
)
SERVICE_STATEMENTS = (
    "ALTER ROLE %3$I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %5$L",
    "ALTER ROLE %4$I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %6$L",
    "ALTER ROLE %3$I SET search_path = %2$I",
    "ALTER ROLE %4$I SET search_path = %2$I",
    "GRANT CONNECT, TEMPORARY ON DATABASE %1$I TO %3$I, %4$I",
    "CREATE SCHEMA IF NOT EXISTS %2$I AUTHORIZATION %3$I",
    "GRANT USAGE ON SCHEMA %2$I TO %4$I",
    "ALTER DEFAULT PRIVILEGES FOR ROLE %3$I IN SCHEMA %2$I"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %4$I",
    "ALTER DEFAULT PRIVILEGES FOR ROLE %3$I IN SCHEMA %2$I GRANT USAGE, SELECT ON SEQUENCES TO %4$I",
)
FILL_IN = "SELECT format($1, current_database(), $2::text, $3::text, $4::text, $5::text, $6::text)"
ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('hearth roles'))"


async def create_roles(admin_url: str, logins: Sequence[ServiceLogin]) -> None:
    """Create or correct roles, schemas and privileges of these services in the database of `admin_url`."""
    connection = await asyncpg.connect(admin_url)
    try:
        async with connection.transaction():
            await connection.execute(LOCK)
            for template in DATABASE_STATEMENTS:
                await connection.execute(await connection.fetchval(FILL_IN, template, *[""] * 5))
            for login in logins:
                await _create_login(connection, login)
    finally:
        await connection.close()


async def _create_login(connection: "asyncpg.Connection[asyncpg.Record]", login: ServiceLogin) -> None:
    superuser = await connection.fetchval(IS_SUPERUSER)
    for role in (login.owner, login.app):
        if not await connection.fetchval(ROLE_EXISTS, role):
            await connection.execute(f'CREATE ROLE "{role}"')
    if not superuser:  # who is none must be a member of a role to make things in its name
        await connection.execute(f'GRANT "{login.owner}" TO CURRENT_USER')
    values = (login.service, login.owner, login.app, login.owner_password, login.app_password)
    for template in SERVICE_STATEMENTS:
        await connection.execute(await connection.fetchval(FILL_IN, template, *values))


def logins(passwords: Mapping[str, str]) -> list[ServiceLogin]:
    """The logins of all services from passwords by role name."""
    return [
        ServiceLogin(name, passwords[f"hearth_{name}_owner"], passwords[f"hearth_{name}"])
        for name in SERVICES
    ]
