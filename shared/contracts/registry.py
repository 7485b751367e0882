"""The index of all contracts, by CloudEvents type."""

from shared.contracts.chat import CHAT_CONTRACTS
from shared.contracts.commands import COMMAND_CONTRACTS, RECEIPT_CONTRACTS
from shared.contracts.connectors import CONNECTOR_CONTRACTS
from shared.contracts.contract import Contract
from shared.contracts.engagement import ENGAGEMENT_CONTRACTS
from shared.contracts.moderation import MODERATION_CONTRACTS
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import PROGRESS_CONTRACTS
from shared.contracts.rewards import REWARDS_CONTRACTS

CONTRACTS: tuple[type[Contract], ...] = (
    *CHAT_CONTRACTS,
    *COMMAND_CONTRACTS,
    *RECEIPT_CONTRACTS,
    CommunityProfile,
    *PROGRESS_CONTRACTS,
    *MODERATION_CONTRACTS,
    *ENGAGEMENT_CONTRACTS,
    *REWARDS_CONTRACTS,
    *CONNECTOR_CONTRACTS,
)
BY_TYPE: dict[str, type[Contract]] = {contract.ce_type(): contract for contract in CONTRACTS}
_KNOWN_NAMES = frozenset(f"hearth.{contract.TYPE}" for contract in CONTRACTS)


def is_unknown_version(ce_type: str) -> bool:
    """Whether this is a type that we know in a major version that we do not."""
    name, _, version = ce_type.rpartition(".v")
    return ce_type not in BY_TYPE and name in _KNOWN_NAMES and version.isascii() and version.isdigit()
