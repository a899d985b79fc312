import { describe, expect, test } from 'vitest';
import { mayDo } from './rights.ts';

const chain = ['acc_top', 'acc_here'];
const at = (id: string, role: string, scopes?: readonly string[]) => ({
  chain,
  held: [{ id, role, scopes }],
  isLooking: false,
});

describe('what the dashboard offers', () => {
  test('is what the role allows, from the account at which it was given down', () => {
    expect(mayDo('keys.create', at('acc_top', 'developer'), 'here')).toBe(true);
    expect(mayDo('keys.create', at('acc_here', 'viewer'), 'here')).toBe(false);
    expect(mayDo('keys.list', at('acc_here', 'viewer'), 'here')).toBe(false);
    expect(mayDo('team.list', at('acc_here', 'viewer'), 'here')).toBe(true);
    expect(mayDo('keys.create', at('acc_elsewhere', 'owner'), 'here')).toBe(false);
  });

  test('is what the scopes of a role of one’s own say, and no more', () => {
    const support = at('acc_here', 'rol_1', ['sessions:*', 'keys:read']);
    expect(mayDo('sessions.update', support, 'here')).toBe(true);
    expect(mayDo('keys.list', support, 'here')).toBe(true);
    expect(mayDo('keys.create', support, 'here')).toBe(false);
    expect(mayDo('webhooks.list', support, 'here')).toBe(false);
  });

  test('is, of what is for those above alone, nothing to a role at the account itself', () => {
    expect(mayDo('accounts.move', at('acc_here', 'owner'), 'here')).toBe(false);
    expect(mayDo('accounts.move', at('acc_top', 'owner'), 'here')).toBe(true);
  });

  test('is, of accounts below, also what is for those above them', () => {
    expect(mayDo('prices.set', at('acc_here', 'billing'), 'here')).toBe(false);
    expect(mayDo('prices.set', at('acc_here', 'billing'), 'below')).toBe(true);
    expect(mayDo('prices.set', at('acc_here', 'viewer'), 'below')).toBe(false);
  });

  test('is, to who looks as an account below does, nothing that changes anything, whatever their role', () => {
    const looking = { ...at('acc_top', 'owner'), isLooking: true };
    expect(mayDo('keys.list', looking, 'here')).toBe(true);
    expect(mayDo('keys.create', looking, 'here')).toBe(false);
    expect(mayDo('prices.set', looking, 'below')).toBe(false);
  });

  test('is nothing that there is not', () => {
    expect(mayDo('keys.invent', at('acc_top', 'owner'), 'here')).toBe(false);
  });
});

test('of an account that is suspended nobody changes anything but those above it, who make it active again', () => {
  const [parent, child] = ['acc_parent', 'acc_child'];
  const stopped = { chain: [parent, child], isLooking: false, isStopped: true };
  const own = { ...stopped, held: [{ id: child, role: 'owner' }] };
  const above = { ...stopped, held: [{ id: parent, role: 'admin' }] };
  const may = (standing: typeof own, place: 'here' | 'above') => mayDo('accounts.update', standing, place);
  expect([may(own, 'here'), may(own, 'above')]).toEqual([false, false]);
  expect([may(above, 'here'), may(above, 'above')]).toEqual([true, true]);
  expect(mayDo('accounts.get', own, 'here')).toBe(true);
  expect(may({ ...own, isStopped: false }, 'here')).toBe(true);
  expect(may({ ...own, isStopped: false }, 'above')).toBe(false);
});
