-- What a trigger of an account above held was left behind by a move, though whoever moved could not end it; and what a trigger of
-- an account that is above no more held stayed, though nobody above could end that (decision 0018).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Of accounts in scope: which account's trigger holds them to something now, and whether it holds for those below as well. The
-- triggers themselves are of accounts that may be out of scope.
CREATE FUNCTION trigger_holds_in_force() RETURNS TABLE (account_id text, by_id text, reaches_down boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT h.target_id, h.account_id, h.application_id IS NULL
    AND ((t.endpoint_id IS NULL AND t.credential_id IS NULL) OR t.with_descendants)
  FROM trigger_hold h JOIN usage_trigger t ON t.id = h.trigger_id
  WHERE (h.until IS NULL OR h.until > now()) AND account_is_visible(h.target_id)
$$;
ALTER FUNCTION trigger_holds_in_force() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_holds_in_force() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_holds_in_force() TO patchbay_app;

DO $change$
DECLARE
  before text := pg_get_functiondef('account_words_fall(text[])'::regprocedure);
  was text := '  DELETE FROM spending_limit l';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'account_words_fall is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $words$  DELETE FROM trigger_hold h WHERE h.target_id = ANY (moved) AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = h.target_id AND c.ancestor_id = h.account_id AND c.valid_to = 'infinity');
$words$ || was);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
