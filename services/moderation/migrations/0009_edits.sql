-- What edits made of messages, for rules that look across members.

-- As recent_text, a row an edit: what was posted stays beside it, so that changing a text hides nothing.
CREATE TABLE recent_edit (
    community_id text NOT NULL,
    message_id   text NOT NULL,
    member_id    text NOT NULL,
    channel_id   text NOT NULL,
    posted_at    timestamptz NOT NULL,
    length       integer NOT NULL,
    sketch       text NOT NULL,
    was_stale    boolean NOT NULL,
    case_id      text,
    PRIMARY KEY (community_id, message_id, posted_at)
) WITH (fillfactor = 80);
CREATE INDEX recent_edit_by_time ON recent_edit (community_id, posted_at);
