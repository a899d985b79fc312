-- Use that was kept and not counted is on no statement: whoever is responsible for an account has to be able to see it.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
CREATE INDEX "usage_conflict_seen_at_idx" ON "usage_conflict"("seen_at");

-- Of an account and all below it, the newest first; of the platform all, with what names an account that there is not.
CREATE FUNCTION usage_refused(of_account text, before_at timestamptz, before_hash bytea, row_max int)
RETURNS TABLE (account_id text, node_id text, reason text, body jsonb, body_hash bytea, seen_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  is_platform boolean := EXISTS (SELECT 1 FROM account a WHERE a.id = of_account AND a.parent_id IS NULL);
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT u.account_id, u.node_id, u.reason, u.body, u.body_hash, u.seen_at FROM usage_conflict u
    WHERE (is_platform OR u.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account
        AND c.valid_to = 'infinity'))
      AND (before_at IS NULL OR (u.seen_at, u.body_hash) < (before_at, before_hash))
    ORDER BY u.seen_at DESC, u.body_hash DESC LIMIT row_max;
END $$;
ALTER FUNCTION usage_refused(text, timestamptz, bytea, int) OWNER TO patchbay_wall;

-- How much was kept and not counted since a time, by reason: nothing, or an alarm.
CREATE FUNCTION usage_refused_since(since timestamptz) RETURNS TABLE (reason text, count bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT u.reason, count(*) FROM usage_conflict u WHERE u.seen_at >= since GROUP BY 1 ORDER BY 1
$$;
ALTER FUNCTION usage_refused_since(timestamptz) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['usage_refused(text, timestamptz, bytea, int)', 'usage_refused_since(timestamptz)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
