-- Usage (MET-1, MET-2): raw records, minute totals for each account and all above it, totals by session.

CREATE TABLE "usage_record" (
    "day" DATE NOT NULL,
    "node_id" TEXT NOT NULL,
    "boot" BIGINT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "credential_id" TEXT,
    "session_id" TEXT,
    "segment" INTEGER NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "meters" TEXT[],
    "dimension_set_ids" BIGINT[],
    "quantities" BIGINT[],

    CONSTRAINT "usage_record_pkey" PRIMARY KEY ("day","node_id","boot","sequence")
) PARTITION BY RANGE ("day");

CREATE TABLE "usage_dimension_set" (
    "id" BIGINT NOT NULL,
    "dimensions" JSONB NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "usage_dimension_set_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "usage_minute" (
    "account_id" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(0) NOT NULL,
    "meter" TEXT NOT NULL,
    "dimension_set_id" BIGINT NOT NULL,
    "shard" SMALLINT NOT NULL,
    "sum" BIGINT NOT NULL,
    "n" BIGINT NOT NULL,
    "self_sum" BIGINT NOT NULL,
    "self_n" BIGINT NOT NULL,

    CONSTRAINT "usage_minute_pkey" PRIMARY KEY ("account_id","minute","meter","dimension_set_id","shard")
) WITH (fillfactor = 70);

CREATE TABLE "usage_session" (
    "account_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,
    "application_id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "dimension_set_id" BIGINT NOT NULL,
    "sum" BIGINT NOT NULL,
    "first_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_session_pkey" PRIMARY KEY ("account_id","session_id","credential_id","application_id","endpoint_id","meter","dimension_set_id")
) WITH (fillfactor = 70);

CREATE TABLE "usage_conflict" (
    "node_id" TEXT NOT NULL,
    "boot" BIGINT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "body_hash" BYTEA NOT NULL,
    "account_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_conflict_pkey" PRIMARY KEY ("node_id","boot","sequence","body_hash")
);

CREATE INDEX "usage_record_account_id_to_at_idx" ON "usage_record"("account_id", "to_at");
CREATE UNIQUE INDEX "usage_dimension_set_hash_key" ON "usage_dimension_set"("hash");
CREATE INDEX "usage_conflict_account_id_seen_at_idx" ON "usage_conflict"("account_id", "seen_at");

-- Owners of functions and of the partitioned table must be able to create here; taken back at the end.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['usage_record', 'usage_minute', 'usage_session', 'usage_conflict']) AS name;

-- The application reads; only the functions below write.
REVOKE INSERT, UPDATE, DELETE ON usage_record, usage_minute, usage_session, usage_conflict FROM patchbay_app;
REVOKE UPDATE, DELETE ON usage_record, usage_conflict FROM patchbay_wall;
GRANT SELECT ON usage_dimension_set TO patchbay_app;
GRANT SELECT, INSERT ON usage_dimension_set TO patchbay_wall;

-- Partitions stand in a schema that the application cannot enter: a policy holds for the parent alone.
CREATE SCHEMA usage_days AUTHORIZATION patchbay_wall;
REVOKE ALL ON SCHEMA usage_days FROM PUBLIC;
ALTER TABLE usage_record OWNER TO patchbay_wall;

-- Makes the partition of one UTC day. Many may ask at once. It is attached, not created in place, so that writers to
-- other days go on meanwhile.
CREATE FUNCTION usage_open_day(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  partition text := 'd' || to_char(wanted, 'YYYYMMDD');
BEGIN
  IF wanted NOT BETWEEN (now() AT TIME ZONE 'UTC')::date - 63 AND (now() AT TIME ZONE 'UTC')::date + 7 THEN
    RAISE EXCEPTION 'No usage is taken for %.', wanted USING ERRCODE = 'PB422';
  END IF;
  IF EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'usage_days'::regnamespace AND c.relname = partition) THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.usage_open_day', 0));
  -- Asked of the table and not by to_regclass(), whose cache may be older than the lock.
  IF EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = 'usage_days'::regnamespace AND c.relname = partition) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE usage_days.%I (LIKE public.usage_record INCLUDING DEFAULTS INCLUDING INDEXES)', partition);
  EXECUTE format('ALTER TABLE public.usage_record ATTACH PARTITION usage_days.%I FOR VALUES FROM (%L) TO (%L)',
    partition, wanted, wanted + 1);
END $$;
ALTER FUNCTION usage_open_day(date) OWNER TO patchbay_wall;

