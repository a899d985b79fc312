-- A list that an account above set for one below was that one's own, which emptied it again; and it took the place of what the account
-- had set itself. Each above has lists of its own there, and all of them have to let an address through. What there is stays the
-- account's own: who of them said it was not kept (decision 0021).
ALTER TABLE "allow_list_entry" ADD COLUMN "set_by" TEXT NOT NULL DEFAULT '';
ALTER TABLE "allow_list_entry" DROP CONSTRAINT "allow_list_entry_pkey",
ADD CONSTRAINT "allow_list_entry_pkey" PRIMARY KEY ("account_id", "set_by", "purpose", "network");
-- What counts as the account without a credential is in its own list, whoever asked for it (ACC-9).
ALTER TABLE allow_list_entry ADD CONSTRAINT allow_list_authenticates_as_own CHECK (NOT authenticates OR set_by = '');
-- What an account has said of those below it is looked for when one of them moves.
CREATE INDEX allow_list_entry_setter_idx ON allow_list_entry (set_by) WHERE set_by <> '';
CREATE TRIGGER one_tree AFTER INSERT ON allow_list_entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'set_by');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('policy_chain(text)', $was$FROM allow_list_entry WHERE account_id = l.id) e$was$,
      $becomes$FROM allow_list_entry WHERE account_id = l.id AND set_by = '') e$becomes$),
    ('policy_chain(text)', $was$  ) stored ORDER BY depth DESC$was$, $becomes$  UNION ALL
  -- Lists that each account above set for one of the chain.
  SELECT l.depth, l.id, l.time_zone, 'access', '', '', '', '', '', jsonb_build_object(
    'values', jsonb_strip_nulls(jsonb_build_object('keyAllowList', a.keys, 'clientAllowList', a.credentials)),
    'locked', '[]'::jsonb, 'overridable', '{}'::jsonb, 'setById', a.set_by)
  FROM level l CROSS JOIN LATERAL (SELECT set_by,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'keys') AS keys,
    jsonb_agg(network ORDER BY network) FILTER (WHERE purpose = 'credentials') AS credentials
    FROM allow_list_entry WHERE account_id = l.id AND set_by <> '' GROUP BY set_by) a
  ) stored ORDER BY depth DESC$becomes$),
    ('settings_above_fall(text[])', $was$'retention_word']$was$, $becomes$'retention_word', 'allow_list_entry']$becomes$),
    -- A list is one word: where there is one already, no entries of another are mixed into it.
    ('test_words_pass(text[], text[], text[], text[])', $was$  -- Plans of the accounts that begin anew$was$,
      $becomes$  INSERT INTO allow_list_entry (account_id, set_by, purpose, network, label)
  SELECT t.new, s.new, e.purpose, e.network, e.label FROM allow_list_entry e
    JOIN unnest(old_ids, new_ids) AS t(old, new) ON t.old = e.account_id
    JOIN unnest(old_ids, new_ids) AS s(old, new) ON s.old = e.set_by
  WHERE NOT EXISTS (SELECT 1 FROM allow_list_entry n WHERE n.account_id = t.new AND n.set_by = s.new);

  -- Plans of the accounts that begin anew$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
