-- DropIndex
DROP INDEX "platform_event_at_idx";

-- DropIndex
DROP INDEX "session_event_account_id_idx";

-- DropIndex
DROP INDEX "session_leg_account_id_idx";

-- CreateTable
CREATE TABLE "retention_word" (
    "account_id" TEXT NOT NULL,
    "word" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retention_word_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "retention_round" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "done_through" TEXT NOT NULL DEFAULT '',
    "account_count" INTEGER NOT NULL DEFAULT 0,
    "removed" JSONB NOT NULL DEFAULT '{}',
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "retention_round_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_closed" (
    "account_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "meter" TEXT NOT NULL,
    "dimension_set_id" BIGINT NOT NULL,
    "sum" DECIMAL(38,0) NOT NULL,
    "n" BIGINT NOT NULL,

    CONSTRAINT "usage_closed_pkey" PRIMARY KEY ("account_id","day","meter","dimension_set_id")
);

-- CreateTable
CREATE TABLE "audit_base" (
    "account_id" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_base_pkey" PRIMARY KEY ("account_id")
);

-- CreateIndex
CREATE INDEX "platform_event_account_id_at_idx" ON "platform_event"("account_id", "at");

-- CreateIndex
CREATE INDEX "session_account_id_ended_at_idx" ON "session"("account_id", "ended_at");

-- CreateIndex
CREATE INDEX "session_event_account_id_at_idx" ON "session_event"("account_id", "at");

-- CreateIndex
CREATE INDEX "session_leg_account_id_id_idx" ON "session_leg"("account_id", "id");

-- AddForeignKey
ALTER TABLE "retention_word" ADD CONSTRAINT "retention_word_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['retention_word', 'usage_closed', 'audit_base']) AS name;
-- What was closed is said by the functions below alone; the application reads it.
REVOKE INSERT, UPDATE, DELETE ON usage_closed, audit_base FROM patchbay_app;
REVOKE DELETE ON usage_closed, audit_base FROM patchbay_wall;
-- Of no tenant.
GRANT SELECT, INSERT, UPDATE ON retention_round TO patchbay_app;
-- What was written once is still changed by nobody: it is removed, as a whole row, when its time is up (PRD-4).
GRANT SELECT, DELETE ON audit_entry TO patchbay_wall;
GRANT DELETE ON usage_record, usage_conflict, usage_sequence_block, sign_in_session, set_up_link TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What the levels along an account's chain say, from the platform down. They are out of the account's scope, and hold for
-- it all the same.
CREATE FUNCTION retention_chain(of_account text) RETURNS TABLE (account_id text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT w.account_id, w.word FROM account_closure c JOIN retention_word w ON w.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to ORDER BY c.depth DESC
$$;
ALTER FUNCTION retention_chain(text) OWNER TO patchbay_wall;

-- The next accounts in the order of their ids, each with what holds for it.
CREATE FUNCTION retention_accounts(after_id text, row_max int) RETURNS TABLE (account_id text, levels jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, coalesce((
    SELECT jsonb_agg(jsonb_build_object('accountId', w.account_id, 'word', w.word) ORDER BY c.depth DESC)
    FROM account_closure c JOIN retention_word w ON w.account_id = c.ancestor_id
    WHERE c.descendant_id = a.id AND c.valid_from <= now() AND now() < c.valid_to), '[]')
  FROM account a WHERE a.id > after_id ORDER BY a.id LIMIT row_max
$$;
ALTER FUNCTION retention_accounts(text, int) OWNER TO patchbay_wall;

-- The least identifier of a time: ids sort by it, so it bounds what may be old without an index by time.
CREATE FUNCTION id_floor(prefix text, at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  WITH said AS (
    SELECT ('x' || '0' || lpad(to_hex(greatest(floor(extract(epoch FROM at) * 1000), 0)::bigint), 12, '0')
      || repeat('0', 24))::bit(148) AS bits)
  SELECT prefix || '_' || string_agg(
    substr('0123456789abcdefghjkmnpqrstvwxyz', substring(bits FROM 4 + 5 * place FOR 5)::bit(5)::int + 1, 1), '' ORDER BY place)
  FROM said, generate_series(0, 28) AS place
$$;
REVOKE ALL ON FUNCTION id_floor(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION id_floor(text, timestamptz) TO patchbay_wall;

-- Removes rows of one class of the accounts that are older than each account's time, so many at most, and answers how
-- many. It locks the rows that it removes and nothing else; what somebody works on is left for the next time.
CREATE FUNCTION retention_forget(data_class text, account_ids text[], befores timestamptz[], row_max int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  gone bigint := 0;
  more bigint := 0;
  one record;
  cut bigint;
  ids text[];
BEGIN
  CASE data_class
  WHEN 'sessionLogs' THEN
    -- A session that goes on keeps all of its log, however long it lasts.
    WITH old AS (
      SELECT e.session_id, e.sequence FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT e.session_id, e.sequence FROM session_event e WHERE e.account_id = d.account_id AND e.at < d.before
          AND NOT EXISTS (SELECT 1 FROM session s WHERE s.id = e.session_id AND (s.ended_at IS NULL OR s.ended_at >= d.before))
        ORDER BY e.at LIMIT row_max FOR UPDATE SKIP LOCKED) AS e LIMIT row_max
    ), removed AS (
      DELETE FROM session_event e USING old o WHERE (e.session_id, e.sequence) = (o.session_id, o.sequence) RETURNING 1
    ) SELECT count(*) INTO gone FROM removed;
    WITH old AS (
      SELECT l.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT l.id FROM session_leg l WHERE l.account_id = d.account_id AND l.id < id_floor('leg', d.before)
          AND NOT EXISTS (SELECT 1 FROM session s WHERE s.id = l.session_id AND (s.ended_at IS NULL OR s.ended_at >= d.before))
        ORDER BY l.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS l LIMIT row_max
    ), removed AS (DELETE FROM session_leg l USING old o WHERE l.id = o.id RETURNING 1)
    SELECT count(*) INTO more FROM removed;
    gone := gone + more;
    WITH old AS (
      SELECT s.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT s.id FROM session s WHERE s.account_id = d.account_id AND s.ended_at < d.before
        ORDER BY s.ended_at LIMIT row_max FOR UPDATE SKIP LOCKED) AS s LIMIT row_max
    ), removed AS (DELETE FROM session s USING old o WHERE s.id = o.id RETURNING 1)
    SELECT count(*) INTO more FROM removed;
    gone := gone + more;

  WHEN 'refusedRequests' THEN
    WITH old AS (
      SELECT r.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT r.id FROM refused_request r WHERE r.account_id = d.account_id AND r.id < id_floor('req', d.before)
        ORDER BY r.id LIMIT row_max) AS r LIMIT row_max
    ), removed AS (DELETE FROM refused_request r USING old o WHERE r.id = o.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;

  WHEN 'usageRecords' THEN
    -- Its sum is closed in the statement that removes it, so that at no time anything is missing (MET-2).
    WITH old AS (
      SELECT r.day, r.node_id, r.boot, r.sequence FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT r.day, r.node_id, r.boot, r.sequence FROM usage_record r
        WHERE r.account_id = d.account_id AND r.day < (d.before AT TIME ZONE 'UTC')::date
          AND r.day < (now() AT TIME ZONE 'UTC')::date - 63
        ORDER BY r.to_at LIMIT row_max) AS r LIMIT row_max
    ), removed AS (
      DELETE FROM usage_record r USING old o
      WHERE (r.day, r.node_id, r.boot, r.sequence) = (o.day, o.node_id, o.boot, o.sequence)
      RETURNING r.account_id, r.day, r.meters, r.dimension_set_ids, r.quantities
    ), closed AS (
      INSERT INTO usage_closed AS c (account_id, day, meter, dimension_set_id, sum, n)
      SELECT r.account_id, r.day, q.meter, q.dimension_set_id, sum(q.quantity), count(*)
      FROM removed r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      ON CONFLICT (account_id, day, meter, dimension_set_id) DO UPDATE SET sum = c.sum + excluded.sum, n = c.n + excluded.n
    ) SELECT count(*) INTO gone FROM removed;

  WHEN 'refusedUsage' THEN
    WITH old AS (
      SELECT u.node_id, u.boot, u.sequence, u.body_hash FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT u.node_id, u.boot, u.sequence, u.body_hash FROM usage_conflict u
        WHERE u.account_id = d.account_id AND u.seen_at < d.before ORDER BY u.seen_at LIMIT row_max) AS u LIMIT row_max
    ), removed AS (
      DELETE FROM usage_conflict u USING old o
      WHERE (u.node_id, u.boot, u.sequence, u.body_hash) = (o.node_id, o.boot, o.sequence, o.body_hash) RETURNING 1
    ) SELECT count(*) INTO gone FROM removed;

  WHEN 'webhookDeliveries' THEN
    SELECT array_agg(old.id) INTO ids FROM (
      SELECT v.id FROM unnest(account_ids, befores) AS d(account_id, before)
      JOIN webhook w ON w.account_id = d.account_id CROSS JOIN LATERAL (
        SELECT v.id FROM webhook_delivery v WHERE v.webhook_id = w.id AND v.id < id_floor('dlv', d.before) AND v.ended_at < d.before
        ORDER BY v.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS v LIMIT row_max) AS old;
    DELETE FROM webhook_attempt a WHERE a.delivery_id = ANY (ids);
    DELETE FROM webhook_delivery v WHERE v.id = ANY (ids);
    gone := coalesce(cardinality(ids), 0);

  WHEN 'events' THEN
    -- One that somebody still waits for stays until they have it; with it go its deliveries.
    SELECT array_agg(old.id) INTO ids FROM (
      SELECT e.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT e.id FROM platform_event e WHERE e.account_id = d.account_id AND e.at < d.before AND e.position IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM webhook_delivery v WHERE v.event_id = e.id AND (v.state = 'waiting' OR v.ended_at >= d.before)
            AND EXISTS (SELECT 1 FROM webhook w WHERE w.id = v.webhook_id AND w.state = 'active'))
        ORDER BY e.at LIMIT row_max) AS e LIMIT row_max) AS old;
    DELETE FROM webhook_attempt a USING webhook_delivery v WHERE v.id = a.delivery_id AND v.event_id = ANY (ids);
    DELETE FROM webhook_delivery v WHERE v.event_id = ANY (ids);
    DELETE FROM platform_event e WHERE e.id = ANY (ids);
    gone := coalesce(cardinality(ids), 0);
    DELETE FROM webhook_lane l USING webhook w, unnest(account_ids, befores) AS d(account_id, before)
      WHERE l.webhook_id = w.id AND w.account_id = d.account_id AND w.state = 'removed' AND w.removed_at < d.before
      AND NOT EXISTS (SELECT 1 FROM webhook_delivery v WHERE v.webhook_id = w.id);
    DELETE FROM webhook w USING unnest(account_ids, befores) AS d(account_id, before)
      WHERE w.account_id = d.account_id AND w.state = 'removed' AND w.removed_at < d.before
      AND NOT EXISTS (SELECT 1 FROM webhook_lane l WHERE l.webhook_id = w.id);

  WHEN 'triggerFirings' THEN
    -- One that holds its trigger from firing again in a window that still counts stays (TRG-3).
    WITH old AS (
      SELECT f.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT f.id FROM trigger_firing f JOIN usage_trigger t ON t.id = f.trigger_id
        WHERE f.account_id = d.account_id AND f.id < id_floor('fir', d.before) AND f.state <> 'pending'
          AND (t.removed_at IS NOT NULL OR f.generation < t.generation
            OR (t.condition <> 'threshold' AND NOT EXISTS (SELECT 1 FROM trigger_counter c
              WHERE (c.trigger_id, c.window_start) = (f.trigger_id, f.window_start))))
        ORDER BY f.id LIMIT row_max FOR UPDATE OF f SKIP LOCKED) AS f LIMIT row_max
    ), removed AS (DELETE FROM trigger_firing f USING old o WHERE f.id = o.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;

  WHEN 'auditEntries' THEN
    -- From its beginning alone, so that what is left is a chain; and whoever asks, nothing of the last year (C53).
    FOR one IN SELECT d.account_id, d.before FROM unnest(account_ids, befores) AS d(account_id, before) LOOP
      IF one.before > now() - interval '364 days' THEN
        RAISE EXCEPTION 'Entries of the last year are kept.' USING ERRCODE = 'PB422';
      END IF;
      CONTINUE WHEN gone >= row_max OR one.before <= coalesce((SELECT e.at FROM audit_entry e WHERE e.account_id = one.account_id
        ORDER BY e.sequence LIMIT 1), 'infinity');
      SELECT max(e.sequence) INTO cut FROM (SELECT e.sequence, e.at FROM audit_entry e WHERE e.account_id = one.account_id
        ORDER BY e.sequence LIMIT row_max) AS e WHERE e.at < one.before;
      INSERT INTO audit_base AS b (account_id, sequence, hash)
        SELECT e.account_id, e.sequence, e.hash FROM audit_entry e WHERE e.account_id = one.account_id AND e.sequence = cut
        ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash;
      DELETE FROM audit_entry e WHERE e.account_id = one.account_id AND e.sequence <= cut;
      GET DIAGNOSTICS more = ROW_COUNT;
      gone := gone + more;
    END LOOP;

  WHEN 'mails' THEN
    WITH old AS (
      SELECT m.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT m.id FROM mail m WHERE m.account_id = d.account_id AND m.id < id_floor('mail', d.before) AND m.state <> 'waiting'
        ORDER BY m.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS m LIMIT row_max
    ), removed AS (DELETE FROM mail m USING old o WHERE m.id = o.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;

  WHEN 'signInRecords' THEN
    -- They are of persons: the platform's own time holds for all, and nobody else's.
    FOR one IN SELECT d.before FROM unnest(account_ids, befores) AS d(account_id, before)
      JOIN account a ON a.id = d.account_id AND a.parent_id IS NULL
    LOOP
      DELETE FROM sign_in_session s WHERE s.id IN (SELECT s.id FROM sign_in_session s
        WHERE coalesce(s.revoked_at, s.expires_at) < one.before LIMIT row_max);
      GET DIAGNOSTICS gone = ROW_COUNT;
      DELETE FROM set_up_link l WHERE l.token_hash IN (SELECT l.token_hash FROM set_up_link l
        WHERE l.expires_at < one.before LIMIT row_max);
      GET DIAGNOSTICS more = ROW_COUNT;
      gone := gone + more;
      DELETE FROM email_link l WHERE l.token_hash IN (SELECT l.token_hash FROM email_link l
        WHERE l.expires_at < one.before LIMIT row_max);
      GET DIAGNOSTICS more = ROW_COUNT;
      gone := gone + more;
    END LOOP;
  END CASE;
  RETURN gone;
END $$;
ALTER FUNCTION retention_forget(text, text[], timestamptz[], int) OWNER TO patchbay_wall;

-- Refused usage of accounts that there are not: by the platform's time.
CREATE FUNCTION retention_forget_unowned(before timestamptz, row_max int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH removed AS (
    DELETE FROM usage_conflict u WHERE (u.node_id, u.boot, u.sequence, u.body_hash) IN (
      SELECT u.node_id, u.boot, u.sequence, u.body_hash FROM usage_conflict u
      WHERE u.seen_at < before AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = u.account_id) ORDER BY u.seen_at LIMIT row_max)
    RETURNING 1)
  SELECT count(*) FROM removed
$$;
ALTER FUNCTION retention_forget_unowned(timestamptz, int) OWNER TO patchbay_wall;

-- How many totals of an account and day differ from what its records that are left and its closed totals come to.
CREATE FUNCTION usage_closed_mismatches(from_day date, to_day date) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH wanted AS (
    SELECT p.account_id, p.day, p.meter, p.dimension_set_id, sum(p.sum) AS sum, sum(p.n) AS n FROM (
      SELECT r.account_id, r.day, q.meter, q.dimension_set_id, q.quantity::numeric AS sum, 1::bigint AS n
      FROM usage_record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      WHERE r.day >= from_day AND r.day < to_day
      UNION ALL
      SELECT c.account_id, c.day, c.meter, c.dimension_set_id, c.sum, c.n FROM usage_closed c
      WHERE c.day >= from_day AND c.day < to_day) AS p
    GROUP BY 1, 2, 3, 4
  ), found AS (
    SELECT m.account_id, (m.minute AT TIME ZONE 'UTC')::date AS day, m.meter, m.dimension_set_id,
      sum(m.self_sum) AS sum, sum(m.self_n) AS n
    FROM usage_minute m WHERE m.self_n > 0 AND m.minute >= from_day::timestamp AT TIME ZONE 'UTC'
      AND m.minute < to_day::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2, 3, 4
  )
  SELECT count(*) FROM wanted w FULL JOIN found f USING (account_id, day, meter, dimension_set_id)
  WHERE (w.sum, w.n) IS DISTINCT FROM (f.sum, f.n)
$$;
ALTER FUNCTION usage_closed_mismatches(date, date) OWNER TO patchbay_wall;

-- The days of usage that have records, before one.
CREATE FUNCTION usage_days_before(wanted date) RETURNS SETOF date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT to_date(substr(c.relname, 2), 'YYYYMMDD') AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'usage_record'::regclass AND c.relname < 'd' || to_char(wanted, 'YYYYMMDD') ORDER BY 1
$$;
ALTER FUNCTION usage_days_before(date) OWNER TO patchbay_wall;

-- Takes a whole day of usage records away, once nobody keeps any of it: its sums are closed, the partition goes. Answers how
-- many there were; -1 when others were at the table and it has to be tried again: a writer waits for it 200 ms at most.
-- A day whose totals are not what its records say keeps them: they are all there is to find out why.
CREATE FUNCTION usage_close_day(wanted date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off SET lock_timeout = '200ms'
AS $$
DECLARE
  partition text := 'd' || to_char(wanted, 'YYYYMMDD');
  gone bigint;
BEGIN
  IF wanted >= (now() AT TIME ZONE 'UTC')::date - 63 THEN
    RAISE EXCEPTION 'Usage is still taken for %.', wanted USING ERRCODE = 'PB422';
  END IF;
  IF usage_closed_mismatches(wanted, wanted + 1) > 0 THEN
    RAISE EXCEPTION 'The totals of % are not what its records say.', wanted USING ERRCODE = 'PB409';
  END IF;
  BEGIN
    EXECUTE format('LOCK TABLE usage_days.%I IN SHARE MODE', partition);
    EXECUTE format('SELECT count(*) FROM usage_days.%I', partition) INTO gone;
    INSERT INTO usage_closed AS c (account_id, day, meter, dimension_set_id, sum, n)
      SELECT r.account_id, r.day, q.meter, q.dimension_set_id, sum(q.quantity), count(*)
      FROM usage_record r CROSS JOIN LATERAL unnest(r.meters, r.dimension_set_ids, r.quantities) AS q(meter, dimension_set_id, quantity)
      WHERE r.day = wanted GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
      ON CONFLICT (account_id, day, meter, dimension_set_id) DO UPDATE SET sum = c.sum + excluded.sum, n = c.n + excluded.n;
    DELETE FROM usage_sequence_block s WHERE s.day = wanted;
    EXECUTE format('ALTER TABLE public.usage_record DETACH PARTITION usage_days.%I', partition);
    EXECUTE format('DROP TABLE usage_days.%I', partition);
  EXCEPTION WHEN lock_not_available THEN
    RETURN -1;
  END;
  RETURN gone;
END $$;
ALTER FUNCTION usage_close_day(date) OWNER TO patchbay_wall;

DROP FUNCTION events_prune(timestamptz, int);

-- As before; what is left of a chain stands on the last entry that is gone.
CREATE OR REPLACE FUNCTION audit_broken_at(of_account text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH base AS (
    SELECT coalesce((SELECT b.sequence FROM audit_base b WHERE b.account_id = of_account), 0) AS sequence,
      coalesce((SELECT b.hash FROM audit_base b WHERE b.account_id = of_account), '\x') AS hash
  ), entries AS (
    SELECT e.sequence, b.sequence + row_number() OVER w AS place,
      e.hash = audit_hash(e) AND e.previous_hash = coalesce(lag(e.hash) OVER w, b.hash) AS is_whole, e.hash
    FROM base b CROSS JOIN audit_entry e WHERE e.account_id = of_account WINDOW w AS (ORDER BY e.sequence)),
  broken AS (
    SELECT min(place) AS at FROM entries WHERE sequence <> place OR NOT is_whole
    UNION ALL
    SELECT coalesce((SELECT max(place) FROM entries), (SELECT sequence FROM base)) + 1 FROM audit_head h
    WHERE h.account_id = of_account AND NOT EXISTS (
      SELECT 1 FROM entries l WHERE l.sequence = h.sequence AND l.hash = h.hash)
      AND NOT EXISTS (SELECT 1 FROM base b WHERE b.sequence = h.sequence AND b.hash = h.hash))
  SELECT min(at) FROM broken
$$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['retention_chain(text)', 'retention_accounts(text, int)',
    'retention_forget(text, text[], timestamptz[], int)', 'retention_forget_unowned(timestamptz, int)',
    'usage_closed_mismatches(date, date)', 'usage_days_before(date)', 'usage_close_day(date)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
