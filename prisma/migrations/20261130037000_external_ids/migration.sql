-- A closed account stays closed, and would hold its external id for ever: one that is not closed may have it.
DROP INDEX "account_parent_id_external_id_key";
CREATE UNIQUE INDEX account_external_id_held ON account (parent_id, external_id) WHERE state <> 'closed';
-- Accounts are found by it whatever their state, and children by their parent.
CREATE INDEX "account_parent_id_external_id_idx" ON "account"("parent_id", "external_id");
