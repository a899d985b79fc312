-- Gives a trigger another window, or aims it at another target (TRG-1). It has to begin anew after that, in the same transaction:
-- trigger_begin. Whoever does the action of a firing is waited for first, so that it is done to the target that it fired for; what
-- has fired and was not begun is not done any more, because the trigger began anew. A trigger reaches down and nowhere else.
CREATE FUNCTION trigger_reshape(wanted text, shape jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  t usage_trigger%ROWTYPE;
BEGIN
  PERFORM 1 FROM trigger_firing f WHERE f.trigger_id = wanted AND f.state = 'pending' ORDER BY f.id FOR UPDATE;
  -- Whoever counts holds this lock shared: nothing is counted for one target under the window of another.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.triggers', 0));
  SELECT * INTO t FROM usage_trigger u
    WHERE u.id = wanted AND u.removed_at IS NULL AND account_is_visible(u.account_id) FOR UPDATE;
  IF t.id IS NULL OR NOT account_is_visible(shape ->> 'target_id') THEN
    RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404';
  END IF;
  UPDATE usage_trigger u SET
    condition = s.condition, period = s.period, seconds = s.seconds, target_id = s.target_id, with_descendants = s.with_descendants,
    application_id = s.application_id, endpoint_id = s.endpoint_id, credential_id = s.credential_id, session_id = s.session_id,
    time_zone = s.time_zone
  FROM jsonb_populate_record(NULL::usage_trigger, shape) AS s WHERE u.id = wanted;
END $$;
-- Who owns a function may make one there, while it is made.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION trigger_reshape(text, jsonb) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION trigger_reshape(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_reshape(text, jsonb) TO patchbay_app;
