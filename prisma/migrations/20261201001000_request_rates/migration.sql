-- A request is counted for its key, for its account and for each account above, so that nobody comes more often by making keys
-- or accounts below (C18). Drawn for all of them in one question: a request costs what it did.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Draws for each of several callers, none of them twice: see request_rate_draw. `place`: where it stands in what was asked.
CREATE FUNCTION request_rates_draw(asked jsonb)
RETURNS TABLE (place int, granted int, ahead_us bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  drawing record;
BEGIN
  -- In one order, so that two that draw for the same callers do not wait for each other.
  FOR drawing IN
    SELECT a.ordinality, a.caller, a.wanted, a.burst, a.interval_us
    FROM ROWS FROM (jsonb_to_recordset(asked) AS (caller text, wanted int, burst int, interval_us bigint)) WITH ORDINALITY a
    ORDER BY a.caller COLLATE "C"
  LOOP
    place := drawing.ordinality;
    SELECT d.granted, d.ahead_us INTO granted, ahead_us
      FROM request_rate_draw(drawing.caller, drawing.wanted, drawing.burst, drawing.interval_us) d;
    RETURN NEXT;
  END LOOP;
END
$$;
ALTER FUNCTION request_rates_draw(jsonb) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION request_rates_draw(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION request_rates_draw(jsonb) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
