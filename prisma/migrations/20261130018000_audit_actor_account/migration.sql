-- Where whoever changed something stands: to those who do not see that account, its people and keys have no names (PRD-2).
ALTER TABLE audit_entry ADD COLUMN actor_account_id text;
GRANT INSERT (actor_account_id) ON audit_entry TO patchbay_app;

-- Entries from before have none, and the hash that they were made with.
CREATE OR REPLACE FUNCTION audit_hash(entry audit_entry) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT sha256(entry.previous_hash || convert_to((jsonb_build_array(
    entry.id, entry.account_id, entry.sequence, (extract(epoch FROM entry.at) * 1000)::bigint, entry.actor_id,
    entry.actor_name, entry.address, entry.action, entry.target, entry.request_id, entry.before, entry.after,
    entry.account_path)
    || CASE WHEN entry.actor_account_id IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(entry.actor_account_id) END)::text,
    'UTF8'))
$$;
