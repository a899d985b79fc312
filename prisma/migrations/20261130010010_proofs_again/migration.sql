-- What was proved by a TXT record is looked at again: a name that changed hands is not somebody's for ever (PRD-2, PRD-3).
ALTER TABLE "sso_domain" ADD COLUMN "missed_count" INTEGER NOT NULL DEFAULT 0, ADD COLUMN "missed_since" TIMESTAMPTZ(3);
ALTER TABLE "brand_host" ADD COLUMN "missed_count" INTEGER NOT NULL DEFAULT 0, ADD COLUMN "missed_since" TIMESTAMPTZ(3);

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- All that is proved, of whomever, behind an id: for the task that looks at it again.
CREATE FUNCTION proved_names(after_id text, count_max integer) RETURNS TABLE (kind text, id text, account_id text,
  name text, token text, missed_count integer, missed_since timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.* FROM (
    SELECT 'domain' AS kind, d.id, d.account_id, d.domain, d.challenge, d.missed_count, d.missed_since
      FROM sso_domain d WHERE d.proved_at IS NOT NULL
    UNION ALL
    SELECT 'host', h.id, h.account_id, h.host, h.token, h.missed_count, h.missed_since
      FROM brand_host h WHERE h.proved_at IS NOT NULL) p
  JOIN account a ON a.id = p.account_id AND a.state <> 'closed'
  WHERE p.id > after_id ORDER BY p.id LIMIT count_max
$$;
ALTER FUNCTION proved_names(text, integer) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION proved_names(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proved_names(text, integer) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
