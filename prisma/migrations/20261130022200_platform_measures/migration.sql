-- What the platform knows of itself, for triggers of its own account alone (TRG-1).
ALTER TABLE usage_trigger DROP CONSTRAINT usage_trigger_counts;
ALTER TABLE usage_trigger ADD CONSTRAINT usage_trigger_counts CHECK (counts IN ('usage', 'event', 'measure'));
GRANT SELECT ON node, mail, webhook_delivery, usage_conflict, trigger_firing TO patchbay_wall;
GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE FUNCTION platform_measures() RETURNS TABLE (name text, reading numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  SELECT 'relays.allocations', coalesce(max((n.load ->> 'allocations')::numeric), 0) FROM node n
    WHERE n.state IN ('live', 'draining') AND n.last_heartbeat_at > now() - interval '30 seconds'
  UNION ALL
  SELECT 'nodes.silentSeconds', coalesce(floor(max(extract(epoch FROM now() - n.last_heartbeat_at))), 0) FROM node n
    WHERE n.state IN ('live', 'draining')
  UNION ALL
  SELECT 'deliveries.waiting', count(*) FROM webhook_delivery d WHERE d.state = 'waiting' AND d.next_attempt_at <= now()
  UNION ALL
  SELECT 'deliveries.delaySeconds', coalesce(floor(max(extract(epoch FROM now() - d.next_attempt_at))), 0) FROM webhook_delivery d
    WHERE d.state = 'waiting' AND d.next_attempt_at <= now()
  UNION ALL
  SELECT 'actions.waiting', count(*) FROM trigger_firing f WHERE f.state = 'pending'
  UNION ALL
  SELECT 'mails.waiting', count(*) FROM mail m WHERE m.state = 'waiting' AND m.next_at <= now()
  UNION ALL
  SELECT 'usage.refused', count(*) FROM usage_conflict u WHERE u.seen_at > now() - interval '1 hour'
$$;
ALTER FUNCTION platform_measures() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION platform_measures() FROM PUBLIC;

-- Raises each counter of a measure to what is read now, where that is more: a window counts its highest reading. Whoever comes
-- while another reads leaves it to that one.
CREATE FUNCTION trigger_measure() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  raised_ids text[];
  raised_windows timestamptz[];
  rises numeric[];
BEGIN
  IF NOT EXISTS (SELECT 1 FROM usage_trigger t WHERE t.counts = 'measure' AND t.is_enabled AND t.removed_at IS NULL) THEN RETURN; END IF;
  IF NOT pg_try_advisory_xact_lock(hashtextextended('patchbay.triggers.measures', 0)) THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.triggers', 0));
  SELECT array_agg(h.id ORDER BY h.id), array_agg(h.window_start ORDER BY h.id), array_agg(h.rise ORDER BY h.id)
  INTO raised_ids, raised_windows, rises
  FROM (
    SELECT t.id, w.window_start, m.reading - coalesce(c.value, 0) AS rise
    FROM usage_trigger t
    JOIN account p ON p.id = t.account_id AND p.parent_id IS NULL
    JOIN platform_measures() m ON m.name = t.subject
    CROSS JOIN LATERAL trigger_window(t, now()) AS w(window_start)
    LEFT JOIN trigger_counter c ON (c.trigger_id, c.window_start) = (t.id, w.window_start)
    WHERE t.counts = 'measure' AND t.is_enabled AND t.removed_at IS NULL) AS h
  WHERE h.rise > 0;
  IF raised_ids IS NOT NULL THEN PERFORM trigger_count(raised_ids, raised_windows, rises); END IF;
END $$;
ALTER FUNCTION trigger_measure() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION trigger_measure() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trigger_measure() TO patchbay_app;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
