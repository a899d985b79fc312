-- A live account's key may make a test key, and the log of the twin tells of it. Whoever acts there from above stands at an account
-- of another tree: kept as they were, they had their names in the log of a tenant that does not see them (PRD-2, C1).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Where somebody of an account stands along a path: at the account, or at its twin where the path is one of twins.
CREATE FUNCTION audit_actor_place(actor_account text, path text[]) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN actor_account = ANY (path) THEN actor_account
    ELSE coalesce((SELECT t.id FROM account t WHERE t.live_id = actor_account AND t.id = ANY (path)), actor_account) END
$$;
ALTER FUNCTION audit_actor_place(text, text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION audit_actor_place(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_actor_place(text, text[]) TO patchbay_app;

-- Kept so from now on: a twin that is reset is no twin any more, and its log can still be read.
DO $change$
DECLARE
  written text := pg_get_functiondef('audit_append()'::regprocedure);
  was text := '  NEW.sequence := head.sequence + 1;';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'audit_append is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, '  NEW.actor_account_id := audit_actor_place(NEW.actor_account_id, NEW.account_path);
' || was);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
