-- AlterTable
ALTER TABLE "role_grant" ADD COLUMN     "custom_role_id" TEXT;

-- CreateTable
CREATE TABLE "account_role" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_role_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "account_role_account_id_name_key" ON "account_role"("account_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "account_role_account_id_id_key" ON "account_role"("account_id", "id");

-- AddForeignKey
ALTER TABLE "role_grant" ADD CONSTRAINT "role_grant_account_id_custom_role_id_fkey" FOREIGN KEY ("account_id", "custom_role_id") REFERENCES "account_role"("account_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_role" ADD CONSTRAINT "account_role_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A role of an account is given at that account and nowhere else: so the key says which account it is of.
ALTER TABLE role_grant DROP CONSTRAINT role_grant_role;
ALTER TABLE role_grant ADD CONSTRAINT role_grant_role
  CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer', 'custom'));
ALTER TABLE role_grant ADD CONSTRAINT role_grant_is_one_role CHECK ((role = 'custom') = (custom_role_id IS NOT NULL));
SELECT guard_tenant_table('account_role');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Where a user holds a role that was taken, with the scopes of one that the account defined.
DROP FUNCTION user_reach(text);
CREATE FUNCTION user_reach(of_user text)
RETURNS TABLE (account_id text, account_name text, role text, depth int, custom_role_id text, custom_role_name text, scopes text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth, r.id, r.name, r.scopes
  FROM role_grant g JOIN account a ON a.id = g.account_id LEFT JOIN account_role r ON r.id = g.custom_role_id
  WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL ORDER BY a.depth, a.id
$$;
ALTER FUNCTION user_reach(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION user_reach(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION user_reach(text) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
