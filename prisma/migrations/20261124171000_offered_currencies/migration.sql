GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The currencies that somebody may sign up in: those in which the platform asks prices now of all its children, its own
-- first. A platform that asks none anywhere offers its own.
CREATE FUNCTION billing_offered_currencies() RETURNS TABLE (currency text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH platform AS (SELECT a.id, a.currency FROM account a WHERE a.parent_id IS NULL),
  priced AS (
    SELECT DISTINCT p.currency FROM price p JOIN platform ON p.account_id = platform.id
    WHERE p.child_id IS NULL AND p.effective_from <= now() AND now() < p.effective_to)
  SELECT offered.currency FROM (
    SELECT priced.currency FROM priced
    UNION SELECT platform.currency FROM platform WHERE NOT EXISTS (SELECT 1 FROM priced)) AS offered
  ORDER BY offered.currency <> (SELECT platform.currency FROM platform), offered.currency
$$;
ALTER FUNCTION billing_offered_currencies() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION billing_offered_currencies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_offered_currencies() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
