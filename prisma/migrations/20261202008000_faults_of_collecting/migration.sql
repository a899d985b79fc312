-- One document that cannot be brought on is tried again later and later, and holds up no other.
ALTER TABLE "collection" ADD COLUMN "fault_count" INTEGER NOT NULL DEFAULT 0;
