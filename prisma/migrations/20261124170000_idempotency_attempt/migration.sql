-- Which attempt works on a request: one that a repeat took over must not keep what it changed (C40).
ALTER TABLE "idempotency_key" ADD COLUMN     "attempt" INTEGER NOT NULL DEFAULT 1;
