"""The local Postgres: schemas that services cannot see into, migrations, databases for tests."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from deploy.local.addresses import with_login
from deploy.local.postgres import PostgresServer
from deploy.local.roles import SERVICES, create_roles
from shared.postgres.migrate import migrate, steps_of
from shared.postgres.pool import open_pool
from tests.servers import Databases, ServiceDatabase

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


async def test_a_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(with_login(postgres_server.admin_url, "hearth_admin", "guess"))


async def test_a_new_database_has_the_tables_of_the_engine_and_is_empty(
    service_database: MakeDatabase,
) -> None:
    database = await service_database("moderation")
    connection = await asyncpg.connect(database.app_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM lane_offset") == 0
        versions = {row["version_num"] for row in await connection.fetch("SELECT * FROM alembic_version")}
        assert steps_of("engine")[-1].id in versions
    finally:
        await connection.close()


async def test_two_databases_of_a_service_do_not_share_rows(service_database: MakeDatabase) -> None:
    one, other = await service_database("rewards"), await service_database("rewards")
    row = "INSERT INTO lane_offset VALUES ('g', 't', 0, 0, 0)"
    connection = await asyncpg.connect(one.app_url)
    await connection.execute(row)
    await connection.close()
    connection = await asyncpg.connect(other.app_url)
    assert await connection.fetchval("SELECT count(*) FROM lane_offset") == 0
    await connection.close()


async def test_every_role_is_denied_in_every_other_schema(databases: Databases) -> None:
    server = databases.server
    logins = [databases.login(service) for service in SERVICES]
    await create_roles(server.admin_url, logins)
    for login in logins:
        await asyncio.to_thread(migrate, login.service, login.owner_url(server.admin_url))
    tried = 0
    for login in logins:
        for url in (login.app_url(server.admin_url), login.owner_url(server.admin_url)):
            connection = await asyncpg.connect(url)
            for schema in [*(service for service in SERVICES if service != login.service), "public"]:
                for statement in (
                    f"SELECT * FROM {schema}.lane",
                    f"DELETE FROM {schema}.lane",
                    f"CREATE TABLE {schema}.mine ()",
                ):
                    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError)):
                        await connection.execute(statement)
                    tried += 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("CREATE SCHEMA mine")
            await connection.close()
    assert tried == len(SERVICES) * 2 * len(SERVICES) * 3


async def test_the_application_role_changes_rows_but_neither_structure_nor_history(
    service_database: MakeDatabase,
) -> None:
    connection = await asyncpg.connect((await service_database("engagement")).app_url)
    await connection.execute("UPDATE lane SET crash_count = 1")
    for statement in (
        "CREATE TABLE engagement.mine ()",
        "DROP TABLE lane",
        "ALTER TABLE lane ADD COLUMN mine text",
        "DELETE FROM alembic_version",
        "UPDATE alembic_version SET version_num = 'engine_0000'",
        "CREATE ROLE friend",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_roles_are_made_by_an_administrator_who_is_no_superuser(databases: Databases) -> None:
    server = databases.server
    superuser = await asyncpg.connect(server.admin_url)
    await superuser.execute("CREATE ROLE landlord LOGIN CREATEROLE CREATEDB PASSWORD 'rent'")
    await superuser.execute("CREATE DATABASE landlords OWNER landlord")
    await superuser.close()
    url = with_login(server.url("landlords"), "landlord", "rent")
    login = databases.login("tenant")
    await create_roles(url, [login])
    await create_roles(url, [login])
    assert await asyncio.to_thread(migrate, "tenant", login.owner_url(url)) == [
        step.id for step in steps_of("engine")
    ]
    connection = await asyncpg.connect(login.app_url(url))
    assert await connection.fetchval("SELECT count(*) FROM lane_offset") == 0
    await connection.close()


async def test_migrations_that_start_together_are_applied_once(databases: Databases) -> None:
    server = databases.server
    connection = await asyncpg.connect(server.admin_url)
    await connection.execute("CREATE DATABASE together")
    await connection.close()
    url, login = server.url("together"), databases.login("moderation")
    await create_roles(url, [login])
    runs = [asyncio.to_thread(migrate, "moderation", login.owner_url(url)) for _ in range(4)]
    applied = await asyncio.gather(*runs)
    every_step = [step.id for name in ("engine", "moderation") for step in steps_of(name)]
    assert sorted(applied, key=len) == [[], [], [], every_step]


async def test_a_session_of_the_pool_that_idles_in_its_transaction_is_ended(
    service_database: MakeDatabase,
) -> None:
    database = await service_database("moderation")
    pool = await open_pool(database.app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "15s"
        assert await connection.fetchval("SHOW lock_timeout") == "5s"
        assert await connection.fetchval("SHOW search_path") == "moderation"
        await connection.execute("SET idle_in_transaction_session_timeout = '50ms'")
        transaction = connection.transaction()
        await transaction.start()
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await asyncio.wait_for(ended.wait(), 20)
    pool.terminate()
