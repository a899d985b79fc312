-- What an account above configured for one below was stored as that one's own word, which took it back. Each above has a word of
-- its own at a place now. What there is stays the account's own: who of them set it was not kept (decision 0021).
ALTER TABLE "service_config" ADD COLUMN "set_by" TEXT NOT NULL DEFAULT '';
ALTER TABLE "service_config" DROP CONSTRAINT "service_config_pkey",
ADD CONSTRAINT "service_config_pkey" PRIMARY KEY ("account_id", "set_by", "application_id", "instance_type", "endpoint_id", "service");
-- What an account has said of those below it is looked for when one of them moves.
CREATE INDEX service_config_setter_idx ON service_config (set_by) WHERE set_by <> '';
CREATE TRIGGER one_tree AFTER INSERT ON service_config REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'set_by');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- What is set along the chain of an account for it, one application and one endpoint of it, by itself and by those above, and what
-- triggers hold it to. A word of an account that does not stand above is none of the chain.
CREATE FUNCTION service_config_levels(of_account text, of_application text, of_endpoint text)
RETURNS TABLE (account_id text, set_by text, application_id text, instance_type text, endpoint_id text, service text, config jsonb,
  held_by text, holder_id text, is_shown boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT s.account_id, s.set_by, s.application_id, s.instance_type, s.endpoint_id, s.service, s.config, NULL, NULL, NULL::boolean
  FROM account_closure c JOIN service_config s ON s.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_to = 'infinity'
    AND ((s.application_id = '' AND s.endpoint_id = '')
      OR (c.depth = 0 AND s.application_id <> '' AND s.application_id = of_application)
      OR (c.depth = 0 AND s.endpoint_id <> '' AND s.endpoint_id = of_endpoint))
    AND (s.set_by = '' OR EXISTS (SELECT 1 FROM account_closure o
      WHERE o.descendant_id = s.account_id AND o.ancestor_id = s.set_by AND o.depth > 0 AND o.valid_to = 'infinity'))
  UNION ALL
  SELECT h.target_id, '', coalesce(h.application_id, ''), '', '', h.service, h.config, h.trigger_id, h.account_id, h.is_shown
  FROM account_closure c JOIN trigger_hold h ON h.target_id = c.ancestor_id AND (h.until IS NULL OR h.until > now())
  WHERE c.descendant_id = of_account AND c.valid_to = 'infinity'
    AND (h.application_id IS NULL OR (c.depth = 0 AND h.application_id = of_application))
    AND EXISTS (SELECT 1 FROM account_closure o WHERE o.descendant_id = h.target_id AND o.ancestor_id = h.account_id
      AND o.valid_to = 'infinity')
$$;
ALTER FUNCTION service_config_levels(text, text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION service_config_levels(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_config_levels(text, text, text) TO patchbay_app;

-- What accounts have set for others that they do not stand above any more: nobody could take it back.
CREATE FUNCTION settings_above_fall(moved text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config s WHERE s.account_id = ANY (moved) AND s.set_by <> '' AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = s.account_id AND c.ancestor_id = s.set_by AND c.valid_to = 'infinity');
END $$;
ALTER FUNCTION settings_above_fall(text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION settings_above_fall(text[]) FROM PUBLIC;

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    -- Processes of the release before know no setters: to them it is as if those above had said nothing.
    ('service_config_chain(text, text, text)', $was$AND ((s.application_id = ''$was$, $becomes$AND s.set_by = ''
    AND ((s.application_id = ''$becomes$),
    ('account_move(text, text)', $was$  PERFORM account_words_fall(subtree);
$was$, $becomes$  PERFORM account_words_fall(subtree);
  PERFORM settings_above_fall(subtree);
$becomes$),
    ('account_furnish_twin(text, text, text)', $was$  INSERT INTO service_config (account_id, application_id, instance_type, endpoint_id, service, config)
    SELECT twin, '', '', '', s.service, s.config FROM service_config s
    WHERE s.account_id = live.id AND s.application_id = '' AND s.endpoint_id = '';$was$,
      $becomes$  INSERT INTO service_config (account_id, set_by, application_id, instance_type, endpoint_id, service, config)
    SELECT twin, coalesce(a.id, ''), '', '', '', s.service, s.config FROM service_config s LEFT JOIN account a ON a.live_id = s.set_by
    WHERE s.account_id = live.id AND s.application_id = '' AND s.endpoint_id = '' AND (s.set_by = '' OR a.id IS NOT NULL);$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
