import { isMatch } from '@patchbay/domain/billing/price';
import type { Grant, Resolution } from '@patchbay/protocol/turn/grant';
import type { UseAnswer } from '@patchbay/protocol/turn/pending-allocate';
import type { CountedUse, RelayEvent, RelayLog, RelayPlatform } from './platform.ts';
import type { OpenUsage, UsageQuantity, UsageRecord } from './usage-record.ts';

/** A platform that lives in memory: for tests and benchmarks. */
export interface MemoryPlatform extends RelayPlatform {
  countUse(use: Omit<CountedUse, 'grant'>): Promise<UseAnswer>;
  readonly records: UsageRecord[];
  readonly events: RelayEvent[];
  /** The latest checkpoint of each open record. */
  readonly open: Map<string, OpenUsage>;
  addCredential(username: string, password: string, grant: Partial<Grant>): void;
  removeCredential(username: string): void;
  eventsOf<T extends RelayEvent['type']>(type: T): Extract<RelayEvent, { type: T }>[];
  /** The sum of one meter over finished records, for the dimensions that are named. */
  sumOf(meter: UsageQuantity['meter'], dimensions?: Readonly<Record<string, string>>): number;
}

/** One client's allocations within this time are one use (ACC-7). */
const useMs = 30_000;

export function createMemoryPlatform(): MemoryPlatform {
  const credentials = new Map<string, Resolution>();
  const uses = new Map<string, Map<string, number>>();
  const records: UsageRecord[] = [];
  const events: RelayEvent[] = [];
  const open = new Map<string, OpenUsage>();
  return {
    records,
    events,
    open,
    addCredential(username, password, grant) {
      const whole: Grant = {
        accountId: 'acc_test',
        credentialId: username,
        keyId: 'key_test',
        limits: [],
        ...grant,
      };
      credentials.set(username, { ok: true, password, grant: whole });
    },
    removeCredential: (username) => void credentials.delete(username),
    isFamiliar: (username) => credentials.has(username),
    listed: () => undefined,
    resolveCredential: (username) =>
      Promise.resolve(credentials.get(username) ?? { ok: false, code: 401, reason: 'Unauthorized' }),
    async reviewCredential(username) {
      const resolution = credentials.get(username);
      if (resolution?.ok !== true) return { ok: false, detail: 'The credential is gone.' };
      const { bitRateBitsPerSecond, burstBytes } = resolution.grant;
      return {
        ok: true,
        rate: {
          ...(bitRateBitsPerSecond === undefined ? {} : { bitRateBitsPerSecond }),
          ...(burstBytes === undefined ? {} : { burstBytes }),
        },
      };
    },
    countUse({ counterId, clientKey, usesMax }: Omit<CountedUse, 'grant'>): Promise<UseAnswer> {
      const clients = uses.get(counterId) ?? new Map<string, number>();
      uses.set(counterId, clients);
      const lastMs = clients.get(clientKey);
      const isSameUse = lastMs !== undefined && performance.now() - lastMs < useMs;
      if (!isSameUse && clients.size >= usesMax) {
        return Promise.resolve({ ok: false, code: 403, reason: 'The credential has no use left.' });
      }
      clients.set(clientKey, performance.now());
      return Promise.resolve({ ok: true });
    },
    recordUsage(record) {
      open.delete(record.key);
      records.push(record);
    },
    checkpointUsage(growing) {
      for (const record of growing) open.set(record.key, record);
    },
    reportEvent: (event) => void events.push(event),
    eventsOf: <T extends RelayEvent['type']>(type: T) =>
      events.filter((event): event is Extract<RelayEvent, { type: T }> => event.type === type),
    sumOf(meter, dimensions = {}) {
      const isMeant = (quantity: UsageQuantity) =>
        quantity.meter === meter && isMatch(dimensions, quantity.dimensions);
      return records
        .flatMap(({ quantities }) => quantities)
        .filter(isMeant)
        .reduce((sum, { quantity }) => sum + quantity, 0);
    },
  };
}

export const silentLog: RelayLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
