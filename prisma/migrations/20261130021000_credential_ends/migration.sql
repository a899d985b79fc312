-- CreateTable
CREATE TABLE "credential_end" (
    "account_id" TEXT NOT NULL,
    "prefix_id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3),
    "arrival" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "credential_end_pkey" PRIMARY KEY ("account_id","prefix_id","event","subject")
);

-- CreateIndex
CREATE INDEX "credential_end_expires_at_idx" ON "credential_end"("expires_at");

-- AddForeignKey
ALTER TABLE "credential_end" ADD CONSTRAINT "credential_end_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

SELECT guard_tenant_table('credential_end');
-- Written and met by the functions below alone.
REVOKE ALL ON credential_end FROM patchbay_app;
GRANT SELECT, DELETE ON credential_end TO patchbay_app;

-- Whether an event is the one that ends a credential (ACC-7): of its name, and where a subject is named, about that.
CREATE FUNCTION is_end(type text, session_id text, data jsonb, event text, subject text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT type = event AND (subject = '' OR session_id = subject
    OR (jsonb_typeof(data) = 'object' AND EXISTS (SELECT FROM jsonb_each_text(data) AS field WHERE field.value = subject)))
$$;

-- A level of a credential ends for all nodes as one that was revoked does.
CREATE FUNCTION credential_end_now(of_key text, of_prefix text, until_at timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
  WITH ended AS (
    INSERT INTO credential_revocation (account_id, key_id, prefix_id, expires_at)
    SELECT k.account_id, k.id, of_prefix, until_at FROM api_key k WHERE k.id = of_key
    ON CONFLICT DO NOTHING RETURNING prefix_id)
  SELECT EXISTS (SELECT FROM ended)
$$;

-- What a node says when a credential is used that an event ends. Answers whether it has ended: where it is good from a time
-- on, what happened since then counts, and otherwise what happens from now on.
CREATE FUNCTION credential_end_watch(
  of_account text, of_key text, of_prefix text, named_event text, named_subject text, since_at timestamptz, until_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  is_new boolean;
BEGIN
  IF EXISTS (SELECT FROM credential_revocation r JOIN api_key k ON k.account_id = r.account_id
    WHERE k.id = of_key AND r.prefix_id = of_prefix) THEN RETURN true; END IF;
  -- What is on its way now came before the first use; where the credential has a start, that decides, and not who was quicker.
  INSERT INTO credential_end (account_id, prefix_id, event, subject, key_id, since, arrival, position, expires_at)
  SELECT of_account, of_prefix, named_event, named_subject, of_key, since_at,
    s.last_value - CASE WHEN since_at IS NULL THEN 0 ELSE 10000 END, p.position, until_at
  FROM event_place p, platform_event_arrival_seq s
  ON CONFLICT DO NOTHING RETURNING true INTO is_new;
  IF is_new IS NULL OR since_at IS NULL THEN RETURN false; END IF;
  IF NOT EXISTS (SELECT FROM platform_event e WHERE e.account_id = of_account AND e.at >= since_at
    AND is_end(e.type, e.session_id, e.data, named_event, named_subject)) THEN RETURN false; END IF;
  PERFORM credential_end_now(of_key, of_prefix, until_at);
  DELETE FROM credential_end w WHERE w.account_id = of_account AND w.prefix_id = of_prefix;
  RETURN true;
END $$;

-- Those that an event has ended by now, each told once. An event arrives under a number; it is found by its place, which is
-- indexed, or while it has none yet: so none is passed over, and none is waited for.
CREATE FUNCTION credential_ends_due() RETURNS TABLE (prefix_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  place bigint;
  met record;
BEGIN
  DELETE FROM credential_end w WHERE w.expires_at < now();
  SELECT p.position INTO place FROM event_place p;
  FOR met IN
    DELETE FROM credential_end w WHERE EXISTS (
      SELECT FROM platform_event e WHERE e.account_id = w.account_id AND (e.position > w.position OR e.position IS NULL)
        AND e.arrival > w.arrival AND (w.since IS NULL OR e.at >= w.since)
        AND is_end(e.type, e.session_id, e.data, w.event, w.subject))
    RETURNING w.key_id, w.prefix_id, w.expires_at
  LOOP
    IF credential_end_now(met.key_id, met.prefix_id, met.expires_at) THEN
      prefix_id := met.prefix_id;
      RETURN NEXT;
    END IF;
  END LOOP;
  -- What was looked at is not looked at again for ever; not at each round, for each is a row written.
  UPDATE credential_end w SET position = place WHERE w.position < place - 1000;
END $$;

GRANT SELECT, INSERT ON credential_revocation TO patchbay_wall;
GRANT SELECT ON event_place TO patchbay_wall;
GRANT SELECT ON SEQUENCE platform_event_arrival_seq TO patchbay_wall;
GRANT CREATE ON SCHEMA public TO patchbay_wall;
ALTER FUNCTION credential_end_now(text, text, timestamptz) OWNER TO patchbay_wall;
ALTER FUNCTION credential_end_watch(text, text, text, text, text, timestamptz, timestamptz) OWNER TO patchbay_wall;
ALTER FUNCTION credential_ends_due() OWNER TO patchbay_wall;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
REVOKE ALL ON FUNCTION credential_end_now(text, text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION credential_end_watch(text, text, text, text, text, timestamptz, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION credential_ends_due() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION credential_end_watch(text, text, text, text, text, timestamptz, timestamptz) TO patchbay_app;
GRANT EXECUTE ON FUNCTION credential_ends_due() TO patchbay_app;
