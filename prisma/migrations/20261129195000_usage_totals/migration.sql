-- Totals in narrower rows (MET-1, MET-2): the values of a record lie side by side, and what a session's totals belong to
-- is one number. usage_minute and usage_session go on as views, and what was counted is carried over.

-- Which meter and dimension set each value of a record is of: few for any number of records.
CREATE TABLE "usage_layout" (
    "id" BIGINT NOT NULL,
    "meters" TEXT[],
    "dimension_set_ids" BIGINT[],

    CONSTRAINT "usage_layout_pkey" PRIMARY KEY ("id")
);

-- What the totals of a session are kept by. Empty where a record names none.
CREATE TABLE "usage_source" (
    "id" BIGINT NOT NULL,
    "account_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "application_id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,

    CONSTRAINT "usage_source_pkey" PRIMARY KEY ("id")
);

-- A row holds the values 8 * part + 1 to 8 * part + 8 of its layout, and only those that there are.
CREATE TABLE "usage_minute_total" (
    "account_id" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(0) NOT NULL,
    "layout_id" BIGINT NOT NULL,
    "part" SMALLINT NOT NULL,
    "is_own" BOOLEAN NOT NULL,
    "shard" SMALLINT NOT NULL,
    "n" BIGINT NOT NULL,
    "v1" BIGINT,
    "v2" BIGINT,
    "v3" BIGINT,
    "v4" BIGINT,
    "v5" BIGINT,
    "v6" BIGINT,
    "v7" BIGINT,
    "v8" BIGINT,

    CONSTRAINT "usage_minute_total_pkey" PRIMARY KEY ("account_id","minute","layout_id","part","is_own","shard")
) WITH (fillfactor = 50);

CREATE TABLE "usage_session_total" (
    "source_id" BIGINT NOT NULL,
    "layout_id" BIGINT NOT NULL,
    "part" SMALLINT NOT NULL,
    "account_id" TEXT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,
    "v1" BIGINT,
    "v2" BIGINT,
    "v3" BIGINT,
    "v4" BIGINT,
    "v5" BIGINT,
    "v6" BIGINT,
    "v7" BIGINT,
    "v8" BIGINT,

    CONSTRAINT "usage_session_total_pkey" PRIMARY KEY ("source_id","layout_id","part")
) WITH (fillfactor = 50);

-- The highest number that any record of a node's boot had: what is above it is new, and asked about nowhere.
CREATE TABLE "usage_node_mark" (
    "node_id" TEXT NOT NULL,
    "boot" BIGINT NOT NULL,
    "top" BIGINT NOT NULL,

    CONSTRAINT "usage_node_mark_pkey" PRIMARY KEY ("node_id","boot")
) WITH (fillfactor = 50);

