-- Through how many services an event came: each operation that the platform runs with one leads to events of one more (HKS-4).
-- Whoever runs it says so once for the transaction, and what is written there need not know of it.
CREATE FUNCTION event_hops() RETURNS int
LANGUAGE sql STABLE
AS $$ SELECT coalesce(nullif(current_setting('patchbay.hops', true), ''), '0')::int $$;

-- A constant first, so that no row is written anew.
ALTER TABLE "platform_event" ADD COLUMN "hops" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "platform_event" ALTER COLUMN "hops" SET DEFAULT event_hops();
