-- Word lists that communities made themselves.

-- Each change of any list of a community, counted together; the highest version of a name is the list.
CREATE TABLE word_list (
    community_id text NOT NULL,
    version      integer NOT NULL CHECK (version > 0),
    name         text NOT NULL,
    entries      text,
    words        integer NOT NULL,
    changed_at   timestamptz NOT NULL,
    changed_by   text NOT NULL,
    reason       text NOT NULL,
    PRIMARY KEY (community_id, version),
    CONSTRAINT a_list_that_was_taken_away_has_no_words CHECK (entries IS NOT NULL OR words = 0)
);
CREATE INDEX word_list_by_name ON word_list (community_id, name, version DESC);

REVOKE UPDATE ON word_list FROM hearth_moderation;
