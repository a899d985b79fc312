-- Hours and days of a time zone (MET-5). The functions without one stay until nothing of the release before runs.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE FUNCTION usage_of_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint, self_sum bigint, self_n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, zone) END, m.meter, m.dimension_set_id,
      sum(m.sum)::bigint, sum(m.n)::bigint, sum(m.self_sum)::bigint, sum(m.self_n)::bigint
    FROM usage_minute m
    WHERE m.account_id = of_account AND m.minute >= since AND m.minute < until AND (of_meter IS NULL OR m.meter = of_meter)
    GROUP BY 1, 2, 3;
END $$;
ALTER FUNCTION usage_of_account(text, timestamptz, timestamptz, text, text, text) OWNER TO patchbay_wall;

-- The own use of an account and of each account that stood below it in the minute of use.
CREATE FUNCTION usage_below_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (account_id text, at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT m.account_id, CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, zone) END, m.meter,
      m.dimension_set_id, sum(m.self_sum)::bigint, sum(m.self_n)::bigint
    FROM account_closure c JOIN usage_minute m ON m.account_id = c.descendant_id
      AND m.minute >= greatest(since, c.valid_from) AND m.minute < least(until, c.valid_to)
    WHERE c.ancestor_id = of_account AND m.self_n > 0 AND (of_meter IS NULL OR m.meter = of_meter)
    GROUP BY 1, 2, 3, 4;
END $$;
ALTER FUNCTION usage_below_account(text, timestamptz, timestamptz, text, text, text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['usage_of_account(text, timestamptz, timestamptz, text, text, text)',
    'usage_below_account(text, timestamptz, timestamptz, text, text, text)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
