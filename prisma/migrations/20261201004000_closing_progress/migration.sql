-- How far the second half of a closing is: of how many accounts the documents are there. The first half is in kept_count.
ALTER TABLE "billing_closing" ADD COLUMN "issued_count" INTEGER NOT NULL DEFAULT 0;
UPDATE "billing_closing" SET "issued_count" = "account_count" WHERE "issued_at" IS NOT NULL;
