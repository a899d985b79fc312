-- AlterTable
ALTER TABLE "credential_revocation" ADD COLUMN     "expires_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "credential_revocation_expires_at_idx" ON "credential_revocation"("expires_at");

-- A credential that ends long after the longest lifetime is admitted late, in its last days: a revocation of it has to be
-- told for as long as it could come back, however old it is.
CREATE OR REPLACE FUNCTION revocations_since(since timestamptz)
RETURNS TABLE (account_id text, key_id text, prefix_id text, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT r.account_id, r.key_id, r.prefix_id, r.revoked_at FROM credential_revocation r
    WHERE r.revoked_at >= since OR r.expires_at > now()
  UNION ALL
  SELECT k.account_id, k.id, NULL, k.revoked_at FROM api_key k WHERE k.revoked_at >= since
  ORDER BY 4, 2, 3
$$;
