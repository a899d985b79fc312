-- A page that a mailed link leads to is in the brand that its mail was in, wherever it is opened (PRD-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The brand that a link's mail was in, of a link that works: of an invitation, of whom its account sees above it, with
-- `not_above` of none that is above that one; of any other link, of all that its person has a role in. Null where there is none.
CREATE FUNCTION brand_of_link(hash bytea, not_above text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN l.account_id IS NOT NULL THEN brand_above(l.account_id, not_above)
    WHEN not_above IS NULL THEN brand_of_user(l.user_id) END
  FROM (
    SELECT s.account_id, s.user_id FROM set_up_link s WHERE s.token_hash = hash AND s.used_at IS NULL AND s.expires_at > now()
    UNION ALL
    SELECT NULL, e.user_id FROM email_link e WHERE e.token_hash = hash AND e.used_at IS NULL AND e.expires_at > now()
  ) l LIMIT 1
$$;
ALTER FUNCTION brand_of_link(bytea, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION brand_of_link(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION brand_of_link(bytea, text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
