-- How far ahead of an even rate each caller of the API is, for all processes of the control plane together (C18): before, n
-- processes let n times the rate through, and each restart began anew. Processes draw requests from it by the few, so a row
-- is written for some requests and not for each. Not logged: a crash of the database costs a minute of counting, and no wait.
CREATE UNLOGGED TABLE "request_rate" (
    "caller" TEXT NOT NULL,
    "arrival_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "request_rate_pkey" PRIMARY KEY ("caller")
);

ALTER TABLE request_rate ENABLE ROW LEVEL SECURITY;
ALTER TABLE request_rate FORCE ROW LEVEL SECURITY;
-- Nobody reads or writes it but the two functions below.
REVOKE ALL ON request_rate FROM patchbay_app, patchbay_wall;
GRANT SELECT, INSERT, UPDATE, DELETE ON request_rate TO patchbay_wall;
CREATE POLICY request_rate_wall ON request_rate TO patchbay_wall USING (true) WITH CHECK (true);
CREATE INDEX "request_rate_arrival_at_idx" ON request_rate ("arrival_at");

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Draws up to so many requests of a caller: what its burst has room for, counted by the clock of the database alone.
-- `ahead_us`: how far it is ahead of an even rate then; once that is 0, the whole burst may come again.
CREATE FUNCTION request_rate_draw(asked text, wanted int, burst int, interval_us bigint)
RETURNS TABLE (granted int, ahead_us bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  at_now timestamptz;
  before timestamptz;
  room int;
BEGIN
  INSERT INTO request_rate (caller, arrival_at) VALUES (asked, '-infinity') ON CONFLICT (caller) DO NOTHING;
  SELECT r.arrival_at INTO before FROM request_rate r WHERE r.caller = asked FOR UPDATE;
  -- After the wait for the row: whoever held it may have had a later look at the clock.
  at_now := clock_timestamp();
  before := greatest(before, at_now);
  ahead_us := extract(epoch FROM before - at_now) * 1000000;
  room := burst - ceil(ahead_us::numeric / interval_us);
  granted := greatest(0, least(wanted, room));
  IF granted > 0 THEN
    ahead_us := ahead_us + granted * interval_us;
    UPDATE request_rate r SET arrival_at = before + granted * interval_us * interval '1 microsecond' WHERE r.caller = asked;
  END IF;
  RETURN NEXT;
END
$$;
ALTER FUNCTION request_rate_draw(text, int, int, bigint) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION request_rate_draw(text, int, int, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION request_rate_draw(text, int, int, bigint) TO patchbay_app;

-- Forgets callers that may send a whole burst again: they stand like one that never came.
CREATE FUNCTION forget_request_rates() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH gone AS (DELETE FROM request_rate r WHERE r.arrival_at < now() - interval '1 minute' RETURNING 1)
  SELECT count(*) FROM gone
$$;
ALTER FUNCTION forget_request_rates() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION forget_request_rates() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_request_rates() TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
