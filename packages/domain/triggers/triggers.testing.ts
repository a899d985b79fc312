/** The rules of triggers over ports in memory. */
import { createId } from '@patchbay/kit/ids';
import { domainContext } from '@patchbay/testing/domain-context';
import { expect } from 'vitest';
import { type MeterCatalogue, meterCatalogue } from '../metering/meter-catalogue.ts';
import type { UsageQuery } from '../metering/usage-store.ts';
import { scopesAllow } from '../tenancy/access.ts';
import { triggers } from './definition.ts';
import { handlers } from './handlers.ts';
import type { TriggersPorts } from './ports.ts';
import type { FiringRecord, TriggerRecord } from './trigger.ts';

export const [accountId, childId] = [createId('acc', 1), createId('acc', 2)];
export const chain = [createId('acc', 0), accountId];
export const [nodeId, removedNodeId] = [createId('nod', 1), createId('nod', 2)];
export const [webhookId, callbackId, ownId] = [createId('whk', 1), createId('whk', 2), createId('whk', 3)];
export const [endId, sessionId] = [createId('end'), createId('ses')];
export const nowMs = Date.parse('2026-11-24T12:00:00Z');
const catalogue: MeterCatalogue = meterCatalogue({
  'relay.bytes': {
    service: 'relay',
    meter: 'bytes',
    unit: 'byte',
    dimensions: { direction: ['in', 'out'] },
    isPriced: true,
  },
});

export const operations = triggers.resources.triggers.operations;
type Operation = keyof typeof operations;
export const contextOf = <K extends Operation>(_operation: K) =>
  domainContext<typeof triggers, 'triggers', K>(triggers, { chain, nowMs });

/** Rules and counters in memory. */
export function world({
  isPlatform = false,
  countMax = 0,
  isMailAvailable = true,
  /** Of whoever asks; the same at every account. */
  scopes = ['*'],
  isFromAbove = false,
}: {
  readonly isPlatform?: boolean;
  readonly countMax?: number;
  readonly isMailAvailable?: boolean;
  readonly scopes?: readonly string[];
  readonly isFromAbove?: boolean;
} = {}) {
  const asked: string[] = [];
  const records = new Map<string, TriggerRecord>();
  const changed: string[] = [];
  /** By the id of its trigger. */
  const own = new Map<string, string>();
  const queries: UsageQuery[] = [];
  const firing: FiringRecord = {
    id: createId('fir'),
    triggerId: createId('trg'),
    firedAt: new Date(nowMs),
    value: '12',
    limit: 10,
    windowStart: new Date(0),
    targetAccountId: childId,
    action: { kind: 'suspend' },
    state: 'done',
    outcome: 'The account was suspended.',
  };
  const ports: TriggersPorts = {
    triggers: {
      list: async () => ({ items: [...records.values()], nextCursor: 'more' }),
      find: async ({ triggerId }) => records.get(triggerId),
      isHolding: async () => false,
      countForCreate: async () => records.size + countMax,
      create: async (rule, onStored) => {
        await onStored?.();
        const record: TriggerRecord = {
          ...rule,
          isEnabled: true,
          countedFrom: new Date(nowMs),
          value: '0',
          windowStart: new Date(nowMs),
          hasFired: false,
          lastFiredAt: undefined,
          createdAt: new Date(nowMs),
        };
        records.set(record.id, record);
        return record;
      },
      update: async ({ triggerId }, { shape, ...change }, onStored) => {
        const before = records.get(triggerId);
        if (before === undefined) return undefined;
        const { name, action, isEnabled, isShown } = { ...before, ...change };
        const after: TriggerRecord = {
          ...before,
          name: name ?? before.name,
          action: action ?? before.action,
          isEnabled: isEnabled ?? before.isEnabled,
          isShown: isShown ?? before.isShown,
          ...shape,
        };
        records.set(triggerId, after);
        await onStored?.(after);
        return after;
      },
      reset: async ({ triggerId }) => records.get(triggerId),
      remove: async ({ triggerId }) => void records.delete(triggerId),
      firings: async () => ({ items: [firing] }),
      countEvents: async () => 7n,
    },
    targets: {
      find: async ({ accountId: id, applicationId }) =>
        [accountId, childId].includes(id as typeof accountId) && applicationId === undefined
          ? { timeZone: 'Europe/Berlin', isPlatform }
          : undefined,
      named: async ({ endpointId, sessionId: asked }) => ({
        ...(endpointId === endId || endpointId === 'tel:+4930123456'
          ? { endpointId: 'tel:+4930123456' }
          : {}),
        isSessionKnown: asked === undefined || asked === sessionId,
      }),
      changed: async (id) => void changed.push(id),
      lifted: async () => {},
    },
    callerAt: async (id) => {
      asked.push(id);
      return {
        may: (operation) => scopesAllow(scopes, operation),
        speakerAbove: () => (id !== accountId ? accountId : isFromAbove ? chain[0] : undefined),
      };
    },
    measures: { read: async () => new Map([['usage.lagP99Ms', 1_200]]) },
    nodes: {
      find: async (id) =>
        id === nodeId ? { state: 'live' } : id === removedNodeId ? { state: 'removed' } : undefined,
    },
    callbacks: {
      refusalOf: async (url) => (url.includes('10.0.0.1') ? 'the address is private' : undefined),
      find: async ({ webhookId: id }) => {
        const [triggerId] = [...own].find(([, address]) => address !== '' && id === ownId) ?? [];
        if (triggerId !== undefined) return { service: undefined, triggerId, state: 'active' };
        if (id === callbackId) return { service: 'signaling', triggerId: undefined, state: 'active' };
        return id === webhookId ? { service: undefined, triggerId: undefined, state: 'active' } : undefined;
      },
      put: async ({ triggerId, url }) => {
        const isSame = own.get(triggerId) === url;
        own.set(triggerId, url);
        return isSame ? { webhookId: ownId } : { webhookId: ownId, secret: 'whsec_new' };
      },
      remove: async ({ triggerId }) => void own.delete(triggerId),
    },
    mails: {
      isAvailable: isMailAvailable,
      isOfTeam: async (recipient) =>
        recipient.accountId === accountId && recipient.address === 'ops@example.test',
    },
    usage: {
      query: async (query) => {
        queries.push(query);
        const row = { atMs: 0, meter: 'relay.bytes', group: {}, recordCount: 1 };
        return {
          rows: [
            { ...row, quantity: 5n },
            { ...row, quantity: 6n },
          ],
          isTruncated: false,
        };
      },
    },
    catalogue,
    serviceNames: ['network-discovery', 'signaling'],
    featureNames: ['network-discovery.relay', 'signaling.place-calls'],
    events: new Map([
      ['signaling.session.ended', { sessionId: 'open', code: 'open', mode: ['direct', 'relayed'] }],
    ]),
  };
  const create = async (change: Record<string, unknown> = {}) => {
    const { context, audited } = contextOf('create');
    const request = operations.create.request.parse({
      name: 'Too much',
      counter: { meter: 'relay.bytes', where: { direction: 'in' } },
      target: { accountId: childId },
      condition: { kind: 'recurring', limit: 10, per: 'month' },
      action: { kind: 'suspend' },
      ...change,
    });
    const answer = await handlers.triggers.create(context, request, ports);
    expect(operations.create.response.safeParse(answer).success).toBe(true);
    return { answer, audited };
  };
  return { ports, records, changed, own, queries, asked, create };
}
