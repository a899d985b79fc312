-- Who closed an account was kept nowhere, so a move took those below it out from under a closing of somebody above the mover
-- (decision 0018). A closing is a word as a suspension is, of each account that says it.
ALTER TABLE account_suspension DROP CONSTRAINT account_suspension_reason,
  ADD CONSTRAINT account_suspension_reason CHECK (reason IN ('said', 'overdue', 'closed'));

GRANT CREATE ON SCHEMA public TO patchbay_wall;
-- Whoever closes without saying for whom, as processes of the release before do, and the twin of a closed account: it is the
-- parent's.
DO $change$
DECLARE
  before text := pg_get_functiondef('account_state_is_said()'::regprocedure);
  was text := '  IF NEW.state = ''suspended'' THEN';
BEGIN
  IF position(was IN before) = 0 THEN RAISE EXCEPTION 'account_state_is_said is not as this migration knows it.'; END IF;
  EXECUTE replace(before, was, $becomes$  IF NEW.state = 'closed' THEN
    IF NOT EXISTS (SELECT 1 FROM account_suspension s WHERE s.account_id = NEW.id AND s.reason = 'closed') THEN
      INSERT INTO account_suspension (account_id, by_id, reason) VALUES (NEW.id, coalesce(NEW.parent_id, NEW.id), 'closed');
    END IF;
  ELSIF NEW.state = 'suspended' THEN$becomes$);
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;

-- Of those that are closed nobody knows any more who it was.
INSERT INTO account_suspension (account_id, by_id, reason)
SELECT a.id, coalesce(a.parent_id, a.id), 'closed' FROM account a WHERE a.state = 'closed' ON CONFLICT DO NOTHING;
