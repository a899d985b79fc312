-- Of an endpoint, the newest of its sessions are read without a look at those of the others (API-2).
CREATE INDEX "session_leg_account_id_identity_session_id_idx" ON "session_leg"("account_id", "identity", "session_id");
