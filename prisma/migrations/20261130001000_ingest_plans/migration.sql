-- The same counting by plans that hold however much there is: what a statement is looked up by is said so that no other
-- index can be taken for it. Before a table's statistics were gathered, a batch read all sources of an account and a
-- credential, and a repeat all records of its node.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Every account with its parent, whatever stands above that: what a batch of usage asks for each of its accounts.
CREATE INDEX account_closure_near_idx ON account_closure (descendant_id) WHERE depth <= 1;

-- The numbers of sources, of new ones too. Whoever asks proposes a number, and by that nearly every source is found; the
-- others have a number from before, or another source has theirs, and take the next. No source, and no number, of an account
-- that there is not.
CREATE OR REPLACE FUNCTION usage_open_sources(
  wanted_ids bigint[], account_ids text[], session_ids text[], credential_ids text[], application_ids text[], endpoint_ids text[]
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
  SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  found bigint[];
  missing bigint[];
BEGIN
  INSERT INTO usage_source (id, account_id, session_id, credential_id, application_id, endpoint_id)
  SELECT u.id, u.account_id, u.session_id, u.credential_id, u.application_id, u.endpoint_id
  FROM unnest(wanted_ids, account_ids, session_ids, credential_ids, application_ids, endpoint_ids)
    AS u(id, account_id, session_id, credential_id, application_id, endpoint_id)
  WHERE EXISTS (SELECT 1 FROM account a WHERE a.id = u.account_id) AND NOT EXISTS (SELECT 1 FROM usage_source s WHERE s.id = u.id)
  ORDER BY 1
  ON CONFLICT DO NOTHING;
  SELECT array_agg(n.id ORDER BY n.place), coalesce(array_agg(n.place) FILTER (WHERE n.is_missing), '{}') INTO found, missing
  FROM (
    SELECT u.place, s.id, s.id IS NULL AND EXISTS (SELECT 1 FROM account a WHERE a.id = u.account_id) AS is_missing
    FROM unnest(wanted_ids, account_ids, session_ids, credential_ids, application_ids, endpoint_ids) WITH ORDINALITY
      AS u(id, account_id, session_id, credential_id, application_id, endpoint_id, place)
    LEFT JOIN LATERAL (SELECT * FROM usage_source s WHERE s.id = u.id OFFSET 0) AS s
      ON (s.session_id, s.account_id, s.credential_id, s.application_id, s.endpoint_id)
        = (u.session_id, u.account_id, u.credential_id, u.application_id, u.endpoint_id)) AS n;

  FOR attempt IN 0..7 LOOP
    IF missing = '{}' THEN RETURN found; END IF;
    -- One that is there under another number answers it: the conflict looks for it by its key, which no plan changes.
    WITH opened AS (
      INSERT INTO usage_source AS o (id, account_id, session_id, credential_id, application_id, endpoint_id)
      SELECT DISTINCT u.id + attempt, u.account_id, u.session_id, u.credential_id, u.application_id, u.endpoint_id
      FROM unnest(wanted_ids, account_ids, session_ids, credential_ids, application_ids, endpoint_ids) WITH ORDINALITY
        AS u(id, account_id, session_id, credential_id, application_id, endpoint_id, place)
      LEFT JOIN LATERAL (SELECT * FROM usage_source s WHERE s.id = u.id + attempt OFFSET 0) AS s ON true
      WHERE u.place = ANY (missing) AND (s.id IS NULL OR (s.session_id, s.account_id, s.credential_id, s.application_id, s.endpoint_id)
        = (u.session_id, u.account_id, u.credential_id, u.application_id, u.endpoint_id))
      ORDER BY 1
      ON CONFLICT (session_id, account_id, credential_id, application_id, endpoint_id) DO UPDATE SET endpoint_id = o.endpoint_id
      RETURNING o.id, o.account_id, o.session_id, o.credential_id, o.application_id, o.endpoint_id
    )
    SELECT array_agg(coalesce(u.id, o.id) ORDER BY u.place),
      coalesce(array_agg(u.place) FILTER (WHERE u.place = ANY (missing) AND o.id IS NULL), '{}')
    INTO found, missing
    FROM unnest(found, account_ids, session_ids, credential_ids, application_ids, endpoint_ids) WITH ORDINALITY
      AS u(id, account_id, session_id, credential_id, application_id, endpoint_id, place)
    LEFT JOIN opened o ON (o.session_id, o.account_id, o.credential_id, o.application_id, o.endpoint_id)
      = (u.session_id, u.account_id, u.credential_id, u.application_id, u.endpoint_id) AND u.place = ANY (missing);
  END LOOP;
  RAISE EXCEPTION 'No number is free for a source.' USING ERRCODE = 'PB409';
END $$;

-- Stores the records that are new, and adds them to the totals; knows the others and changes nothing (MET-2). One
-- transaction, so all of it or nothing. Whoever brings records of a node's boot holds its mark until the end, so nobody
-- else stores the same ones meanwhile. Every insert is sorted by its key: unsorted, two writers deadlock.
-- Answers the places (from 1) of the records that were known before, or came earlier in the same batch.
-- Whoever adds to a row of a total holds it until the end of their transaction, and every batch adds to the accounts above: so
-- batches that are under way at one time add to different rows, each to those of the lowest number that nobody else has.
-- Raises PB404 when an account has no place in the tree: use that nobody is billed for must not vanish in silence.
CREATE FUNCTION usage_count(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  layout_ids bigint[], quantity_lists text[], source_ids bigint[]
) RETURNS int[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
  SET plan_cache_mode = force_generic_plan
  SET enable_sort = off -- Ids begin alike, so sorting them costs several times what hashing does: only keys are sorted, at the end.
AS $$
#variable_conflict use_column
DECLARE
  known int[];
  stored bigint;
  rolled bigint;
  expected bigint;
  armed text[] := '{}';
  own_shard smallint := 0;
  block_nodes text[];
  block_boots bigint[];
  blocks bigint[];
  block_days date[];
  touched_ids text[];
  touched_windows timestamptz[];
  touched_sums numeric[];
BEGIN
  IF array_position(source_ids, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'An account of this batch is none.' USING ERRCODE = 'PB404';
  END IF;
  -- Where all are taken, it waits in the rows of the first.
  WHILE NOT pg_try_advisory_xact_lock(hashtext('patchbay.usage_shard'), own_shard) LOOP
    own_shard := (own_shard + 1) % 16;
    EXIT WHEN own_shard = 0;
  END LOOP;
  -- Whoever begins a counter waits until those that cannot know of it are done.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('patchbay.triggers', 0));
  IF EXISTS (SELECT 1 FROM usage_trigger t WHERE t.counts = 'usage' AND t.is_enabled AND t.removed_at IS NULL) THEN
    armed := ARRAY(SELECT t.id FROM usage_trigger t
      WHERE t.counts = 'usage' AND t.is_enabled AND t.removed_at IS NULL AND t.target_id IN (
        SELECT c.ancestor_id FROM account_closure c
        WHERE c.ancestor_id IN (SELECT w.target_id FROM usage_trigger w
            WHERE w.counts = 'usage' AND w.is_enabled AND w.removed_at IS NULL)
          AND c.descendant_id IN (SELECT a FROM unnest(account_ids) AS a)));
  END IF;

  SELECT array_agg(b.node_id), array_agg(b.boot), array_agg(b.block), array_agg(b.day)
  INTO block_nodes, block_boots, blocks, block_days
  FROM (SELECT DISTINCT u.node_id, u.boot, u.sequence >> 14 AS block, u.day
    FROM unnest(days, node_ids, boots, sequences) AS u(day, node_id, boot, sequence)) AS b;
  -- In which days a block of numbers has any, so that an id counts once whatever day its record says.
  INSERT INTO usage_sequence_block (node_id, boot, block, day)
  SELECT b.node_id, b.boot, b.block, b.day FROM unnest(block_nodes, block_boots, blocks, block_days) AS b(node_id, boot, block, day)
  WHERE NOT EXISTS (SELECT 1 FROM usage_sequence_block s
    WHERE (s.node_id, s.boot, s.block, s.day) = (b.node_id, b.boot, b.block, b.day))
  ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING;
  INSERT INTO usage_node_mark (node_id, boot, top)
  SELECT DISTINCT b.node_id, b.boot, -1 FROM unnest(block_nodes, block_boots) AS b(node_id, boot)
  WHERE NOT EXISTS (SELECT 1 FROM usage_node_mark m WHERE (m.node_id, m.boot) = (b.node_id, b.boot))
  ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  PERFORM 1 FROM usage_node_mark m
  WHERE (m.node_id, m.boot) IN (SELECT b.node_id, b.boot FROM unnest(block_nodes, block_boots) AS b(node_id, boot))
  ORDER BY m.node_id, m.boot FOR NO KEY UPDATE;

  WITH mark AS MATERIALIZED (
    SELECT m.node_id, m.boot, m.top FROM usage_node_mark m
    WHERE (m.node_id, m.boot) IN (SELECT b.node_id, b.boot FROM unnest(block_nodes, block_boots) AS b(node_id, boot))
  ), input AS MATERIALIZED (
    -- By numbers first: a batch is of one node, whose id every comparison would read to its end. What the sums read stands
    -- before the texts, which are then passed over.
    SELECT g.* FROM (
      SELECT DISTINCT ON (u.sequence, u.boot, u.node_id) u.sequence, u.boot, u.place, u.day, u.source_id, u.layout_id,
        'epoch'::timestamptz + u.to_time * interval '1 millisecond' AS to_at,
        'epoch'::timestamptz + u.from_time * interval '1 millisecond' AS from_at,
        u.segment, u.sequence <= m.top AS may_be_known, u.account_id, u.quantity_list::bigint[] AS quantities, u.node_id,
        u.application_id, u.endpoint_id, u.credential_id, u.session_id, l.meters, l.dimension_set_ids
      FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
        session_ids, segments, from_ms, to_ms, layout_ids, quantity_lists, source_ids) WITH ORDINALITY
        AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
          from_time, to_time, layout_id, quantity_list, source_id, place)
      JOIN usage_layout l ON l.id = u.layout_id
      JOIN mark m ON (m.node_id, m.boot) = (u.node_id, u.boot)
      ORDER BY u.sequence, u.boot, u.node_id, u.place) AS g
    WHERE NOT (g.may_be_known AND EXISTS (
      SELECT 1 FROM usage_sequence_block s JOIN usage_record r
        ON (r.day, r.node_id, r.boot, r.sequence) = (s.day, g.node_id, g.boot, g.sequence)
      WHERE (s.node_id, s.boot, s.block) = (g.node_id, g.boot, g.sequence >> 14)))
  ), new AS (
    INSERT INTO usage_record (day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id,
      session_id, segment, from_at, to_at, meters, dimension_set_ids, quantities)
    SELECT day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
      from_at, to_at, meters, dimension_set_ids, quantities
    FROM input
  ), marked AS (
    UPDATE usage_node_mark m SET top = b.top
    FROM (SELECT node_id, boot, max(sequence) AS top FROM input GROUP BY 1, 2) AS b
    WHERE (m.node_id, m.boot) = (b.node_id, b.boot) AND m.top < b.top
  ), cell AS MATERIALIZED (
    -- The first eight values of a record that is new, and the others of a longer one by eight.
    SELECT 0::smallint AS part, account_id, to_at, source_id, layout_id,
      quantities[1] AS v1, quantities[2] AS v2, quantities[3] AS v3, quantities[4] AS v4, quantities[5] AS v5, quantities[6] AS v6, quantities[7] AS v7, quantities[8] AS v8
    FROM input
    UNION ALL
    SELECT p.part::smallint, i.account_id, i.to_at, i.source_id, i.layout_id,
      i.quantities[8 * p.part + 1], i.quantities[8 * p.part + 2], i.quantities[8 * p.part + 3], i.quantities[8 * p.part + 4], i.quantities[8 * p.part + 5], i.quantities[8 * p.part + 6], i.quantities[8 * p.part + 7], i.quantities[8 * p.part + 8]
    FROM input i JOIN (VALUES (1), (2), (3)) AS p(part) ON 8 * p.part < cardinality(i.quantities)
  ), leaf AS MATERIALIZED (
    SELECT account_id, date_trunc('minute', to_at) AS minute, layout_id, part, count(*) AS n,
      sum(v1)::bigint AS v1, sum(v2)::bigint AS v2, sum(v3)::bigint AS v3, sum(v4)::bigint AS v4, sum(v5)::bigint AS v5, sum(v6)::bigint AS v6, sum(v7)::bigint AS v7, sum(v8)::bigint AS v8
    FROM cell GROUP BY 1, 2, 3, 4
  ), near AS MATERIALIZED (
    SELECT c.ancestor_id, l.minute, l.layout_id, l.part, c.depth = 0 AS is_own, l.n, l.v1, l.v2, l.v3, l.v4, l.v5, l.v6, l.v7, l.v8
    FROM leaf l JOIN account_closure c
      ON c.descendant_id = l.account_id AND c.depth <= 1 AND c.valid_from <= l.minute AND l.minute < c.valid_to
  ), below AS MATERIALIZED (
    SELECT ancestor_id AS parent_id, minute, layout_id, part, sum(n)::bigint AS n, sum(near.v1)::bigint AS v1, sum(near.v2)::bigint AS v2, sum(near.v3)::bigint AS v3, sum(near.v4)::bigint AS v4, sum(near.v5)::bigint AS v5, sum(near.v6)::bigint AS v6, sum(near.v7)::bigint AS v7, sum(near.v8)::bigint AS v8
    FROM near WHERE NOT is_own GROUP BY 1, 2, 3, 4
  ), rolled_up AS MATERIALIZED (
    -- Whoever stands above an account in a minute is its parent of that minute, or stands above it then: so what many
    -- accounts with one parent used goes up in one.
    SELECT ancestor_id, minute, layout_id, part, true AS is_own, own_shard, n, v1, v2, v3, v4, v5, v6, v7, v8 FROM near WHERE is_own
    UNION ALL
    SELECT c.ancestor_id, b.minute, b.layout_id, b.part, false, own_shard, sum(b.n)::bigint, sum(b.v1)::bigint AS v1, sum(b.v2)::bigint AS v2, sum(b.v3)::bigint AS v3, sum(b.v4)::bigint AS v4, sum(b.v5)::bigint AS v5, sum(b.v6)::bigint AS v6, sum(b.v7)::bigint AS v7, sum(b.v8)::bigint AS v8
    FROM below b JOIN account_closure c
      ON c.descendant_id = b.parent_id AND c.valid_from <= b.minute AND b.minute < c.valid_to
    GROUP BY 1, 2, 3, 4
  ), minutes AS (
    INSERT INTO usage_minute_total AS m (account_id, minute, layout_id, part, is_own, shard, n, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT * FROM rolled_up ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (account_id, minute, layout_id, part, is_own, shard) DO UPDATE SET n = m.n + excluded.n,
      v1 = m.v1 + excluded.v1, v2 = m.v2 + excluded.v2, v3 = m.v3 + excluded.v3, v4 = m.v4 + excluded.v4, v5 = m.v5 + excluded.v5, v6 = m.v6 + excluded.v6, v7 = m.v7 + excluded.v7, v8 = m.v8 + excluded.v8
  ), sessions AS (
    INSERT INTO usage_session_total AS s (source_id, layout_id, part, account_id, first_at, last_at, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT source_id, layout_id, part, account_id, min(to_at), max(to_at),
      sum(v1)::bigint AS v1, sum(v2)::bigint AS v2, sum(v3)::bigint AS v3, sum(v4)::bigint AS v4, sum(v5)::bigint AS v5, sum(v6)::bigint AS v6, sum(v7)::bigint AS v7, sum(v8)::bigint AS v8
    FROM cell GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (source_id, layout_id, part) DO UPDATE SET first_at = least(s.first_at, excluded.first_at),
      last_at = greatest(s.last_at, excluded.last_at),
      v1 = s.v1 + excluded.v1, v2 = s.v2 + excluded.v2, v3 = s.v3 + excluded.v3, v4 = s.v4 + excluded.v4, v5 = s.v5 + excluded.v5, v6 = s.v6 + excluded.v6, v7 = s.v7 + excluded.v7, v8 = s.v8 + excluded.v8
  ), touched AS (
    -- Only what is new gets here, so nothing is counted twice (TRG-3). The first condition spares the rest all work
    -- where no account of the batch has a trigger.
    SELECT t.id, trigger_window(t, e.to_at) AS window_start, sum(q.quantity) AS sum
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
  )
  SELECT (SELECT count(*) FROM input),
    CASE WHEN (SELECT count(*) FROM input) = cardinality(days) THEN '{}' ELSE
      ARRAY(SELECT p.place FROM generate_series(1, cardinality(days)) AS p(place) WHERE p.place NOT IN (SELECT place FROM input))
    END,
    (SELECT count(*) FROM leaf),
    (SELECT count(*) FROM rolled_up WHERE is_own),
    (SELECT array_agg(id ORDER BY id, window_start) FROM touched),
    (SELECT array_agg(window_start ORDER BY id, window_start) FROM touched),
    (SELECT array_agg(sum ORDER BY id, window_start) FROM touched)
  INTO stored, known, expected, rolled, touched_ids, touched_windows, touched_sums;

  IF rolled < expected THEN
    RAISE EXCEPTION 'An account of this batch has no place in the tree.' USING ERRCODE = 'PB404';
  END IF;

  -- Last, so that a counter that many add to is held as short as can be.
  IF touched_ids IS NOT NULL THEN PERFORM trigger_count(touched_ids, touched_windows, touched_sums); END IF;
  RETURN known;
END $$;

ALTER FUNCTION usage_count(date[], text[], bigint[], bigint[], text[], text[], text[], text[], text[], int[], bigint[],
  bigint[], bigint[], text[], bigint[]) OWNER TO patchbay_wall;

-- As the release before calls it, until none of it runs.
CREATE OR REPLACE FUNCTION usage_count(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  layout_ids bigint[], quantity_lists text[], source_ids bigint[], shard smallint
) RETURNS int[] LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT usage_count(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids, session_ids,
    segments, from_ms, to_ms, layout_ids, quantity_lists, source_ids)
$$;

-- What of a minute lies in several rows.
CREATE INDEX usage_minute_total_spread_idx ON usage_minute_total (minute) WHERE shard > 0;

-- Brings the totals of minutes that are over into one row each, so many rows at most, and answers how many they were. What
-- somebody adds to meanwhile is left for the next time.
CREATE FUNCTION usage_fold_minutes(before timestamptz, row_max int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  folded bigint;
BEGIN
  WITH taken AS (
    DELETE FROM usage_minute_total m WHERE m.ctid = ANY (ARRAY(
      SELECT o.ctid FROM usage_minute_total o WHERE o.shard > 0 AND o.minute < before
      ORDER BY o.minute LIMIT row_max FOR UPDATE SKIP LOCKED))
    RETURNING m.*
  ), put AS (
    INSERT INTO usage_minute_total AS m (account_id, minute, layout_id, part, is_own, shard, n, v1, v2, v3, v4, v5, v6, v7, v8)
    SELECT account_id, minute, layout_id, part, is_own, 0, sum(n)::bigint,
      sum(v1)::bigint, sum(v2)::bigint, sum(v3)::bigint, sum(v4)::bigint, sum(v5)::bigint, sum(v6)::bigint, sum(v7)::bigint, sum(v8)::bigint
    FROM taken GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, minute, layout_id, part, is_own, shard) DO UPDATE SET n = m.n + excluded.n,
      v1 = m.v1 + excluded.v1, v2 = m.v2 + excluded.v2, v3 = m.v3 + excluded.v3, v4 = m.v4 + excluded.v4, v5 = m.v5 + excluded.v5, v6 = m.v6 + excluded.v6, v7 = m.v7 + excluded.v7, v8 = m.v8 + excluded.v8
  )
  SELECT count(*) INTO folded FROM taken;
  RETURN folded;
END $$;
ALTER FUNCTION usage_fold_minutes(timestamptz, int) OWNER TO patchbay_wall;
GRANT DELETE ON usage_minute_total TO patchbay_wall;

-- Of records that were known: the places of those that came with another body than the one that was counted. One that is
-- not stored at all is nobody's repeat, and must not be taken for one.
CREATE OR REPLACE FUNCTION usage_changed(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  layout_ids bigint[], quantity_lists text[]
) RETURNS int[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
  SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  changed int[];
  stored bigint;
BEGIN
  SELECT count(*), coalesce(array_agg(u.place::int ORDER BY u.place) FILTER (WHERE
    (r.account_id, r.application_id, r.endpoint_id, r.credential_id, r.session_id, r.segment, r.from_at, r.to_at,
      r.meters, r.dimension_set_ids, r.quantities)
    IS DISTINCT FROM (u.account_id, u.application_id, u.endpoint_id, u.credential_id, u.session_id, u.segment,
      'epoch'::timestamptz + u.from_time * interval '1 millisecond',
      'epoch'::timestamptz + u.to_time * interval '1 millisecond',
      l.meters, l.dimension_set_ids, u.quantity_list::bigint[])), '{}')
  INTO stored, changed
  FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
    session_ids, segments, from_ms, to_ms, layout_ids, quantity_lists) WITH ORDINALITY
    AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
      from_time, to_time, layout_id, quantity_list, place)
  CROSS JOIN LATERAL (
    SELECT s.day FROM usage_sequence_block s WHERE (s.node_id, s.boot, s.block) = (u.node_id, u.boot, u.sequence >> 14) OFFSET 0) AS s
  CROSS JOIN LATERAL (
    SELECT * FROM usage_record r WHERE (r.day, r.node_id, r.boot, r.sequence) = (s.day, u.node_id, u.boot, u.sequence) OFFSET 0) AS r
  JOIN usage_layout l ON l.id = u.layout_id;
  IF stored < cardinality(days) THEN
    RAISE EXCEPTION 'A record is neither stored nor counted.' USING ERRCODE = 'PB410';
  END IF;
  RETURN changed;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proname IN ('usage_count', 'usage_fold_minutes') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;
-- The one of the release before calls the other in the name of its owner.
GRANT EXECUTE ON FUNCTION usage_count(date[], text[], bigint[], bigint[], text[], text[], text[], text[], text[], int[], bigint[],
  bigint[], bigint[], text[], bigint[]) TO patchbay_wall;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
