"""Why points are taken back."""

from enum import StrEnum


class Reason(StrEnum):
    """Why points are taken back."""

    MESSAGE_REMOVED = "message_removed"
    MESSAGE_DELETED = "message_deleted"
    CHECKIN_REVOKED = "checkin_revoked"
    TAKEN_BACK = "taken_back"
    """A reaction that its giver took away."""
    INVITEE_LEFT = "invitee_left"
