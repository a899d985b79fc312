import { ServiceError } from '@patchbay/kit/errors';
import { domainContext } from '@patchbay/testing/domain-context';
import { beforeEach, describe, expect, test } from 'vitest';
import { RailError } from './collection/rail.ts';
import { customerHandlers } from './customer-handlers.ts';
import type { CustomerLink } from './customer-links.ts';
import { billing } from './definition.ts';
import { emptyCustomers } from './plain-ports.testing.ts';
import type { BillingPorts } from './ports.ts';

const accounts: Readonly<Record<string, readonly string[]>> = {
  acc_1: ['acc_1'],
  crm_2: ['acc_2'],
  acc_3: ['acc_3'],
  twice: ['acc_3', 'acc_4'],
};
let linked: CustomerLink[];
let isDown: boolean;
beforeEach(() => {
  [linked, isDown] = [[{ accountId: 'acc_3', customerId: 'cus_3' }], false];
});
const ports = {
  customers: {
    ...emptyCustomers,
    accountsOf: async (_accountId: string, asked: readonly string[]) =>
      new Map(
        asked.flatMap((name) => (accounts[name] === undefined ? [] : [[name, accounts[name]] as const])),
      ),
    linksOf: async () => linked,
    link: async (_accountId: string, links: readonly CustomerLink[]) => {
      linked.push(...links);
      return true;
    },
    list: async () => ({
      items: [{ accountId: 'acc_3', name: 'Three', customerId: 'cus_3' }],
      nextCursor: 'acc_3',
    }),
  },
  railOf: async () => ({
    readCustomer: async (id: string) => {
      if (isDown) throw new RailError('unavailable', 'Stripe did not answer.');
      return id === 'cus_gone' ? undefined : id === 'cus_ours' ? { accountId: 'acc_9' } : {};
    },
  }),
} as unknown as BillingPorts;
const withoutRail = { ...ports, railOf: async () => undefined };
const { list, check, link } = customerHandlers.customers;
const world = <Name extends 'list' | 'check' | 'link'>(_: Name, chain: readonly string[] = ['acc_0']) =>
  domainContext<typeof billing, 'customers', Name>(billing, { chain });
const refusalOf = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => (error instanceof ServiceError ? error.fields.code : error));
const csv = (...lines: readonly string[]) => ({ csv: ['account,customer', ...lines].join('\n') });
const right = csv('acc_1,cus_1', '"crm_2",cus_2', 'acc_3,cus_3');

describe('customers', () => {
  test('check 200: what would be linked, and nothing is', async () => {
    const before = structuredClone(linked);
    expect(await check(world('check').context, right, ports)).toEqual({
      ...{ linkCount: 2, unchangedCount: 1, problems: [] },
    });
    expect(linked).toEqual(before);
  });

  test('check 200: of each line what is wrong with it', async () => {
    const { problems, linkCount } = await check(
      world('check').context,
      csv(
        'acc_9,cus_9',
        'twice,cus_8',
        'acc_3,cus_7',
        'acc_1,cus_3',
        'crm_2,cus_gone',
        'acc_1,cus_ours',
        'acc_1,cus_a',
      ),
      ports,
    );
    expect(linkCount).toBe(0);
    expect(problems.map(({ line, detail }) => `${line} ${detail}`)).toEqual([
      '2 There is no account acc_9 here.',
      '3 Several accounts are called twice: name one by its id.',
      '4 acc_3 is linked to another customer already.',
      '5 cus_3 is the customer of another account.',
      '6 Stripe has no customer cus_gone.',
      '7 Line 5 has this account or customer already.',
      '8 Line 7 has this account or customer already.',
    ]);
    const problemsOf = async (text: string) =>
      (await check(world('check').context, { csv: text }, ports)).problems.map(({ line }) => line);
    expect(await problemsOf('name,customer\nacc_1,cus_1')).toEqual([1]);
    expect(await problemsOf('account,customer\nacc_1,card_1\n,cus_1\nacc\0,cus_1')).toEqual([2, 3, 4]);
    expect(await problemsOf('account,customer\n"acc_1,cus_1')).toEqual([1]);
    expect(await problemsOf(`account,customer\n${'acc_1,cus_1\n'.repeat(1_001)}`)).toEqual([1]);
    expect(await problemsOf('\uFEFFCustomer,Account\r\ncus_1,acc_1\r\n\r\n')).toEqual([]);
    expect(await problemsOf('account,customer\nacc_1,cus_ours')).toEqual([2]);
  });

  test('link 200: all lines, on record, and the same file again changes nothing', async () => {
    const { context, audited, events } = world('link');
    expect(await link(context, right, ports)).toEqual({ linkCount: 2, unchangedCount: 1 });
    expect(await link(context, right, ports)).toEqual({ linkCount: 0, unchangedCount: 3 });
    expect(audited[0]?.after).toEqual({ acc_1: 'cus_1', acc_2: 'cus_2' });
    expect(events).toEqual([{ event: 'customers.linked', payload: { linkCount: 2 } }]);
  });

  test('link 422: where a line is wrong nothing is linked, and where one was linked otherwise meanwhile', async () => {
    const { context } = world('link');
    expect(await refusalOf(link(context, csv('acc_1,cus_1', 'acc_9,cus_9'), ports))).toBe(
      'billing.links_refused',
    );
    expect(linked).toHaveLength(1);
    const late = { ...ports, customers: { ...ports.customers, link: async () => false } };
    expect(await refusalOf(link(context, right, late))).toBe('billing.links_refused');
  });

  test('list 200: who is linked, page by page', async () => {
    expect(await list(world('list').context, { limit: 1 }, ports)).toMatchObject({ nextCursor: 'acc_3' });
  });

  const below = ['acc_0', 'acc_1'];
  const csvOfOne = csv('acc_1,cus_1');
  test('list 403: customers at Stripe are those of the platform alone', async () => {
    expect(await refusalOf(list(world('list', below).context, { limit: 1 }, ports))).toBe(
      'billing.collector_only',
    );
  });
  test('check 403: nobody below finds out who is a customer there', async () => {
    expect(await refusalOf(check(world('check', below).context, csvOfOne, ports))).toBe(
      'billing.collector_only',
    );
  });
  test('link 403: nobody below says whose card is charged', async () => {
    expect(await refusalOf(link(world('link', below).context, csvOfOne, ports))).toBe(
      'billing.collector_only',
    );
  });

  test('check 409: without a key of Stripe there are no customers', async () => {
    expect(await refusalOf(check(world('check').context, right, withoutRail))).toBe('billing.not_collecting');
  });
  test('link 409: without a key of Stripe there is nobody to link to', async () => {
    expect(await refusalOf(link(world('link').context, right, withoutRail))).toBe('billing.not_collecting');
  });

  test('check 502: what Stripe does not answer is not taken for a customer', async () => {
    isDown = true;
    expect(await refusalOf(check(world('check').context, right, ports))).toBe('billing.rail_failed');
  });
  test('link 502: while Stripe does not answer nothing is linked', async () => {
    isDown = true;
    expect(await refusalOf(link(world('link').context, right, ports))).toBe('billing.rail_failed');
    expect(linked).toHaveLength(1);
  });
});
