-- Which credentials were narrowed from which level: what a limit that counts in total has to add up (ACC-7).
CREATE TABLE "credential_prefix" (
    "account_id" TEXT NOT NULL,
    "prefix_id" TEXT NOT NULL,
    "credential_id" TEXT NOT NULL,

    CONSTRAINT "credential_prefix_pkey" PRIMARY KEY ("account_id","prefix_id","credential_id")
);

-- AddForeignKey
ALTER TABLE "credential_prefix" ADD CONSTRAINT "credential_prefix_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE INDEX "usage_session_account_id_credential_id_idx" ON "usage_session"("account_id", "credential_id");

SELECT guard_tenant_table('credential_prefix');

ALTER TABLE "credential_use" ADD COLUMN "is_continuation" BOOLEAN NOT NULL DEFAULT false;
