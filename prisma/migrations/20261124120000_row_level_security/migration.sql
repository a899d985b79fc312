-- The second wall of tenant isolation: the database itself refuses another tenant's rows.
--
-- patchbay_app   Every connection of the application runs as this role. It owns nothing and passes no policy.
-- patchbay_wall  Owns the few functions that may look over the wall. Nobody signs in as it.
--
-- Roles belong to the server, not to the database: several databases may run this at once, so that a role which
-- exists already, or appears in between, is as good as one made here.

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['patchbay_app', 'patchbay_wall'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION 'Role % does not exist, and % may not create it.', wanted, current_user
            USING HINT = format(
              'As a superuser, once for the server: CREATE ROLE patchbay_app NOLOGIN; CREATE ROLE patchbay_wall NOLOGIN; '
              || 'GRANT patchbay_app, patchbay_wall TO %I;', current_user);
      END;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted AND (rolsuper OR rolbypassrls)) THEN
      RAISE EXCEPTION 'Role % may bypass row security: the wall would not hold.', wanted
        USING HINT = format('As a superuser: ALTER ROLE %I NOSUPERUSER NOBYPASSRLS;', wanted);
    END IF;
    IF NOT EXISTS (
      SELECT 1 FROM pg_auth_members m
      WHERE m.roleid = wanted::regrole AND m.member = current_user::regrole
    ) THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', wanted, current_user);
      EXCEPTION
        -- Another database of this server granted it at the same moment.
        WHEN duplicate_object OR unique_violation OR internal_error THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION '% is not a member of role %.', current_user, wanted
            USING HINT = format('As a superuser: GRANT %I TO %I;', wanted, current_user);
      END;
    END IF;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO patchbay_app, patchbay_wall;
