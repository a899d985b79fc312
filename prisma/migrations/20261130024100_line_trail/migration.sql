-- From a line of a statement down to the sessions and records that it was made of, and from a session back.

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The use of one meter on one day by an account and all that were below it then, where it lies in the given places: from one
-- time to another, with one set of dimensions. Whether the account is visible is asked once.
CREATE FUNCTION billing_line_sessions(of_account text, of_meter text, on_day date, froms timestamptz[], tos timestamptz[], set_ids bigint[])
RETURNS TABLE (session_id text, account_id text, quantity numeric, running numeric, record_count bigint, first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH used AS (
      SELECT coalesce(r.session_id, '') AS session_id, r.account_id, sum(q.quantity) AS quantity, count(*) AS record_count,
        min(r.from_at) AS first_at, max(r.to_at) AS last_at
      FROM account_closure c
      JOIN usage_record r ON r.account_id = c.descendant_id AND r.day = on_day
        AND date_trunc('minute', r.to_at) >= c.valid_from AND date_trunc('minute', r.to_at) < c.valid_to
      CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      JOIN unnest(froms, tos, set_ids) AS p(since, until, set_id)
        ON p.set_id = q.dimension_set_id AND r.to_at >= p.since AND r.to_at < p.until
      WHERE c.ancestor_id = of_account AND q.meter = of_meter AND q.quantity <> 0
      GROUP BY 1, 2)
    SELECT u.session_id, u.account_id, u.quantity, sum(u.quantity) OVER (ORDER BY u.session_id, u.account_id),
      u.record_count, u.first_at, u.last_at
    FROM used u;
END $$;

CREATE FUNCTION billing_line_records(of_account text, of_meter text, on_day date, froms timestamptz[], tos timestamptz[], set_ids bigint[],
  of_session text, after text, count_max int)
RETURNS TABLE (place text, node_id text, boot bigint, sequence bigint, account_id text, segment int, from_at timestamptz, to_at timestamptz, quantity numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT * FROM (
      SELECT r.node_id || '.' || lpad(r.boot::text, 19, '0') || '.' || lpad(r.sequence::text, 19, '0') AS place,
        r.node_id, r.boot, r.sequence, r.account_id, r.segment, r.from_at, r.to_at, sum(q.quantity)
      FROM account_closure c
      JOIN usage_record r ON r.account_id = c.descendant_id AND r.day = on_day
        AND date_trunc('minute', r.to_at) >= c.valid_from AND date_trunc('minute', r.to_at) < c.valid_to
      CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      JOIN unnest(froms, tos, set_ids) AS p(since, until, set_id)
        ON p.set_id = q.dimension_set_id AND r.to_at >= p.since AND r.to_at < p.until
      WHERE c.ancestor_id = of_account AND q.meter = of_meter AND q.quantity <> 0
        AND (of_session IS NULL OR r.session_id = of_session)
      GROUP BY r.day, r.node_id, r.boot, r.sequence, r.account_id, r.segment, r.from_at, r.to_at) AS found
    WHERE after IS NULL OR found.place COLLATE "C" > after
    ORDER BY found.place COLLATE "C" LIMIT count_max;
END $$;

-- What a session used, and from when to when.
CREATE FUNCTION billing_session_meters(of_account text, of_session text)
RETURNS TABLE (meter text, first_at timestamptz, last_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT m.meter, min(t.first_at), max(t.last_at)
    FROM usage_source s
    JOIN usage_session_total t ON t.source_id = s.id
    JOIN usage_layout l ON l.id = t.layout_id
    CROSS JOIN LATERAL unnest(l.meters) AS m(meter)
    WHERE s.session_id = of_session
      AND EXISTS (SELECT 1 FROM account_closure c WHERE c.ancestor_id = of_account AND c.descendant_id = s.account_id)
    GROUP BY 1 ORDER BY 1;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['billing_line_sessions(text, text, date, timestamptz[], timestamptz[], bigint[])',
      'billing_line_records(text, text, date, timestamptz[], timestamptz[], bigint[], text, text, int)',
      'billing_session_meters(text, text)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
