-- A document holds what the ledger holds: a month of a very dear meter came to more minor units than a BIGINT has, and no
-- document of its month was issued (BIL-4). Read as text, so that a release before reads it too.
ALTER TABLE "document" ALTER COLUMN "total_minor_units" TYPE DECIMAL(38,0);
