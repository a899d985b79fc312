-- What those above an account say of it was one word, whoever of them said it: the last replaced what the others had said. Each has a
-- word of its own now. Who said one until here was not kept: it is taken for that of the account directly above (decision 0018).
ALTER TABLE "policy" ADD COLUMN "set_by" TEXT NOT NULL DEFAULT '';
UPDATE policy p SET set_by = a.parent_id FROM account a WHERE a.id = p.account_id AND p.by = 'above';
ALTER TABLE "policy" DROP CONSTRAINT "policy_pkey",
ADD CONSTRAINT "policy_pkey" PRIMARY KEY ("account_id", "by", "set_by", "application_id", "instance_type", "region", "endpoint");
ALTER TABLE policy ADD CONSTRAINT policy_setter_is_named CHECK ((by = 'above') = (set_by <> ''));
CREATE TRIGGER one_tree AFTER INSERT ON policy REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'set_by');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('policy_chain(text)', $was$p.region, p.endpoint, p.word
$was$, $becomes$p.region, p.endpoint,
    CASE p.set_by WHEN '' THEN p.word ELSE p.word || jsonb_build_object('setById', p.set_by) END AS word
$becomes$),
    -- A word goes with who said it: whoever is not above any more could not take it back.
    ('account_move(text, text)', $was$  DECLARE
    scope text := current_setting$was$, $becomes$  DELETE FROM policy p WHERE p.account_id = ANY (subtree) AND p.set_by <> ''
    AND NOT EXISTS (SELECT 1 FROM account_closure c WHERE c.descendant_id = p.account_id AND c.ancestor_id = p.set_by
      AND c.valid_to = 'infinity');
  DECLARE
    scope text := current_setting$becomes$),
    ('account_furnish_twin(text, text, text)', $was$  INSERT INTO policy (account_id, by, region, word)
    SELECT twin, p.by, p.region, p.word FROM policy p
    WHERE p.account_id = live.id AND p.application_id = '' AND p.endpoint = '';$was$,
      $becomes$  INSERT INTO policy (account_id, by, set_by, region, word)
    SELECT twin, p.by, coalesce(s.id, ''), p.region, p.word FROM policy p
      LEFT JOIN account s ON s.live_id = p.set_by
    WHERE p.account_id = live.id AND p.application_id = '' AND p.endpoint = '' AND (p.set_by = '' OR s.id IS NOT NULL);$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
