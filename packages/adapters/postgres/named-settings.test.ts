import { createTenancyDatabase } from '@patchbay/testing/tenancy-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { atomically } from '../prisma/unit-of-work.ts';
import { namedSettings } from './named-settings.ts';

let tenancy: Awaited<ReturnType<typeof createTenancyDatabase>>;
beforeAll(async () => {
  tenancy = await createTenancyDatabase();
}, 120_000);
afterAll(() => tenancy.close());

const setting = z.object({ isLocked: z.boolean() });
const storeOf = (countMax: number) =>
  namedSettings(tenancy.prisma, { table: 'conference_room', countMax, parse: (read) => setting.parse(read) });
const settings = { isLocked: true };

test('what was set before is answered, and what another account sets under the same name is another', async () => {
  const [{ accountId }, other] = [await tenancy.signUp('Acme'), await tenancy.signUp('Other')];
  const store = storeOf(2);
  expect(await store.set({ accountId, name: 'one', settings })).toBeUndefined();
  expect(await store.set({ accountId, name: 'one', settings: { isLocked: false } })).toEqual(settings);
  expect(await store.set({ accountId: other.accountId, name: 'one', settings })).toBeUndefined();
  expect(await store.remove({ accountId: other.accountId, name: 'one' })).toEqual(settings);
  expect(await store.find({ accountId, name: 'one' })).toEqual({ isLocked: false });
  expect(await store.remove({ accountId, name: 'two' })).toBeUndefined();
});

test('of eight that are set at once, as many stay as an account may have; what is there can be set anew', async () => {
  const { accountId } = await tenancy.signUp('Crowded');
  await tenancy.warmUp();
  const store = storeOf(3);
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      atomically(tenancy.prisma, () => store.set({ accountId, name: `room-${index}`, settings })),
    ),
  );
  expect(outcomes.filter((outcome) => outcome === 'too_many')).toHaveLength(5);
  const kept = outcomes.indexOf(undefined);
  expect(await store.set({ accountId, name: `room-${kept}`, settings })).toEqual(settings);
});
