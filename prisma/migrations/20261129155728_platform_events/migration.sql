-- CreateTable
CREATE TABLE "platform_event" (
    "id" TEXT NOT NULL,
    "arrival" BIGSERIAL NOT NULL,
    "position" BIGINT,
    "account_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "application_id" TEXT,
    "session_id" TEXT,
    "session_sequence" INTEGER,
    "data" JSONB NOT NULL,

    CONSTRAINT "platform_event_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "platform_event_position_key" ON "platform_event"("position");

-- CreateIndex
CREATE INDEX "platform_event_account_id_position_idx" ON "platform_event"("account_id", "position");

-- AddForeignKey
ALTER TABLE "platform_event" ADD CONSTRAINT "platform_event_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Told once and never changed: the application adds and reads. Only named functions give a position, and forget.
SELECT guard_tenant_table('platform_event');
REVOKE ALL ON platform_event FROM patchbay_app, patchbay_wall;
GRANT SELECT ON platform_event TO patchbay_app;
GRANT INSERT (id, account_id, type, at, application_id, session_id, session_sequence, data) ON platform_event TO patchbay_app;
GRANT SELECT, DELETE ON platform_event TO patchbay_wall;
GRANT UPDATE (position) ON platform_event TO patchbay_wall;
GRANT USAGE ON SEQUENCE platform_event_arrival_seq TO patchbay_app;
-- What has no place yet is little, and is looked for all the time.
CREATE INDEX platform_event_unplaced_idx ON platform_event (arrival) WHERE position IS NULL;
