"""Redemption: which of those who ask, in their order, get the gift that they want."""

from dataclasses import dataclass

from services.rewards.domain.accounts import AccountKind
from services.rewards.domain.ledger import NotEnough, Purse


class CannotRedeem(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Shelf:
    """A gift while several want it."""

    cost: int
    for_points: bool
    left: int
    """How many are promised to nobody; none where it is closed."""
    promised: int = 0
    """How many of them are promised now."""


@dataclass(slots=True)
class Wisher:
    """A member while several wishes are looked at."""

    redemptions: int
    """Of this month, but those that came to nothing."""
    is_held: bool
    """Whether somebody looks at how the points were earned."""


def promise(wisher: Wisher, shelf: Shelf | None, purse: Purse | None, per_month_max: int) -> None:
    """Promise one to the member, who has the points for it. Raises `CannotRedeem` and `NotEnough`."""
    if wisher.redemptions >= per_month_max:
        raise CannotRedeem("redemption-limit")
    if wisher.is_held:
        raise CannotRedeem("points-under-review")
    if shelf is None or not shelf.for_points:
        raise CannotRedeem("gift-unknown")
    if not shelf.left:
        raise CannotRedeem("gift-sold-out")
    held = purse.wallet if purse is not None else 0
    if held < shelf.cost:
        raise NotEnough(AccountKind.WALLET, held, shelf.cost)
    shelf.left -= 1
    shelf.promised += 1
    wisher.redemptions += 1
