-- A seller is called on documents, and by those who buy of it, by its own name: its legal one, else that of its brand, else that
-- of its account. Never by that of anybody above it (PRD-2, BIL-6).
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Null: of the top of a tree that has said none, which sells as the platform.
CREATE FUNCTION seller_name(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(p.legal_name, brand_in_effect(coalesce(a.live_id, a.id)) ->> 'name', CASE WHEN a.parent_id IS NOT NULL THEN a.name END)
  FROM account a LEFT JOIN billing_party p ON p.account_id = a.id WHERE a.id = of_account
$$;
ALTER FUNCTION seller_name(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION seller_name(text) FROM PUBLIC;

-- The same of an account in scope.
CREATE FUNCTION seller_name_in_scope(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT seller_name(of_account) WHERE account_is_visible(of_account) $$;
ALTER FUNCTION seller_name_in_scope(text) OWNER TO patchbay_wall;

-- Before the numbers of a seller that has said nothing else: 50 random bits of its id, so that no two have the same.
CREATE FUNCTION seller_prefix(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(p.number_prefix,
    CASE WHEN a.parent_id IS NULL THEN 'D' ELSE right(regexp_replace(upper(a.id), '[^A-Z0-9]', '', 'g'), 10) END)
  FROM account a LEFT JOIN billing_party p ON p.account_id = a.id WHERE a.id = of_account
$$;
ALTER FUNCTION seller_prefix(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION seller_prefix(text) FROM PUBLIC;

CREATE FUNCTION seller_prefix_in_scope(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT seller_prefix(of_account) WHERE account_is_visible(of_account) $$;
ALTER FUNCTION seller_prefix_in_scope(text) OWNER TO patchbay_wall;

CREATE INDEX document_number_prefix ON document ((regexp_replace(number, '-[A-Z]+[0-9]+$', '')));

-- Whether another seller issues, or ever issued, numbers with this prefix under the same legal name or tax id: a number names one
-- document of whoever answers for it. Test accounts compare with those of their own tree. Until the transaction ends no two ask
-- of one prefix.
CREATE FUNCTION number_prefix_is_taken(by_account text, prefix text, said_name text, said_tax_id text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(by_account) THEN RETURN false; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('number prefix ' || prefix, 0));
  RETURN EXISTS (
    SELECT 1 FROM account own, account a LEFT JOIN billing_party p ON p.account_id = a.id
    WHERE own.id = by_account AND a.id <> own.id AND a.is_test = own.is_test AND (NOT own.is_test OR a.root_id = own.root_id)
      AND a.id IN (SELECT o.account_id FROM billing_party o WHERE o.number_prefix = prefix
        UNION ALL SELECT o.id FROM account o
        WHERE CASE WHEN o.parent_id IS NULL THEN prefix = 'D' ELSE o.id LIKE '%' || lower(right(prefix, 4)) END)
      AND seller_prefix(a.id) = prefix
      AND (legal_identity(coalesce(seller_name(a.id), 'Patchbay')) = legal_identity(said_name)
        OR legal_identity(p.tax_id) = legal_identity(said_tax_id))
    UNION ALL
    SELECT 1 FROM account own, document d JOIN account a ON a.id = d.seller_id
    WHERE own.id = by_account AND a.id <> own.id AND a.is_test = own.is_test AND (NOT own.is_test OR a.root_id = own.root_id)
      AND regexp_replace(d.number, '-[A-Z]+[0-9]+$', '') = prefix
      AND (legal_identity(d.content #>> '{seller,legalName}') = legal_identity(said_name)
        OR legal_identity(d.content #>> '{seller,taxId}') = legal_identity(said_tax_id)));
END $$;

-- A name, or a tax id, as it is compared.
CREATE FUNCTION legal_identity(of_text text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT nullif(regexp_replace(lower(of_text), '[^[:alnum:]]', '', 'g'), '') $$;
ALTER FUNCTION legal_identity(text) OWNER TO patchbay_wall;
ALTER FUNCTION number_prefix_is_taken(text, text, text, text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION seller_name_in_scope(text), seller_prefix_in_scope(text), legal_identity(text),
  number_prefix_is_taken(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION seller_name_in_scope(text), seller_prefix_in_scope(text),
  number_prefix_is_taken(text, text, text, text) TO patchbay_app;

-- Whoever buys knows its direct seller, of today or of before it moved, by the name that stands on its documents.
DO $change$
DECLARE
  written text := pg_get_functiondef('account_parties(text, text[])'::regprocedure);
  was text := 'CASE WHEN s.is_seen THEN a.name';
BEGIN
  IF position(was IN written) = 0 THEN RAISE EXCEPTION 'account_parties is not as this migration knows it.'; END IF;
  EXECUTE replace(written, was, was || '
      WHEN EXISTS (SELECT 1 FROM account_closure c WHERE c.ancestor_id = a.id AND c.descendant_id = of_account AND c.depth = 1)
      THEN seller_name(a.id)');
END $change$;

-- Of sellers that said the same name or tax id, and the same prefix as it came by itself, one keeps it. Documents stay as they are.
UPDATE billing_party p SET number_prefix = right(regexp_replace(upper(p.account_id), '[^A-Z0-9]', '', 'g'), 10)
WHERE p.number_prefix = 'D' AND EXISTS (SELECT 1 FROM account a WHERE a.id = p.account_id AND a.parent_id IS NOT NULL)
  AND EXISTS (SELECT 1 FROM billing_party o WHERE o.number_prefix = 'D' AND o.account_id < p.account_id
    AND (legal_identity(o.legal_name) = legal_identity(p.legal_name) OR legal_identity(o.tax_id) = legal_identity(p.tax_id)));

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
