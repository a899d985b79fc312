import { bareCursorEnd } from '@patchbay/kit/api-version';
import { createId } from '@patchbay/kit/ids';
import { CHILD_ACCOUNT, createApiHarness, PARENT_ACCOUNT } from '@patchbay/testing/api-harness';
import { expect, test } from 'vitest';

function client() {
  const asked: unknown[] = [];
  const list = async ({ cursor }: { readonly cursor?: string }) => {
    asked.push(cursor);
    return { items: [] };
  };
  const events = { list: async ({ after }: { readonly after: bigint }) => (asked.push(after), []) };
  const domainPorts = {
    policy: { plans: { list } },
    hooks: { events, catalogue: { eventTypes: ['signaling.session.ended'] } },
  };
  const { rest, platform } = createApiHarness({ domainPorts: domainPorts as never });
  const get = (path: string) =>
    rest(
      new Request(`https://api.test/v1/accounts/${CHILD_ACCOUNT}/${path}`, {
        headers: { authorization: `Bearer ${PARENT_ACCOUNT}` },
      }),
    );
  return { get, platform, asked };
}

test.each(['plans', 'events'])(
  'C20: a cursor of %s from before they were sealed is taken until its end, which its answers name, and then refused',
  async (list) => {
    const { get, platform, asked } = client();
    const path = `${list}?cursor=${list === 'events' ? '12' : createId('pln')}`;
    const taken = await get(path);
    expect(taken.status).toBe(200);
    expect(taken.headers.get('deprecation')).toBe(`@${bareCursorEnd.deprecatedAt.getTime() / 1_000}`);
    expect(taken.headers.get('sunset')).toBe(bareCursorEnd.endsAt.toUTCString());
    Object.assign(platform, { nowMs: () => bareCursorEnd.endsAt.getTime() });
    const refused = await get(path);
    expect([refused.status, (await refused.json()).code]).toEqual([400, 'request.invalid']);
    expect(asked).toHaveLength(1);
  },
);

test('the beginning of all events is no cursor that ends', async () => {
  const { get, platform, asked } = client();
  Object.assign(platform, { nowMs: () => bareCursorEnd.endsAt.getTime() });
  const answer = await get('events?cursor=0');
  expect([answer.status, answer.headers.get('sunset')]).toEqual([200, null]);
  expect(asked).toEqual([0n]);
});

test('cursors that are not sealed leave the code once their time is over', () => {
  expect(Date.now()).toBeLessThan(bareCursorEnd.endsAt.getTime());
});
