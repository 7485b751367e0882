-- Forgetting a member: rows go, and in the books a name that means nothing takes the member's place.

CREATE TABLE erasure (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id text NOT NULL,
    erased_at    timestamptz NOT NULL,
    erased_by    text NOT NULL,
    reason       text NOT NULL,
    counts       jsonb NOT NULL
);

-- The books are only appended to, but for the name of a member who is forgotten. The service's role has no right
-- to change these tables, so that the setting alone opens nothing.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('hearth.forgetting', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE FUNCTION forget_in_books(community text, member text, alias text) RETURNS void
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
REVOKE EXECUTE ON FUNCTION forget_in_books(text, text, text) FROM PUBLIC;

DO $$ DECLARE grantee text; BEGIN
    FOR grantee IN
        SELECT DISTINCT g.grantee FROM information_schema.role_table_grants g
        WHERE g.table_schema = current_schema AND g.table_name = 'erasure' AND g.grantee <> current_user
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION forget_in_books(text, text, text) TO %I', grantee);
    END LOOP;
END $$;
