-- CreateTable
CREATE TABLE "identity_presence" (
    "account_id" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "is_online" BOOLEAN NOT NULL DEFAULT false,
    "last_seen_at" TIMESTAMPTZ(3),
    "state" TEXT,
    "note" TEXT,
    "set_at" TIMESTAMPTZ(3),
    "until" TIMESTAMPTZ(3),

    CONSTRAINT "identity_presence_pkey" PRIMARY KEY ("account_id","identity")
);

-- AddForeignKey
ALTER TABLE "identity_presence" ADD CONSTRAINT "identity_presence_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "identity_presence" ADD CONSTRAINT "identity_presence_state" CHECK ("state" IN ('available', 'away', 'busy', 'dnd'));
-- Whoever went not long ago: these are looked at when a node is back.
CREATE INDEX identity_presence_seen_idx ON identity_presence (last_seen_at) WHERE NOT is_online;
-- Who is in a call now.
CREATE INDEX session_leg_in_call_idx ON session_leg (account_id, identity) WHERE joined_at IS NOT NULL AND left_at IS NULL;

SELECT guard_tenant_table('identity_presence');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whether a registration is of a run of a node that beats. Before its first beat a run has no other word for itself than what it
-- has just told.
CREATE FUNCTION is_registered_now(r endpoint_registration, live_ms int) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
BEGIN ATOMIC
  SELECT EXISTS (SELECT 1 FROM node n WHERE n.id = r.node_id AND n.state <> 'removed'
    AND coalesce(n.last_heartbeat_at, n.joined_at) >= now() - live_ms * interval '1 millisecond'
    AND (n.boot_id IS NOT DISTINCT FROM r.boot OR r.told_at >= now() - live_ms * interval '1 millisecond'));
END;

-- Notes who has come and gone, and answers them: of those that are named, or, where nobody is, of all whose node is gone or is
-- back. Whoever asks at the same time is answered what the first one was not.
CREATE FUNCTION presence_turned(named jsonb, live_ms int, row_max int)
RETURNS TABLE (account_id text, identity text, is_online boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH asked AS (
    SELECT DISTINCT t.account_id, t.identity FROM jsonb_to_recordset(coalesce(named, '[]')) AS t(account_id text, identity text)
      JOIN account a ON a.id = t.account_id
    UNION
    (SELECT p.account_id, p.identity FROM node n JOIN endpoint_registration g ON g.node_id = n.id
      JOIN identity_presence p ON p.account_id = g.account_id AND p.identity = g.identity
      WHERE named IS NULL AND p.is_online AND (n.state = 'removed'
        OR coalesce(n.last_heartbeat_at, n.joined_at) < now() - live_ms * interval '1 millisecond'
        OR (n.boot_id IS DISTINCT FROM g.boot AND g.told_at < now() - live_ms * interval '1 millisecond'))
      AND NOT EXISTS (SELECT 1 FROM endpoint_registration r WHERE r.account_id = p.account_id AND r.identity = p.identity
        AND is_registered_now(r, live_ms)) LIMIT row_max)
    UNION
    (SELECT p.account_id, p.identity FROM identity_presence p WHERE named IS NULL AND NOT p.is_online
      AND p.last_seen_at > now() - interval '10 minutes' AND EXISTS (
      SELECT 1 FROM endpoint_registration r WHERE r.account_id = p.account_id AND r.identity = p.identity
        AND is_registered_now(r, live_ms)) LIMIT row_max)
  ), standing AS (
    SELECT a.account_id, a.identity, EXISTS (SELECT 1 FROM endpoint_registration r WHERE r.account_id = a.account_id
      AND r.identity = a.identity AND is_registered_now(r, live_ms)) AS is_there
    FROM asked a
  )
  INSERT INTO identity_presence AS p (account_id, identity, is_online, last_seen_at)
  SELECT s.account_id, s.identity, s.is_there, now() FROM standing s
  WHERE s.is_there OR EXISTS (SELECT 1 FROM identity_presence k WHERE k.account_id = s.account_id AND k.identity = s.identity)
  ORDER BY s.account_id, s.identity
  ON CONFLICT (account_id, identity) DO UPDATE SET is_online = excluded.is_online, last_seen_at = now()
  WHERE p.is_online IS DISTINCT FROM excluded.is_online
  RETURNING p.account_id, p.identity, p.is_online
$$;
ALTER FUNCTION presence_turned(jsonb, int, int) OWNER TO patchbay_wall;

-- Forgets whoever said nothing of themselves and was not seen for so many days.
CREATE FUNCTION presence_forget(idle_days int, row_max int) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
  WITH gone AS (
    DELETE FROM identity_presence d WHERE (d.account_id, d.identity) IN (
      SELECT p.account_id, p.identity FROM identity_presence p WHERE NOT p.is_online AND p.state IS NULL
        AND p.last_seen_at < now() - idle_days * interval '1 day' LIMIT row_max)
    RETURNING 1)
  SELECT count(*) FROM gone
$$;
ALTER FUNCTION presence_forget(int, int) OWNER TO patchbay_wall;

REVOKE ALL ON FUNCTION presence_turned(jsonb, int, int), presence_forget(int, int),
  is_registered_now(endpoint_registration, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION presence_turned(jsonb, int, int), presence_forget(int, int) TO patchbay_app;
GRANT EXECUTE ON FUNCTION is_registered_now(endpoint_registration, int) TO patchbay_app, patchbay_wall;

-- What somebody says of themselves goes with their name.
DO $change$
DECLARE
  written text := pg_get_functiondef('person_places()'::regprocedure);
  at text := $s$(17, 'configuration', 'endpoint_transfer',$s$;
BEGIN
  IF position(at IN written) = 0 THEN RAISE EXCEPTION 'person_places() is not as this migration knows it.'; END IF;
  EXECUTE replace(written, at, $s$(25, 'configuration', 'identity_presence', $f$t.identity = $2 ->> 'identity'$f$,
      $c$identity = $2 ->> 'pseudonym', note = NULL$c$),
    $s$ || at);
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
