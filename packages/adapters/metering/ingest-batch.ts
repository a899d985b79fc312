import { dayOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';
import { arrayLiteral, textArray } from './array-literal.ts';
import type { UsageLayout, UsageLayouts } from './usage-layouts.ts';

export const COUNT = `SELECT usage_count($1::date[], $2::text[], $3::bigint[], $4::bigint[],
  $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[], $13::bigint[],
  $14::text[], $15::bigint[]) AS known`;
export const CHANGED = `SELECT usage_changed($1::date[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
  $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[], $12::bigint[], $13::bigint[],
  $14::text[]) AS places`;

/** One array literal for each column, as usage_changed() takes them, and as usage_count() begins. */
export function columnsOf(records: readonly UsageRecord[], layouts: UsageLayouts): string[] {
  const text = (pick: (record: UsageRecord) => string | undefined) => textArray(records.map(pick));
  const plain = (pick: (record: UsageRecord) => number | string) => arrayLiteral(records.map(pick));
  const laidOut = records.map((record) => ({ record, layout: layouts.of(record) }));
  return [
    plain(dayOf),
    text(({ id }) => id.nodeId),
    plain(({ id }) => id.boot),
    plain(({ id }) => id.sequence),
    text(({ accountId }) => accountId),
    text(({ applicationId }) => applicationId),
    text(({ endpointId }) => endpointId),
    text(({ credentialId }) => credentialId),
    text(({ sessionId }) => sessionId),
    plain(({ segment }) => segment),
    plain(({ fromMs }) => fromMs),
    plain(({ toMs }) => toMs),
    arrayLiteral(laidOut.map(({ layout }) => layout.id)),
    textArray(laidOut.map(({ record, layout }) => quantitiesOf(record, layout))),
  ];
}

/** The values of a record, in the order of its layout. */
export const quantitiesOf = ({ quantities }: UsageRecord, { places }: UsageLayout): string =>
  arrayLiteral(places.map((place) => quantities[place]?.quantity ?? 0));
