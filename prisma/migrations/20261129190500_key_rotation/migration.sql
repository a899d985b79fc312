-- A key that is rotated says which one took its place, and ends at its own time (ACC-4).
ALTER TABLE "api_key" ADD COLUMN "replaced_by" TEXT;
GRANT SELECT (replaced_by), UPDATE (replaced_by) ON api_key TO patchbay_app;
