-- The monthly award's states, gifts, choices and their fulfilment.

ALTER TABLE month DROP CONSTRAINT month_state_check;
UPDATE month SET state = 'published' WHERE state = 'closed';
ALTER TABLE month ADD CONSTRAINT month_state_check CHECK (
    state IN ('open', 'closing', 'published', 'choosing', 'fulfilled', 'closed')
);
ALTER TABLE month ADD COLUMN waits_until timestamptz;
ALTER TABLE month ADD COLUMN looked_at timestamptz;
ALTER TABLE month ADD COLUMN erased integer NOT NULL DEFAULT 0;

ALTER TABLE month_result ADD COLUMN excluded jsonb NOT NULL DEFAULT '{}';
ALTER TABLE month_result ADD COLUMN dead_letters integer NOT NULL DEFAULT 0;
ALTER TABLE month_result ADD COLUMN text text NOT NULL DEFAULT '';
ALTER TABLE month_result ADD COLUMN honours jsonb NOT NULL DEFAULT '{}';
-- By account, whose facts they were when the month closed, and how many of its check-ins counted already.
ALTER TABLE month_result ADD COLUMN people jsonb NOT NULL DEFAULT '{}';

-- What can be won or redeemed.
CREATE TABLE gift (
    community_id text NOT NULL,
    gift_id      text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('physical', 'virtual', 'privilege')),
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    image_url    text NOT NULL DEFAULT '',
    cost         bigint NOT NULL CHECK (cost >= 0),
    for_award    boolean NOT NULL,
    for_points   boolean NOT NULL,
    by_webhook   boolean NOT NULL,
    needs_address boolean NOT NULL,
    is_open      boolean NOT NULL DEFAULT true,
    stock        integer NOT NULL,
    reserved     integer NOT NULL DEFAULT 0,
    version      integer NOT NULL DEFAULT 1,
    PRIMARY KEY (community_id, gift_id),
    CONSTRAINT no_gift_is_promised_twice CHECK (reserved >= 0 AND stock >= reserved)
) WITH (fillfactor = 70);

-- A place in a month's award and what becomes of it. A disqualified one is followed by the next member.
CREATE TABLE prize (
    community_id text NOT NULL,
    month        date NOT NULL,
    member_id    text NOT NULL,
    rank         integer NOT NULL,
    state        text NOT NULL CHECK (
        state IN ('waiting', 'choosing', 'chosen', 'fulfilled', 'unclaimed', 'disqualified')),
    gift_id      text,
    offered      text[] NOT NULL DEFAULT '{}',
    choose_by    timestamptz,
    chosen_at    timestamptz,
    chosen_by    text NOT NULL DEFAULT '',
    PRIMARY KEY (community_id, month, member_id),
    FOREIGN KEY (community_id, month) REFERENCES month_result
) WITH (fillfactor = 70);
CREATE INDEX prize_of_member ON prize (community_id, member_id) WHERE state = 'choosing';

-- How many of a gift are promised to the winners of a month who have not chosen yet.
CREATE TABLE month_stock (
    community_id text NOT NULL,
    month        date NOT NULL,
    gift_id      text NOT NULL,
    units        integer NOT NULL CHECK (units >= 0),
    PRIMARY KEY (community_id, month, gift_id)
) WITH (fillfactor = 70);

-- Something to hand over: a prize or a redemption. The address is encrypted, and gone when it is done.
CREATE TABLE fulfilment (
    fulfilment_id uuid PRIMARY KEY,
    community_id  text NOT NULL,
    member_id     text NOT NULL,
    gift_id       text NOT NULL,
    source        text NOT NULL CHECK (source IN ('award', 'redemption')),
    source_id     text NOT NULL,
    state         text NOT NULL CHECK (state IN ('waiting', 'by_hand', 'done', 'dead', 'cancelled')),
    attempts      integer NOT NULL DEFAULT 0,
    next_at       timestamptz,
    address       bytea,
    proof         text NOT NULL DEFAULT '',
    error         text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL,
    done_at       timestamptz,
    done_by       text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);
CREATE INDEX fulfilment_due ON fulfilment (next_at) WHERE state = 'waiting';
CREATE INDEX fulfilment_of_community ON fulfilment (community_id, created_at, fulfilment_id);

-- Points set aside for a gift, then spent or given back.
CREATE TABLE redemption (
    redemption_id uuid PRIMARY KEY,
    community_id  text NOT NULL,
    member_id     text NOT NULL,
    gift_id       text NOT NULL,
    points        bigint NOT NULL CHECK (points >= 0),
    state         text NOT NULL CHECK (state IN ('reserved', 'confirmed', 'cancelled', 'expired')),
    month         date NOT NULL,
    reserved_at   timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    closed_by     text NOT NULL DEFAULT '',
    reason        text NOT NULL DEFAULT ''
) WITH (fillfactor = 80);
CREATE INDEX redemption_of_member ON redemption (community_id, member_id, month);
