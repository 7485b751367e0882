-- One person's accounts on several platforms: links, the codes that make them, and what passes between accounts.

-- `transit` is empty but inside of a database transaction: points pass it on their way to another account.
ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check CHECK (
    kind IN ('issuer', 'redeemed', 'expired', 'gift_budget', 'promised', 'transit', 'wallet', 'debt', 'pending',
             'held')
);
ALTER TABLE transaction DROP CONSTRAINT transaction_kind_check;
ALTER TABLE transaction ADD CONSTRAINT transaction_kind_check CHECK (
    kind IN ('award', 'reversal', 'reserve', 'confirm', 'cancel', 'fund', 'defund', 'promise', 'return', 'grant',
             'compensate', 'deduct', 'hold', 'release', 'void', 'expire', 'leave', 'arrive', 'assume')
);

-- An account is the same person's as the main one, whose wallet has the points of both. A link that was undone stays.
CREATE TABLE link (
    link_id      uuid PRIMARY KEY,
    community_id text NOT NULL,
    account_id   text NOT NULL,
    member_id    text NOT NULL,
    linked_at    timestamptz NOT NULL,
    moved        bigint NOT NULL DEFAULT 0,
    unlinked_at  timestamptz,
    unlinked_by  text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    returned     bigint NOT NULL DEFAULT 0,
    CONSTRAINT nobody_is_linked_to_themselves CHECK (account_id <> member_id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX an_account_is_of_one_person ON link (community_id, account_id) WHERE unlinked_at IS NULL;
CREATE INDEX link_of_person ON link (community_id, member_id) WHERE unlinked_at IS NULL;
CREATE INDEX link_of_community ON link (community_id, linked_at, link_id);

-- The newest code of a member, for minutes and one use; the message that asked for it.
CREATE TABLE link_code (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    message_id   text NOT NULL,
    code         text NOT NULL,
    expires_at   timestamptz NOT NULL,
    is_used      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (community_id, member_id),
    UNIQUE (community_id, code)
) WITH (fillfactor = 80);

-- Wrong codes of an hour that a member typed, and under no name all of the community's.
CREATE TABLE link_try (
    community_id text NOT NULL,
    member_id    text NOT NULL,
    message_id   text NOT NULL,
    since        timestamptz NOT NULL,
    tries        integer NOT NULL,
    PRIMARY KEY (community_id, member_id)
) WITH (fillfactor = 80);
