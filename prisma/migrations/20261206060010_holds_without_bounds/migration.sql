-- What a hold was reckoned from is read by nobody. Processes of the release before still write it; the next drops it.
ALTER TABLE "prepaid_hold" ALTER COLUMN "once" SET DEFAULT 0, ALTER COLUMN "per_second" SET DEFAULT 0;
