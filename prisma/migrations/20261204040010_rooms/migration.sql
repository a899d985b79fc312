-- CreateTable
CREATE TABLE "conference_room" (
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conference_room_pkey" PRIMARY KEY ("account_id","name")
);

-- CreateTable
CREATE TABLE "live_room" (
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "lease_until" TIMESTAMPTZ(3) NOT NULL,
    "snapshot" JSONB,

    CONSTRAINT "live_room_pkey" PRIMARY KEY ("account_id","name")
);

-- AddForeignKey
ALTER TABLE "conference_room" ADD CONSTRAINT "conference_room_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "live_room" ADD CONSTRAINT "live_room_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table('conference_room');
SELECT guard_tenant_table('live_room');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- How rooms are by the word of the node that is their home, and of no other: what is told of a room extends its lease, what is
-- over goes, and of a home that was silent for its lease nothing is left.
CREATE FUNCTION live_rooms_told(in_node text, told jsonb, lease_ms int) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
  DELETE FROM live_room r USING jsonb_to_recordset(told) AS t(account_id text, name text, is_over boolean)
  WHERE r.account_id = t.account_id AND r.name = t.name AND r.node_id = in_node AND t.is_over;
  INSERT INTO live_room AS r (account_id, name, node_id, lease_until, snapshot)
  SELECT t.account_id, t.name, in_node, clock_timestamp() + lease_ms * interval '1 millisecond', t.snapshot
  FROM jsonb_to_recordset(told) AS t(account_id text, name text, snapshot jsonb, is_over boolean)
  JOIN account a ON a.id = t.account_id WHERE NOT t.is_over
  ON CONFLICT (account_id, name) DO UPDATE SET node_id = excluded.node_id, lease_until = excluded.lease_until,
    snapshot = coalesce(excluded.snapshot, r.snapshot)
  WHERE r.node_id = in_node OR r.lease_until < clock_timestamp();
  DELETE FROM live_room r WHERE r.lease_until < clock_timestamp() - interval '1 minute';
END;
ALTER FUNCTION live_rooms_told(text, jsonb, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION live_rooms_told(text, jsonb, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION live_rooms_told(text, jsonb, int) TO patchbay_app;

-- Who is invited, and who is in a room, goes with a person's name.
DO $change$
DECLARE
  written text := pg_get_functiondef('person_places()'::regprocedure);
  at text := $s$(17, 'configuration', 'endpoint_transfer',$s$;
BEGIN
  IF position(at IN written) = 0 THEN RAISE EXCEPTION 'person_places() is not as this migration knows it.'; END IF;
  EXECUTE replace(written, at, $s$(22, 'configuration', 'conference_room', $f$person_in(t.settings, $2)$f$,
      $c$settings = person_scrub(t.settings, '', $2)$c$),
    (23, 'sessionLogs', 'live_room', $f$person_in(coalesce(t.snapshot, '{}'), $2)$f$, $c$snapshot = person_scrub(t.snapshot, '', $2)$c$),
    $s$ || at);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
