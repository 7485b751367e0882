-- Texts of all communities of one owner are compared with one another.
ALTER TABLE recent_text ADD COLUMN owner text;
ALTER TABLE recent_edit ADD COLUMN owner text;
CREATE INDEX recent_text_of_owner ON recent_text (owner, posted_at) WHERE owner IS NOT NULL;
CREATE INDEX recent_edit_of_owner ON recent_edit (owner, posted_at) WHERE owner IS NOT NULL;
