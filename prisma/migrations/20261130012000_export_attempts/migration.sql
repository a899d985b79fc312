-- An export that fails is tried again, and only then given up: a full disk or a lost connection passes.
ALTER TABLE "account_export" ADD COLUMN "failed_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

CREATE OR REPLACE FUNCTION export_next() RETURNS TABLE (id text, account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT e.id, e.account_id FROM account_export e
  WHERE e.state IN ('pending', 'running') AND e.next_at <= now() ORDER BY e.next_at, e.created_at, e.id LIMIT 1
$$;