-- Dimension sets that a process has not seen yet. Two processes may bring the same ones: sorted, and without a target for
-- the conflict, because with one, the other unique index still fails in a race.
CREATE FUNCTION usage_open_dimension_sets(ids bigint[], canonical jsonb[], hashes bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO usage_dimension_set (id, dimensions, hash)
  SELECT u.id, u.dimensions, u.hash FROM unnest(ids, canonical, hashes) AS u(id, dimensions, hash) ORDER BY u.id
  ON CONFLICT DO NOTHING;
  IF EXISTS (SELECT 1 FROM unnest(ids, hashes) AS u(id, hash)
             WHERE NOT EXISTS (SELECT 1 FROM usage_dimension_set d WHERE d.id = u.id AND d.hash = u.hash)) THEN
    RAISE EXCEPTION 'Two dimension sets have one number.' USING ERRCODE = 'PB409';
  END IF;
END $$;
ALTER FUNCTION usage_open_dimension_sets(bigint[], jsonb[], bytea[]) OWNER TO patchbay_wall;

-- Stores the records that are new, and adds them to the totals; knows the others and changes nothing (MET-2). One
-- statement, so all of it or nothing. Every insert is sorted by its key: unsorted, two writers deadlock.
-- Answers how many were new, and the places (from 1) of those that came with a known id and another body.
-- Raises PB404 when an account has no place in the tree: use that nobody is billed for must not vanish in silence.
CREATE FUNCTION usage_ingest(
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
  platform_id text := (SELECT a.id FROM account a WHERE a.parent_id IS NULL);
BEGIN
  WITH input AS (
    SELECT u.*, 'epoch'::timestamptz + u.from_time * interval '1 millisecond' AS from_at,
      'epoch'::timestamptz + u.to_time * interval '1 millisecond' AS to_at
    FROM unnest(days, node_ids, boots, sequences, account_ids, application_ids, endpoint_ids, credential_ids,
      session_ids, segments, from_ms, to_ms, meter_lists, dimension_lists, quantity_lists)
      AS u(day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id, segment,
        from_time, to_time, meters, dimension_set_ids, quantities)
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
  END IF;
END $$;
ALTER FUNCTION usage_ingest(date[], text[], bigint[], bigint[], text[], text[], text[], text[], text[], int[], bigint[],
  bigint[], text[], text[], text[], smallint) OWNER TO patchbay_wall;

-- Which of these accounts had a place in the tree in these minutes.
CREATE FUNCTION usage_known_accounts(account_ids text[], to_ms bigint[]) RETURNS boolean[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT array_agg(EXISTS (
    SELECT 1 FROM account_closure c WHERE c.descendant_id = u.account_id AND c.ancestor_id = u.account_id
      AND c.valid_from <= date_trunc('minute', u.at) AND date_trunc('minute', u.at) < c.valid_to) ORDER BY u.place)
  FROM (SELECT account_id, place, 'epoch'::timestamptz + time * interval '1 millisecond' AS at
        FROM unnest(account_ids, to_ms) WITH ORDINALITY AS g(account_id, time, place)) AS u
$$;
ALTER FUNCTION usage_known_accounts(text[], bigint[]) OWNER TO patchbay_wall;

-- Keeps what could not be counted. The same body again is kept once. Answers how many were new.
CREATE FUNCTION usage_keep_conflicts(
  node_ids text[], boots bigint[], sequences bigint[], hashes bytea[], account_ids text[], reasons text[], bodies jsonb[]
) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH kept AS (
    INSERT INTO usage_conflict (node_id, boot, sequence, body_hash, account_id, reason, body)
    SELECT * FROM unnest(node_ids, boots, sequences, hashes, account_ids, reasons, bodies)
      AS u(node_id, boot, sequence, hash, account_id, reason, body) ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING RETURNING 1)
  SELECT count(*) FROM kept
$$;
ALTER FUNCTION usage_keep_conflicts(text[], bigint[], bigint[], bytea[], text[], text[], jsonb[]) OWNER TO patchbay_wall;

-- The minutes of one account in buckets. It asks once whether the account is visible, and not once a row.
-- `bucket` is minute, hour, day, or all: one bucket that starts at `since`.
CREATE FUNCTION usage_of_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text)
RETURNS TABLE (at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint, self_sum bigint, self_n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, 'UTC') END, m.meter, m.dimension_set_id,
      sum(m.sum)::bigint, sum(m.n)::bigint, sum(m.self_sum)::bigint, sum(m.self_n)::bigint
    FROM usage_minute m
    WHERE m.account_id = of_account AND m.minute >= since AND m.minute < until AND (of_meter IS NULL OR m.meter = of_meter)
    GROUP BY 1, 2, 3;
END $$;
ALTER FUNCTION usage_of_account(text, timestamptz, timestamptz, text, text) OWNER TO patchbay_wall;

-- The own use of an account and of each account that stood below it in the minute of use.
CREATE FUNCTION usage_below_account(of_account text, since timestamptz, until timestamptz, bucket text, of_meter text)
RETURNS TABLE (account_id text, at timestamptz, meter text, dimension_set_id bigint, sum bigint, n bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT m.account_id, CASE bucket WHEN 'all' THEN since ELSE date_trunc(bucket, m.minute, 'UTC') END, m.meter,
      m.dimension_set_id, sum(m.self_sum)::bigint, sum(m.self_n)::bigint
    FROM account_closure c JOIN usage_minute m ON m.account_id = c.descendant_id
      AND m.minute >= greatest(since, c.valid_from) AND m.minute < least(until, c.valid_to)
    WHERE c.ancestor_id = of_account AND m.self_n > 0 AND (of_meter IS NULL OR m.meter = of_meter)
    GROUP BY 1, 2, 3, 4;
END $$;
ALTER FUNCTION usage_below_account(text, timestamptz, timestamptz, text, text) OWNER TO patchbay_wall;

-- How many minute totals, session totals and record ids differ from a recomputation from raw records: 0, or an alarm.
CREATE FUNCTION usage_mismatches(from_day date, to_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH entry AS (
    SELECT r.*, date_trunc('minute', r.to_at) AS minute, q.meter, q.dimension_set_id, q.quantity
    FROM usage_record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
    WHERE r.day >= from_day AND r.day < to_day
  ), wanted AS (
    SELECT c.ancestor_id AS account_id, e.minute, e.meter, e.dimension_set_id, sum(e.quantity) AS sum, count(*)::numeric AS n,
      coalesce(sum(e.quantity) FILTER (WHERE c.depth = 0), 0) AS self_sum, count(*) FILTER (WHERE c.depth = 0)::numeric AS self_n
    FROM entry e JOIN account_closure c ON c.descendant_id = e.account_id AND c.valid_from <= e.minute AND e.minute < c.valid_to
    GROUP BY 1, 2, 3, 4
  ), found AS (
    SELECT account_id, minute, meter, dimension_set_id, sum(sum) AS sum, sum(n) AS n, sum(self_sum) AS self_sum, sum(self_n) AS self_n
    FROM usage_minute WHERE minute >= from_day::timestamp AT TIME ZONE 'UTC' AND minute < to_day::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3, 4
  ), session_wanted AS (
    SELECT account_id, session_id, meter, dimension_set_id, sum(quantity) AS sum FROM entry GROUP BY 1, 2, 3, 4
  ), session_found AS (
    -- Totals of a session have no days: only those that lie wholly within the days are compared.
    SELECT account_id, session_id, meter, dimension_set_id, sum(sum) AS sum FROM usage_session
    GROUP BY 1, 2, 3, 4
    HAVING min(first_at) >= from_day::timestamp AT TIME ZONE 'UTC' AND max(last_at) < to_day::timestamp AT TIME ZONE 'UTC'
  )
  SELECT (SELECT count(*) FROM wanted w FULL JOIN found f USING (account_id, minute, meter, dimension_set_id)
    WHERE (w.sum, w.n, w.self_sum, w.self_n) IS DISTINCT FROM (f.sum, f.n, f.self_sum, f.self_n))
  + (SELECT count(*) FROM session_found f LEFT JOIN session_wanted w
      ON (w.account_id, coalesce(w.session_id, ''), w.meter, w.dimension_set_id) = (f.account_id, f.session_id, f.meter, f.dimension_set_id)
    WHERE w.sum IS DISTINCT FROM f.sum)
  + (SELECT count(*) FROM (SELECT 1 FROM usage_record WHERE day >= from_day AND day < to_day
      GROUP BY node_id, boot, sequence HAVING count(*) > 1) AS repeated)
$$;
ALTER FUNCTION usage_mismatches(date, date) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proowner = 'patchbay_wall'::regrole AND p.proname LIKE 'usage\_%' LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
