/** Calls the handlers of endpoints on the real stores, as dispatch does. */
import { accountChain } from '@patchbay/adapters/prisma/account-store';
import { endpointNotices } from '@patchbay/adapters/prisma/endpoint-notices';
import { endpointSettings } from '@patchbay/adapters/prisma/endpoint-settings';
import { endpointStore, endpointTransferStore } from '@patchbay/adapters/prisma/endpoint-store';
import { atomically } from '@patchbay/adapters/prisma/unit-of-work';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { endpoints } from './definition.ts';
import { handlers } from './handlers.ts';
import type { EndpointsPorts } from './ports.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

type Resources = typeof endpoints.resources;

interface Declared {
  readonly request: { parse(value: unknown): unknown };
  readonly response: { parse(value: unknown): unknown };
}
type Handler = (context: unknown, request: unknown, ports: unknown) => Promise<unknown>;
type Answer<
  R extends keyof Resources,
  K extends keyof Resources[R]['operations'],
> = Resources[R]['operations'][K] extends { readonly response: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : never;

/** What a refused call rejects with. */
export const refusal = (status: number, code: string) => ({
  fields: expect.objectContaining({ status, code }),
});

export async function createEndpointsHarness() {
  const database = await createTenancyDatabase();
  const { prisma } = database;
  const nodesTold: string[] = [];
  const ports: EndpointsPorts = {
    endpoints: endpointStore(prisma),
    transfers: endpointTransferStore(prisma),
    applications: database.ports.applications,
    accounts: { ...database.ports.accounts, chainOf: (accountId) => accountChain(prisma, accountId) },
    notices: endpointNotices(prisma),
    settings: endpointSettings(prisma, async (accountId) => void nodesTold.push(accountId)),
  };

  /** In the name of an account, at a time: now, unless the call says otherwise. */
  async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
    accountId: string,
    [resource, operation]: readonly [R, K],
    { nowMs = Date.now(), ...request }: Readonly<Record<string, unknown>> & { readonly nowMs?: number } = {},
  ) {
    const { context, audited, events } = domainContext(endpoints, {
      chain: await database.chainOf(accountId),
      nowMs,
    });
    const operations = endpoints.resources[resource].operations as unknown as Readonly<
      Record<string, Declared>
    >;
    const declared = operations[operation];
    if (declared === undefined) throw new Error(`There is no operation ${operation}.`);
    const handler = handlers[resource][operation] as unknown as Handler;
    const parsed = declared.request.parse(request);
    const answer = await atomically(prisma, () => handler(context, parsed, ports));
    return { answer: declared.response.parse(answer) as Answer<R, K>, audited, events };
  }

  const allocate = async (accountId: string, identifier: string, more: Record<string, unknown> = {}) =>
    (await call(accountId, ['endpoints', 'allocate'], { identifier, ...more })).answer;

  return { database, prisma, call, allocate, nodesTold };
}

export type EndpointsHarness = Awaited<ReturnType<typeof createEndpointsHarness>>;
