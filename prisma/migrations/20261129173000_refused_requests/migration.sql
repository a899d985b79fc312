-- CreateTable
CREATE TABLE "refused_request" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "asked_account_id" TEXT,
    "code" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "detail" TEXT NOT NULL,
    "rule" TEXT,
    "level" TEXT,
    "known" JSONB NOT NULL,

    CONSTRAINT "refused_request_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "refused_request_account_id_id_idx" ON "refused_request"("account_id", "id");

-- AddForeignKey
ALTER TABLE "refused_request" ADD CONSTRAINT "refused_request_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Said once and never changed: the application adds and reads. Only the named function below forgets.
SELECT guard_tenant_table('refused_request');
REVOKE ALL ON refused_request FROM patchbay_app, patchbay_wall;
GRANT SELECT, INSERT ON refused_request TO patchbay_app;
GRANT SELECT, DELETE ON refused_request TO patchbay_wall;
-- By age, whose ever they are.
CREATE INDEX refused_request_at_idx ON refused_request (at);

-- What a request changed is found by its id, and what a credential was used for by the credential's.
CREATE INDEX audit_entry_request_id_idx ON audit_entry (request_id);
CREATE INDEX session_event_credential_idx ON session_event ((data ->> 'credentialId')) WHERE kind = 'session.created';

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Forgets what is older than a time, and of each account all but its newest.
CREATE FUNCTION forget_refused_requests(kept_since timestamptz, kept_per_account int) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH full_account AS (
    SELECT account_id FROM refused_request GROUP BY account_id HAVING count(*) > kept_per_account
  ), surplus AS (
    SELECT f.account_id, (SELECT r.id FROM refused_request r WHERE r.account_id = f.account_id
      ORDER BY r.id DESC OFFSET kept_per_account LIMIT 1) AS newest_id FROM full_account f
  ), gone AS (
    DELETE FROM refused_request r WHERE r.at < kept_since
      OR EXISTS (SELECT 1 FROM surplus s WHERE s.account_id = r.account_id AND r.id <= s.newest_id)
    RETURNING 1
  ) SELECT count(*) FROM gone
$$;
ALTER FUNCTION forget_refused_requests(timestamptz, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION forget_refused_requests(timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_refused_requests(timestamptz, int) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
