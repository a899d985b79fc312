-- A price may bill the time of sessions (MET-3), so totals of sessions know when the use began, and not only when the first report
-- of it ended. Of those that are there already the latter is all that is known.
ALTER TABLE usage_session_total ADD COLUMN begun_at TIMESTAMPTZ(3);

DO $$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('usage_count', 'SELECT 0::smallint AS part, account_id, to_at, source_id,', 'SELECT 0::smallint AS part, account_id, from_at, to_at, source_id,'),
    ('usage_count', 'SELECT p.part::smallint, i.account_id, i.to_at, i.source_id,', 'SELECT p.part::smallint, i.account_id, i.from_at, i.to_at, i.source_id,'),
    ('usage_count', 'part, account_id, first_at, last_at, v1', 'part, account_id, first_at, last_at, begun_at, v1'),
    ('usage_count', 'min(to_at), max(to_at),', 'min(to_at), max(to_at), min(from_at),'),
    ('usage_count', 'DO UPDATE SET first_at = least(s.first_at, excluded.first_at),',
      'DO UPDATE SET begun_at = least(coalesce(s.begun_at, s.first_at), excluded.begun_at), first_at = least(s.first_at, excluded.first_at),'),
    ('usage_rename_endpoint', 'part, account_id, first_at, last_at, v1, v2, v3, v4, v5, v6, v7, v8)', 'part, account_id, first_at, last_at, begun_at, v1, v2, v3, v4, v5, v6, v7, v8)'),
    ('usage_rename_endpoint', 'part, account_id, first_at, last_at, v1, v2, v3, v4, v5, v6, v7, v8 FROM', 'part, account_id, first_at, last_at, begun_at, v1, v2, v3, v4, v5, v6, v7, v8 FROM'),
    ('usage_rename_endpoint', 'DO UPDATE SET first_at = least(s.first_at, excluded.first_at),',
      'DO UPDATE SET begun_at = least(coalesce(s.begun_at, s.first_at), coalesce(excluded.begun_at, excluded.first_at)), first_at = least(s.first_at, excluded.first_at),')) AS c(name, was, becomes)
  LOOP
    -- Of two of a name, as releases have them that run side by side, the one that writes these totals.
    SELECT pg_get_functiondef(p.oid) INTO written FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname = change.name AND strpos(p.prosrc, change.was) > 0;
    IF written IS NULL THEN RAISE EXCEPTION '% is not what this migration changes: %', change.name, change.was; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $$;

-- The time of the sessions of an account, and of those right below it, in which a meter was used at all, within the spans that
-- start at `span_starts`: by the sets of dimensions with which each session used it, in milliseconds. A session's time is from its
-- first use to its last, of whatever service, as each account in it used it (LIV-0), and an account above has it for as long as it
-- stood there. Totals of sessions are kept as long as those of minutes, so what was billed can be reckoned again.
CREATE FUNCTION billing_session_time(of_account text, span_starts timestamptz[], until timestamptz, depth_max int, of_meters text[], of_session text)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_ids bigint[], inclusive numeric, own numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH spanned AS MATERIALIZED (
      SELECT s.account_id, s.session_id, min(coalesce(t.begun_at, t.first_at)) AS begun_at, max(t.last_at) AS last_at
      FROM usage_source s JOIN usage_session_total t ON t.source_id = s.id
      WHERE s.session_id <> '' AND (of_session IS NULL OR s.session_id = of_session)
        AND s.account_id IN (SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = of_account)
      GROUP BY 1, 2
      HAVING max(t.last_at) > span_starts[1] AND min(coalesce(t.begun_at, t.first_at)) < billing_session_time.until
    ), used AS MATERIALIZED (
      SELECT p.account_id, p.session_id, p.begun_at, p.last_at, v.meter, array_agg(DISTINCT v.dimension_set_id ORDER BY v.dimension_set_id) AS sets
      FROM spanned p JOIN usage_source s ON (s.account_id, s.session_id) = (p.account_id, p.session_id)
      JOIN usage_session_total t ON t.source_id = s.id JOIN usage_layout l ON l.id = t.layout_id
      CROSS JOIN LATERAL usage_values(l, t.part, ARRAY[t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8]::numeric[]) AS v
      WHERE v.meter = ANY (of_meters) AND v.amount > 0
      GROUP BY 1, 2, 3, 4, 5
    ), buyer AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_session_time.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_session_time.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND depth_max >= 1 AND c.valid_from < billing_session_time.until AND span_starts[1] < c.valid_to
    ), span AS (
      SELECT n.place::int AS place, n.starts_at, lead(n.starts_at, 1, billing_session_time.until) OVER (ORDER BY n.place) AS ends_at
      FROM unnest(span_starts) WITH ORDINALITY AS n(starts_at, place)
    ), counted AS (
      SELECT b.id, n.place, u.meter, u.sets, c.depth = 0 AS is_own,
        extract(epoch FROM least(u.last_at, n.ends_at, b.until, c.valid_to) - greatest(u.begun_at, n.starts_at, b.since, c.valid_from)) * 1000 AS ms
      FROM buyer b JOIN account_closure c ON c.ancestor_id = b.id
      JOIN used u ON u.account_id = c.descendant_id
      JOIN span n ON n.starts_at < u.last_at AND u.begun_at < n.ends_at
    )
    SELECT d.id, d.place, d.meter, d.sets, sum(round(d.ms)), coalesce(sum(round(d.ms)) FILTER (WHERE d.is_own), 0)
    FROM counted d WHERE d.ms > 0 GROUP BY 1, 2, 3, 4;
END $$;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION billing_session_time(text, timestamptz[], timestamptz, int, text[], text) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION billing_session_time(text, timestamptz[], timestamptz, int, text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_session_time(text, timestamptz[], timestamptz, int, text[], text) TO patchbay_app, patchbay_wall;
