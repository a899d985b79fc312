-- What a session is (MET-7): a call that signaling holds, or one client's use of one credential on one relay. Those that
-- there were before are calls.
ALTER TABLE "session" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'call';
ALTER TABLE "session" ADD CONSTRAINT session_kind CHECK (kind IN ('call', 'relay'));
