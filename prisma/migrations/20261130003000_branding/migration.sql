-- CreateTable
CREATE TABLE "brand" (
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "accent" TEXT,
    "support_url" TEXT,
    "support_email" TEXT,
    "terms_url" TEXT,
    "privacy_url" TEXT,
    "sender_name" TEXT,
    "sender_address" TEXT,
    "main_host" TEXT,
    "turn_host" TEXT,
    "is_sign_up_open" BOOLEAN NOT NULL DEFAULT false,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "brand_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "brand_logo" (
    "account_id" TEXT NOT NULL,
    "theme" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "width_pixels" INTEGER NOT NULL,
    "height_pixels" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "brand_logo_pkey" PRIMARY KEY ("account_id","theme")
);

-- CreateTable
CREATE TABLE "brand_host" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "proved_at" TIMESTAMPTZ(3),

    CONSTRAINT "brand_host_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "brand_logo_hash_idx" ON "brand_logo"("hash");

-- CreateIndex
CREATE UNIQUE INDEX "brand_host_account_id_host_key" ON "brand_host"("account_id", "host");

-- AddForeignKey
ALTER TABLE "brand" ADD CONSTRAINT "brand_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "brand_logo" ADD CONSTRAINT "brand_logo_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "brand"("account_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "brand_host" ADD CONSTRAINT "brand_host_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE brand_logo ADD CONSTRAINT brand_logo_theme_is_known CHECK (theme IN ('light', 'dark'));
-- A host is one account's, whoever else says that it is theirs.
CREATE UNIQUE INDEX brand_host_proved_once ON brand_host (host) WHERE proved_at IS NOT NULL;
SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY['brand', 'brand_logo', 'brand_host']) AS name;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- A brand as those below meet it: of the hosts that it names, only such as are proved count.
CREATE FUNCTION brand_in_effect(of_account text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH proved AS (SELECT h.host, h.proved_at FROM brand_host h WHERE h.account_id = of_account AND h.proved_at IS NOT NULL)
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'accountId', b.account_id, 'name', b.name, 'accent', b.accent, 'supportUrl', b.support_url,
    'supportEmail', b.support_email, 'termsUrl', b.terms_url, 'privacyUrl', b.privacy_url,
    'isSignUpOpen', b.is_sign_up_open,
    'host', coalesce((SELECT p.host FROM proved p WHERE p.host = b.main_host),
      (SELECT p.host FROM proved p WHERE p.host IS DISTINCT FROM b.turn_host
        AND p.host IS DISTINCT FROM split_part(b.sender_address, '@', 2) ORDER BY p.proved_at, p.host LIMIT 1)),
    'turnHost', (SELECT p.host FROM proved p WHERE p.host = b.turn_host),
    'sender', (SELECT jsonb_build_object('name', coalesce(b.sender_name, b.name), 'address', b.sender_address)
      FROM proved p WHERE p.host = split_part(b.sender_address, '@', 2)),
    'logos', coalesce((SELECT jsonb_object_agg(l.theme, jsonb_build_object('digest', l.hash, 'mediaType', l.media_type,
      'widthPixels', l.width_pixels, 'heightPixels', l.height_pixels)) FROM brand_logo l WHERE l.account_id = b.account_id),
      '{}')))
  FROM brand b WHERE b.account_id = of_account
$$;

