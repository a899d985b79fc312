-- Of which end of its signing certificates the owners of a provider were told.
ALTER TABLE "sso_provider" ADD COLUMN "told_of_end" TIMESTAMPTZ(3);
GRANT SELECT (told_of_end), UPDATE (told_of_end) ON sso_provider TO patchbay_app;

-- Providers whose last signing certificate ends before then, of which nobody was told. Of closed accounts none.
GRANT CREATE ON SCHEMA public TO patchbay_wall;
CREATE FUNCTION sso_certificates_ending(before_at timestamptz) RETURNS TABLE (id text, account_id text, issuer text, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT p.id, p.account_id, p.issuer, e.ends_at FROM sso_provider p
  JOIN account a ON a.id = p.account_id AND a.state <> 'closed'
  CROSS JOIN LATERAL (SELECT max((c ->> 'endsAt')::timestamptz) AS ends_at FROM jsonb_array_elements(p.saml -> 'certificates') c) e
  WHERE p.kind = 'saml' AND e.ends_at < before_at AND p.told_of_end IS DISTINCT FROM e.ends_at
  ORDER BY p.id
$$;
ALTER FUNCTION sso_certificates_ending(timestamptz) OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION sso_certificates_ending(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sso_certificates_ending(timestamptz) TO patchbay_app;
