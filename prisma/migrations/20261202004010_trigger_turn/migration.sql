-- Whoever changes a trigger tells of it before what its counter then fires: so they hold what begins a counter first, in the
-- order in which that does. Whoever acts on a firing holds the firing, and tells an event, which shares the lock.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE FUNCTION trigger_turn(wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM 1 FROM usage_trigger u WHERE u.id = wanted AND account_is_visible(u.account_id);
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM 1 FROM trigger_firing f WHERE f.trigger_id = wanted AND f.state = 'pending' ORDER BY f.id FOR UPDATE;
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.triggers', 0));
END $$;
ALTER FUNCTION trigger_turn(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_turn(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_turn(text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
