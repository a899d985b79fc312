-- CreateTable
CREATE TABLE "account_export" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "person" TEXT,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "place" JSONB NOT NULL DEFAULT '{}',
    "part_count" INTEGER NOT NULL DEFAULT 0,
    "row_count" BIGINT NOT NULL DEFAULT 0,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "error" TEXT,

    CONSTRAINT "account_export_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account_export_part" (
    "export_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "account_id" TEXT NOT NULL,
    "file" JSONB NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "account_export_part_pkey" PRIMARY KEY ("export_id","number")
);

-- CreateIndex
CREATE INDEX "account_export_account_id_id_idx" ON "account_export"("account_id", "id");

-- CreateIndex
CREATE INDEX "account_export_state_idx" ON "account_export"("state");

-- AddForeignKey
ALTER TABLE "account_export" ADD CONSTRAINT "account_export_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE account_export ADD CONSTRAINT account_export_state CHECK (state IN ('pending', 'running', 'ready', 'failed', 'expired'));
-- One at a time for each account: a copy of all of it is dear.
CREATE UNIQUE INDEX account_export_one_at_work ON account_export (account_id) WHERE state IN ('pending', 'running');
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['account_export', 'account_export_part']) AS name;
-- It is compressed already.
ALTER TABLE account_export_part ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- The order in which an export reads them, account by account.
CREATE INDEX webhook_delivery_account_id_id_idx ON webhook_delivery (account_id, id);
CREATE INDEX webhook_attempt_account_id_delivery_id_idx ON webhook_attempt (account_id, delivery_id);

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- The oldest export that has to be worked on, whose ever it is: the work itself is done in the scope of its account.
CREATE FUNCTION export_next() RETURNS TABLE (id text, account_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT e.id, e.account_id FROM account_export e WHERE e.state IN ('pending', 'running') ORDER BY e.created_at, e.id LIMIT 1
$$;
ALTER FUNCTION export_next() OWNER TO patchbay_wall;

-- Takes the files of exports away whose time is up, and the name of the person that one was about.
CREATE FUNCTION export_expire(at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH over AS (
    UPDATE account_export e SET state = 'expired', person = NULL WHERE e.expires_at <= at AND e.state IN ('ready', 'failed')
    RETURNING e.id
  ), gone AS (DELETE FROM account_export_part p USING over o WHERE p.export_id = o.id)
  SELECT count(*) FROM over
$$;
ALTER FUNCTION export_expire(timestamptz) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['export_next()', 'export_expire(timestamptz)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