-- The brand of the nearest account strictly above. With `not_above`, of none that is above that one.
CREATE FUNCTION brand_above(of_account text, not_above text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT brand_in_effect(b.account_id) FROM account_closure c JOIN brand b ON b.account_id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.depth > 0 AND c.valid_to = 'infinity'
    AND (not_above IS NULL OR EXISTS (SELECT 1 FROM account_closure f
      WHERE f.ancestor_id = not_above AND f.descendant_id = c.ancestor_id AND f.valid_to = 'infinity'))
  ORDER BY c.depth LIMIT 1
$$;

-- The lowest brand that is above every account where a user holds a role: of somebody who is below two, neither.
CREATE FUNCTION brand_of_user(of_user text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH held AS (SELECT g.account_id FROM role_grant g WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL)
  SELECT brand_in_effect(a.id) FROM account a JOIN brand b ON b.account_id = a.id
  WHERE EXISTS (SELECT 1 FROM held) AND NOT EXISTS (
    SELECT 1 FROM held WHERE NOT EXISTS (SELECT 1 FROM account_closure c
      WHERE c.ancestor_id = a.id AND c.descendant_id = held.account_id AND c.depth > 0 AND c.valid_to = 'infinity'))
  ORDER BY a.depth DESC LIMIT 1
$$;

-- Whose a host is, while its account shows a brand and neither it nor one above it was closed.
CREATE FUNCTION brand_host_find(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT h.account_id FROM brand_host h JOIN brand b ON b.account_id = h.account_id
  WHERE h.host = wanted AND h.proved_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM account_closure c JOIN account a ON a.id = c.ancestor_id
    WHERE c.descendant_id = h.account_id AND c.valid_to = 'infinity' AND a.state = 'closed')
$$;

CREATE FUNCTION brand_logo_find(wanted text) RETURNS TABLE (media_type text, bytes bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT l.media_type, l.bytes FROM brand_logo l WHERE l.hash = wanted LIMIT 1 $$;

-- What a look at the TXT records of a host comes to. Whoever has a record there keeps the host, or has it from now on; one
-- who held it and has none any more loses it to one who has.
CREATE FUNCTION brand_host_prove(of_account text, of_host text, texts text[])
RETURNS TABLE (outcome text, lost_by text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  claim brand_host%ROWTYPE;
  holder brand_host%ROWTYPE;
BEGIN
  SELECT h.* INTO claim FROM brand_host h WHERE h.id = of_host AND h.account_id = of_account;
  IF NOT FOUND THEN RETURN QUERY SELECT 'unknown', NULL::text; RETURN; END IF;
  -- Before any row: of two who prove one host at once, each would hold its own and wait for the other's.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.brand-host ' || claim.host, 0));
  SELECT h.* INTO claim FROM brand_host h WHERE h.id = of_host AND h.account_id = of_account FOR UPDATE;
  IF NOT FOUND THEN RETURN QUERY SELECT 'unknown', NULL::text; RETURN; END IF;
  IF NOT claim.token = ANY (texts) THEN RETURN QUERY SELECT 'missing', NULL::text; RETURN; END IF;
  SELECT h.* INTO holder FROM brand_host h
    WHERE h.host = claim.host AND h.proved_at IS NOT NULL AND h.id <> claim.id FOR UPDATE;
  IF FOUND AND holder.token = ANY (texts) THEN RETURN QUERY SELECT 'taken', NULL::text; RETURN; END IF;
  UPDATE brand_host h SET proved_at = NULL WHERE h.id = holder.id;
  UPDATE brand_host h SET proved_at = coalesce(h.proved_at, now()) WHERE h.id = claim.id;
  RETURN QUERY SELECT 'proved', holder.account_id;
END $$;

-- Of some accounts, those that are an account or below it.
CREATE FUNCTION accounts_within(ids text[], top text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT c.descendant_id FROM account_closure c
  WHERE c.ancestor_id = top AND c.descendant_id = ANY (ids) AND c.valid_to = 'infinity'
$$;

-- What an account below costs in, where whoever signs up at a host of its brand gets one; NULL where nobody does.
CREATE FUNCTION brand_sign_up_currency(at_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.currency FROM account a JOIN brand b ON b.account_id = a.id
  WHERE a.id = at_account AND b.is_sign_up_open AND NOT EXISTS (
    SELECT 1 FROM account_closure c JOIN account up ON up.id = c.ancestor_id
    WHERE c.descendant_id = a.id AND c.valid_to = 'infinity' AND up.state <> 'active')
$$;

-- As sign_up, below the account whose brand whoever signs up has met.
CREATE FUNCTION sign_up_below(
  at_account text, user_id text, user_email text, user_name text, hash text,
  organisation_id text, organisation_name text, account_id text, account_time_zone text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  currency_there text := brand_sign_up_currency(at_account);
BEGIN
  IF currency_there IS NULL THEN RETURN 'closed'; END IF;
  INSERT INTO app_user (id, email, name, password_hash) VALUES (sign_up_below.user_id, lower(user_email), user_name, hash)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN 'email_taken'; END IF;
  INSERT INTO organisation (id, name) VALUES (sign_up_below.organisation_id, organisation_name);
  INSERT INTO account (id, parent_id, root_id, organisation_id, name, currency, time_zone)
    VALUES (sign_up_below.account_id, at_account, '', sign_up_below.organisation_id, organisation_name,
      currency_there, account_time_zone);
  INSERT INTO role_grant (user_id, account_id, role) VALUES (sign_up_below.user_id, sign_up_below.account_id, 'owner');
  RETURN 'signed_up';
END $$;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['brand_in_effect(text)', 'brand_above(text, text)', 'brand_of_user(text)',
    'brand_host_find(text)', 'brand_logo_find(text)', 'brand_host_prove(text, text, text[])',
    'accounts_within(text[], text)', 'brand_sign_up_currency(text)',
    'sign_up_below(text, text, text, text, text, text, text, text, text)']::regprocedure[] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO patchbay_wall', definer);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
