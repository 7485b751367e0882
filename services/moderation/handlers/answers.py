"""Says something to a member or to the operators, from moderation's catalogue."""

from services.moderation import metrics
from shared.engine import speaking
from shared.i18n import match


class Speaker(speaking.Speaker):
    """A voice that knows the rules' names, and whose notices are counted."""

    __slots__ = ()

    def rule(self, rule_id: str) -> str:
        """A shipped rule's name for people; one of an operator's own goes by its id."""
        known = self.texts.texts[match(self.profile.locale)]
        return known.get(f"rule.{rule_id}", rule_id)

    def to_member(
        self, member_id: str, text: str, purpose: str, cause_id: str, channel_id: str | None = None,
        reply_to: str | None = None,
    ) -> None:  # fmt: skip
        """Privately where the channel can, else in the channel, addressed."""
        super().to_member(member_id, text, purpose, cause_id, channel_id, reply_to)
        metrics.NOTICES.labels("member").inc()

    def to_operators(self, text: str, purpose: str, cause_id: str) -> None:
        """In their channel, if there is one."""
        super().to_operators(text, purpose, cause_id)
        if self.profile.operators_channel_id:
            metrics.NOTICES.labels("operators").inc()
