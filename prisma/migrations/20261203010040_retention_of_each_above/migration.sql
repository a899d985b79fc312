-- What an account above said of how long data of one below are kept was that one's own word, which took it back. Each above has a word
-- of its own. What there is stays the account's own: who of them said it was not kept (decision 0021).
ALTER TABLE "retention_word" ADD COLUMN "set_by" TEXT NOT NULL DEFAULT '';
ALTER TABLE "retention_word" DROP CONSTRAINT "retention_word_pkey",
ADD CONSTRAINT "retention_word_pkey" PRIMARY KEY ("account_id", "set_by");
-- What an account has said of those below it is looked for when one of them moves.
CREATE INDEX retention_word_setter_idx ON retention_word (set_by) WHERE set_by <> '';
CREATE TRIGGER one_tree AFTER INSERT ON retention_word REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'set_by');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is said of an account along its chain, from the platform down: of each account first what those above it said, the farthest
-- before all, and then what it says itself. What is of none above is none of the chain.
CREATE FUNCTION retention_levels(of_account text) RETURNS TABLE (account_id text, set_by text, word jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT w.account_id, w.set_by, w.word
  FROM account_closure c JOIN retention_word w ON w.account_id = c.ancestor_id
    LEFT JOIN account_closure o ON o.descendant_id = w.account_id AND o.ancestor_id = w.set_by AND o.depth > 0
      AND o.valid_to = 'infinity'
  WHERE c.descendant_id = of_account AND c.valid_to = 'infinity' AND (w.set_by = '' OR o.depth IS NOT NULL)
  ORDER BY c.depth DESC, o.depth DESC NULLS LAST
$$;
ALTER FUNCTION retention_levels(text) OWNER TO patchbay_wall;

-- The next accounts in the order of their ids, each with what holds for it.
CREATE FUNCTION retention_levels_after(after_id text, row_max int) RETURNS TABLE (account_id text, levels jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, coalesce((
    SELECT jsonb_agg(CASE l.set_by WHEN '' THEN said.own ELSE said.own || jsonb_build_object('setById', l.set_by) END ORDER BY l.place)
    FROM retention_levels(a.id) WITH ORDINALITY AS l(account_id, set_by, word, place)
      CROSS JOIN LATERAL (SELECT jsonb_build_object('accountId', l.account_id, 'word', l.word) AS own) said), '[]')
  FROM account a WHERE a.id > after_id ORDER BY a.id LIMIT row_max
$$;
ALTER FUNCTION retention_levels_after(text, int) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION retention_levels(text), retention_levels_after(text, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_levels(text), retention_levels_after(text, int) TO patchbay_app;

CREATE OR REPLACE FUNCTION settings_above_fall(moved text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  said regclass;
BEGIN
  FOREACH said IN ARRAY ARRAY['service_config', 'service_access', 'retention_word']::regclass[] LOOP
    EXECUTE format($fall$DELETE FROM %s s WHERE s.account_id = ANY ($1) AND s.set_by <> '' AND NOT EXISTS (SELECT 1 FROM account_closure c
      WHERE c.descendant_id = s.account_id AND c.ancestor_id = s.set_by AND c.valid_to = 'infinity')$fall$, said) USING moved;
  END LOOP;
END $$;

-- Processes of the release before know no setters: to them it is as if those above had said nothing.
DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('retention_chain(text)', $was$JOIN retention_word w ON w.account_id = c.ancestor_id$was$,
      $becomes$JOIN retention_word w ON w.account_id = c.ancestor_id AND w.set_by = ''$becomes$),
    ('retention_accounts(text, int)', $was$JOIN retention_word w ON w.account_id = c.ancestor_id$was$,
      $becomes$JOIN retention_word w ON w.account_id = c.ancestor_id AND w.set_by = ''$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
