-- Lists of members, hosts and words, who asks to come in, and what became of members who are forgotten.

-- A list of an owner, for all communities that subscribe to it. version counts the changes of its entries.
CREATE TABLE moderation_list (
    list_id text PRIMARY KEY,
    owner   text NOT NULL,
    name    text NOT NULL,
    effect  text NOT NULL CHECK (effect IN ('allow', 'deny')),
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX list_of_owner ON moderation_list (owner, list_id);

-- Something that a list holds. read is the value as rules compare it.
CREATE TABLE list_entry (
    list_id text NOT NULL REFERENCES moderation_list,
    kind    text NOT NULL CHECK (kind IN ('member', 'host', 'word')),
    value   text NOT NULL,
    read    text NOT NULL,
    PRIMARY KEY (list_id, kind, value)
);
CREATE INDEX list_entry_of_member ON list_entry (value, list_id) WHERE kind = 'member';

-- A community that follows a list.
CREATE TABLE list_subscription (
    community_id text NOT NULL,
    list_id      text NOT NULL REFERENCES moderation_list,
    PRIMARY KEY (community_id, list_id)
);

-- Who did what to a list, and why: append-only. community_id is that of a subscription.
CREATE TABLE list_history (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list_id      text NOT NULL,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,
    act          text NOT NULL CHECK (act IN ('created', 'added', 'taken_off', 'subscribed', 'unsubscribed')),
    reason       text NOT NULL,
    community_id text,
    kind         text,
    value        text
);
CREATE INDEX list_history_of_list ON list_history (list_id, number DESC);

-- Each change of what a community asks of those who want to come in; the highest version counts.
CREATE TABLE join_policy (
    community_id text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    document     jsonb NOT NULL,
    changed_at   timestamptz NOT NULL,
    changed_by   text NOT NULL,
    reason       text NOT NULL,
    PRIMARY KEY (community_id, version)
);

-- Somebody who asks to come in. decided_by is null where the answers or a list decided.
CREATE TABLE join_request (
    community_id text NOT NULL,
    request_id   text NOT NULL,
    member_id    text NOT NULL,
    member_name  text,
    answers      jsonb NOT NULL,
    invited_by   text,
    asked_at     timestamptz NOT NULL,
    state        text NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused')),
    decided_at   timestamptz,
    decided_by   text,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (community_id, request_id),
    CONSTRAINT who_waits_is_undecided CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX join_request_by_time ON join_request (community_id, asked_at DESC, request_id DESC);
CREATE INDEX join_request_of_member ON join_request (community_id, member_id);

-- A member who came in, and who invited.
CREATE TABLE member_arrival (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    joined_at    timestamptz NOT NULL,
    invited_by   text,
    PRIMARY KEY (community_id, member_id, joined_at)
);
CREATE INDEX arrival_of_inviter ON member_arrival (community_id, invited_by) WHERE invited_by IS NOT NULL;

-- A member who was forgotten: how many rows of which table went, and nothing that names the member.
CREATE TABLE erasure (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL,
    erased_at    timestamptz NOT NULL,
    erased_by    text NOT NULL,
    reason       text NOT NULL,
    counts       jsonb NOT NULL
);
CREATE INDEX erasure_of_community ON erasure (community_id, number DESC);
CREATE INDEX sanction_by_time ON sanction (community_id, applied_at DESC, sanction_id DESC);
CREATE INDEX finding_of_member ON finding (community_id, member_id);
CREATE INDEX removal_of_member ON removal (community_id, member_id, removed_at DESC);
CREATE INDEX case_message_of_member ON case_message (member_id);

REVOKE UPDATE, DELETE ON join_policy, erasure FROM hearth_moderation;
REVOKE UPDATE ON list_history FROM hearth_moderation;
