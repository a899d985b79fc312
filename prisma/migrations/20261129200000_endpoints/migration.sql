-- CreateTable
CREATE TABLE "endpoint" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "label" TEXT NOT NULL DEFAULT '',
    "application_id" TEXT,
    "allocated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "rests_until" TIMESTAMPTZ(3),

    CONSTRAINT "endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "endpoint_transfer" (
    "id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "from_account_id" TEXT NOT NULL,
    "to_account_id" TEXT NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "endpoint_transfer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "endpoint_account_id_id_idx" ON "endpoint"("account_id", "id");

-- CreateIndex
CREATE INDEX "endpoint_transfer_from_account_id_id_idx" ON "endpoint_transfer"("from_account_id", "id");

-- CreateIndex
CREATE INDEX "endpoint_transfer_to_account_id_id_idx" ON "endpoint_transfer"("to_account_id", "id");

-- AddForeignKey
ALTER TABLE "endpoint" ADD CONSTRAINT "endpoint_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "endpoint" ADD CONSTRAINT "endpoint_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "application"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "endpoint" ADD CONSTRAINT "endpoint_namespace" CHECK ("namespace" IN ('sip', 'tel', 'user', 'room'));
ALTER TABLE "endpoint_transfer" ADD CONSTRAINT "endpoint_transfer_state"
  CHECK ("state" IN ('offered', 'accepted', 'declined', 'withdrawn', 'expired', 'moved'));

-- Users and rooms are named by each account for itself; a number or an address means one thing in the whole world.
CREATE UNIQUE INDEX endpoint_identifier_key ON endpoint
  ((CASE WHEN namespace IN ('user', 'room') THEN account_id ELSE '' END), identifier);
CREATE UNIQUE INDEX endpoint_transfer_open_key ON endpoint_transfer (endpoint_id) WHERE state = 'offered';

SELECT guard_tenant_table('endpoint');
-- A row comes into being where all rows of its identifier are seen: in a named function.
REVOKE INSERT, UPDATE ON endpoint FROM patchbay_app;
GRANT UPDATE (account_id, label, application_id, rests_until) ON endpoint TO patchbay_app;

-- Both sides see a transfer. Who they are never changes.
ALTER TABLE endpoint_transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE endpoint_transfer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON endpoint_transfer TO patchbay_app
  USING (account_is_visible(from_account_id) OR account_is_visible(to_account_id))
  WITH CHECK (account_is_visible(from_account_id) OR account_is_visible(to_account_id));
-- Nobody makes an offer of what another holds, be it to themselves.
CREATE POLICY offered_by_holder ON endpoint_transfer AS RESTRICTIVE FOR INSERT TO patchbay_app
  WITH CHECK (account_is_visible(from_account_id));
CREATE POLICY wall ON endpoint_transfer TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON endpoint_transfer TO patchbay_app;
GRANT UPDATE (state, ended_at) ON endpoint_transfer TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON endpoint_transfer TO patchbay_wall;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Gives an identifier to an account, as one statement: of all who ask at once, one gets it. What rests is free for the
-- account that held it last, which gets the same endpoint again, and for others once it has rested.
-- outcome: 'allocated', 'taken', 'resting', 'too_many' or 'unknown', where the account is out of scope.
CREATE FUNCTION endpoint_allocate(of_account text, new_id text, of_namespace text, of_identifier text, of_label text,
  of_application text, count_max int, OUT outcome text, OUT endpoint_id text, OUT until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN outcome := 'unknown'; RETURN; END IF;
  IF NOT endpoint_has_room(of_account, count_max) THEN outcome := 'too_many'; RETURN; END IF;
  INSERT INTO endpoint AS e (id, account_id, namespace, identifier, label, application_id)
  VALUES (new_id, of_account, of_namespace, of_identifier, of_label, of_application)
  ON CONFLICT ((CASE WHEN namespace IN ('user', 'room') THEN account_id ELSE '' END), identifier) DO UPDATE
    SET id = CASE WHEN e.account_id = excluded.account_id THEN e.id ELSE excluded.id END, account_id = excluded.account_id,
      label = excluded.label, application_id = excluded.application_id, allocated_at = now(), rests_until = NULL
    WHERE e.rests_until IS NOT NULL AND (e.account_id = excluded.account_id OR e.rests_until <= clock_timestamp())
  RETURNING e.id INTO endpoint_id;
  IF endpoint_id IS NOT NULL THEN outcome := 'allocated'; RETURN; END IF;
  SELECT e.rests_until INTO until FROM endpoint e WHERE e.identifier = of_identifier
    AND (CASE WHEN e.namespace IN ('user', 'room') THEN e.account_id ELSE '' END)
      = (CASE WHEN of_namespace IN ('user', 'room') THEN of_account ELSE '' END);
  outcome := CASE WHEN until IS NULL THEN 'taken' ELSE 'resting' END;
END $$;
ALTER FUNCTION endpoint_allocate(text, text, text, text, text, text, int) OWNER TO patchbay_wall;

-- Whether an account may hold one endpoint more. Those that come at once are counted one after the other.
CREATE FUNCTION endpoint_has_room(of_account text, count_max int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.endpoints ' || of_account, 0));
  RETURN (SELECT count(*) FROM endpoint e WHERE e.account_id = of_account) < count_max;
END $$;
ALTER FUNCTION endpoint_has_room(text, int) OWNER TO patchbay_wall;

-- Takes what was offered. The endpoint keeps its id; what its account said of it stays behind.
-- Answers 'accepted', 'taken' where the account has one of this name, 'ended', 'too_many' or 'unknown'.
CREATE FUNCTION endpoint_transfer_accept(of_transfer text, of_account text, count_max int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  offer endpoint_transfer%ROWTYPE;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 'unknown'; END IF;
  SELECT * INTO offer FROM endpoint_transfer t WHERE t.id = of_transfer AND t.to_account_id = of_account FOR UPDATE;
  IF offer.id IS NULL THEN RETURN 'unknown'; END IF;
  IF offer.state <> 'offered' OR offer.expires_at <= clock_timestamp() THEN RETURN 'ended'; END IF;
  IF NOT endpoint_has_room(of_account, count_max) THEN RETURN 'too_many'; END IF;
  BEGIN
    UPDATE endpoint e SET account_id = of_account, label = '', application_id = NULL
      WHERE e.id = offer.endpoint_id AND e.account_id = offer.from_account_id AND e.rests_until IS NULL;
    IF NOT FOUND THEN RETURN 'ended'; END IF;
  EXCEPTION WHEN unique_violation THEN RETURN 'taken';
  END;
  UPDATE endpoint_transfer t SET state = 'accepted', ended_at = clock_timestamp() WHERE t.id = of_transfer;
  RETURN 'accepted';
END $$;
ALTER FUNCTION endpoint_transfer_accept(text, text, int) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['endpoint_allocate(text, text, text, text, text, text, int)', 'endpoint_has_room(text, int)',
    'endpoint_transfer_accept(text, text, int)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app, patchbay_wall', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