-- A function's new owner must be able to create in its schema; taken back at the end.
GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Whether a row of this account may be seen in this transaction's scope: the scope's account, or one below it.
-- Without a scope nothing is visible.
CREATE FUNCTION account_is_visible(account_id text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  scope text := current_setting('patchbay.account_id', true);
BEGIN
  IF scope IS NULL OR scope = '' OR account_id IS NULL THEN
    RETURN false;
  END IF;
  RETURN EXISTS (
    SELECT 1 FROM account_closure c
    WHERE c.descendant_id = account_is_visible.account_id AND c.ancestor_id = scope
      AND c.valid_from <= now() AND now() < c.valid_to);
END $$;
ALTER FUNCTION account_is_visible(text) OWNER TO patchbay_wall;
REVOKE ALL ON FUNCTION account_is_visible(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_is_visible(text) TO patchbay_app, patchbay_wall;

-- Puts a table with a column account_id behind the wall. Every migration that adds such a table calls it.
CREATE FUNCTION guard_tenant_table(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY tenant ON %s TO patchbay_app USING (account_is_visible(account_id)) '
    || 'WITH CHECK (account_is_visible(account_id))', target);
  EXECUTE format('CREATE POLICY wall ON %s TO patchbay_wall USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO patchbay_app, patchbay_wall', target);
END $$;
REVOKE ALL ON FUNCTION guard_tenant_table(regclass) FROM PUBLIC;

-- What holds of a value whatever the code does.
ALTER TABLE app_user ADD CONSTRAINT app_user_email_is_lower CHECK (email = lower(email));
ALTER TABLE role_grant ADD CONSTRAINT role_grant_role CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer'));
ALTER TABLE account ADD CONSTRAINT account_state CHECK (state IN ('active', 'suspended', 'closed'));
ALTER TABLE account ADD CONSTRAINT account_currency CHECK (currency ~ '^[A-Z]{3}$');
ALTER TABLE account_closure ADD CONSTRAINT account_closure_whole_minutes CHECK (
  (NOT isfinite(valid_from) OR date_trunc('minute', valid_from AT TIME ZONE 'UTC') = valid_from AT TIME ZONE 'UTC')
  AND (NOT isfinite(valid_to) OR date_trunc('minute', valid_to AT TIME ZONE 'UTC') = valid_to AT TIME ZONE 'UTC'));
ALTER TABLE api_key ADD CONSTRAINT api_key_mode CHECK (mode IN ('live', 'test'));
ALTER TABLE api_key ADD CONSTRAINT api_key_hash_length CHECK (octet_length(api_hash) = 32);
ALTER TABLE session ADD CONSTRAINT session_state CHECK (state IN ('ringing', 'live', 'ended'));
ALTER TABLE session ADD CONSTRAINT session_mode CHECK (mode IN ('pending', 'p2p', 'relay', 'media'));
ALTER TABLE session_leg ADD CONSTRAINT session_leg_state CHECK (state IN ('ringing', 'joined', 'left'));
CREATE UNIQUE INDEX account_one_platform ON account ((true)) WHERE parent_id IS NULL;
-- An account and its closure are written by one statement.
ALTER TABLE account_closure ALTER CONSTRAINT account_closure_descendant_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE account_closure ALTER CONSTRAINT account_closure_ancestor_id_fkey DEFERRABLE INITIALLY DEFERRED;

SELECT guard_tenant_table(name::regclass) FROM unnest(ARRAY[
  'role_grant', 'application', 'credential_revocation', 'credential_use', 'service_config', 'idempotency_key',
  'session', 'session_leg', 'session_event', 'api_key', 'audit_entry', 'audit_head'
]) AS name;

-- Keys: what a tenant's scope reads has no secret in it, and what identifies a key never changes.
REVOKE ALL ON api_key FROM patchbay_app;
GRANT SELECT (id, account_id, name, display, mode, scopes, created_by, created_at, expires_at, last_used_at, revoked_at)
  ON api_key TO patchbay_app;
GRANT INSERT ON api_key TO patchbay_app;
GRANT UPDATE (name, expires_at, last_used_at, revoked_at) ON api_key TO patchbay_app;

-- Audit: added and read, never changed (C53).
REVOKE ALL ON audit_entry, audit_head FROM patchbay_app, patchbay_wall;
GRANT SELECT ON audit_entry, audit_head TO patchbay_app;
GRANT INSERT (id, account_id, actor_id, actor_name, address, action, target, request_id, before, after, account_path)
  ON audit_entry TO patchbay_app;
GRANT SELECT, INSERT, UPDATE ON audit_head TO patchbay_wall;

-- Accounts: visible to themselves and those above; a new one is made below a visible one. Only a trigger and
-- account_move() write the tree itself.
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account TO patchbay_app USING (account_is_visible(id))
  WITH CHECK (account_is_visible(id) OR account_is_visible(parent_id));
CREATE POLICY wall ON account TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON account TO patchbay_app;
GRANT UPDATE (name, external_id, state, time_zone) ON account TO patchbay_app;
GRANT SELECT, INSERT, UPDATE ON account TO patchbay_wall;

ALTER TABLE account_closure ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_closure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account_closure FOR SELECT TO patchbay_app
  USING (account_is_visible(descendant_id) AND account_is_visible(ancestor_id));
CREATE POLICY wall ON account_closure TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT ON account_closure TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON account_closure TO patchbay_wall;

-- Organisations and users have no account of their own: they are visible through one that is.
ALTER TABLE organisation ENABLE ROW LEVEL SECURITY;
ALTER TABLE organisation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organisation FOR SELECT TO patchbay_app
  USING (EXISTS (SELECT 1 FROM account a WHERE a.organisation_id = organisation.id));
CREATE POLICY wall ON organisation TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT ON organisation TO patchbay_app;
GRANT SELECT, INSERT ON organisation TO patchbay_wall;

ALTER TABLE app_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE app_user FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app_user FOR SELECT TO patchbay_app
  USING (EXISTS (SELECT 1 FROM role_grant g WHERE g.user_id = app_user.id));
CREATE POLICY wall ON app_user TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT (id, email, name, email_verified_at, created_at) ON app_user TO patchbay_app;
GRANT SELECT, INSERT, UPDATE ON app_user TO patchbay_wall;

ALTER TABLE sign_in_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_session FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON sign_in_session TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON sign_in_session TO patchbay_wall;

ALTER TABLE set_up_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE set_up_link FORCE ROW LEVEL SECURITY;
CREATE POLICY wall ON set_up_link TO patchbay_wall USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON set_up_link TO patchbay_wall;

-- What belongs to the platform and to no tenant.
GRANT SELECT, INSERT, DELETE ON sign_in_attempt, bus_message TO patchbay_app, patchbay_wall;
GRANT USAGE ON SEQUENCE sign_in_attempt_id_seq, bus_message_id_seq TO patchbay_app;
GRANT SELECT, INSERT, UPDATE ON node TO patchbay_app;
GRANT SELECT, INSERT ON node_join_token TO patchbay_app;
GRANT UPDATE (used_at, node_id) ON node_join_token TO patchbay_app;

-- The tree. A new account gets the root and depth of its place, and a row for each account above it.
CREATE FUNCTION account_take_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  parent account%ROWTYPE;
BEGIN
  IF NEW.parent_id IS NULL THEN
    NEW.root_id := NEW.id;
    NEW.depth := 0;
  ELSE
    SELECT * INTO parent FROM account a WHERE a.id = NEW.parent_id FOR SHARE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'There is no account % to be below.', NEW.parent_id USING ERRCODE = 'foreign_key_violation';
    END IF;
    NEW.depth := parent.depth + 1;
    IF parent.parent_id IS NULL THEN
      NEW.root_id := NEW.id;
    ELSE
      NEW.root_id := parent.root_id;
      NEW.currency := parent.currency;
    END IF;
  END IF;
  INSERT INTO account_closure (descendant_id, ancestor_id, depth) VALUES (NEW.id, NEW.id, 0);
  INSERT INTO account_closure (descendant_id, ancestor_id, depth, valid_from, valid_to)
  SELECT NEW.id, c.ancestor_id, c.depth + 1,
    CASE WHEN c.valid_from <= now() THEN '-infinity'::timestamptz ELSE c.valid_from END, c.valid_to
  FROM account_closure c WHERE c.descendant_id = NEW.parent_id AND c.valid_to > now();
  RETURN NEW;
END $$;
ALTER FUNCTION account_take_place() OWNER TO patchbay_wall;
CREATE TRIGGER take_place BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION account_take_place();

-- Moves an account, with all below it, under another parent from the next whole minute on. Both must be in scope.
CREATE FUNCTION account_move(moved_id text, new_parent_id text, OUT outcome text, OUT starts_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  effective_at timestamptz := date_trunc('minute', clock_timestamp(), 'UTC') + interval '1 minute';
  moved account%ROWTYPE;
  parent account%ROWTYPE;
  subtree text[];
BEGIN
  -- One move at a time: two that cross each other could close a circle.
  PERFORM pg_advisory_xact_lock(hashtextextended('patchbay.account_move', 0));
  SELECT * INTO moved FROM account a WHERE a.id = moved_id AND account_is_visible(a.id) FOR UPDATE;
  SELECT * INTO parent FROM account a WHERE a.id = new_parent_id AND account_is_visible(a.id) FOR UPDATE;
  IF moved.id IS NULL OR parent.id IS NULL THEN outcome := 'unknown'; RETURN; END IF;
  subtree := ARRAY(SELECT c.descendant_id FROM account_closure c WHERE c.ancestor_id = moved_id AND c.valid_to = 'infinity');
  IF new_parent_id = ANY (subtree) THEN outcome := 'cycle'; RETURN; END IF;
  IF moved.root_id <> parent.root_id OR moved.root_id = moved.id THEN outcome := 'other_tree'; RETURN; END IF;

  DELETE FROM account_closure c WHERE c.valid_from >= effective_at
    AND c.descendant_id = ANY (subtree) AND c.ancestor_id <> ALL (subtree);
  UPDATE account_closure c SET valid_to = effective_at WHERE c.valid_to = 'infinity'
    AND c.descendant_id = ANY (subtree) AND c.ancestor_id <> ALL (subtree);
  INSERT INTO account_closure (descendant_id, ancestor_id, depth, valid_from)
    SELECT below.descendant_id, above.ancestor_id, below.depth + above.depth + 1, effective_at
    FROM account_closure below CROSS JOIN account_closure above
    WHERE below.ancestor_id = moved_id AND below.valid_to = 'infinity'
      AND above.descendant_id = new_parent_id AND above.valid_to = 'infinity';
  UPDATE account a SET depth = a.depth + parent.depth + 1 - moved.depth WHERE a.id = ANY (subtree);
  UPDATE account a SET parent_id = new_parent_id WHERE a.id = moved_id;
  outcome := 'moved';
  starts_at := effective_at;
END $$;
ALTER FUNCTION account_move(text, text) OWNER TO patchbay_wall;

-- The entity chain of a request: from the platform down to the account. Ids and states, no names.
CREATE FUNCTION account_chain(of_account text) RETURNS TABLE (id text, state text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.state FROM account_closure c JOIN account a ON a.id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
  ORDER BY c.depth DESC
$$;
ALTER FUNCTION account_chain(text) OWNER TO patchbay_wall;

-- What holds for an account with every level above taken into account.
CREATE FUNCTION account_effective_state(of_account text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT coalesce(
    max(a.state) FILTER (WHERE a.state = 'closed'), max(a.state) FILTER (WHERE a.state = 'suspended'), 'active')
  FROM account_closure c JOIN account a ON a.id = c.ancestor_id
  WHERE c.descendant_id = of_account AND c.valid_from <= now() AND now() < c.valid_to
$$;
ALTER FUNCTION account_effective_state(text) OWNER TO patchbay_wall;

-- Makes the platform's own account, once, and answers its id.
CREATE FUNCTION platform_account(new_id text, new_name text, new_currency text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  found text;
BEGIN
  SELECT a.id INTO found FROM account a WHERE a.parent_id IS NULL;
  IF found IS NOT NULL OR new_id IS NULL THEN RETURN found; END IF;
  BEGIN
    INSERT INTO account (id, root_id, name, currency) VALUES (new_id, new_id, new_name, new_currency);
    RETURN new_id;
  EXCEPTION WHEN unique_violation THEN
    SELECT a.id INTO found FROM account a WHERE a.parent_id IS NULL;
    RETURN found;
  END;
END $$;
ALTER FUNCTION platform_account(text, text, text) OWNER TO patchbay_wall;

-- Keys: authentication by the hash of the API branch; what a relay needs to verify credentials.
CREATE FUNCTION key_by_hash(wanted bytea)
RETURNS TABLE (id text, account_id text, name text, mode text, scopes text[], last_used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT k.id, k.account_id, k.name, k.mode, k.scopes, k.last_used_at FROM api_key k
  WHERE k.api_hash = wanted AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
$$;
ALTER FUNCTION key_by_hash(bytea) OWNER TO patchbay_wall;

CREATE FUNCTION key_snapshot(wanted text)
RETURNS TABLE (id text, account_id text, mode text, scopes text[], mint_ciphertext bytea, expires_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT k.id, k.account_id, k.mode, k.scopes, k.mint_ciphertext, k.expires_at, k.revoked_at FROM api_key k
  WHERE k.id = wanted
$$;
ALTER FUNCTION key_snapshot(text) OWNER TO patchbay_wall;

-- The key with which the platform mints for an account that asks it to: its own, or else the nearest above it.
CREATE FUNCTION key_for_minting(for_account text) RETURNS TABLE (id text, account_id text, mint_ciphertext bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT k.id, k.account_id, k.mint_ciphertext
  FROM account_closure c JOIN account a ON a.id = c.ancestor_id JOIN api_key k ON k.account_id = c.ancestor_id
  WHERE c.descendant_id = for_account AND c.valid_from <= now() AND now() < c.valid_to AND a.parent_id IS NOT NULL
    AND k.mode = 'live' AND k.scopes = ARRAY['*'] AND k.revoked_at IS NULL AND k.expires_at IS NULL
  ORDER BY c.depth, k.id DESC LIMIT 1
$$;
ALTER FUNCTION key_for_minting(text) OWNER TO patchbay_wall;

-- Revocations of all tenants, for nodes: ids only. A revoked key has no prefix: all that it minted ends.
CREATE FUNCTION revocations_since(since timestamptz)
RETURNS TABLE (account_id text, key_id text, prefix_id text, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT r.account_id, r.key_id, r.prefix_id, r.revoked_at FROM credential_revocation r WHERE r.revoked_at >= since
  UNION ALL
  SELECT k.account_id, k.id, NULL, k.revoked_at FROM api_key k WHERE k.revoked_at >= since
  ORDER BY 4, 2, 3
$$;
ALTER FUNCTION revocations_since(timestamptz) OWNER TO patchbay_wall;

-- People: sign-up, sign-in, the session behind a cookie, set-up links, and a user's reach.
CREATE FUNCTION sign_up(
  user_id text, user_email text, user_name text, hash text,
  organisation_id text, organisation_name text, account_id text, account_currency text, account_time_zone text
) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  platform account%ROWTYPE;
BEGIN
  SELECT * INTO platform FROM account a WHERE a.parent_id IS NULL;
  IF NOT FOUND OR platform.state <> 'active' OR EXISTS (
    SELECT 1 FROM service_config s
    WHERE s.account_id = platform.id AND s.application_id = '' AND s.service = 'tenancy' AND s.config ->> 'signUp' = 'closed'
  ) THEN RETURN 'closed'; END IF;
  INSERT INTO app_user (id, email, name, password_hash) VALUES (sign_up.user_id, lower(user_email), user_name, hash)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN 'email_taken'; END IF;
  INSERT INTO organisation (id, name) VALUES (sign_up.organisation_id, organisation_name);
  INSERT INTO account (id, parent_id, root_id, organisation_id, name, currency, time_zone)
    VALUES (sign_up.account_id, platform.id, sign_up.account_id, sign_up.organisation_id, organisation_name,
      account_currency, account_time_zone);
  INSERT INTO role_grant (user_id, account_id, role) VALUES (sign_up.user_id, sign_up.account_id, 'owner');
  RETURN 'signed_up';
END $$;
ALTER FUNCTION sign_up(text, text, text, text, text, text, text, text, text) OWNER TO patchbay_wall;

CREATE FUNCTION user_for_sign_in(wanted_email text)
RETURNS TABLE (id text, email text, name text, password_hash text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT u.id, u.email, u.name, u.password_hash FROM app_user u WHERE u.email = lower(wanted_email) $$;
ALTER FUNCTION user_for_sign_in(text) OWNER TO patchbay_wall;

CREATE FUNCTION sign_in_open(session_id text, of_user text, until timestamptz, from_address text, agent text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  INSERT INTO sign_in_session (id, user_id, expires_at, address, user_agent)
  VALUES (session_id, of_user, until, from_address, left(agent, 300))
$$;
ALTER FUNCTION sign_in_open(text, text, timestamptz, text, text) OWNER TO patchbay_wall;

CREATE FUNCTION sign_in_check(session_id text) RETURNS TABLE (user_id text, name text, email text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT u.id, u.name, u.email, s.expires_at FROM sign_in_session s JOIN app_user u ON u.id = s.user_id
  WHERE s.id = session_id AND s.revoked_at IS NULL AND s.expires_at > now()
$$;
ALTER FUNCTION sign_in_check(text) OWNER TO patchbay_wall;

-- Ends one sign-in session, or with `all_of_user` every one of its user.
CREATE FUNCTION sign_in_revoke(session_id text, all_of_user boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  ended integer;
BEGIN
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.revoked_at IS NULL AND (s.id = session_id
    OR (all_of_user AND s.user_id = (SELECT o.user_id FROM sign_in_session o WHERE o.id = session_id)));
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;
ALTER FUNCTION sign_in_revoke(text, boolean) OWNER TO patchbay_wall;

-- Finds a user by address, or makes one without a password.
CREATE FUNCTION user_invite(new_id text, invited_email text, invited_name text)
RETURNS TABLE (id text, email text, name text, has_password boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  INSERT INTO app_user AS u (id, email, name) VALUES (new_id, lower(invited_email), invited_name) ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT u.id, u.email, u.name, u.password_hash IS NOT NULL FROM app_user u WHERE u.email = lower(invited_email);
END $$;
ALTER FUNCTION user_invite(text, text, text) OWNER TO patchbay_wall;

CREATE FUNCTION set_up_link_make(hash bytea, of_user text, until timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ INSERT INTO set_up_link (token_hash, user_id, expires_at) VALUES (hash, of_user, until) $$;
ALTER FUNCTION set_up_link_make(bytea, text, timestamptz) OWNER TO patchbay_wall;

-- An owner who is not known yet stands under an address that ends in .invalid (RFC 2606 §2) until the link is used.
CREATE FUNCTION set_up_link_read(hash bytea) RETURNS TABLE (email text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN u.email LIKE '%.invalid' THEN NULL ELSE u.email END, u.name
  FROM set_up_link l JOIN app_user u ON u.id = l.user_id
  WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now()
$$;
ALTER FUNCTION set_up_link_read(bytea) OWNER TO patchbay_wall;

-- Uses a link up: sets the password, and ends every older sign-in session and link of the user. Address and name are
-- taken only for an owner who had none. An address that somebody has is a unique_violation, and leaves the link unused.
CREATE FUNCTION set_up_link_use(hash bytea, new_password_hash text, own_email text, own_name text)
RETURNS TABLE (id text, email text, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  owner_id text;
BEGIN
  UPDATE set_up_link l SET used_at = now()
    WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now() RETURNING l.user_id INTO owner_id;
  IF owner_id IS NULL THEN RETURN; END IF;
  UPDATE set_up_link l SET used_at = now() WHERE l.user_id = owner_id AND l.used_at IS NULL;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = owner_id AND s.revoked_at IS NULL;
  UPDATE app_user u SET email = lower(own_email), name = coalesce(own_name, u.name)
    WHERE u.id = owner_id AND u.email LIKE '%.invalid' AND own_email IS NOT NULL;
  RETURN QUERY UPDATE app_user u SET password_hash = new_password_hash, email_verified_at = coalesce(u.email_verified_at, now())
    WHERE u.id = owner_id RETURNING u.id, u.email, u.name;
END $$;
ALTER FUNCTION set_up_link_use(bytea, text, text, text) OWNER TO patchbay_wall;

-- Where a user holds a role.
CREATE FUNCTION user_reach(of_user text) RETURNS TABLE (account_id text, account_name text, role text, depth int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth FROM role_grant g JOIN account a ON a.id = g.account_id
  WHERE g.user_id = of_user ORDER BY a.depth, a.id
$$;
ALTER FUNCTION user_reach(text) OWNER TO patchbay_wall;

CREATE FUNCTION user_profile(of_user text) RETURNS TABLE (id text, email text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT u.id, u.email, u.name FROM app_user u WHERE u.id = of_user $$;
ALTER FUNCTION user_profile(text) OWNER TO patchbay_wall;

-- Forgets what has had its time, of all tenants. Answers how many rows went.
CREATE FUNCTION prune() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH
  answers AS (DELETE FROM idempotency_key i WHERE i.started_at < now() - interval '24 hours' RETURNING 1),
  attempts AS (DELETE FROM sign_in_attempt t WHERE t.at < now() - interval '15 minutes' RETURNING 1),
  messages AS (DELETE FROM bus_message m WHERE m.at < now() - interval '10 minutes' RETURNING 1)
  SELECT (SELECT count(*) FROM answers) + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM messages)
$$;
ALTER FUNCTION prune() OWNER TO patchbay_wall;

-- The audit chain (C53): numbered without a gap, each entry hashed over the one before.
CREATE FUNCTION audit_hash(entry audit_entry) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT sha256(entry.previous_hash || convert_to(jsonb_build_array(
    entry.id, entry.account_id, entry.sequence, (extract(epoch FROM entry.at) * 1000)::bigint, entry.actor_id,
    entry.actor_name, entry.address, entry.action, entry.target, entry.request_id, entry.before, entry.after,
    entry.account_path)::text, 'UTF8'))
$$;

CREATE FUNCTION audit_append() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  head audit_head%ROWTYPE;
BEGIN
  INSERT INTO audit_head (account_id, sequence, hash) VALUES (NEW.account_id, 0, '\x') ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM audit_head h WHERE h.account_id = NEW.account_id FOR UPDATE;
  NEW.sequence := head.sequence + 1;
  NEW.at := date_trunc('milliseconds', clock_timestamp());
  NEW.previous_hash := head.hash;
  NEW.hash := audit_hash(NEW);
  UPDATE audit_head h SET sequence = NEW.sequence, hash = NEW.hash WHERE h.account_id = NEW.account_id;
  RETURN NEW;
END $$;
ALTER FUNCTION audit_append() OWNER TO patchbay_wall;
CREATE TRIGGER append BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_append();

-- The first sequence at which an account's chain is broken; null when it is whole. It reads under the caller's scope.
CREATE FUNCTION audit_broken_at(of_account text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH entries AS (
    SELECT e.sequence, row_number() OVER w AS place,
      e.hash = audit_hash(e) AND e.previous_hash = coalesce(lag(e.hash) OVER w, '\x') AS is_whole, e.hash
    FROM audit_entry e WHERE e.account_id = of_account WINDOW w AS (ORDER BY e.sequence)),
  broken AS (
    SELECT min(place) AS at FROM entries WHERE sequence <> place OR NOT is_whole
    UNION ALL
    SELECT coalesce((SELECT max(place) FROM entries), 0) + 1 FROM audit_head h
    WHERE h.account_id = of_account AND NOT EXISTS (
      SELECT 1 FROM entries l WHERE l.sequence = h.sequence AND l.hash = h.hash))
  SELECT min(at) FROM broken
$$;

-- Only the application calls these, and only these pass the wall.
DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOR definer IN SELECT p.oid FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = 'patchbay_wall'::regrole LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
