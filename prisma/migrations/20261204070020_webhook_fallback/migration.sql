-- A webhook whose address fails while its fallback answers took everything, and looked as well as one that needs none. Since when it has been
-- so is noted with each request that is over.
ALTER TABLE webhook_lane ADD COLUMN fallback_since TIMESTAMPTZ(3);

GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  written text := pg_get_functiondef('deliveries_finish(jsonb, jsonb)'::regprocedure);
  was text := '      succeeded_at = CASE WHEN is_delivered THEN clock_timestamp() ELSE l.succeeded_at END,';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'deliveries_finish is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, was || $also$
      -- Where neither took it, it fails: since when it leans on the other is asked anew afterwards.
      fallback_since = CASE WHEN is_delivered AND outcome @? '$.requests[*] ? (@.target == "main" && exists (@.error))'
        THEN coalesce(l.fallback_since, clock_timestamp()) END,$also$);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
