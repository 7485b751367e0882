"""`python -m tests.bench.books`: how long the books of a year are sealed and verified, on a real Postgres.

Ten million entries of one community with 10 000 members, recorded over 365 days, are written as the service
would have left them; then every day is sealed, and `hearth rewards verify`'s own code recomputes all of it.
"""

import argparse
import asyncio
import time
from datetime import UTC, datetime

import asyncpg
from rich.console import Console

from deploy.local.home import Home, default_home
from deploy.local.postgres import PostgresServer
from deploy.local.setup import set_up
from services.rewards.handlers.seal_books import seal_books
from services.rewards.handlers.verify_books import VerifyBooks
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.bench.measured import Stopwatch
from tests.servers import Databases, ServiceDatabase, remove_home

ENTRIES = 10_000_000
MEMBERS, DAYS = 10_000, 365
SECONDS_MAX = 60.0
"""For ten million entries."""
PIECE = 250_000
ACCOUNTS = f"""
    INSERT INTO account (community_id, member_id, kind)
    SELECT 'lean', '', 'issuer'
    UNION ALL SELECT 'lean', 'm' || n, 'wallet' FROM generate_series(0, {MEMBERS - 1}) n
"""
# Ids begin with their milliseconds, as those of events do; members take turns in no simple order.
FILL = f"""
    WITH moment AS (
        SELECT n, 'm' || n * 7919 % {MEMBERS} AS member_id,
               1704067200000 + n * ($3::bigint / $4::bigint) AS milliseconds
        FROM generate_series($1::bigint, $2::bigint) n
    ), made AS MATERIALIZED (
        SELECT (lpad(to_hex(milliseconds), 12, '0') || '8' || substr(md5(n::text), 1, 19))::uuid AS id,
               member_id, to_timestamp(milliseconds / 1000.0) AS at
        FROM moment
    ), header AS (
        INSERT INTO transaction (id, community_id, member_id, points, rule, rule_version, cause_id,
                                 fingerprint, occurred_at, recorded_at)
        SELECT id, 'lean', member_id, 2, 'message', 1, id::text, uuid_send(id), at, at FROM made
    )
    INSERT INTO entry (account_id, transaction_id, amount)
    SELECT issuer.id, made.id, -2 FROM made, account issuer WHERE issuer.kind = 'issuer'
    UNION ALL
    SELECT wallet.id, made.id, 2 FROM made JOIN account wallet USING (member_id)
"""
BALANCES = """
    UPDATE account SET balance = sums.total, earned = greatest(sums.total, 0)
    FROM (SELECT account_id, sum(amount) AS total FROM entry GROUP BY 1) AS sums WHERE account_id = id
"""
console = Console(highlight=False)


async def fill(database: ServiceDatabase, entries: int) -> None:
    """Write the books, without the guards that would only slow it down."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("SET search_path = rewards; SET work_mem = '256MB'; SET enable_seqscan = on")
    for table in ("transaction", "entry"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await owner.execute(ACCOUNTS)
    transactions = entries // 2
    year = DAYS * 86_400_000
    for first in range(0, transactions, PIECE):
        last = min(first + PIECE, transactions) - 1
        await owner.execute(FILL, first, last, year, transactions)
    await owner.execute(BALANCES)
    for table in ("transaction", "entry"):
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    await owner.close()
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("VACUUM (ANALYZE)")
    await admin.close()


async def measure(pool: Pool, entries: int, database_pid: int) -> float:
    """Seal, verify, and say how long each took; the seconds of verifying."""
    began, sealed = time.perf_counter(), 0
    while count := await seal_books(pool, datetime(2026, 1, 1, tzinfo=UTC)):
        sealed += count
    console.print(f"  {sealed} days sealed in {time.perf_counter() - began:.1f} s")
    watch = Stopwatch("verify", database_pid)
    watch.start()
    found = await VerifyBooks(pool)("lean")
    result = watch.stop(entries)
    if found.differences or found.transactions != entries // 2 or found.seals != sealed:
        raise SystemExit(f"the books that were measured are not whole: {found}")
    console.print(f"  CPU µs an entry: {result.client_us:.2f} here, {result.database_us:.2f} in the database")
    return result.seconds


async def run(entries: int) -> float:
    """On a Postgres of its own."""
    await asyncio.to_thread(set_up, console.print, kafka=False)
    home = Home(default_home().folder("bench"))
    try:
        postgres = PostgresServer.at(home)
        await postgres.start()
        assert postgres.process is not None
        database = await Databases(postgres).create("rewards")
        began = time.perf_counter()
        await fill(database, entries)
        console.print(f"  {entries:,} entries written in {time.perf_counter() - began:.1f} s")
        async with await open_pool(database.app_url, "bench") as pool:
            return await measure(pool, entries, postgres.process.pid)
    finally:
        await remove_home(home)


def main() -> None:
    """Measure, show, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.books", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    entries = parser.parse_args().entries
    seconds = asyncio.run(run(entries))
    allowed = SECONDS_MAX * entries / ENTRIES
    console.print(
        f"  verified in {seconds:.1f} s ({'met' if seconds <= allowed else 'missed'}: {allowed:.1f} s)"
    )
    raise SystemExit(seconds > allowed)


if __name__ == "__main__":
    main()
