GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Of these accounts those for which anything is said of any of these settings, at them or above them. Ingest asks it of all
-- accounts of a batch at once: to read the chain of each takes several times as long as to count what they used.
CREATE FUNCTION policy_saying(account_ids text[], settings text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT DISTINCT c.descendant_id FROM account_closure c
  WHERE c.descendant_id = ANY (account_ids) AND c.valid_to = 'infinity' AND c.ancestor_id IN (
    SELECT p.account_id FROM policy p WHERE p.word -> 'values' ?| settings OR p.word -> 'overridable' ?| settings
    UNION ALL
    SELECT t.account_id FROM account_plan t JOIN policy_plan p ON p.id = t.plan_id
    WHERE p.word -> 'values' ?| settings OR p.word -> 'overridable' ?| settings)
$$;
ALTER FUNCTION policy_saying(text[], text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION policy_saying(text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION policy_saying(text[], text[]) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
