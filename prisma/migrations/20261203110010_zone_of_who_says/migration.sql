-- What an account above says, its plans and what its triggers hold are read in its own time zone. In that of the account which they
-- are about, that one moved their times and days by moving its zone (POL-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  written text := pg_get_functiondef('policy_chain(text)'::regprocedure);
  was text := 'SELECT id, time_zone, by, plan_id';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'policy_chain is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, $becomes$SELECT id, coalesce((SELECT s.time_zone FROM account s
    WHERE s.id = coalesce(stored.word ->> 'setById', stored.word -> 'heldBy' ->> 'accountId')), time_zone), by, plan_id$becomes$);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
