-- AlterTable
ALTER TABLE "webhook" ADD COLUMN     "trigger_id" TEXT;

-- What a trigger calls is of no service, application or endpoint, and a trigger has one at a time (TRG-2).
ALTER TABLE webhook ADD CONSTRAINT webhook_of_a_trigger_alone
  CHECK (trigger_id IS NULL OR (service IS NULL AND application_id IS NULL AND endpoint_id IS NULL));
CREATE UNIQUE INDEX webhook_trigger_idx ON webhook (trigger_id) WHERE trigger_id IS NOT NULL AND state <> 'removed';
GRANT SELECT (trigger_id) ON webhook TO patchbay_app;

-- As before; the event says which webhook the action calls, and so this one is told of it.
CREATE OR REPLACE FUNCTION trigger_count(trigger_ids text[], window_starts timestamptz[], sums numeric[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  acts boolean;
BEGIN
  WITH counted AS (
    INSERT INTO trigger_counter AS c (trigger_id, window_start, account_id, value)
    SELECT u.id, u.window_start, t.account_id, u.sum
    FROM unnest(trigger_ids, window_starts, sums) AS u(id, window_start, sum) JOIN usage_trigger t ON t.id = u.id
    ORDER BY 1, 2
    ON CONFLICT (trigger_id, window_start) DO UPDATE SET value = c.value + excluded.value
    RETURNING trigger_id, window_start, value
  ), fired AS (
    INSERT INTO trigger_firing (id, trigger_id, generation, window_start, account_id, target_id, value, limit_value, action, state)
    SELECT public_id('fir', clock_timestamp()), t.id, t.generation, c.window_start, t.account_id, t.target_id, c.value,
      t.limit_value, t.action, CASE t.action ->> 'kind' WHEN 'notify' THEN 'done' ELSE 'pending' END
    FROM counted c JOIN usage_trigger t ON t.id = c.trigger_id
    WHERE c.value >= t.limit_value AND NOT EXISTS (SELECT 1 FROM trigger_firing f
      WHERE (f.trigger_id, f.generation, f.window_start) = (t.id, t.generation, c.window_start))
    ORDER BY t.id, c.window_start
    ON CONFLICT (trigger_id, generation, window_start) DO NOTHING
    RETURNING *
  ), told AS (
    INSERT INTO platform_event (id, account_id, type, at, data)
    SELECT public_id('evt', f.fired_at), f.account_id, 'triggers.trigger.fired', f.fired_at, jsonb_strip_nulls(jsonb_build_object(
      'firingId', f.id, 'triggerId', f.trigger_id, 'name', t.name, 'targetAccountId', f.target_id,
      'value', f.value::text, 'limit', f.limit_value, 'action', f.action ->> 'kind',
      'webhookId', f.action ->> 'webhookId', 'windowStart', CASE WHEN t.condition <> 'threshold'
        THEN to_char(f.window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') END))
    FROM fired f JOIN usage_trigger t ON t.id = f.trigger_id
  )
  SELECT bool_or(f.state = 'pending') INTO acts FROM fired f;
  -- Heard when this is committed: whoever acts reads the outbox.
  IF acts THEN PERFORM pg_notify('patchbay_triggers', ''); END IF;
END $$;
