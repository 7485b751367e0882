"""Which of our languages a request asks for."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from shared.i18n import DEFAULT_LOCALE, LOCALES, match

_LANGUAGES = frozenset(locale.partition("-")[0] for locale in LOCALES)
_RANGES_MAX = 20


def preferred_locale(accept_language: str) -> str:
    """The catalogue that fits an Accept-Language header best (RFC 9110, 12.5.4), else Chinese."""
    ranges = [_weighed(part) for part in accept_language.split(",")[:_RANGES_MAX]]
    for weight, tag in sorted(ranges, key=lambda pair: -pair[0]):
        if weight > 0 and tag.partition("-")[0].lower() in _LANGUAGES:
            return match(tag)
    return DEFAULT_LOCALE


def locale_of(request: HTTPConnection) -> str:
    """The same for a request; usable as a dependency: `Annotated[str, Depends(locale_of)]`."""
    return preferred_locale(Headers(scope=request.scope).get("accept-language", ""))


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameters = part.partition(";")
    weight = parameters.strip().removeprefix("q=") or "1"
    try:
        return float(weight), tag.strip()
    except ValueError:
        return 0.0, tag.strip()
