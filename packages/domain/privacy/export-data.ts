import type { DataItem, DataKind } from './data-kind.ts';
import type { ExportRecord, PrivacyPorts } from './ports.ts';

/** So many are looked at in one step: of those that are over nothing is left. */
const STEP_COUNT = 100;

/** The archives of an account, which have the data of all services (PRD-4). What is of one application alone has none. */
export function exportData({ list }: Pick<PrivacyPorts['exports'], 'list'>): DataKind {
  return {
    name: 'export',
    form: 'data',
    mediaType: 'application/gzip',
    dataClass: 'privacy',
    readBy: 'exports.get',
    list: async ({ accountId, applicationId, endpoint }, { before, limit }) => {
      if ((applicationId ?? endpoint) !== undefined) return [];
      const found: DataItem[] = [];
      let cursor = before === undefined ? undefined : `xpt_${before}`;
      do {
        const page = await list({ accountId, cursor, limit: STEP_COUNT });
        found.push(...page.items.filter(({ state }) => state === 'ready').map(toItem));
        cursor = page.nextCursor;
      } while (cursor !== undefined && found.length < limit);
      return found.slice(0, limit);
    },
  };
}

const toItem = ({ id, createdAt, sizeBytes, expiresAt }: ExportRecord): DataItem => ({
  id,
  createdAt,
  sizeBytes,
  ...(expiresAt === undefined ? {} : { keptUntil: expiresAt }),
  request: { exportId: id },
});
