-- CreateTable
CREATE TABLE "account_view" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_view_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "account_view_account_id_idx" ON "account_view"("account_id");

-- AddForeignKey
ALTER TABLE "account_view" ADD CONSTRAINT "account_view_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table('account_view');
-- It is begun and ended by the functions below, and tells later what was looked at.
REVOKE INSERT, UPDATE, DELETE ON account_view FROM patchbay_app;

GRANT CREATE ON SCHEMA public TO patchbay_wall;

-- Opens a session of its own for somebody who looks as an account below theirs does: the id of a session changes with what
-- it may (C12). The account has to be in scope.
CREATE FUNCTION account_view_start(view_id text, of_user text, of_account text, because text, until timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN false; END IF;
  INSERT INTO sign_in_session (id, user_id, expires_at) VALUES (view_id, of_user, until);
  INSERT INTO account_view (id, account_id, user_id, reason, expires_at) VALUES (view_id, of_account, of_user, because, until);
  RETURN true;
END $$;
ALTER FUNCTION account_view_start(text, text, text, text, timestamptz) OWNER TO patchbay_wall;

-- What a session looks at. Nothing for a session that is nobody's view, or one that is over.
CREATE FUNCTION account_view_of(session_id text) RETURNS TABLE (account_id text, user_id text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT v.account_id, v.user_id, v.expires_at FROM account_view v
  WHERE v.id = session_id AND v.ended_at IS NULL AND v.expires_at > now()
$$;
ALTER FUNCTION account_view_of(text) OWNER TO patchbay_wall;

-- Ends a view, and its session with it.
CREATE FUNCTION account_view_end(view_id text, of_user text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  UPDATE account_view v SET ended_at = now()
    WHERE v.id = view_id AND v.user_id = of_user AND v.ended_at IS NULL AND v.expires_at > now();
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE sign_in_session s SET revoked_at = now() WHERE s.id = view_id AND s.revoked_at IS NULL;
  RETURN true;
END $$;
ALTER FUNCTION account_view_end(text, text) OWNER TO patchbay_wall;

-- What somebody holds above an account, who looks as it does: none of it reaches further up than the account.
CREATE FUNCTION user_reach_in_view(of_user text, viewed text)
RETURNS TABLE (account_id text, account_name text, role text, depth int, custom_role_id text, custom_role_name text, scopes text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT a.id, a.name, g.role, a.depth, r.id, r.name, r.scopes
  FROM account a
    JOIN account_closure c ON c.descendant_id = a.id AND c.depth > 0 AND c.valid_to = 'infinity'
    JOIN role_grant g ON g.account_id = c.ancestor_id AND g.user_id = of_user AND g.accepted_at IS NOT NULL
    LEFT JOIN account_role r ON r.id = g.custom_role_id
  WHERE a.id = viewed ORDER BY c.depth DESC
$$;
ALTER FUNCTION user_reach_in_view(text, text) OWNER TO patchbay_wall;

DO $$
DECLARE
  definer regprocedure;
BEGIN
  FOREACH definer IN ARRAY ARRAY['account_view_start(text, text, text, text, timestamptz)', 'account_view_of(text)',
    'account_view_end(text, text)', 'user_reach_in_view(text, text)']::regprocedure[] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', definer);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO patchbay_app', definer);
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
