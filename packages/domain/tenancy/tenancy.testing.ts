/** Calls tenancy's handlers on the real stores, as dispatch does. */
import type { Actor } from '@patchbay/kit/definition';
import { domainContext } from '@patchbay/testing/domain-context';
import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import { tenancy } from './definition.ts';
import { handlers } from './handlers.ts';

// A statement has 5 seconds, so a test of several has more.
vi.setConfig({ testTimeout: 120_000 });

type Resources = typeof tenancy.resources;

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

interface Call {
  readonly as?: Actor | undefined;
  readonly at?: string | undefined;
  readonly request?: Readonly<Record<string, unknown>>;
}

/** What a refused call rejects with. */
export const refusal = (status: number, code: string) => ({
  fields: expect.objectContaining({ status, code }),
});

export async function createTenancyHarness() {
  const database = await createTenancyDatabase();

  /** As the owner of a fresh top account, unless the call says otherwise. */
  async function signUp(organisationName: string) {
    const owner = await database.signUp(organisationName);
    const asOwner: Actor = { kind: 'user', userId: owner.userId };

    async function call<R extends keyof Resources, K extends keyof Resources[R]['operations'] & string>(
      resource: R,
      operation: K,
      { as = asOwner, at = owner.accountId, request = {} }: Call = {},
    ) {
      const { mount, operations } = tenancy.resources[resource];
      const { context, audited, events } = domainContext(tenancy, {
        actor: as,
        ...(mount === 'account' ? { chain: await database.chainOf(at) } : {}),
      });
      const declared = (operations as Readonly<Record<string, Declared>>)[operation];
      if (declared === undefined) throw new Error(`There is no operation ${operation}.`);
      const handler = handlers[resource][operation] as unknown as Handler;
      const answer = await handler(context, declared.request.parse(request), database.ports);
      return { answer: declared.response.parse(answer) as Answer<R, K>, audited, events };
    }

    const createKey = async (
      scopes: readonly string[],
      { accountId = owner.accountId, mode = 'live' }: { accountId?: string; mode?: 'live' | 'test' } = {},
    ) => {
      const made = await database.ports.keys.create({
        accountId,
        name: 'k',
        mode,
        scopes,
        createdBy: 'platform',
      });
      return { ...made, actor: { kind: 'key', keyId: made.key.id, accountId } as const satisfies Actor };
    };
    return { ...owner, asOwner, call, createKey };
  }
  return { database, signUp };
}

export type TenancyHarness = Awaited<ReturnType<typeof createTenancyHarness>>;
export type Owner = Awaited<ReturnType<TenancyHarness['signUp']>>;
