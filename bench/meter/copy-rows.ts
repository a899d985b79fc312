import { quantitiesOf } from '@patchbay/adapters/metering/ingest-batch';
import type { UsageLayouts } from '@patchbay/adapters/metering/usage-layouts';
import { dayOf, type UsageRecord } from '@patchbay/domain/metering/usage-record';

/** What the rows below have, in their order. */
export const COPY_COLUMNS = `day, node_id, boot, sequence, account_id, application_id, endpoint_id, credential_id, session_id,
  segment, from_at, to_at, meters, dimension_set_ids, quantities`;

const NULL = '\\N';

/** Records as COPY's text format has them. The layouts are worked out as our own way does it: neither pays more. */
export function copyRows(records: readonly UsageRecord[], layouts: UsageLayouts): Buffer {
  const lines = records.map((record) => {
    const layout = layouts.of(record);
    return [
      dayOf(record),
      record.id.nodeId,
      record.id.boot,
      record.id.sequence,
      record.accountId,
      record.applicationId ?? NULL,
      record.endpointId ?? NULL,
      record.credentialId ?? NULL,
      record.sessionId ?? NULL,
      record.segment,
      new Date(record.fromMs).toISOString(),
      new Date(record.toMs).toISOString(),
      `{${layout.meters.join()}}`,
      `{${layout.dimensionSetIds.join()}}`,
      quantitiesOf(record, layout),
    ].join('\t');
  });
  return Buffer.from(`${lines.join('\n')}\n`);
}
