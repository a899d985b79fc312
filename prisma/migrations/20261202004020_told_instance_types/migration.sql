-- An event of a session says the instance type of its application as well, where it is delivered and where it is listed. It was
-- kept with the event already, for webhooks that ask for one type.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  signature text;
  written text;
  change text[];
BEGIN
  FOREACH signature IN ARRAY ARRAY['deliveries_claim(jsonb, jsonb)', 'events_after(text, boolean, bigint, text[], integer)'] LOOP
    written := pg_get_functiondef(signature::regprocedure);
    FOREACH change SLICE 1 IN ARRAY ARRAY[
      ['application_id text, session_id text', 'application_id text, instance_type text, session_id text'],
      ['e.application_id, e.session_id', 'e.application_id, e.instance_type, e.session_id']] LOOP
      IF position(change[1] IN written) = 0 THEN
        RAISE EXCEPTION '% is not as this migration knows it: %', signature, change[1];
      END IF;
      written := replace(written, change[1], change[2]);
    END LOOP;
    -- What a function answers is changed by making it anew. Whoever ran an older version reads the columns by their names.
    EXECUTE format('DROP FUNCTION %s', signature::regprocedure);
    EXECUTE written;
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', signature::regprocedure);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature::regprocedure);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', signature::regprocedure);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
