"""What members tell of themselves: a city, a birthday by either calendar."""

import re
from datetime import date
from typing import NamedTuple

from services.engagement.domain.draw import uniform

CITY_MAX = 30
_BIRTHDAY = re.compile(r"(?:(\d{4})[-/年.])?(\d{1,2})[-/月.](\d{1,2})日?")
_LUNAR = re.compile(r"农历|農曆|阴历|陰曆|lunar", re.IGNORECASE)
_CITY_END = re.compile(r"(?:市|\s*city)$", re.IGNORECASE)


class Birthday(NamedTuple):
    """Month and day; of the Chinese calendar when `is_lunar`."""

    month: int
    day: int
    is_lunar: bool


def birthday_of(text: str) -> Birthday | None:
    """The day that is named; the year is neither needed nor kept."""
    found = _BIRTHDAY.search(text)
    if found is None:
        return None
    month, day = int(found[2]), int(found[3])
    is_lunar = _LUNAR.search(text) is not None
    try:
        date(2024, month, day)  # a leap year
    except ValueError:
        return None
    return None if is_lunar and day > 30 else Birthday(month, day, is_lunar)


def city_of(text: str) -> str | None:
    """A city's name without its suffix, in lower case; None for what is too long to be one."""
    name = _CITY_END.sub("", " ".join(text.split())).strip(" 。.!！").casefold()
    return name if 1 <= len(name) <= CITY_MAX else None


HOLIDAYS = {(1, 1): "new_year", (10, 1): "national_day"}
LUNAR_HOLIDAYS = {(1, 1): "spring_festival", (1, 15): "lantern", (5, 5): "dragon_boat", (8, 15): "mid_autumn"}


def rotated(names: list[str], seed: str) -> list[str]:
    """An order that is fair over many seeds and the same for one."""
    return sorted(names, key=lambda name: uniform(seed, name))
