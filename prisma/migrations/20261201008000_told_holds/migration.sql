-- An account is told when a trigger holds it to something no longer, and what of it was held (TRG-2, HKS-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Ends the holds whose time is over, and answers what they held.
CREATE FUNCTION trigger_end_holds() RETURNS TABLE (target_id text, application_id text, endpoint_id text, credential_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (SELECT 1 FROM trigger_hold h WHERE h.until <= clock_timestamp()) THEN RETURN; END IF;
  -- What is told of it shares this lock: whoever begins a counter has it alone, and then ends the hold of its trigger.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.triggers', 0));
  RETURN QUERY
    DELETE FROM trigger_hold h USING usage_trigger t WHERE t.id = h.trigger_id AND h.until <= clock_timestamp()
    RETURNING h.target_id, h.application_id, t.endpoint_id, t.credential_id;
END
$$;
ALTER FUNCTION trigger_end_holds() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_end_holds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_end_holds() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
