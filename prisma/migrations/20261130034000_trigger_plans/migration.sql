-- Where each of a thousand accounts has a trigger, a batch of 5,000 records took minutes, because each record was tried against
-- each trigger. What counts an account of the batch is looked up once for each account now, and counters are found by their keys:
-- whatever the statistics say, so plans are narrowed to that.

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What counts use of these accounts: by account, each trigger and the times in which it reached the account, while the trigger's
-- own account stood above what it counts. NULL where nothing does.
CREATE FUNCTION trigger_armed(account_ids text[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET enable_seqscan = off
AS $$
  SELECT jsonb_object_agg(a.account_id, a.reaching) FROM (
    SELECT u.account_id, jsonb_agg(jsonb_build_object('trigger_id', t.id, 'subject', t.subject, 'counting_from', t.counting_from,
      'since', greatest(c.valid_from, o.valid_from), 'until', least(c.valid_to, o.valid_to))) AS reaching
    FROM (SELECT DISTINCT i.account_id FROM unnest(account_ids) AS i(account_id)) AS u
    CROSS JOIN LATERAL (SELECT k.* FROM account_closure k WHERE k.descendant_id = u.account_id OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT k.* FROM usage_trigger k WHERE k.target_id = c.ancestor_id AND k.counts = 'usage' AND k.is_enabled
      AND k.removed_at IS NULL AND (k.with_descendants OR c.depth = 0) OFFSET 0) AS t
    CROSS JOIN LATERAL (SELECT k.* FROM account_closure k
      WHERE (k.descendant_id, k.ancestor_id) = (t.target_id, t.account_id) OFFSET 0) AS o
    WHERE greatest(c.valid_from, o.valid_from) < least(c.valid_to, o.valid_to)
    GROUP BY 1) AS a
$$;
ALTER FUNCTION trigger_armed(text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_armed(text[]) FROM PUBLIC;

DO $do$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('usage_count', $was$  armed text[] := '{}';$was$, $becomes$  armed jsonb;$becomes$),
    ('usage_count', $was$    armed := ARRAY(SELECT t.id FROM usage_trigger t
      WHERE t.counts = 'usage' AND t.is_enabled AND t.removed_at IS NULL AND t.target_id IN (
        SELECT c.ancestor_id FROM account_closure c
        WHERE c.ancestor_id IN (SELECT w.target_id FROM usage_trigger w
            WHERE w.counts = 'usage' AND w.is_enabled AND w.removed_at IS NULL)
          AND c.descendant_id IN (SELECT a FROM unnest(account_ids) AS a)));$was$,
      $becomes$    armed := trigger_armed(account_ids);$becomes$),
    ('usage_count', $was$    SELECT t.id, trigger_window(t, e.to_at) AS window_start, sum(q.quantity) AS sum
    FROM usage_trigger t
    JOIN account_closure c ON c.ancestor_id = t.target_id AND (t.with_descendants OR c.depth = 0)
    JOIN account_closure o ON o.descendant_id = t.target_id AND o.ancestor_id = t.account_id
    JOIN input e ON e.account_id = c.descendant_id AND t.subject = ANY (e.meters)
    CROSS JOIN LATERAL unnest(e.meters, e.dimension_set_ids, e.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE cardinality(armed) > 0 AND t.id = ANY (armed) AND q.meter = t.subject AND e.to_at >= t.counting_from
      AND c.valid_from <= date_trunc('minute', e.to_at) AND date_trunc('minute', e.to_at) < c.valid_to
      AND o.valid_from <= date_trunc('minute', e.to_at) AND date_trunc('minute', e.to_at) < o.valid_to
      AND (t.application_id IS NULL OR t.application_id = e.application_id)
      AND (t.endpoint_id IS NULL OR t.endpoint_id = e.endpoint_id)
      AND (t.credential_id IS NULL OR t.credential_id = e.credential_id)
      AND (t.session_id IS NULL OR t.session_id = e.session_id)
      AND (t.seconds IS NULL OR e.to_at >= now() - interval '1 day')
      AND (t.filter = '{}' OR EXISTS (
        SELECT 1 FROM usage_dimension_set d WHERE d.id = q.dimension_set_id AND d.dimensions @> t.filter))
    GROUP BY 1, 2
$was$, $becomes$    SELECT w.id, trigger_window(w, n.at) AS window_start, sum(n.sum) AS sum
    FROM (
    -- A window begins with a minute, or is one of so many seconds: asked once for each of these, not for each record.
    SELECT t.id, CASE WHEN t.seconds IS NULL THEN date_trunc('minute', e.to_at)
      ELSE to_timestamp(floor(extract(epoch FROM e.to_at) / t.seconds) * t.seconds) END AS at, sum(q.quantity) AS sum
    FROM input e
    CROSS JOIN LATERAL jsonb_to_recordset(armed -> e.account_id)
      AS r(trigger_id text, subject text, counting_from timestamptz, since timestamptz, until timestamptz)
    CROSS JOIN LATERAL (SELECT k.* FROM usage_trigger k WHERE k.id = r.trigger_id OFFSET 0) AS t
    CROSS JOIN LATERAL unnest(e.meters, e.dimension_set_ids, e.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE armed IS NOT NULL AND r.subject = ANY (e.meters) AND q.meter = r.subject AND e.to_at >= r.counting_from
      AND r.since <= date_trunc('minute', e.to_at) AND date_trunc('minute', e.to_at) < r.until
      AND (t.application_id IS NULL OR t.application_id = e.application_id)
      AND (t.endpoint_id IS NULL OR t.endpoint_id = e.endpoint_id)
      AND (t.credential_id IS NULL OR t.credential_id = e.credential_id)
      AND (t.session_id IS NULL OR t.session_id = e.session_id)
      AND (t.seconds IS NULL OR e.to_at >= now() - interval '1 day')
      AND (t.filter = '{}' OR EXISTS (
        SELECT 1 FROM usage_dimension_set d WHERE d.id = q.dimension_set_id AND d.dimensions @> t.filter))
    GROUP BY 1, 2) AS n CROSS JOIN LATERAL (SELECT k.* FROM usage_trigger k WHERE k.id = n.id OFFSET 0) AS w
    GROUP BY 1, 2
$becomes$),
    ('trigger_count', $was$    FROM unnest(trigger_ids, window_starts, sums) AS u(id, window_start, sum) JOIN usage_trigger t ON t.id = u.id
$was$, $becomes$    FROM unnest(trigger_ids, window_starts, sums) AS u(id, window_start, sum)
    CROSS JOIN LATERAL (SELECT k.account_id FROM usage_trigger k WHERE k.id = u.id OFFSET 0) AS t
$becomes$),
    ('trigger_count', $was$    FROM counted c JOIN usage_trigger t ON t.id = c.trigger_id
$was$, $becomes$    FROM counted c CROSS JOIN LATERAL (SELECT k.* FROM usage_trigger k WHERE k.id = c.trigger_id OFFSET 0) AS t
$becomes$),
    ('trigger_count_events', $was$    JOIN usage_trigger t ON t.counts = 'event' AND t.subject = e.type AND t.is_enabled AND t.removed_at IS NULL
    JOIN account_closure c ON c.ancestor_id = t.target_id AND c.descendant_id = e.account_id AND (t.with_descendants OR c.depth = 0)
$was$, $becomes$    CROSS JOIN LATERAL (SELECT k.* FROM account_closure k WHERE k.descendant_id = e.account_id OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT k.* FROM usage_trigger k WHERE k.target_id = c.ancestor_id AND k.counts = 'event'
      AND k.subject = e.type AND k.is_enabled AND k.removed_at IS NULL AND (k.with_descendants OR c.depth = 0) OFFSET 0) AS t
$becomes$)) AS c(name, was, becomes)
  LOOP
    SELECT pg_get_functiondef(p.oid) INTO written FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname = change.name AND strpos(p.prosrc, change.was) > 0;
    IF written IS NULL THEN RAISE EXCEPTION '% is not what this migration changes: %', change.name, change.was; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
  -- By signature: a release that runs beside has others of the name.
  FOR change IN SELECT p.oid::regprocedure::text AS name FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN ('usage_count', 'trigger_count') AND strpos(p.prosrc, 'OFFSET 0') > 0
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET enable_seqscan = off', change.name);
  END LOOP;
END $do$;

ALTER FUNCTION trigger_count_events() SET jit = off;
ALTER FUNCTION trigger_count_events() SET enable_seqscan = off;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
