-- Begins a counter anew from this moment: nothing that was counted before is known to it, in a window that runs neither, and
-- what it held is lifted (TRG-1). A trigger that is set, or turned on again, still knows the window that runs: trigger_begin.
CREATE FUNCTION trigger_reset(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  -- Whoever counts holds this lock shared: no use falls between the old counter and the new one.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.triggers', 0));
  PERFORM 1 FROM usage_trigger u WHERE u.id = wanted AND account_is_visible(u.account_id) FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'resource.unknown' USING ERRCODE = 'PB404'; END IF;
  UPDATE usage_trigger u SET generation = u.generation + 1, counting_from = clock_timestamp() WHERE u.id = wanted;
  DELETE FROM trigger_hold h WHERE h.trigger_id = wanted;
  DELETE FROM trigger_counter c WHERE c.trigger_id = wanted;
END $$;
-- Who owns a function may make one there, while it is made.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION trigger_reset(text) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION trigger_reset(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_reset(text) TO patchbay_app;
