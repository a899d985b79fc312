-- CreateTable
CREATE TABLE "endpoint_registration" (
    "account_id" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "connection_id" TEXT NOT NULL,
    "device_id" TEXT,
    "device_name" TEXT,
    "device_kind" TEXT NOT NULL,
    "application_id" TEXT,
    "node_id" TEXT NOT NULL,
    "boot" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "told_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "endpoint_registration_pkey" PRIMARY KEY ("account_id","identity","connection_id")
);

-- CreateIndex
CREATE INDEX "endpoint_registration_node_id_boot_idx" ON "endpoint_registration"("node_id", "boot");

-- AddForeignKey
ALTER TABLE "endpoint_registration" ADD CONSTRAINT "endpoint_registration_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table('endpoint_registration');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Who is connected through a run of a node, by the word of that node alone. What it tells is of many accounts. Of one connection
-- the last word counts, and a device that came back elsewhere is no more where it was.
CREATE FUNCTION endpoints_registered(in_node text, in_boot text, told jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
  DELETE FROM endpoint_registration r USING jsonb_to_recordset(told)
    AS t(account_id text, identity text, connection_id text, device_id text, is_gone boolean)
  WHERE r.account_id = t.account_id AND r.identity = t.identity
    AND ((t.is_gone AND r.connection_id = t.connection_id AND r.node_id = in_node)
      OR (NOT t.is_gone AND r.device_id = t.device_id AND r.connection_id <> t.connection_id));
  INSERT INTO endpoint_registration AS r (account_id, identity, connection_id, device_id, device_name, device_kind,
    application_id, node_id, boot, since)
  SELECT t.account_id, t.identity, t.connection_id, t.device_id, t.device_name, t.device_kind,
    t.application_id, in_node, in_boot, to_timestamp(t.since_ms / 1000.0)
  FROM jsonb_to_recordset(told) AS t(account_id text, identity text, connection_id text, device_id text, device_name text,
    device_kind text, application_id text, since_ms bigint, is_gone boolean)
  JOIN account a ON a.id = t.account_id WHERE NOT t.is_gone
  ORDER BY t.account_id, t.identity, t.connection_id
  ON CONFLICT (account_id, identity, connection_id) DO UPDATE SET device_id = excluded.device_id,
    device_name = excluded.device_name, device_kind = excluded.device_kind, node_id = excluded.node_id, boot = excluded.boot,
    told_at = CURRENT_TIMESTAMP;
END;
ALTER FUNCTION endpoints_registered(text, text, jsonb) OWNER TO patchbay_wall;

-- Takes out what runs of nodes that are over have left behind. A node that was away tells everything anew when it is back.
CREATE FUNCTION endpoint_registrations_gone(live_ms int, row_max int) RETURNS SETOF endpoint_registration
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  DELETE FROM endpoint_registration d WHERE (d.account_id, d.identity, d.connection_id) IN (
    SELECT r.account_id, r.identity, r.connection_id FROM endpoint_registration r LEFT JOIN node n ON n.id = r.node_id
    WHERE n.id IS NULL OR n.state = 'removed'
      OR coalesce(n.last_heartbeat_at, n.joined_at) < now() - live_ms * interval '1 millisecond'
      OR (n.boot_id IS DISTINCT FROM r.boot AND r.told_at < now() - live_ms * interval '1 millisecond')
    LIMIT row_max)
  RETURNING d.*
$$;
ALTER FUNCTION endpoint_registrations_gone(int, int) OWNER TO patchbay_wall;

REVOKE ALL ON FUNCTION endpoints_registered(text, text, jsonb), endpoint_registrations_gone(int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION endpoints_registered(text, text, jsonb), endpoint_registrations_gone(int, int) TO patchbay_app;

-- Where somebody is connected goes with their name.
DO $change$
DECLARE
  written text := pg_get_functiondef('person_places()'::regprocedure);
  at text := $s$(17, 'configuration', 'endpoint_transfer',$s$;
BEGIN
  IF position(at IN written) = 0 THEN RAISE EXCEPTION 'person_places() is not as this migration knows it.'; END IF;
  EXECUTE replace(written, at, $s$(24, 'configuration', 'endpoint_registration', $f$t.identity = $2 ->> 'identity'$f$,
      $c$identity = $2 ->> 'pseudonym', device_name = NULL$c$),
    $s$ || at);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
