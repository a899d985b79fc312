-- CreateTable
CREATE TABLE "channel" (
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "epoch" TEXT NOT NULL,
    "head_offset" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channel_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateTable
CREATE TABLE "channel_message" (
    "account_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "message_offset" BIGINT NOT NULL,
    "epoch" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "published_at" TIMESTAMPTZ(3) NOT NULL,
    "publisher" TEXT,
    "encoding" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "key" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "forget_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "channel_message_pkey" PRIMARY KEY ("account_id","channel","message_offset")
);

-- CreateTable
CREATE TABLE "channel_member" (
    "account_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "device" TEXT,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "node_id" TEXT NOT NULL,
    "boot" TEXT NOT NULL,

    CONSTRAINT "channel_member_pkey" PRIMARY KEY ("account_id","channel","connection_id")
);

-- CreateTable
CREATE TABLE "channel_namespace" (
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_namespace_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateIndex
CREATE INDEX "channel_published_at_idx" ON "channel"("published_at");

-- CreateIndex
CREATE INDEX "channel_message_forget_at_idx" ON "channel_message"("forget_at");

-- CreateIndex
CREATE INDEX "channel_member_node_id_boot_idx" ON "channel_member"("node_id", "boot");

-- AddForeignKey
ALTER TABLE "channel" ADD CONSTRAINT "channel_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_message" ADD CONSTRAINT "channel_message_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_member" ADD CONSTRAINT "channel_member_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "channel_namespace" ADD CONSTRAINT "channel_namespace_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "channel_message" ADD CONSTRAINT "channel_message_encoding" CHECK ("encoding" IN ('json', 'base64'));
-- Whoever sends a message again with its key is told of the one that was published.
CREATE UNIQUE INDEX channel_message_key ON channel_message (account_id, channel, key) WHERE key IS NOT NULL;

SELECT guard_tenant_table(name::regclass)
  FROM unnest(ARRAY['channel', 'channel_message', 'channel_member', 'channel_namespace']) AS name;

-- Publishes: the message has the next number of its channel, and whoever publishes there at the same time waits until it is
-- committed. So numbers have no gap, and are in the order in which the bus has them. A key that was used within five minutes
-- answers the message of that time. Null for a channel that would be one too many.
CREATE FUNCTION channel_publish(in_account text, in_channel text, new_epoch text, new_id text, by_publisher text, as_encoding text,
  the_data text, with_key text, ttl_seconds int, history_count int, history_seconds int, channel_max int)
RETURNS TABLE (message channel_message, is_fresh boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  c channel%ROWTYPE;
  m channel_message%ROWTYPE;
  at timestamptz(3);
BEGIN
  SELECT * INTO c FROM channel x WHERE x.account_id = in_account AND x.name = in_channel FOR UPDATE;
  IF NOT FOUND THEN
    -- Who begins channels of one account does so one after the other: the bound holds however many begin at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.channels ' || in_account, 0));
    IF (SELECT count(*) FROM (SELECT 1 FROM channel x WHERE x.account_id = in_account LIMIT channel_max) counted) >= channel_max
      AND NOT EXISTS (SELECT 1 FROM channel x WHERE x.account_id = in_account AND x.name = in_channel) THEN RETURN;
    END IF;
    INSERT INTO channel (account_id, name, epoch, head_offset, published_at)
      VALUES (in_account, in_channel, new_epoch, 0, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT * INTO c FROM channel x WHERE x.account_id = in_account AND x.name = in_channel FOR UPDATE;
  END IF;
  at := clock_timestamp();
  IF with_key IS NOT NULL THEN
    SELECT * INTO m FROM channel_message x WHERE x.account_id = in_account AND x.channel = in_channel AND x.key = with_key;
    IF FOUND AND m.published_at >= at - interval '5 minutes' AND m.publisher IS NOT DISTINCT FROM by_publisher THEN
      RETURN QUERY SELECT m, false;
      RETURN;
    END IF;
    -- It is another message by now, or somebody else's.
    UPDATE channel_message x SET key = NULL WHERE x.account_id = in_account AND x.channel = in_channel AND x.key = with_key;
  END IF;
  UPDATE channel x SET head_offset = x.head_offset + 1, published_at = at
    WHERE x.account_id = in_account AND x.name = in_channel RETURNING * INTO c;
  INSERT INTO channel_message AS x (account_id, channel, message_offset, epoch, id, published_at, publisher, encoding, data, key,
      expires_at, forget_at)
    VALUES (in_account, in_channel, c.head_offset, c.epoch, new_id, at, by_publisher, as_encoding, the_data, with_key,
      at + ttl_seconds * interval '1 second', at + greatest(history_seconds, 300) * interval '1 second')
    RETURNING * INTO m;
  -- What is beyond the history, two at a time: so there is never more of it than was published within five minutes.
  DELETE FROM channel_message x WHERE x.account_id = in_account AND x.channel = in_channel AND x.message_offset IN (
    SELECT o.message_offset FROM channel_message o WHERE o.account_id = in_account AND o.channel = in_channel
      AND o.message_offset <= c.head_offset - history_count
      AND o.published_at < at - interval '5 minutes' ORDER BY o.message_offset LIMIT 2);
  RETURN QUERY SELECT m, true;
END $$;
REVOKE ALL ON FUNCTION channel_publish(text, text, text, text, text, text, text, text, int, int, int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION channel_publish(text, text, text, text, text, text, text, text, int, int, int, int) TO patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;
GRANT SELECT ON node TO patchbay_wall;

-- Takes out who was in channels through a run of a node that is over: it beats no more, or has begun anew. A run that has just
-- begun may have members before it beats.
CREATE FUNCTION channel_members_gone(live_ms int, row_max int) RETURNS SETOF channel_member
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  DELETE FROM channel_member d WHERE (d.account_id, d.channel, d.connection_id) IN (
    SELECT m.account_id, m.channel, m.connection_id FROM channel_member m LEFT JOIN node n ON n.id = m.node_id
    WHERE n.id IS NULL OR n.state = 'removed'
      OR coalesce(n.last_heartbeat_at, n.joined_at) < now() - live_ms * interval '1 millisecond'
      OR (n.boot_id IS DISTINCT FROM m.boot AND m.joined_at < now() - live_ms * interval '1 millisecond')
    LIMIT row_max)
  RETURNING d.*
$$;
ALTER FUNCTION channel_members_gone(int, int) OWNER TO patchbay_wall;

-- Forgets messages past their time, and channels in which nothing was said for so many days.
CREATE FUNCTION channel_forget(idle_days int, row_max int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH forgotten AS (
    DELETE FROM channel_message d WHERE (d.account_id, d.channel, d.message_offset) IN (
      SELECT m.account_id, m.channel, m.message_offset FROM channel_message m WHERE m.forget_at < now() ORDER BY m.forget_at LIMIT row_max)
    RETURNING 1
  ), ended AS (
    DELETE FROM channel d WHERE (d.account_id, d.name) IN (
      SELECT c.account_id, c.name FROM channel c WHERE c.published_at < now() - idle_days * interval '1 day'
        AND NOT EXISTS (SELECT 1 FROM channel_message m WHERE m.account_id = c.account_id AND m.channel = c.name)
        AND NOT EXISTS (SELECT 1 FROM channel_member m WHERE m.account_id = c.account_id AND m.channel = c.name)
      ORDER BY c.published_at LIMIT row_max FOR UPDATE SKIP LOCKED)
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM forgotten) + (SELECT count(*) FROM ended)
$$;
ALTER FUNCTION channel_forget(int, int) OWNER TO patchbay_wall;

REVOKE ALL ON FUNCTION channel_members_gone(int, int), channel_forget(int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION channel_members_gone(int, int), channel_forget(int, int) TO patchbay_app;

-- A message names who published it, and may speak of anybody; who is in a channel is named for as long as they are.
DO $change$
DECLARE
  written text := pg_get_functiondef('person_places()'::regprocedure);
  last text := $s$(17, 'configuration', 'endpoint_transfer',$s$;
BEGIN
  IF position(last IN written) = 0 THEN RAISE EXCEPTION 'person_places is not as this migration knows it'; END IF;
  EXECUTE replace(written, last, $s$(18, 'channelMessages', 'channel_message',
      $f$t.publisher = $2 ->> 'identity' OR person_text(t.data, $2) <> t.data$f$,
      $c$publisher = CASE WHEN t.publisher = $2 ->> 'identity' THEN $2 ->> 'pseudonym' ELSE t.publisher END, data = person_text(t.data, $2)$c$),
    (19, 'channelMessages', 'channel_member', $f$t.identity = $2 ->> 'identity'$f$, $c$identity = $2 ->> 'pseudonym'$c$),
    $s$ || last);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
