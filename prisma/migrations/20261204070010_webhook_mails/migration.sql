-- A webhook that fails or was disabled is told of by mail as well: its events go to webhooks, and it may be the only one (HKS-2). What is
-- due is written with the change itself, and taken by whoever writes mails. When each kind was last due bounds how often one webhook is
-- written of.
ALTER TABLE webhook ADD COLUMN mail_due JSONB, ADD COLUMN failing_mail_at TIMESTAMPTZ(3), ADD COLUMN disabled_mail_at TIMESTAMPTZ(3);
CREATE INDEX webhook_mail_due_idx ON webhook (id) WHERE mail_due IS NOT NULL;
GRANT SELECT (mail_due, failing_mail_at, disabled_mail_at), UPDATE (mail_due, failing_mail_at, disabled_mail_at) ON webhook TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- One that is due, of whomever: whoever takes it writes the mails in the same transaction. Of what was removed or closed meanwhile nobody
-- is told.
CREATE FUNCTION webhook_mail_take() RETURNS TABLE (webhook_id text, account_id text, account_name text, url text, notice jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH due AS (
    SELECT w.id, w.mail_due, a.name FROM webhook w JOIN account a ON a.id = w.account_id AND a.state <> 'closed'
    WHERE w.mail_due IS NOT NULL AND w.state <> 'removed' ORDER BY w.id LIMIT 1 FOR UPDATE OF w SKIP LOCKED
  )
  UPDATE webhook w SET mail_due = NULL FROM due d WHERE w.id = d.id
  RETURNING w.id, w.account_id, d.name, w.url, d.mail_due
$$;
ALTER FUNCTION webhook_mail_take() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION webhook_mail_take() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_mail_take() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
