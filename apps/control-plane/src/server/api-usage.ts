import { randomUUID } from 'node:crypto';
import type { UsageRecord } from '@patchbay/domain/metering/usage-record';
import type { UsageReport } from '@patchbay/faces/platform';
import type { Entity } from '@patchbay/kit/definition';

/** Counts what operations of the API meter themselves. Each process is a source of its own, so ids never meet (MET-2). */
export function recordApiUsage(
  ingest: (records: readonly UsageRecord[]) => Promise<unknown>,
  onFailure: (error: unknown) => void,
): (entity: Entity, report: UsageReport) => void {
  const nodeId = `control-plane-${randomUUID()}`;
  const boot = Date.now();
  let sequence = 0;
  return ({ accountId, applicationId, endpoint, credentialId }, { meter, quantity, dimensions }) => {
    const [service = '', name = ''] = meter.split('.');
    const nowMs = Date.now();
    const record: UsageRecord = {
      id: { nodeId, boot, sequence: sequence++ },
      accountId,
      ...(applicationId === undefined ? {} : { applicationId }),
      ...(endpoint === undefined ? {} : { endpointId: endpoint }),
      ...(credentialId === undefined ? {} : { credentialId }),
      segment: 0,
      service,
      region: 'local',
      modality: 'none',
      fromMs: nowMs,
      toMs: nowMs,
      quantities: [{ meter: name, quantity, dimensions: { ...dimensions } }],
    };
    ingest([record]).catch(onFailure);
  };
}
