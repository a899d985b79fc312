-- What names no session is one client's time with its credential (ACC-7): the records are read to add it up. Few have
-- none, so the index costs the others nothing, which the schema cannot say.
CREATE INDEX "usage_record_account_id_credential_id_idx" ON "usage_record"("account_id", "credential_id")
  WHERE "session_id" IS NULL;
