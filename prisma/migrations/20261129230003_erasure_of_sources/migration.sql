-- Totals of a session hang on their source since usage is counted by layouts: there the name stands once, and there it is
-- replaced. The sums are not touched.
GRANT UPDATE (endpoint_id) ON usage_source TO patchbay_wall;

CREATE OR REPLACE FUNCTION person_places() RETURNS TABLE (place int, data_class text, of_table text, finds text, changes text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  VALUES
    -- Before the legs, by which it is known whose a session was.
    (1, 'sessionLogs', 'session', $f$EXISTS (SELECT 1 FROM session_leg l WHERE l.session_id = t.id AND l.account_id = t.account_id AND l.identity = $2 ->> 'identity')$f$, NULL),
    (2, 'sessionLogs', 'session_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (3, 'sessionLogs', 'session_leg', $f$t.identity = $2 ->> 'identity'$f$, $c$identity = $2 ->> 'pseudonym'$c$),
    (4, 'refusedRequests', 'refused_request',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_text(t.detail, $2) <> t.detail OR person_in(t.known, $2)$f$,
      $c$actor_name = CASE WHEN t.actor_id = $2 ->> 'userId' THEN $2 ->> 'pseudonym' ELSE t.actor_name END, detail = person_text(t.detail, $2), known = person_scrub(t.known, '', $2)$c$),
    (5, 'usageRecords', 'usage_record', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (6, 'refusedUsage', 'usage_conflict', $f$person_in(t.body, $2)$f$, $c$body = person_scrub(t.body, '', $2)$c$),
    (7, 'events', 'platform_event', $f$person_in(t.data, $2)$f$, $c$data = person_scrub(t.data, '', $2)$c$),
    (8, 'webhookDeliveries', 'webhook_attempt',
      $f$person_text(t.response, $2) <> t.response OR person_text(t.error, $2) <> t.error$f$,
      $c$response = person_text(t.response, $2), error = person_text(t.error, $2)$c$),
    -- A second look may find the session again under its name: a total of its own, for which the word is made another.
    (9, 'usageTotals', 'usage_source', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym') || CASE WHEN EXISTS (SELECT 1 FROM usage_source o WHERE (o.session_id, o.account_id, o.credential_id, o.application_id, o.endpoint_id) = (t.session_id, t.account_id, t.credential_id, t.application_id, 'user:' || ($2 ->> 'pseudonym'))) THEN '-' || t.id ELSE '' END$c$),
    -- What is read of it.
    (18, 'usageTotals', 'usage_session', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, NULL),
    (10, 'configuration', 'usage_trigger', $f$t.endpoint_id = $2 ->> 'endpoint'$f$, $c$endpoint_id = 'user:' || ($2 ->> 'pseudonym')$c$),
    (11, 'configuration', 'policy', $f$t.endpoint = $2 ->> 'endpoint'$f$, $c$endpoint = 'user:' || ($2 ->> 'pseudonym')$c$),
    (12, 'auditEntries', 'audit_entry',
      $f$(t.actor_id = $2 ->> 'userId' AND t.actor_name <> $2 ->> 'pseudonym') OR person_in(t.before, $2) OR person_in(t.after, $2)$f$, NULL),
    (13, 'team', 'role_grant', $f$t.user_id = $2 ->> 'userId'$f$, NULL),
    (14, 'team', 'app_user', $f$t.id = $2 ->> 'userId'$f$, NULL),
    (15, 'mails', 'mail', $f$t.recipient = $2 ->> 'email'$f$, $c$recipient = $2 ->> 'pseudonym', subject = person_text(t.subject, $2), error = person_text(t.error, $2)$c$),
    (16, 'configuration', 'endpoint', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), label = ''$c$),
    (17, 'configuration', 'endpoint_transfer', $f$t.identifier = $2 ->> 'endpoint'$f$, $c$identifier = 'user:' || ($2 ->> 'pseudonym'), note = ''$c$)
$$;

CREATE OR REPLACE FUNCTION person_erase(at_place int, of_account text, terms jsonb, erases boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
DECLARE
  p record;
  owned text := 't.account_id = $1';
  changed bigint;
BEGIN
  IF NOT account_is_visible(of_account) THEN RETURN 0; END IF;
  SELECT * INTO p FROM person_places() AS x WHERE x.place = at_place;
  IF p.of_table IN ('app_user', 'usage_session') THEN RETURN 0; END IF;
  -- It stands in both accounts' lists.
  IF p.of_table = 'endpoint_transfer' THEN owned := '$1 IN (t.from_account_id, t.to_account_id)'; END IF;
  IF NOT erases THEN
    EXECUTE format('SELECT count(*) FROM %I t WHERE %s AND (%s)', p.of_table, owned, p.finds) INTO changed USING of_account, terms;
    RETURN changed;
  END IF;
  IF p.changes IS NULL THEN RETURN 0; END IF;
  EXECUTE format('UPDATE %I t SET %s WHERE %s AND (%s)', p.of_table, p.changes, owned, p.finds) USING of_account, terms;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END $$;
