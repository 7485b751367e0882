"""Postgres addresses: the same server with another login or another database."""

from urllib.parse import quote, urlsplit, urlunsplit


def with_login(url: str, user: str, password: str) -> str:
    """The address with this login instead of its own."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password, safe='')}@{place}"))


def with_database(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database)}"))


def without_password(url: str) -> str:
    """For people's eyes."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login.partition(':')[0]}{at}{place}"))