-- Nodes keep their reports in the meantime.
LOCK TABLE usage_minute, usage_session, usage_record IN SHARE MODE;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The number of a layout: every process knows it without asking. A test compares it with what the store works out.
CREATE FUNCTION usage_layout_id(meters text[], dimension_set_ids bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ('x' || left(encode(sha256(convert_to(
    array_to_string(meters, E'\n') || E'\n' || array_to_string(dimension_set_ids, E'\n'), 'UTF8')), 'hex'), 16))::bit(64)::bigint
$$;

-- Layouts that a process has not seen yet, each list as an array literal. Two processes may bring the same ones.
CREATE FUNCTION usage_open_layouts(meter_lists text[], dimension_lists text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO usage_layout (id, meters, dimension_set_ids)
  SELECT DISTINCT usage_layout_id(u.meters::text[], u.sets::bigint[]), u.meters::text[], u.sets::bigint[]
  FROM unnest(meter_lists, dimension_lists) AS u(meters, sets) ORDER BY 1
  ON CONFLICT DO NOTHING;
  IF EXISTS (SELECT 1 FROM unnest(meter_lists, dimension_lists) AS u(meters, sets) WHERE NOT EXISTS (
      SELECT 1 FROM usage_layout l WHERE l.id = usage_layout_id(u.meters::text[], u.sets::bigint[])
        AND l.meters = u.meters::text[] AND l.dimension_set_ids = u.sets::bigint[])) THEN
    RAISE EXCEPTION 'Two layouts have one number.' USING ERRCODE = 'PB409';
  END IF;
END $$;
ALTER FUNCTION usage_open_layouts(text[], text[]) OWNER TO patchbay_wall;

-- The numbers of sources, of new ones too. Whoever asks proposes a number; the next one is taken where another source has
-- it. No source, and no number, of an account that there is not.
CREATE FUNCTION usage_open_sources(
  wanted_ids bigint[], account_ids text[], session_ids text[], credential_ids text[], application_ids text[], endpoint_ids text[]
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  found bigint[];
BEGIN
  FOR attempt IN 0..7 LOOP
    INSERT INTO usage_source (id, account_id, session_id, credential_id, application_id, endpoint_id)
    SELECT u.id + attempt, u.account_id, u.session_id, u.credential_id, u.application_id, u.endpoint_id
    FROM unnest(wanted_ids, account_ids, session_ids, credential_ids, application_ids, endpoint_ids)
      AS u(id, account_id, session_id, credential_id, application_id, endpoint_id)
    WHERE EXISTS (SELECT 1 FROM account a WHERE a.id = u.account_id) AND NOT EXISTS (
      SELECT 1 FROM usage_source s WHERE (s.session_id, s.account_id, s.credential_id, s.application_id, s.endpoint_id)
        = (u.session_id, u.account_id, u.credential_id, u.application_id, u.endpoint_id))
    ORDER BY 1
    ON CONFLICT DO NOTHING;
    SELECT array_agg(s.id ORDER BY u.place) INTO found
    FROM unnest(account_ids, session_ids, credential_ids, application_ids, endpoint_ids) WITH ORDINALITY
      AS u(account_id, session_id, credential_id, application_id, endpoint_id, place)
    LEFT JOIN usage_source s ON (s.session_id, s.account_id, s.credential_id, s.application_id, s.endpoint_id)
      = (u.session_id, u.account_id, u.credential_id, u.application_id, u.endpoint_id);
    IF NOT EXISTS (SELECT 1 FROM unnest(found, account_ids) AS u(id, account_id)
        WHERE u.id IS NULL AND EXISTS (SELECT 1 FROM account a WHERE a.id = u.account_id)) THEN
      RETURN found;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'No number is free for a source.' USING ERRCODE = 'PB409';
END $$;
ALTER FUNCTION usage_open_sources(bigint[], text[], text[], text[], text[], text[]) OWNER TO patchbay_wall;

-- The values of a total, each with its meter and dimension set.
CREATE FUNCTION usage_values(layout usage_layout, part int, amounts numeric[])
RETURNS TABLE (meter text, dimension_set_id bigint, amount numeric)
LANGUAGE sql IMMUTABLE
AS $$
  SELECT v.meter, v.dimension_set_id, v.amount
  FROM unnest((layout).meters[8 * part + 1 : 8 * part + 8], (layout).dimension_set_ids[8 * part + 1 : 8 * part + 8], amounts)
    AS v(meter, dimension_set_id, amount)
  WHERE v.meter IS NOT NULL
$$;
REVOKE ALL ON FUNCTION usage_layout_id(text[], bigint[]), usage_values(usage_layout, int, numeric[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_layout_id(text[], bigint[]), usage_values(usage_layout, int, numeric[]) TO patchbay_app, patchbay_wall;

INSERT INTO usage_layout (id, meters, dimension_set_ids)
  SELECT usage_layout_id(ARRAY[meter], ARRAY[dimension_set_id]), ARRAY[meter], ARRAY[dimension_set_id]
  FROM (SELECT meter, dimension_set_id FROM usage_minute UNION SELECT meter, dimension_set_id FROM usage_session) AS series;

INSERT INTO usage_node_mark (node_id, boot, top)
  SELECT r.node_id, r.boot, max(r.sequence) FROM usage_record r GROUP BY 1, 2;

INSERT INTO usage_minute_total (account_id, minute, layout_id, part, is_own, shard, n, v1)
  SELECT m.account_id, m.minute, l.id, 0, kind.is_own, m.shard, kind.n, kind.sum
  FROM usage_minute m JOIN usage_layout l ON l.meters = ARRAY[m.meter] AND l.dimension_set_ids = ARRAY[m.dimension_set_id]
  CROSS JOIN LATERAL (VALUES (true, m.self_n, m.self_sum), (false, m.n - m.self_n, m.sum - m.self_sum)) AS kind(is_own, n, sum)
  WHERE kind.n > 0;

-- A number of each, as any other: sources that come anew propose theirs.
INSERT INTO usage_source (id, account_id, session_id, credential_id, application_id, endpoint_id)
  SELECT row_number() OVER (), s.* FROM (
    SELECT DISTINCT account_id, session_id, credential_id, application_id, endpoint_id FROM usage_session) AS s;

INSERT INTO usage_session_total (source_id, layout_id, part, account_id, first_at, last_at, v1)
  SELECT o.id, l.id, 0, s.account_id, s.first_at, s.last_at, s.sum
  FROM usage_session s JOIN usage_source o USING (account_id, session_id, credential_id, application_id, endpoint_id)
  JOIN usage_layout l ON l.meters = ARRAY[s.meter] AND l.dimension_set_ids = ARRAY[s.dimension_set_id];

CREATE UNIQUE INDEX "usage_source_key" ON "usage_source"("session_id", "account_id", "credential_id", "application_id", "endpoint_id");
CREATE INDEX "usage_source_account_id_credential_id_idx" ON "usage_source"("account_id", "credential_id");

-- Asked only when a session or a layout begins. Without it a number that a process remembers from before a database was
-- restored would count for nobody.
ALTER TABLE "usage_session_total" ADD CONSTRAINT "usage_session_total_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "usage_source"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "usage_session_total" ADD CONSTRAINT "usage_session_total_layout_id_fkey" FOREIGN KEY ("layout_id") REFERENCES "usage_layout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['usage_source', 'usage_minute_total', 'usage_session_total']) AS name;
REVOKE INSERT, UPDATE, DELETE ON usage_source, usage_minute_total, usage_session_total FROM patchbay_app;
GRANT SELECT ON usage_layout TO patchbay_app;
GRANT SELECT, INSERT ON usage_layout TO patchbay_wall;
GRANT SELECT, INSERT, UPDATE ON usage_node_mark TO patchbay_wall;

DROP TABLE usage_minute;
CREATE VIEW usage_minute WITH (security_invoker = true) AS
  SELECT t.account_id, t.minute, v.meter, v.dimension_set_id, t.shard, v.amount::bigint AS sum, t.n,
    CASE WHEN t.is_own THEN v.amount::bigint ELSE 0 END AS self_sum, CASE WHEN t.is_own THEN t.n ELSE 0 END AS self_n
  FROM usage_minute_total t JOIN usage_layout l ON l.id = t.layout_id
  CROSS JOIN LATERAL usage_values(l, t.part, ARRAY[t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8]::numeric[]) AS v;

DROP TABLE usage_session;
CREATE VIEW usage_session WITH (security_invoker = true) AS
  SELECT s.account_id, s.session_id, s.credential_id, s.application_id, s.endpoint_id, v.meter, v.dimension_set_id,
    v.amount::bigint AS sum, t.first_at, t.last_at
  FROM usage_source s JOIN usage_session_total t ON t.source_id = s.id JOIN usage_layout l ON l.id = t.layout_id
  CROSS JOIN LATERAL usage_values(l, t.part, ARRAY[t.v1, t.v2, t.v3, t.v4, t.v5, t.v6, t.v7, t.v8]::numeric[]) AS v;
GRANT SELECT ON usage_minute, usage_session TO patchbay_app, patchbay_wall;

-- Stores the records that are new, and adds them to the totals; knows the others and changes nothing (MET-2). One
-- transaction, so all of it or nothing. Whoever brings records of a node's boot holds its mark until the end, so nobody
-- else stores the same ones meanwhile. Every insert is sorted by its key: unsorted, two writers deadlock.
-- Answers the places (from 1) of the records that were known before, or came earlier in the same batch.
-- Raises PB404 when an account has no place in the tree: use that nobody is billed for must not vanish in silence.
CREATE FUNCTION usage_count(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  layout_ids bigint[], quantity_lists text[], source_ids bigint[], shard smallint
) RETURNS int[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
  SET enable_sort = off -- Ids begin alike, so sorting them costs several times what hashing does: only keys are sorted, at the end.
AS $$
#variable_conflict use_column
DECLARE
  known int[];
  stored bigint;
  rolled bigint;
  expected bigint;
  platform_id text := (SELECT a.id FROM account a WHERE a.parent_id IS NULL);
  armed text[] := '{}';
  touched_ids text[];
  touched_windows timestamptz[];
  touched_sums numeric[];
BEGIN
  IF array_position(source_ids, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'An account of this batch is none.' USING ERRCODE = 'PB404';
  END IF;
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

  -- In which days a block of numbers has any, so that an id counts once whatever day its record says.
  WITH block AS (
    SELECT DISTINCT u.node_id, u.boot, u.sequence >> 14 AS block, u.day
    FROM unnest(days, node_ids, boots, sequences) AS u(day, node_id, boot, sequence)
  ), opened AS (
    INSERT INTO usage_sequence_block (node_id, boot, block, day)
    SELECT b.node_id, b.boot, b.block, b.day FROM block b
    WHERE NOT EXISTS (SELECT 1 FROM usage_sequence_block s
      WHERE (s.node_id, s.boot, s.block, s.day) = (b.node_id, b.boot, b.block, b.day))
    ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING
  )
  INSERT INTO usage_node_mark (node_id, boot, top)
  SELECT DISTINCT b.node_id, b.boot, -1 FROM block b
  WHERE NOT EXISTS (SELECT 1 FROM usage_node_mark m WHERE (m.node_id, m.boot) = (b.node_id, b.boot))
  ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  PERFORM 1 FROM usage_node_mark m
  WHERE (m.node_id, m.boot) IN (SELECT u.node_id, u.boot FROM unnest(node_ids, boots) AS u(node_id, boot))
  ORDER BY m.node_id, m.boot FOR NO KEY UPDATE;

  WITH given AS MATERIALIZED (
    SELECT DISTINCT ON (u.node_id, u.boot, u.sequence) u.day, u.node_id, u.boot, u.sequence, u.place,
      u.account_id, u.application_id, u.endpoint_id, u.credential_id, u.session_id, u.segment,
      'epoch'::timestamptz + u.from_time * interval '1 millisecond' AS from_at,
      'epoch'::timestamptz + u.to_time * interval '1 millisecond' AS to_at,
      u.source_id, u.layout_id, l.meters, l.dimension_set_ids, u.quantity_list::bigint[] AS quantities,
      u.sequence <= m.top AS may_be_known
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, layout_ids, quantity_lists, source_ids) WITH ORDINALITY
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, layout_id, quantity_list, source_id, place)
    JOIN usage_layout l ON l.id = u.layout_id
    JOIN usage_node_mark m ON (m.node_id, m.boot) = (u.node_id, u.boot)
    ORDER BY u.node_id, u.boot, u.sequence, u.place
  ), input AS MATERIALIZED (
    SELECT g.* FROM given g
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
    -- Eight values of a record that is new; a longer one has several rows.
    SELECT p.part::smallint AS part, i.account_id, i.to_at, i.source_id, i.layout_id,
      i.quantities[8 * p.part + 1] AS v1, i.quantities[8 * p.part + 2] AS v2, i.quantities[8 * p.part + 3] AS v3, i.quantities[8 * p.part + 4] AS v4, i.quantities[8 * p.part + 5] AS v5, i.quantities[8 * p.part + 6] AS v6, i.quantities[8 * p.part + 7] AS v7, i.quantities[8 * p.part + 8] AS v8
    FROM input i JOIN (VALUES (0), (1), (2), (3)) AS p(part) ON 8 * p.part < cardinality(i.quantities)
  ), leaf AS MATERIALIZED (
    SELECT account_id, date_trunc('minute', to_at) AS minute, layout_id, part, count(*) AS n,
      sum(v1)::bigint AS v1, sum(v2)::bigint AS v2, sum(v3)::bigint AS v3, sum(v4)::bigint AS v4, sum(v5)::bigint AS v5, sum(v6)::bigint AS v6, sum(v7)::bigint AS v7, sum(v8)::bigint AS v8
    FROM cell GROUP BY 1, 2, 3, 4
  ), rolled_up AS MATERIALIZED (
    SELECT c.ancestor_id, l.minute, l.layout_id, l.part, c.depth = 0 AS is_own,
      CASE WHEN c.ancestor_id = platform_id THEN usage_count.shard ELSE 0 END AS shard, sum(l.n)::bigint AS n,
      sum(l.v1)::bigint AS v1, sum(l.v2)::bigint AS v2, sum(l.v3)::bigint AS v3, sum(l.v4)::bigint AS v4, sum(l.v5)::bigint AS v5, sum(l.v6)::bigint AS v6, sum(l.v7)::bigint AS v7, sum(l.v8)::bigint AS v8
    FROM leaf l JOIN account_closure c
      ON c.descendant_id = l.account_id AND c.valid_from <= l.minute AND l.minute < c.valid_to
    GROUP BY 1, 2, 3, 4, 5, 6
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
  bigint[], bigint[], text[], bigint[], smallint) OWNER TO patchbay_wall;

-- Of records that were known: the places of those that came with another body than the one that was counted. One that is
-- not stored at all is nobody's repeat, and must not be taken for one.
CREATE FUNCTION usage_changed(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  layout_ids bigint[], quantity_lists text[]
) RETURNS int[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
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
  JOIN usage_sequence_block s ON (s.node_id, s.boot, s.block) = (u.node_id, u.boot, u.sequence >> 14)
  JOIN usage_record r ON (r.day, r.node_id, r.boot, r.sequence) = (s.day, u.node_id, u.boot, u.sequence)
  JOIN usage_layout l ON l.id = u.layout_id;
  IF stored < cardinality(days) THEN
    RAISE EXCEPTION 'A record is neither stored nor counted.' USING ERRCODE = 'PB410';
  END IF;
  RETURN changed;
END $$;
ALTER FUNCTION usage_changed(date[], text[], bigint[], bigint[], text[], text[], text[], text[], text[], int[], bigint[],
  bigint[], bigint[], text[]) OWNER TO patchbay_wall;

-- As the release before calls it, until none of it runs.
CREATE OR REPLACE FUNCTION usage_ingest(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  meter_lists text[], dimension_lists text[], quantity_lists text[], shard smallint,
  OUT fresh bigint, OUT conflicts int[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  known int[];
  layouts bigint[];
BEGIN
  PERFORM usage_open_layouts(meter_lists, dimension_lists);
  SELECT array_agg(usage_layout_id(u.meters::text[], u.sets::bigint[]) ORDER BY u.place) INTO layouts
    FROM unnest(meter_lists, dimension_lists) WITH ORDINALITY AS u(meters, sets, place);
  known := usage_count(days, node_ids, boots, sequences, account_ids,
    application_ids, endpoint_ids, credential_ids, session_ids, segments, from_ms, to_ms, layouts, quantity_lists,
    (SELECT usage_open_sources(
        array_agg(('x' || left(encode(sha256(convert_to(concat_ws(E'\n', u.account_id, u.session_id, u.credential_id,
          u.application_id, u.endpoint_id), 'UTF8')), 'hex'), 16))::bit(64)::bigint >> 1 ORDER BY u.place),
        array_agg(u.account_id ORDER BY u.place), array_agg(coalesce(u.session_id, '') ORDER BY u.place),
        array_agg(coalesce(u.credential_id, '') ORDER BY u.place), array_agg(coalesce(u.application_id, '') ORDER BY u.place),
        array_agg(coalesce(u.endpoint_id, '') ORDER BY u.place))
      FROM unnest(account_ids, application_ids, endpoint_ids, credential_ids, session_ids) WITH ORDINALITY
        AS u(account_id, application_id, endpoint_id, credential_id, session_id, place)),
    shard);
  SELECT coalesce(array_agg(k.place ORDER BY k.place) FILTER (WHERE k.is_changed), '{}'), cardinality(days) - cardinality(known)
  INTO conflicts, fresh
  FROM (SELECT p AS place, usage_changed(days[p:p], node_ids[p:p], boots[p:p], sequences[p:p], account_ids[p:p],
      application_ids[p:p], endpoint_ids[p:p], credential_ids[p:p], session_ids[p:p], segments[p:p], from_ms[p:p],
      to_ms[p:p], layouts[p:p], quantity_lists[p:p]) <> '{}' AS is_changed
    FROM unnest(known) AS p) AS k;
END $$;

-- Read as before, and each total summed before its values are told apart.
CREATE OR REPLACE FUNCTION usage_of_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint, self_sum bigint, self_n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH total AS (
      SELECT CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, zone) END AS at, m.layout_id, m.part, m.is_own,
        sum(m.n) AS n, ARRAY[sum(m.v1), sum(m.v2), sum(m.v3), sum(m.v4), sum(m.v5), sum(m.v6), sum(m.v7), sum(m.v8)] AS amounts
      FROM usage_minute_total m WHERE m.account_id = of_account AND m.minute >= since AND m.minute < until
      GROUP BY 1, 2, 3, 4)
    SELECT t.at, v.meter, v.dimension_set_id, sum(v.amount)::bigint, sum(t.n)::bigint,
      coalesce(sum(v.amount) FILTER (WHERE t.is_own), 0)::bigint, coalesce(sum(t.n) FILTER (WHERE t.is_own), 0)::bigint
    FROM total t JOIN usage_layout l ON l.id = t.layout_id CROSS JOIN LATERAL usage_values(l, t.part, t.amounts) AS v
    WHERE of_meter IS NULL OR v.meter = of_meter
    GROUP BY 1, 2, 3;
END $$;

CREATE OR REPLACE FUNCTION usage_below_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text, zone text)
RETURNS TABLE (account_id text, at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH total AS (
      SELECT m.account_id, CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, zone) END AS at, m.layout_id,
        m.part, sum(m.n) AS n, ARRAY[sum(m.v1), sum(m.v2), sum(m.v3), sum(m.v4), sum(m.v5), sum(m.v6), sum(m.v7), sum(m.v8)] AS amounts
      FROM account_closure c JOIN usage_minute_total m ON m.account_id = c.descendant_id
        AND m.minute >= greatest(since, c.valid_from) AND m.minute < least(until, c.valid_to)
      WHERE c.ancestor_id = of_account AND m.is_own
      GROUP BY 1, 2, 3, 4)
    SELECT t.account_id, t.at, v.meter, v.dimension_set_id, sum(v.amount)::bigint, sum(t.n)::bigint
    FROM total t JOIN usage_layout l ON l.id = t.layout_id CROSS JOIN LATERAL usage_values(l, t.part, t.amounts) AS v
    WHERE of_meter IS NULL OR v.meter = of_meter
    GROUP BY 1, 2, 3, 4;
END $$;

CREATE OR REPLACE FUNCTION billing_usage(of_account text, span_starts timestamptz[], until timestamptz, depth_max int DEFAULT 1, of_meter text DEFAULT NULL)
RETURNS TABLE (account_id text, span int, meter text, dimension_set_id bigint, inclusive numeric, own numeric, entry_count numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    WITH edge AS (
      SELECT of_account AS id, span_starts[1] AS since, billing_usage.until AS until
      UNION ALL
      SELECT c.descendant_id, greatest(c.valid_from, span_starts[1]), least(c.valid_to, billing_usage.until)
      FROM account_closure c
      WHERE c.ancestor_id = of_account AND c.depth = 1 AND depth_max >= 1 AND c.valid_from < billing_usage.until AND span_starts[1] < c.valid_to
    ), total AS (
      SELECT m.account_id, width_bucket(m.minute, span_starts) AS span, m.layout_id, m.part, m.is_own, sum(m.n) AS n,
        ARRAY[sum(m.v1), sum(m.v2), sum(m.v3), sum(m.v4), sum(m.v5), sum(m.v6), sum(m.v7), sum(m.v8)] AS amounts
      FROM edge e JOIN usage_minute_total m ON m.account_id = e.id AND m.minute >= e.since AND m.minute < e.until
      GROUP BY 1, 2, 3, 4, 5)
    SELECT t.account_id, t.span, v.meter, v.dimension_set_id, sum(v.amount), coalesce(sum(v.amount) FILTER (WHERE t.is_own), 0),
      sum(t.n)
    FROM total t JOIN usage_layout l ON l.id = t.layout_id CROSS JOIN LATERAL usage_values(l, t.part, t.amounts) AS v
    WHERE of_meter IS NULL OR v.meter = of_meter
    GROUP BY 1, 2, 3, 4;
END $$;

CREATE OR REPLACE FUNCTION billing_active_accounts(of_period text, since timestamptz, until timestamptz) RETURNS TABLE (account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id FROM account a
  WHERE EXISTS (SELECT 1 FROM usage_minute_total m WHERE m.account_id = a.id AND m.minute >= since AND m.minute < until)
    OR EXISTS (SELECT 1 FROM ledger_position p WHERE p.period = of_period AND p.buyer_id = a.id AND p.book <> 'receivable')
  ORDER BY a.depth DESC, a.id
$$;

CREATE OR REPLACE FUNCTION billing_periods(of_account text) RETURNS TABLE (period text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  latest timestamptz;
  month timestamp := 'infinity';
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  LOOP -- From month to month by the key, and not over all minutes.
    SELECT max(m.minute) INTO latest FROM usage_minute_total m
      WHERE m.account_id = of_account AND m.minute < month AT TIME ZONE 'UTC';
    EXIT WHEN latest IS NULL;
    month := date_trunc('month', latest AT TIME ZONE 'UTC');
    period := to_char(month, 'YYYY-MM');
    RETURN NEXT;
  END LOOP;
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proname IN ('usage_open_layouts', 'usage_open_sources', 'usage_count', 'usage_changed') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
