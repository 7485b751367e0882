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

-- By account, whose facts they were when the month closed, and how many of its check-ins counted already.
ALTER TABLE month_result ADD COLUMN people jsonb NOT NULL DEFAULT '{}';

CREATE OR REPLACE FUNCTION forget_in_books(community text, member text, alias text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    name  text := to_jsonb(member)::text;
    other text := to_jsonb(alias)::text;
BEGIN
    IF member = '' OR alias = '' THEN
        RAISE EXCEPTION 'a member has a name';
    END IF;
    PERFORM set_config('hearth.forgetting', 'on', true);
    UPDATE account SET member_id = alias WHERE community_id = community AND member_id = member;
    UPDATE transaction SET member_id = alias WHERE community_id = community AND member_id = member;
    UPDATE month_winner SET member_id = alias WHERE community_id = community AND member_id = member;
    UPDATE month_result SET
        excluded = replace(excluded::text, name, other)::jsonb,
        people = replace(people::text, name, other)::jsonb,
        honours = replace(honours::text, name, other)::jsonb,
        text = replace(text, member, alias)
    WHERE community_id = community
      AND (excluded ? member OR position(name IN honours::text) > 0 OR position(name IN people::text) > 0
           OR position(member IN text) > 0);
    UPDATE prize SET member_id = alias WHERE community_id = community AND member_id = member;
    PERFORM set_config('hearth.forgetting', 'off', true);
END $$;
