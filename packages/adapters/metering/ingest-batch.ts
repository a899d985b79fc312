import { dayOf, entriesOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { DimensionSets } from './dimension-sets.ts';

export const INGEST = `SELECT fresh::int, conflicts FROM usage_ingest($1::date[], $2::text[], $3::bigint[], $4::bigint[],
  $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[], $13::text[],
  $14::text[], $15::text[], $16::smallint)`;

/** One array for each column, as usage_ingest() takes them. The entries of a record travel as array literals. */
export function columnsOf(records: readonly UsageRecord[], sets: DimensionSets): unknown[] {
  const entries = records.map(entriesOf);
  const column = <T>(pick: (record: UsageRecord) => T) => records.map(pick);
  return [
    column(dayOf),
    column(({ id }) => id.nodeId),
    column(({ id }) => id.boot),
    column(({ id }) => id.sequence),
    column(({ accountId }) => accountId),
    column(({ applicationId }) => applicationId ?? null),
    column(({ endpointId }) => endpointId ?? null),
    column(({ credentialId }) => credentialId ?? null),
    column(({ sessionId }) => sessionId ?? null),
    column(({ segment }) => segment),
    column(({ fromMs }) => fromMs),
    column(({ toMs }) => toMs),
    entries.map((own) => `{${own.map(({ meter }) => quoted(meter)).join()}}`),
    entries.map((own) => `{${own.map(({ dimensions }) => sets.idOf(dimensions)).join()}}`),
    entries.map((own) => `{${own.map(({ quantity }) => quantity).join()}}`),
  ];
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
