"""Rules are data with limits."""

import pytest

from services.rewards.domain.rules import DEFAULT_RULES, BadRule, CheckinRule, MessageRule


def test_the_default_rules_are_those_of_the_product() -> None:
    assert DEFAULT_RULES.message == MessageRule(points=2, cooldown_seconds=60, paid_per_day_max=20)
    assert DEFAULT_RULES.checkin == CheckinRule(points=5, bonus_per_week=1, bonus_max=5)


@pytest.mark.parametrize("change", [{"points": -1}, {"cooldown_seconds": 3601}, {"paid_per_day_max": 201}])
def test_a_message_rule_outside_its_limits_is_refused_by_name(change: dict[str, int]) -> None:
    (name,) = change
    with pytest.raises(BadRule, match=f"message.{name}"):
        MessageRule(**change)


@pytest.mark.parametrize("change", [{"points": -1}, {"bonus_per_week": -1}, {"bonus_max": 10**30}])
def test_a_checkin_rule_outside_its_limits_is_refused_by_name(change: dict[str, int]) -> None:
    (name,) = change
    with pytest.raises(BadRule, match=f"checkin.{name}"):
        CheckinRule(**change)
