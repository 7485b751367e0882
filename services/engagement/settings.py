"""What engagement is told by its environment."""

from datetime import timedelta

from pydantic import Field, SecretStr

from services.engagement.domain.outside import Outside
from services.engagement.domain.policy import CheckinPolicy
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs, and how long things of check-ins last."""

    checkin_answer_minutes: int = Field(default=10, ge=1, le=24 * 60)
    """An answer that a connector could not say by then is not said."""
    verdicts_kept_days: int = Field(default=30, ge=7, le=400)
    """How long a removal waits for its message; at least as long as events are told apart."""

    sources_private: bool = False
    """Whether topics may be fetched from addresses that are not public; for tests and closed networks."""
    drafts_url: str = ""
    """An OpenAI-compatible chat endpoint that drafts topics; empty: none."""
    drafts_model: str = ""
    drafts_token: SecretStr = SecretStr("")

    @property
    def sources(self) -> Outside:
        """The same as the handlers have it."""
        return Outside(
            self.sources_private, self.drafts_url, self.drafts_model, self.drafts_token.get_secret_value()
        )

    @property
    def checkins(self) -> CheckinPolicy:
        """The same as the domain has it."""
        return CheckinPolicy(
            answer_expires=timedelta(minutes=self.checkin_answer_minutes),
            verdicts_kept=timedelta(days=self.verdicts_kept_days),
        )
