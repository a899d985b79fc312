-- Totals against their records, in parts that can be looked at day by day, and with each record read once: what an account used by
-- itself in a minute is summed before it is counted at those above it (MET-2).

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- How many totals of minutes differ from the records of those days.
CREATE FUNCTION usage_minute_mismatches(from_day date, to_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '64MB'
  SET enable_sort = off -- Ids begin alike, so that sorting them costs several times what hashing does.
AS $$
  WITH used AS MATERIALIZED (
    SELECT r.account_id, date_trunc('minute', r.to_at) AS minute, q.meter, q.dimension_set_id, sum(q.quantity) AS sum, count(*)::numeric AS n
    FROM usage_record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE r.day >= from_day AND r.day < to_day
    GROUP BY 1, 2, 3, 4
  ), wanted AS (
    SELECT c.ancestor_id AS account_id, u.minute, u.meter, u.dimension_set_id, sum(u.sum) AS sum, sum(u.n) AS n,
      coalesce(sum(u.sum) FILTER (WHERE c.depth = 0), 0) AS self_sum, coalesce(sum(u.n) FILTER (WHERE c.depth = 0), 0) AS self_n
    FROM used u JOIN account_closure c ON c.descendant_id = u.account_id AND c.valid_from <= u.minute AND u.minute < c.valid_to
    GROUP BY 1, 2, 3, 4
  ), found AS (
    SELECT m.account_id, m.minute, m.meter, m.dimension_set_id, sum(m.sum) AS sum, sum(m.n) AS n, sum(m.self_sum) AS self_sum,
      sum(m.self_n) AS self_n
    FROM usage_minute m WHERE m.minute >= from_day::timestamp AT TIME ZONE 'UTC' AND m.minute < to_day::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3, 4
  )
  SELECT count(*) FROM wanted w FULL JOIN found f USING (account_id, minute, meter, dimension_set_id)
  WHERE (w.sum, w.n, w.self_sum, w.self_n) IS DISTINCT FROM (f.sum, f.n, f.self_sum, f.self_n)
$$;

-- How many totals of sessions and spans differ, and how many records were counted twice: what no single day says.
CREATE FUNCTION usage_whole_mismatches(from_day date, to_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '64MB'
  SET enable_sort = off
AS $$
  WITH session_wanted AS (
    SELECT r.account_id, coalesce(r.session_id, '') AS session_id, q.meter, q.dimension_set_id, sum(q.quantity) AS sum
    FROM usage_record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE r.day >= from_day AND r.day < to_day
    GROUP BY 1, 2, 3, 4
  ), session_found AS (
    -- Totals of a session have no days: only those that lie wholly within the days are compared.
    SELECT s.account_id, s.session_id, s.meter, s.dimension_set_id, sum(s.sum) AS sum FROM usage_session s
    GROUP BY 1, 2, 3, 4
    HAVING min(s.first_at) >= from_day::timestamp AT TIME ZONE 'UTC' AND max(s.last_at) < to_day::timestamp AT TIME ZONE 'UTC'
  )
  SELECT (SELECT count(*) FROM session_found f LEFT JOIN session_wanted w USING (account_id, session_id, meter, dimension_set_id)
      WHERE w.sum IS DISTINCT FROM f.sum)
    + (SELECT count(*) FROM (SELECT 1 FROM usage_record r WHERE r.day >= from_day AND r.day < to_day
        GROUP BY r.node_id, r.boot, r.sequence HAVING count(*) > 1) AS repeated)
    + usage_span_mismatches(from_day, to_day)
$$;

ALTER FUNCTION usage_minute_mismatches(date, date) OWNER TO patchbay_wall;
ALTER FUNCTION usage_whole_mismatches(date, date) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION usage_minute_mismatches(date, date), usage_whole_mismatches(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_minute_mismatches(date, date), usage_whole_mismatches(date, date) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
