-- Accounts for what is set aside, spent, expired and given away; daily seals over what is in the books.

ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check CHECK (
    kind IN ('issuer', 'redeemed', 'expired', 'gift_budget', 'promised', 'wallet', 'debt', 'pending', 'held')
);
ALTER TABLE account DROP CONSTRAINT the_issuer_has_no_member;
ALTER TABLE account ADD CONSTRAINT a_communitys_account_has_no_member CHECK (
    (kind IN ('wallet', 'debt', 'pending', 'held')) = (member_id <> '')
);
ALTER TABLE account ADD CONSTRAINT only_issuer_and_debt_go_below_zero CHECK (
    kind IN ('issuer', 'debt') OR balance >= 0
);

-- Of a wallet: all that was ever earned, less what was taken back; levels go by it.
ALTER TABLE account ADD COLUMN earned bigint NOT NULL DEFAULT 0;

ALTER TABLE transaction DROP CONSTRAINT transaction_kind_check;
ALTER TABLE transaction ADD CONSTRAINT transaction_kind_check CHECK (
    kind IN ('award', 'reversal', 'reserve', 'confirm', 'cancel', 'fund', 'defund', 'promise', 'return', 'grant',
             'compensate', 'deduct', 'hold', 'release', 'void', 'expire')
);
-- Rows come in the order of recording, so a few pages of this index find a day.
CREATE INDEX transaction_recorded ON transaction USING brin (recorded_at);

-- The books of one UTC day of recording, chained to the day before: a row changed later no longer fits.
CREATE TABLE seal (
    community_id text NOT NULL,
    day          date NOT NULL,
    transactions bigint NOT NULL CHECK (transactions > 0),
    previous     bytea NOT NULL,
    hash         bytea NOT NULL,
    sealed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (community_id, day)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$ DECLARE grantee text; BEGIN
    FOR grantee IN
        SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
        WHERE g.table_schema = current_schema AND g.table_name = 'seal' AND g.grantee <> current_user
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON seal FROM %I', grantee);
        EXECUTE format('GRANT UPDATE (earned) ON account TO %I', grantee);
    END LOOP;
END $$;
