import { type Action, type Condition, type Counter, triggers } from '@patchbay/domain/triggers/definition';
import type { TriggerRecord, TriggerRule, TriggerShape } from '@patchbay/domain/triggers/trigger';

/** A row of usage_trigger as PostgreSQL writes it as JSON. */
export interface TriggerRow {
  readonly id: string;
  readonly account_id: string;
  readonly name: string;
  readonly target_id: string;
  readonly with_descendants: boolean;
  readonly application_id: string | null;
  readonly endpoint_id: string | null;
  readonly credential_id: string | null;
  readonly session_id: string | null;
  readonly counts: 'usage' | 'event' | 'measure';
  readonly subject: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly condition: Condition['kind'];
  readonly limit_value: number;
  readonly period: 'hour' | 'day' | 'month' | null;
  readonly seconds: number | null;
  readonly action: Action;
  readonly is_enabled: boolean;
  readonly is_shown: boolean;
  readonly time_zone: string;
  readonly generation: number;
  readonly counting_from: string;
  readonly created_at: string;
  readonly removed_at: string | null;
}

/** The same with what it counted. */
export interface CountedTriggerRow extends TriggerRow {
  readonly value: string;
  readonly window_start: string;
  readonly has_fired: boolean;
  readonly last_fired_at: string | null;
}

/** Checks on the columns hold the parts of a condition to each other's kind; the schema says so once more. */
const { condition: conditionSchema } = triggers.resources.triggers.operations.create.request.shape;

export function ruleFromRow(row: TriggerRow): TriggerRule {
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    counter: counterFromRow(row),
    target: {
      accountId: row.target_id,
      scope: row.with_descendants ? 'descendants' : 'own',
      ...(row.application_id === null ? {} : { applicationId: row.application_id }),
      ...(row.endpoint_id === null ? {} : { endpointId: row.endpoint_id }),
      ...(row.credential_id === null ? {} : { credentialId: row.credential_id }),
      ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    },
    condition: conditionFromRow(row),
    action: row.action,
    isEnabled: row.is_enabled,
    isShown: row.is_shown,
    timeZone: row.time_zone,
  };
}

export const recordFromRow = (row: CountedTriggerRow): TriggerRecord => ({
  ...ruleFromRow(row),
  countedFrom: new Date(row.counting_from),
  value: row.value,
  windowStart: new Date(row.window_start),
  hasFired: row.has_fired,
  lastFiredAt: row.last_fired_at === null ? undefined : new Date(row.last_fired_at),
  createdAt: new Date(row.created_at),
});

function counterFromRow({ counts, subject, filter }: TriggerRow): Counter {
  if (counts === 'measure') return { measure: subject };
  const where = Object.keys(filter).length === 0 ? {} : { where: filter };
  return counts === 'event' ? { event: subject, ...where } : { meter: subject, ...where };
}

function conditionFromRow({ condition: kind, limit_value: limit, period, seconds }: TriggerRow): Condition {
  return conditionSchema.parse({
    kind,
    limit,
    ...(period === null ? {} : { per: period }),
    ...(seconds === null ? {} : { seconds }),
  });
}

/** What of a rule `trigger_reshape` sets, under the names of the columns. */
export function shapeToRow({ condition, target, timeZone }: TriggerShape) {
  return {
    condition: condition.kind,
    period: condition.kind === 'recurring' ? condition.per : null,
    seconds: condition.kind === 'rate' ? condition.seconds : null,
    target_id: target.accountId,
    with_descendants: target.scope === 'descendants',
    application_id: target.applicationId ?? null,
    endpoint_id: target.endpointId ?? null,
    credential_id: target.credentialId ?? null,
    session_id: target.sessionId ?? null,
    time_zone: timeZone,
  } satisfies Partial<TriggerRow>;
}

/** What is stored of a rule besides its id. */
export function ruleToRow({ counter, target, condition, ...rule }: Omit<TriggerRule, 'id' | 'isEnabled'>) {
  const shape = shapeToRow({ condition, target, timeZone: rule.timeZone });
  return {
    accountId: rule.accountId,
    name: rule.name,
    targetId: shape.target_id,
    withDescendants: shape.with_descendants,
    applicationId: shape.application_id,
    endpointId: shape.endpoint_id,
    credentialId: shape.credential_id,
    sessionId: shape.session_id,
    ...subjectOf(counter),
    filter: { ...counter.where },
    condition: shape.condition,
    limitValue: BigInt(condition.limit),
    period: shape.period,
    seconds: shape.seconds,
    action: { ...rule.action },
    isShown: rule.isShown,
    timeZone: shape.time_zone,
  };
}

function subjectOf(counter: Counter): Pick<TriggerRow, 'counts' | 'subject'> {
  if ('measure' in counter) return { counts: 'measure', subject: counter.measure };
  return 'event' in counter
    ? { counts: 'event', subject: counter.event }
    : { counts: 'usage', subject: counter.meter };
}
