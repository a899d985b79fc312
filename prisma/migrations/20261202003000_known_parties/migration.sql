-- Who trades with an account is known to its readers as far as they see: those above them have no name but their brand's (PRD-2).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Of the accounts asked for: whether each is, or ever was, at or below `of_account`, and then its name. Of one above, however far,
-- the name of the brand that holds for `of_account`; of one that was above, that of the brand that those below it meet. Null where
-- no brand holds.
CREATE FUNCTION account_parties(of_account text, asked text[]) RETURNS TABLE (id text, is_seen boolean, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN; END IF;
  RETURN QUERY
    SELECT a.id, s.is_seen, CASE WHEN s.is_seen THEN a.name
      WHEN EXISTS (SELECT 1 FROM account_closure c
        WHERE c.ancestor_id = a.id AND c.descendant_id = of_account AND c.valid_to = 'infinity')
      THEN brand_above(of_account, NULL) ->> 'name'
      ELSE coalesce(brand_in_effect(coalesce(a.live_id, a.id)), brand_above(a.id, NULL)) ->> 'name' END
    FROM account a CROSS JOIN LATERAL (
      SELECT EXISTS (SELECT 1 FROM account_closure c WHERE c.ancestor_id = of_account AND c.descendant_id = a.id) AS is_seen) s
    WHERE a.id = ANY (asked);
END $$;
ALTER FUNCTION account_parties(text, text[]) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_parties(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_parties(text, text[]) TO patchbay_app;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;

-- The event of a price said which account above had set it: it is of the account that pays. Deliveries are made of events.
UPDATE platform_event SET data = jsonb_set(data, '{accountId}', to_jsonb(account_id))
WHERE type = 'billing.price.set' AND data ->> 'accountId' <> account_id;
