-- CreateTable
CREATE TABLE "notice" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "application_id" TEXT,
    "endpoint_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "content" JSONB,
    "urgency_rank" INTEGER NOT NULL,
    "ways" TEXT[],
    "emails_per_day" INTEGER NOT NULL,
    "step" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "taken_count" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "sent_at" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notice_delivery" (
    "account_id" TEXT NOT NULL,
    "notice_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "step" INTEGER NOT NULL,
    "way" TEXT NOT NULL,
    "subscription_id" TEXT,
    "device" TEXT,
    "state" TEXT NOT NULL,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "reason" TEXT,
    "retry_at" TIMESTAMPTZ(3),
    "at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_delivery_pkey" PRIMARY KEY ("notice_id","number")
);

-- CreateTable
CREATE TABLE "notice_subscription" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "way" TEXT NOT NULL,
    "device" TEXT,
    "target" BYTEA,
    "target_tag" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "notice_subscription_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notice_way" (
    "account_id" TEXT NOT NULL,
    "way" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "secret" BYTEA NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notice_way_pkey" PRIMARY KEY ("account_id","way")
);

-- CreateIndex
CREATE INDEX "notice_account_id_id_idx" ON "notice"("account_id", "id");

-- CreateIndex
CREATE INDEX "notice_account_id_endpoint_id_id_idx" ON "notice"("account_id", "endpoint_id", "id");

-- CreateIndex
CREATE INDEX "notice_delivery_account_id_way_at_idx" ON "notice_delivery"("account_id", "way", "at");

-- CreateIndex
CREATE INDEX "notice_subscription_account_id_endpoint_id_id_idx" ON "notice_subscription"("account_id", "endpoint_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "notice_subscription_account_id_way_target_tag_key" ON "notice_subscription"("account_id", "way", "target_tag");

-- AddForeignKey
ALTER TABLE "notice" ADD CONSTRAINT "notice_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_delivery" ADD CONSTRAINT "notice_delivery_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_delivery" ADD CONSTRAINT "notice_delivery_notice_id_fkey" FOREIGN KEY ("notice_id") REFERENCES "notice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_subscription" ADD CONSTRAINT "notice_subscription_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notice_way" ADD CONSTRAINT "notice_way_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE notice ADD CONSTRAINT notice_state
  CHECK (state IN ('waiting', 'sent', 'delivered', 'read', 'failed', 'expired', 'cancelled'));
-- Whoever got it, or for whom it is over, is told nothing more.
ALTER TABLE notice ADD CONSTRAINT notice_due CHECK (due_at IS NULL OR (state IN ('waiting', 'sent') AND content IS NOT NULL));
ALTER TABLE notice_delivery ADD CONSTRAINT notice_delivery_state
  CHECK (state IN ('waiting', 'accepted', 'gone', 'refused', 'failed'));
CREATE INDEX notice_due_at ON notice (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notice_waiting_of_account ON notice (account_id) WHERE due_at IS NOT NULL;
SELECT guard_tenant_table('notice');
SELECT guard_tenant_table('notice_delivery');
SELECT guard_tenant_table('notice_subscription');
SELECT guard_tenant_table('notice_way');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Gives out notices for which something is to be done, so many at most: of each account no more at a time than it may have, its urgent
-- ones first, and those first whose account has the least in hand. What somebody took and no longer holds is taken again.
CREATE FUNCTION notice_claim(row_max int, of_account_max int, lease_ms int) RETURNS SETOF notice
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  at timestamptz := clock_timestamp();
BEGIN
  IF NOT EXISTS (SELECT 1 FROM notice n WHERE n.due_at <= at) THEN RETURN; END IF;
  -- One process after the other, or two would each give an account all that it may have.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.notices', 0));
  RETURN QUERY
  WITH waiting AS (
    SELECT n.id, n.due_at,
      row_number() OVER (PARTITION BY n.account_id ORDER BY n.urgency_rank, n.due_at, n.id) + (
        SELECT count(*) FROM notice b WHERE b.account_id = n.account_id AND b.due_at IS NOT NULL AND b.lease_until > at) AS place
    FROM notice n WHERE n.due_at <= at AND (n.lease_until IS NULL OR n.lease_until <= at)
  ), taken AS (
    SELECT w.id FROM waiting w WHERE w.place <= of_account_max ORDER BY w.place, w.due_at, w.id LIMIT row_max
  )
  UPDATE notice n SET taken_count = n.taken_count + 1, lease_until = at + lease_ms * interval '1 millisecond'
  FROM taken t WHERE n.id = t.id RETURNING n.*;
END $$;
ALTER FUNCTION notice_claim(int, int, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION notice_claim(int, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notice_claim(int, int, int) TO patchbay_app;

-- Notices go by their class. With a person go what they were told and where they were reached.
DO $change$
DECLARE
  place regprocedure;
  written text;
  change text[];
BEGIN
  FOR place, change IN VALUES
    ('retention_forget(text, text[], timestamptz[], int)'::regprocedure, ARRAY[
      $s$  WHEN 'signInRecords' THEN$s$,
      $s$  WHEN 'notices' THEN
    WITH old AS (
      SELECT n.id FROM unnest(account_ids, befores) AS d(account_id, before) CROSS JOIN LATERAL (
        SELECT n.id FROM notice n
        WHERE n.account_id = d.account_id AND n.id < id_floor('ntc', d.before) AND n.due_at IS NULL
        ORDER BY n.id LIMIT row_max FOR UPDATE SKIP LOCKED) AS n LIMIT row_max
    ), removed AS (DELETE FROM notice n USING old o WHERE n.id = o.id RETURNING 1)
    SELECT count(*) INTO gone FROM removed;

  WHEN 'signInRecords' THEN$s$]),
    ('person_places()', ARRAY[
      $s$(17, 'configuration', 'endpoint_transfer',$s$,
      $s$(61, 'notices', 'notice', $f$t.endpoint_id = $2 ->> 'endpoint' OR person_in(t.content, $2)$f$,
      $c$content = CASE WHEN t.endpoint_id = $2 ->> 'endpoint' THEN NULL ELSE person_scrub(t.content, '', $2) END,
        due_at = CASE WHEN t.endpoint_id = $2 ->> 'endpoint' THEN NULL ELSE t.due_at END,
        state = CASE WHEN t.endpoint_id = $2 ->> 'endpoint' AND t.state = 'waiting' THEN 'cancelled' ELSE t.state END,
        endpoint_id = CASE WHEN t.endpoint_id = $2 ->> 'endpoint' THEN 'user:' || ($2 ->> 'pseudonym') ELSE t.endpoint_id END$c$),
    (62, 'configuration', 'notice_subscription', $f$t.endpoint_id = $2 ->> 'endpoint'$f$,
      $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym'), target = NULL, target_tag = t.id, label = '', device = NULL$c$),
    (17, 'configuration', 'endpoint_transfer',$s$])
  LOOP
    written := pg_get_functiondef(place);
    IF position(change[1] IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it: %', place, change[1]; END IF;
    EXECUTE replace(written, change[1], change[2]);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
