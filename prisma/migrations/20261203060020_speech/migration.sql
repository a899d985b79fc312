-- CreateTable
CREATE TABLE "speech" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "delivery" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "sample_rate_hz" INTEGER NOT NULL,
    "speech_order" JSONB,
    "voices" TEXT[],
    "characters" INTEGER NOT NULL,
    "words" INTEGER NOT NULL,
    "sound_key" BYTEA,
    "is_cache_hit" BOOLEAN NOT NULL DEFAULT false,
    "object_id" TEXT,
    "duration_ms" INTEGER,
    "failure" TEXT,
    "failure_detail" TEXT,
    "concurrent_max" INTEGER NOT NULL,
    "regions" TEXT[],
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "speech_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "speech_account_id_id_idx" ON "speech"("account_id", "id");

-- CreateIndex
CREATE INDEX "speech_object_id_idx" ON "speech"("object_id");

-- AddForeignKey
ALTER TABLE "speech" ADD CONSTRAINT "speech_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "speech" ADD CONSTRAINT "speech_object_id_fkey" FOREIGN KEY ("object_id") REFERENCES "stored_object"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE speech ADD CONSTRAINT speech_state CHECK (state IN ('queued', 'running', 'completed', 'failed'));
ALTER TABLE speech ADD CONSTRAINT speech_delivery CHECK (delivery IN ('sync', 'async'));
-- The text is kept until it is spoken, and no longer (PRD-4).
ALTER TABLE speech ADD CONSTRAINT speech_text_goes CHECK ((speech_order IS NULL) = (state IN ('completed', 'failed')));
ALTER TABLE speech ADD CONSTRAINT speech_failure CHECK ((failure IS NULL) = (state <> 'failed'));
CREATE INDEX speech_waiting ON speech (created_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX speech_waiting_of_account ON speech (account_id) WHERE state = 'queued';
CREATE INDEX speech_sound ON speech (account_id, sound_key) WHERE state = 'completed' AND object_id IS NOT NULL;
SELECT guard_tenant_table('speech');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Gives a node texts to speak, so many at most: of each account no more than may be at work at a time, and those first whose
-- account has the least at work. What somebody took and did not end in time is taken again.
CREATE FUNCTION speech_claim(in_region text, row_max int, lease_ms int) RETURNS SETOF speech
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  at timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT 1 FROM speech s WHERE s.state IN ('queued', 'running')) THEN RETURN; END IF;
  -- One node after the other, or two would each give an account all that it may have.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.speech', 0));
  RETURN QUERY
  WITH waiting AS (
    SELECT s.id, s.account_id, s.created_at, s.concurrent_max,
      row_number() OVER (PARTITION BY s.account_id ORDER BY s.created_at, s.id) + (
        SELECT count(*) FROM speech b WHERE b.account_id = s.account_id AND b.state = 'running' AND b.lease_until > at) AS place
    FROM speech s WHERE (s.state = 'queued' OR (s.state = 'running' AND s.lease_until <= at))
      AND (cardinality(s.regions) = 0 OR in_region = ANY (s.regions))
  ), taken AS (
    SELECT w.id FROM waiting w WHERE w.place <= w.concurrent_max ORDER BY w.place, w.created_at, w.id LIMIT row_max
  )
  UPDATE speech s SET state = 'running', attempt = s.attempt + 1, lease_until = at + lease_ms * interval '1 millisecond'
  FROM taken t WHERE s.id = t.id RETURNING s.*;
END $$;
ALTER FUNCTION speech_claim(text, int, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION speech_claim(text, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION speech_claim(text, int, int) TO patchbay_app;

-- Files of speech go by their class, and so does what is told of a speech; and with an endpoint's name go its files.
DO $change$
DECLARE
  place regprocedure;
  written text;
  change text[];
BEGIN
  FOR place, change IN VALUES
    ('retention_forget(text, text[], timestamptz[], int)'::regprocedure, ARRAY[
      $s$  WHEN 'signInRecords' THEN$s$,
      $s$  WHEN 'speechFiles' THEN
    WITH old AS (
      SELECT o.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT o.id FROM stored_object o WHERE o.account_id = d.account_id AND o.data_class = 'speechFiles' AND o.created_at < d.before
        ORDER BY o.created_at LIMIT row_max FOR UPDATE SKIP LOCKED) AS o LIMIT row_max
    ), removed AS (DELETE FROM stored_object o USING old p WHERE o.id = p.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;
    WITH old AS (
      SELECT s.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT s.id FROM speech s WHERE s.account_id = d.account_id AND s.id < id_floor('spk', d.before) AND s.finished_at < d.before
        ORDER BY s.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS s LIMIT row_max
    ), removed AS (DELETE FROM speech s USING old o WHERE s.id = o.id RETURNING 1)
    SELECT count(*) INTO more FROM removed;
    gone := gone + more;

  WHEN 'signInRecords' THEN$s$]),
    ('person_places()', ARRAY[
      $s$(17, 'configuration', 'endpoint_transfer',$s$,
      $s$(20, 'speechFiles', 'stored_object', $f$t.endpoint_id = $2 ->> 'endpoint'$f$,
      $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym'), expires_at = clock_timestamp()$c$),
    (21, 'speechFiles', 'speech', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (17, 'configuration', 'endpoint_transfer',$s$])
  LOOP
    written := pg_get_functiondef(place);
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it: %', place, change[1]; END IF;
    EXECUTE replace(written, change[1], change[2]);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
