-- An id counts once, whatever the day of its record says (MET-2). Records are partitioned by day, so no key can hold over
-- all of them: this says in which days a block of 16,384 numbers of a node's boot has any.
CREATE TABLE "usage_sequence_block" (
    "node_id" TEXT NOT NULL,
    "boot" BIGINT NOT NULL,
    "block" BIGINT NOT NULL,
    "day" DATE NOT NULL,

    CONSTRAINT "usage_sequence_block_pkey" PRIMARY KEY ("node_id","boot","block","day")
);
GRANT SELECT, INSERT ON "usage_sequence_block" TO patchbay_wall;

SET LOCAL ROLE patchbay_wall;
INSERT INTO usage_sequence_block (node_id, boot, block, day)
  SELECT DISTINCT r.node_id, r.boot, r.sequence >> 14, r.day FROM usage_record r;
RESET ROLE;

-- As before; a known id with another day is a conflict like any other changed body.
CREATE OR REPLACE FUNCTION usage_ingest(
  days date[], node_ids text[], boots bigint[], sequences bigint[], account_ids text[], application_ids text[],
  endpoint_ids text[], credential_ids text[], session_ids text[], segments int[], from_ms bigint[], to_ms bigint[],
  meter_lists text[], dimension_lists text[], quantity_lists text[], shard smallint,
  OUT fresh bigint, OUT conflicts int[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  rolled bigint;
  expected bigint;
  is_shared boolean;
  elsewhere int[] := '{}';
  platform_id text := (SELECT a.id FROM account a WHERE a.parent_id IS NULL);
BEGIN
  -- A node counts its records on, so nearly all of a day's numbers are of blocks that no other day has. Only for the
  -- others the records of the other day are looked at.
  WITH block AS (
    SELECT DISTINCT u.node_id, u.boot, u.sequence >> 14 AS block, u.day
    FROM unnest(days, node_ids, boots, sequences) AS u(day, node_id, boot, sequence)
  ), opened AS (
    INSERT INTO usage_sequence_block AS s (node_id, boot, block, day)
    SELECT b.node_id, b.boot, b.block, b.day FROM block b
    WHERE NOT EXISTS (SELECT 1 FROM usage_sequence_block s
      WHERE (s.node_id, s.boot, s.block, s.day) = (b.node_id, b.boot, b.block, b.day))
    ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING
  )
  SELECT EXISTS (SELECT 1 FROM block b JOIN block o ON (o.node_id, o.boot, o.block) = (b.node_id, b.boot, b.block) AND o.day <> b.day)
    OR EXISTS (SELECT 1 FROM block b JOIN usage_sequence_block s
      ON (s.node_id, s.boot, s.block) = (b.node_id, b.boot, b.block) AND s.day <> b.day)
  INTO is_shared;

  IF is_shared THEN
    WITH given AS (
      SELECT u.*, first_value(u.day) OVER (PARTITION BY u.node_id, u.boot, u.sequence ORDER BY u.place) AS first_day
      FROM unnest(days, node_ids, boots, sequences) WITH ORDINALITY AS u(day, node_id, boot, sequence, place))
    SELECT coalesce(array_agg(g.place::int ORDER BY g.place), '{}') INTO elsewhere FROM given g
    WHERE g.first_day <> g.day OR EXISTS (
      SELECT 1 FROM usage_sequence_block s JOIN usage_record r
        ON (r.day, r.node_id, r.boot, r.sequence) = (s.day, g.node_id, g.boot, g.sequence)
      WHERE (s.node_id, s.boot, s.block) = (g.node_id, g.boot, g.sequence >> 14) AND s.day <> g.day);
  END IF;

  WITH input AS (
    SELECT u.*, 'epoch'::timestamptz + u.from_time * interval '1 millisecond' AS from_at,
      'epoch'::timestamptz + u.to_time * interval '1 millisecond' AS to_at
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, meter_lists, dimension_lists, quantity_lists) WITH ORDINALITY
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, meters, dimension_set_ids, quantities, place)
    WHERE u.place <> ALL (elsewhere)
  ), new AS (
    INSERT INTO usage_record (day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id,
      session_id, segment, from_at, to_at, meters, dimension_set_ids, quantities)
    SELECT day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
      from_at, to_at, meters::text[], dimension_set_ids::bigint[], quantities::bigint[]
    FROM input ORDER BY day, node_id, boot, sequence
    ON CONFLICT DO NOTHING
    RETURNING account_id, application_id, endpoint_id, credential_id, session_id, to_at, meters, dimension_set_ids, quantities
  ), entry AS (
    SELECT n.account_id, coalesce(n.session_id, '') AS session_id, coalesce(n.credential_id, '') AS credential_id,
      coalesce(n.application_id, '') AS application_id, coalesce(n.endpoint_id, '') AS endpoint_id, n.to_at,
      q.meter, q.dimension_set_id, q.quantity
    FROM new n CROSS JOIN LATERAL unnest(n.meters, n.dimension_set_ids, n.quantities) AS q(meter, dimension_set_id, quantity)
  ), leaf AS (
    SELECT account_id, date_trunc('minute', to_at) AS minute, meter, dimension_set_id,
      sum(quantity)::bigint AS s, count(*) AS n
    FROM entry GROUP BY 1, 2, 3, 4
  ), minutes AS (
    INSERT INTO usage_minute AS m (account_id, minute, meter, dimension_set_id, shard, sum, n, self_sum, self_n)
    SELECT c.ancestor_id, l.minute, l.meter, l.dimension_set_id,
      CASE WHEN c.ancestor_id = platform_id THEN usage_ingest.shard ELSE 0 END, sum(l.s)::bigint, sum(l.n)::bigint,
      coalesce(sum(l.s) FILTER (WHERE c.depth = 0), 0)::bigint, coalesce(sum(l.n) FILTER (WHERE c.depth = 0), 0)::bigint
    FROM leaf l JOIN account_closure c
      ON c.descendant_id = l.account_id AND c.valid_from <= l.minute AND l.minute < c.valid_to
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (account_id, minute, meter, dimension_set_id, shard) DO UPDATE SET sum = m.sum + excluded.sum,
      n = m.n + excluded.n, self_sum = m.self_sum + excluded.self_sum, self_n = m.self_n + excluded.self_n
  ), sessions AS (
    INSERT INTO usage_session AS s (account_id, session_id, credential_id, application_id, endpoint_id, meter,
      dimension_set_id, sum, first_at, last_at)
    SELECT account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id,
      sum(quantity)::bigint, min(to_at), max(to_at)
    FROM entry GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT (account_id, session_id, credential_id, application_id, endpoint_id, meter, dimension_set_id)
    DO UPDATE SET sum = s.sum + excluded.sum, first_at = least(s.first_at, excluded.first_at),
      last_at = greatest(s.last_at, excluded.last_at)
  )
  SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM leaf),
    (SELECT count(*) FROM leaf l JOIN account_closure c ON c.descendant_id = l.account_id AND c.ancestor_id = l.account_id
      AND c.valid_from <= l.minute AND l.minute < c.valid_to)
  INTO fresh, expected, rolled;

  IF rolled < expected THEN
    RAISE EXCEPTION 'An account of this batch has no place in the tree.' USING ERRCODE = 'PB404';
  END IF;

  conflicts := '{}';
  IF fresh < cardinality(days) THEN
    SELECT coalesce(array_agg(u.place::int ORDER BY u.place), '{}') INTO conflicts
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, meter_lists, dimension_lists, quantity_lists) WITH ORDINALITY
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, meters, dimension_set_ids, quantities, place)
    JOIN usage_record r ON (r.day, r.node_id, r.boot, r.sequence) = (u.day, u.node_id, u.boot, u.sequence)
    WHERE (r.account_id, r.application_id, r.endpoint_id, r.credential_id, r.session_id, r.segment, r.from_at, r.to_at,
        r.meters, r.dimension_set_ids, r.quantities)
      IS DISTINCT FROM (u.account_id, u.application_id, u.endpoint_id, u.credential_id, u.session_id, u.segment,
        'epoch'::timestamptz + u.from_time * interval '1 millisecond',
        'epoch'::timestamptz + u.to_time * interval '1 millisecond',
        u.meters::text[], u.dimension_set_ids::bigint[], u.quantities::bigint[]);
    conflicts := conflicts || elsewhere;
  END IF;
END $$;
