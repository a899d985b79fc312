-- What a policy lets test accounts use, they use of nodes that serve others too. Counted by a clock that they set themselves a day was over
-- as soon as they said so, and by starting over they had used nothing. It is counted by the time that it is, and what the accounts used
-- whose place new ones took counts for these (PRD-1, POL-1).

-- By how much a clock was ahead from when on: use was written by the clock as it was then.
CREATE TABLE "test_clock_step" (
    "account_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "ahead_ms" BIGINT NOT NULL,

    CONSTRAINT "test_clock_step_pkey" PRIMARY KEY ("account_id", "at", "ahead_ms")
);
ALTER TABLE "test_clock_step" ADD CONSTRAINT "test_clock_step_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Whose place a test account took when its customer began anew.
CREATE TABLE "test_account_before" (
    "account_id" TEXT NOT NULL,
    "before_id" TEXT NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "test_account_before_pkey" PRIMARY KEY ("account_id")
);
ALTER TABLE "test_account_before" ADD CONSTRAINT "test_account_before_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

GRANT CREATE ON SCHEMA public TO patchbay_wall;
SELECT guard_tenant_table('test_clock_step');
SELECT guard_tenant_table('test_account_before');
REVOKE INSERT, UPDATE, DELETE ON test_clock_step, test_account_before FROM patchbay_app;

-- Clocks that are ahead already: since they were set last.
INSERT INTO test_clock_step (account_id, at, ahead_ms) SELECT t.account_id, t.advanced_at, t.ahead_ms FROM test_clock t;

CREATE FUNCTION test_clock_note_step() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO test_clock_step (account_id, at, ahead_ms) VALUES (new.account_id, now(), new.ahead_ms) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
ALTER FUNCTION test_clock_note_step() OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION test_clock_note_step() FROM PUBLIC;
CREATE TRIGGER test_clock_step AFTER INSERT OR UPDATE ON test_clock FOR EACH ROW EXECUTE FUNCTION test_clock_note_step();

-- By how much the clock of a test account was ahead at a time.
CREATE FUNCTION test_ahead_at(of_account text, at_time timestamptz) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(max(s.ahead_ms), 0) * interval '1 millisecond'
  FROM account a JOIN test_clock_step s ON s.account_id = a.root_id WHERE a.id = of_account AND s.at <= at_time
$$;

-- Where the use of a test account since a time is written, by the time that it is: its own, and that of those whose place it took. A
-- clock only goes forward, so what was used since lies in one span, with nothing in the gaps that the clock went over.
CREATE FUNCTION test_use_spans(of_account text, since timestamptz) RETURNS TABLE (account_id text, from_at timestamptz, to_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH RECURSIVE generation(id, until_at) AS (
    SELECT of_account, clock_timestamp() WHERE account_is_visible(of_account)
    UNION ALL
    SELECT b.before_id, b.ended_at FROM generation g JOIN test_account_before b ON b.account_id = g.id WHERE b.ended_at > since
  )
  SELECT g.id, since + test_ahead_at(g.id, since), g.until_at + test_ahead_at(g.id, g.until_at) FROM generation g
$$;

DO $change$
DECLARE
  written text := pg_get_functiondef('test_clock_reset(text)'::regprocedure);
  was text := '  PERFORM test_words_pass(old_ids, live_ids, new_ids, closed_ids);';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'test_clock_reset is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, was || '
  INSERT INTO test_account_before (account_id, before_id, ended_at)
  SELECT t.new, t.old, clock_timestamp() FROM unnest(old_ids, new_ids) AS t(old, new);
  INSERT INTO policy_day_count (scope, start_at, count)
  SELECT replace(d.scope, t.old, t.new), d.start_at, d.count FROM policy_day_count d
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON starts_with(d.scope, t.old) ON CONFLICT DO NOTHING;');
END $change$;

DO $$
DECLARE
  definer text;
BEGIN
  FOREACH definer IN ARRAY ARRAY['test_ahead_at(text, timestamptz)', 'test_use_spans(text, timestamptz)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
  END LOOP;
  GRANT EXECUTE ON FUNCTION test_use_spans(text, timestamptz) TO patchbay_app;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
