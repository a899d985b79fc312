-- What of each hour's own use was told to the rail as meter events, where the operator chose so (BIL-6).
CREATE TABLE "pushed_usage" (
    "account_id" TEXT NOT NULL,
    "meter" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(0) NOT NULL,
    -- What is there for certain.
    "quantity" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "revision" INTEGER NOT NULL DEFAULT 0,
    -- What was begun under that revision, and whose answer is not known.
    "pending" DECIMAL(38,0),
    "pending_since" TIMESTAMPTZ(3),

    CONSTRAINT "pushed_usage_pkey" PRIMARY KEY ("account_id","meter","hour")
);
CREATE INDEX "pushed_usage_hour_idx" ON "pushed_usage"("hour");
SELECT guard_tenant_table('pushed_usage');
