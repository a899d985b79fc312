-- What is on an account's books is dated by their time (PRD-1), in the tree and of triggers as well: a move that was dated by
-- the time that it is had its account's use, dated by its clock, rated at the new place from months before it moved.

GRANT CREATE ON SCHEMA public TO patchbay_wall;
DO $change$
DECLARE
  change text[];
  before text;
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
    ['account_move(text, text)', 'date_trunc(''minute'', clock_timestamp(), ''UTC'')',
      'date_trunc(''minute'', clock_timestamp() + account_ahead_ms(moved_id) * interval ''1 millisecond'', ''UTC'')'],
    ['account_take_place()', 'c.valid_from <= now()', 'c.valid_from <= account_now(NEW.parent_id)'],
    ['account_take_place()', 'c.valid_to > now()', 'c.valid_to > account_now(NEW.parent_id)'],
    ['trigger_begin(text, boolean)', 'begins := clock_timestamp();',
      'begins := clock_timestamp() + account_ahead_ms(t.account_id) * interval ''1 millisecond'';'],
    ['trigger_reset(text)', 'counting_from = clock_timestamp()',
      'counting_from = clock_timestamp() + account_ahead_ms(u.account_id) * interval ''1 millisecond'''],
    ['trigger_count(text[], timestamptz[], numeric[])', 'value, limit_value, action, state)',
      'value, limit_value, action, state, fired_at)'],
    ['trigger_count(text[], timestamptz[], numeric[])', 'WHEN ''notify'' THEN ''done'' ELSE ''pending'' END',
      'WHEN ''notify'' THEN ''done'' ELSE ''pending'' END,
      clock_timestamp() + account_ahead_ms(t.account_id) * interval ''1 millisecond'''],
    -- A window is one of the books, and so is its end.
    ['policy_chain(text)', 'h.until > now()', 'h.until > account_now(h.target_id)'],
    ['service_config_chain(text, text, text)', 'h.until > now()', 'h.until > account_now(h.target_id)'],
    ['service_config_levels(text, text, text)', 'h.until > now()', 'h.until > account_now(h.target_id)'],
    ['trigger_holds_in_force()', 'h.until > now()', 'h.until > account_now(h.target_id)'],
    ['trigger_end_holds()', 'h.until <= clock_timestamp()', 'h.until <= account_now(h.target_id)'],
    -- What sessions tell of is told by the time that it is, and counted as it comes, in the window that the books are in.
    ['trigger_count_events()', 'FROM added e', $now$FROM (SELECT i.account_id, i.application_id, i.session_id, i.type, i.data,
      CASE account_ahead_ms(i.account_id) WHEN 0 THEN i.at ELSE account_now(i.account_id) END AS at FROM added i) e$now$]] LOOP
    before := pg_get_functiondef(change[1]::regprocedure);
    IF position(change[2] IN before) = 0 THEN RAISE EXCEPTION '% is not as this migration knows it.', change[1]; END IF;
    EXECUTE replace(before, change[2], change[3]);
  END LOOP;
END $change$;
REVOKE CREATE ON SCHEMA public FROM patchbay_wall;
