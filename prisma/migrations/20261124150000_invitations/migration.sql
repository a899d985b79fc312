-- An invitation reaches nothing until the person takes it with its own link, and a link sets a password only where there
-- is none. Otherwise whoever invites an address takes over what others gave to it (ACC-3).
ALTER TABLE "role_grant" ADD COLUMN "accepted_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP, ADD COLUMN "invited_name" TEXT;
ALTER TABLE "set_up_link" ADD COLUMN "account_id" TEXT;
GRANT UPDATE (accepted_at) ON role_grant TO patchbay_wall;
GRANT CREATE ON SCHEMA public TO patchbay_wall;

DROP FUNCTION set_up_link_make(bytea, text, timestamptz);
-- A new link for an invitation takes the place of those before it.
CREATE FUNCTION set_up_link_make(hash bytea, of_user text, until timestamptz, for_account text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE set_up_link l SET used_at = now()
    WHERE l.user_id = of_user AND l.account_id = for_account AND l.used_at IS NULL;
  INSERT INTO set_up_link (token_hash, user_id, expires_at, account_id) VALUES (hash, of_user, until, for_account)
$$;
ALTER FUNCTION set_up_link_make(bytea, text, timestamptz, text) OWNER TO patchbay_wall;

DROP FUNCTION set_up_link_read(bytea);
-- An owner who is not known yet stands under an address that ends in .invalid (RFC 2606 §2) until the link is used.
CREATE FUNCTION set_up_link_read(hash bytea) RETURNS TABLE (email text, name text, account_name text, has_password boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT CASE WHEN u.email LIKE '%.invalid' THEN NULL ELSE u.email END, coalesce(g.invited_name, u.name), a.name,
    u.password_hash IS NOT NULL
  FROM set_up_link l JOIN app_user u ON u.id = l.user_id
    LEFT JOIN account a ON a.id = l.account_id
    LEFT JOIN role_grant g ON g.user_id = l.user_id AND g.account_id = l.account_id
  WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now()
    AND (l.account_id IS NULL OR g.accepted_at IS NULL AND g.user_id IS NOT NULL)
$$;
ALTER FUNCTION set_up_link_read(bytea) OWNER TO patchbay_wall;

DROP FUNCTION set_up_link_use(bytea, text, text, text);
-- Uses a link up: sets the password, ends every older sign-in session, and takes the role that the link is for. A link of
-- an invitation does so only for who has no password yet. Address and name are taken only for an owner who had none. An
-- address that somebody has is a unique_violation, and leaves the link unused.
CREATE FUNCTION set_up_link_use(hash bytea, new_password_hash text, own_email text, own_name text)
RETURNS TABLE (id text, email text, name text, account_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  link set_up_link%ROWTYPE;
BEGIN
  SELECT l.* INTO link FROM set_up_link l
    WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > now() FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM 1 FROM app_user u
    WHERE u.id = link.user_id AND (link.account_id IS NULL OR u.password_hash IS NULL) FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF link.account_id IS NOT NULL THEN
    UPDATE role_grant g SET accepted_at = now()
      WHERE g.user_id = link.user_id AND g.account_id = link.account_id AND g.accepted_at IS NULL;
    IF NOT FOUND THEN RETURN; END IF;
  END IF;
  UPDATE set_up_link l SET used_at = now()
    WHERE l.user_id = link.user_id AND l.used_at IS NULL AND (l.token_hash = hash OR l.account_id IS NULL);
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.user_id = link.user_id AND s.revoked_at IS NULL;
  UPDATE app_user u SET email = lower(own_email), name = coalesce(own_name, u.name)
    WHERE u.id = link.user_id AND u.email LIKE '%.invalid' AND own_email IS NOT NULL;
  RETURN QUERY UPDATE app_user u
    SET password_hash = new_password_hash, email_verified_at = coalesce(u.email_verified_at, now()),
      name = coalesce((SELECT g.invited_name FROM role_grant g
        WHERE g.user_id = link.user_id AND g.account_id = link.account_id), u.name)
    WHERE u.id = link.user_id RETURNING u.id, u.email, u.name, link.account_id;
END $$;
ALTER FUNCTION set_up_link_use(bytea, text, text, text) OWNER TO patchbay_wall;

-- Takes the role that a link is for, as the person it names. The account, or NULL when there is nothing to take.
CREATE FUNCTION invitation_accept(hash bytea, as_user text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  at_account text;
BEGIN
  UPDATE set_up_link l SET used_at = now()
    WHERE l.token_hash = hash AND l.user_id = as_user AND l.account_id IS NOT NULL AND l.used_at IS NULL
      AND l.expires_at > now() RETURNING l.account_id INTO at_account;
  UPDATE role_grant g SET accepted_at = now()
    WHERE g.user_id = as_user AND g.account_id = at_account AND g.accepted_at IS NULL;
  RETURN CASE WHEN FOUND THEN at_account END;
END $$;
ALTER FUNCTION invitation_accept(bytea, text) OWNER TO patchbay_wall;

-- Where a user holds a role that was taken.
CREATE OR REPLACE FUNCTION user_reach(of_user text) RETURNS TABLE (account_id text, account_name text, role text, depth int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth FROM role_grant g JOIN account a ON a.id = g.account_id
  WHERE g.user_id = of_user AND g.accepted_at IS NOT NULL ORDER BY a.depth, a.id
$$;
ALTER FUNCTION user_reach(text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY[
    'set_up_link_make(bytea, text, timestamptz, text)', 'set_up_link_read(bytea)',
    'set_up_link_use(bytea, text, text, text)', 'invitation_accept(bytea, text)'
  ]::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
