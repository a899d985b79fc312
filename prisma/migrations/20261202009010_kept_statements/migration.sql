-- All of a statement as it was closed, line by line or, of a long one, meter by meter: what is read of a closed month is that,
-- and not what its use comes to by now (BIL-7). Of months that were closed before there is none.
ALTER TABLE "closed_statement" ADD COLUMN "statement" JSONB;
