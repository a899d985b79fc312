-- A service that an account above turned off for one below was off by that one's own word, which turned it on again. Each above has a
-- word of its own. What there is stays the account's own: who of them said it was not kept (decision 0021).
ALTER TABLE "service_access" ADD COLUMN "set_by" TEXT NOT NULL DEFAULT '';
ALTER TABLE "service_access" DROP CONSTRAINT "service_access_pkey",
ADD CONSTRAINT "service_access_pkey" PRIMARY KEY ("account_id", "set_by", "service");
-- What an account has said of those below it is looked for when one of them moves.
CREATE INDEX service_access_setter_idx ON service_access (set_by) WHERE set_by <> '';
CREATE TRIGGER one_tree AFTER INSERT ON service_access REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_books('account_id', 'set_by');

GRANT CREATE ON SCHEMA public TO patchbay_wall;

CREATE OR REPLACE FUNCTION settings_above_fall(moved text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  DELETE FROM service_config s WHERE s.account_id = ANY (moved) AND s.set_by <> '' AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = s.account_id AND c.ancestor_id = s.set_by AND c.valid_to = 'infinity');
  DELETE FROM service_access s WHERE s.account_id = ANY (moved) AND s.set_by <> '' AND NOT EXISTS (SELECT 1 FROM account_closure c
    WHERE c.descendant_id = s.account_id AND c.ancestor_id = s.set_by AND c.valid_to = 'infinity');
END $$;

DO $change$
DECLARE
  change record;
  written text;
BEGIN
  FOR change IN SELECT * FROM (VALUES
    ('policy_chain(text)', $was$FROM service_access WHERE account_id = l.id) s$was$,
      $becomes$FROM service_access WHERE account_id = l.id AND set_by = '') s$becomes$),
    ('policy_chain(text)', $was$  ) stored ORDER BY depth DESC$was$, $becomes$  UNION ALL
  -- Services that each account above turned on or off for one of the chain.
  SELECT l.depth, l.id, l.time_zone, 'access', '', '', '', '', '', jsonb_build_object('values', '{}'::jsonb, 'locked', '[]'::jsonb,
    'overridable', '{}'::jsonb, 'setById', s.set_by,
    'enabling', jsonb_build_object('enabled', coalesce(s.enabled, '[]'), 'disabled', coalesce(s.disabled, '[]')))
  FROM level l CROSS JOIN LATERAL (SELECT set_by,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'enabled') AS enabled,
    jsonb_agg(service ORDER BY service) FILTER (WHERE state = 'disabled') AS disabled
    FROM service_access WHERE account_id = l.id AND set_by <> '' GROUP BY set_by) s
  ) stored ORDER BY depth DESC$becomes$),
    ('account_furnish_twin(text, text, text)', $was$  INSERT INTO service_access (account_id, service, state, uses, sessions_per_day, minutes_per_session)
    SELECT twin, s.service, s.state, s.uses, s.sessions_per_day, s.minutes_per_session FROM service_access s
    WHERE s.account_id = live.id;$was$,
      $becomes$  INSERT INTO service_access (account_id, set_by, service, state, uses, sessions_per_day, minutes_per_session)
    SELECT twin, coalesce(a.id, ''), s.service, s.state, s.uses, s.sessions_per_day, s.minutes_per_session
    FROM service_access s LEFT JOIN account a ON a.live_id = s.set_by
    WHERE s.account_id = live.id AND (s.set_by = '' OR a.id IS NOT NULL);$becomes$)
  ) AS c(signature, was, becomes) LOOP
    written := pg_get_functiondef(change.signature::regprocedure);
    IF position(change.was IN written) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change.signature; END IF;
    EXECUTE replace(written, change.was, change.becomes);
  END LOOP;
END $change$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
