-- CreateTable
CREATE TABLE "speech_detection_job" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "job_order" JSONB,
    "upload_bytes" INTEGER,
    "input_object_id" TEXT,
    "progress_percent" INTEGER NOT NULL DEFAULT 0,
    "media" JSONB,
    "findings" JSONB,
    "failure" TEXT,
    "failure_detail" TEXT,
    "concurrent_max" INTEGER NOT NULL,
    "regions" TEXT[],
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "speech_detection_job_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "speech_detection_job_account_id_id_idx" ON "speech_detection_job"("account_id", "id");

-- CreateIndex
CREATE INDEX "speech_detection_job_input_object_id_idx" ON "speech_detection_job"("input_object_id");

-- AddForeignKey
ALTER TABLE "speech_detection_job" ADD CONSTRAINT "speech_detection_job_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "speech_detection_job" ADD CONSTRAINT "speech_detection_job_input_object_id_fkey" FOREIGN KEY ("input_object_id") REFERENCES "stored_object"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_state
  CHECK (state IN ('awaiting', 'queued', 'running', 'completed', 'failed', 'cancelled'));
ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_kind CHECK (kind IN ('presence', 'answering-machine'));
ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_findings CHECK ((findings IS NULL) = (state <> 'completed'));
ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_progress CHECK (progress_percent BETWEEN 0 AND 100);
-- What is asked for may hold addresses that open something: it is kept until it is done, and no longer (PRD-4).
ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_order_goes
  CHECK ((job_order IS NULL) = (state IN ('completed', 'failed', 'cancelled')));
ALTER TABLE speech_detection_job ADD CONSTRAINT speech_detection_job_failure CHECK ((failure IS NULL) = (state <> 'failed'));
CREATE INDEX speech_detection_job_waiting ON speech_detection_job (created_at, id) WHERE state IN ('awaiting', 'queued', 'running');
CREATE INDEX speech_detection_job_waiting_of_account ON speech_detection_job (account_id) WHERE state IN ('awaiting', 'queued');
SELECT guard_tenant_table('speech_detection_job');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- As transcoding_claim does for its own table, and by the same rules: gives a node jobs, so many at most: of each account no more than may be at work at a time, its more urgent ones first, and those
-- first whose account has the least at work. What somebody took and no longer holds is taken again, and so is what was never uploaded:
-- whoever takes that says so.
CREATE FUNCTION speech_detection_claim(in_region text, row_max int, lease_ms int, upload_ms int) RETURNS SETOF speech_detection_job
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  at timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT 1 FROM speech_detection_job j WHERE j.state IN ('awaiting', 'queued', 'running')) THEN RETURN; END IF;
  -- One node after the other, or two would each give an account all that it may have.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.speech-detection', 0));
  RETURN QUERY
  WITH waiting AS (
    SELECT j.id, j.account_id, j.created_at, j.concurrent_max,
      row_number() OVER (PARTITION BY j.account_id ORDER BY j.priority, j.created_at, j.id) + (
        SELECT count(*) FROM speech_detection_job b
        WHERE b.account_id = j.account_id AND b.state = 'running' AND b.lease_until > at) AS place
    FROM speech_detection_job j
    WHERE (j.state = 'queued' OR (j.state = 'running' AND j.lease_until <= at)
        OR (j.state = 'awaiting' AND j.created_at <= at - upload_ms * interval '1 millisecond'))
      AND (cardinality(j.regions) = 0 OR in_region = ANY (j.regions))
  ), taken AS (
    SELECT w.id FROM waiting w WHERE w.place <= w.concurrent_max ORDER BY w.place, w.created_at, w.id LIMIT row_max
  )
  UPDATE speech_detection_job j SET state = 'running', attempt = j.attempt + 1, progress_percent = 0,
    started_at = coalesce(j.started_at, at), lease_until = at + lease_ms * interval '1 millisecond'
  FROM taken t WHERE j.id = t.id RETURNING j.*;
END $$;
ALTER FUNCTION speech_detection_claim(text, int, int, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION speech_detection_claim(text, int, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION speech_detection_claim(text, int, int, int) TO patchbay_app;

-- What was uploaded goes by its class, and so does what was heard; and with an endpoint's name go its jobs.
DO $change$
DECLARE
  place regprocedure;
  written text;
  change text[];
BEGIN
  FOR place, change IN VALUES
    ('retention_forget(text, text[], timestamptz[], int)'::regprocedure, ARRAY[
      $s$  WHEN 'signInRecords' THEN$s$,
      $s$  WHEN 'speechDetections' THEN
    WITH old AS (
      SELECT o.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT o.id FROM stored_object o WHERE o.account_id = d.account_id AND o.data_class = 'speechDetections' AND o.created_at < d.before
        ORDER BY o.created_at LIMIT row_max FOR UPDATE SKIP LOCKED) AS o LIMIT row_max
    ), removed AS (DELETE FROM stored_object o USING old p WHERE o.id = p.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;
    WITH old AS (
      SELECT j.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT j.id FROM speech_detection_job j
        WHERE j.account_id = d.account_id AND j.id < id_floor('dtc', d.before) AND j.finished_at < d.before
        ORDER BY j.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS j LIMIT row_max
    ), removed AS (DELETE FROM speech_detection_job j USING old o WHERE j.id = o.id RETURNING 1)
    SELECT count(*) INTO more FROM removed;
    gone := gone + more;

  WHEN 'signInRecords' THEN$s$]),
    ('person_places()', ARRAY[
      $s$(17, 'configuration', 'endpoint_transfer',$s$,
      $s$(66, 'speechDetections', 'speech_detection_job', $f$t.endpoint_id = $2 ->> 'endpoint'$f$,
      $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (17, 'configuration', 'endpoint_transfer',$s$])
  LOOP
    written := pg_get_functiondef(place);
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it: %', place, change[1]; END IF;
    EXECUTE replace(written, change[1], change[2]);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
