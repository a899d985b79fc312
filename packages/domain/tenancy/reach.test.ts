import type { Access } from '@patchbay/kit/definition';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accessesOf,
  type CataloguedOperation,
  countingScopes,
  heldRoleAllows,
  roleAllows,
  scopesAllow,
} from './access.ts';
import {
  type AccountStanding,
  effectiveState,
  type StateSpeaker,
  type Suspension,
  stateAfter,
  suspensionTold,
} from './account-state.ts';
import { refuseMove } from './account-tree.ts';
import { reachAlong } from './reach.ts';
import { roles } from './role-operations.ts';
import { isRoleTooWide, refuseUnknownScopes, scopesFor, scopesTooWide } from './scopes.ts';
import { isTimeZone } from './time-zone.ts';

const chain = ['acc_platform', 'acc_top', 'acc_middle', 'acc_leaf'];

describe('roles (ACC-3)', () => {
  test('each role allows what it is for and nothing more', () => {
    const accesses: readonly Access[] = ['read', 'develop', 'bill', 'administer', 'own'];
    const matrix = Object.fromEntries(
      roles.map((role) => [role, accesses.map((access) => (roleAllows(role, access) ? 'x' : '-')).join('')]),
    );
    expect(matrix).toEqual({
      owner: 'xxxxx',
      admin: 'xxxx-',
      developer: 'xx---',
      billing: 'x-x--',
      viewer: 'x----',
    });
  });

  test('a role reaches every account below the one where it was given, and no account above or beside it', () => {
    const at = (grantedAt: string, asked: readonly string[]) =>
      [...reachAlong(asked, [{ accountId: grantedAt, role: 'developer' }]).accesses].join();
    expect(at('acc_top', chain)).toBe('read,develop');
    expect(at('acc_leaf', chain)).toBe('read,develop');
    expect(at('acc_leaf', chain.slice(0, 3))).toBe('');
    expect(at('acc_sibling', chain)).toBe('');
  });

  test('roles at several levels add up, and what is above is told apart from what is here', () => {
    const reach = reachAlong(chain, [
      { accountId: 'acc_leaf', role: 'billing' },
      { accountId: 'acc_middle', role: 'developer' },
    ]);
    expect(reach.topId).toBe('acc_middle');
    expect([...reach.accesses].sort()).toEqual(['bill', 'develop', 'read']);
    const above = reach.above.map(({ accountId, rights }) => [accountId, [...rights.accesses].sort()]);
    expect(above).toEqual([
      [chain[0], []],
      ...chain
        .slice(1, -1)
        .map((id) => [id, chain.indexOf(id) < chain.indexOf('acc_middle') ? [] : ['develop', 'read']]),
    ]);
  });

  test('whatever the grants, nobody may do more than the union of their roles along the chain', () => {
    const grant = fc.record({
      accountId: fc.constantFrom(...chain, 'acc_other'),
      role: fc.constantFrom(...roles),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(grant, { selector: ({ accountId }) => accountId }),
        fc.integer({ min: 1, max: 4 }),
        (grants, depth) => {
          const asked = chain.slice(0, depth);
          const here = grants.filter(({ accountId }) => asked.includes(accountId));
          const { accesses, above, topId } = reachAlong(asked, grants);
          expect([...accesses].sort()).toEqual(
            [...new Set(here.flatMap(({ role }) => accessesOf[role]))].sort(),
          );
          expect(above.map(({ accountId }) => accountId)).toEqual(asked.slice(0, -1));
          // Rights only grow from each account to the next one below it.
          const grown = [...above.map(({ rights }) => rights.accesses), accesses];
          for (const [index, wider] of grown.slice(1).entries())
            expect([...(grown[index] ?? [])].every((access) => wider.has(access))).toBe(true);
          expect(topId === undefined).toBe(here.length === 0);
        },
      ),
    );
  });
});

/** Whoever speaks as the account at this place of the chain. */
const speakerAt = (depth: number): StateSpeaker => ({
  id: chain[depth] ?? '',
  above: chain.slice(0, depth),
  isFromAbove: depth < chain.length - 1,
});

describe('states of accounts', () => {
  test('the worst level of a chain holds', () => {
    expect(effectiveState(['active', 'active'])).toBe('active');
    expect(effectiveState(['active', 'suspended', 'active'])).toBe('suspended');
    expect(effectiveState(['closed', 'suspended'])).toBe('closed');
  });

  test('an account may stop itself; only a level above starts it again; closed stays closed', () => {
    const [above, itself] = [speakerAt(2), speakerAt(3)];
    const change = (from: 'active' | 'suspended' | 'closed', to: typeof from, speaker: StateSpeaker) => {
      const suspensions: Suspension[] = from === 'suspended' ? [{ byId: above.id, reason: 'said' }] : [];
      return stateAfter({ state: from, suspensions }, { to, speaker, isPlatform: false, isForced: true });
    };
    expect(change('active', 'suspended', itself)).toMatchObject({ state: 'suspended' });
    expect(change('suspended', 'active', itself)).toEqual({ refused: 'resumed_from_below' });
    expect(change('suspended', 'active', above)).toEqual({ state: 'active', suspensions: [] });
    expect(change('suspended', 'closed', itself)).toMatchObject({ state: 'closed' });
    expect(change('closed', 'active', above)).toEqual({ refused: 'closed' });
    expect(change('closed', 'closed', above)).toMatchObject({ state: 'closed' });
    const active: AccountStanding = { state: 'active', suspensions: [] };
    const unsaid = { to: 'suspended', isPlatform: false, isForced: false } as const;
    expect(stateAfter(active, { ...unsaid, speaker: itself })).toEqual({ refused: 'stops_itself' });
    expect(stateAfter(active, { ...unsaid, speaker: above })).toMatchObject({ state: 'suspended' });
    expect(stateAfter(active, { to: 'closed', speaker: above, isPlatform: true, isForced: true })).toEqual({
      refused: 'platform',
    });
  });

  test('nobody takes back what was said above them, and what is overdue goes with what its seller said', () => {
    const byOf = (depth: number, reason: Suspension['reason'] = 'said'): Suspension => ({
      byId: speakerAt(depth).id,
      reason,
    });
    const resumed = (suspensions: readonly Suspension[], depth: number) =>
      stateAfter(
        { state: 'suspended', suspensions },
        { to: 'active', speaker: speakerAt(depth), isPlatform: false, isForced: false },
      );
    expect(resumed([byOf(1)], 2)).toEqual({ refused: 'suspended_above' });
    expect(resumed([byOf(1, 'overdue')], 2)).toEqual({ refused: 'suspended_above' });
    expect(resumed([byOf(1, 'overdue'), byOf(2)], 1)).toMatchObject({ state: 'active' });
    // An account that is nowhere above any more is nobody whom anything waits for.
    expect(resumed([{ byId: 'acc_gone', reason: 'said' }], 2)).toMatchObject({ state: 'active' });
  });

  test('whoever closes an account from above says so, though somebody below them has closed it; nobody says it twice', () => {
    const close = (standing: AccountStanding, depth: number) => {
      const after = stateAfter(standing, {
        ...{ to: 'closed', speaker: speakerAt(depth), isPlatform: false, isForced: true },
      });
      if ('refused' in after) throw new Error(after.refused);
      return after;
    };
    const closedBy = ({ suspensions }: AccountStanding) => suspensions.map(({ byId }) => byId);
    const closed = close({ state: 'active', suspensions: [] }, 2);
    expect(closedBy(closed)).toEqual([speakerAt(2).id]);
    expect(closedBy(close(closed, 1))).toEqual([speakerAt(2).id, speakerAt(1).id]);
    for (const depth of [2, 3]) expect(close(closed, depth)).toBe(closed);
  });

  test('neither who suspended an account is told, nor how many', () => {
    const told = (suspensions: readonly Suspension[], speaker: StateSpeaker | undefined) =>
      suspensionTold({ state: 'suspended', suspensions }, speakerAt(3).id, speaker);
    const [one, two] = [0, 1].map((depth): Suspension => ({ byId: speakerAt(depth).id, reason: 'said' }));
    if (one === undefined || two === undefined) throw new Error('There are two.');
    expect(told([one], speakerAt(2))).toEqual(told([one, two], speakerAt(2)));
    expect(told([one], undefined)).toEqual({ isFromAbove: true, isYours: false, mayResume: false });
    expect(suspensionTold({ state: 'active', suspensions: [] }, 'acc_x', undefined)).toBeUndefined();
  });

  test('C4: an account moves within its tree, and never below itself', () => {
    expect(refuseMove(chain, ['acc_platform', 'acc_top', 'acc_other'])).toBeUndefined();
    expect(refuseMove(chain.slice(0, 3), chain)).toBe('cycle');
    expect(refuseMove(chain, chain)).toBe('cycle');
    expect(refuseMove(chain, ['acc_platform', 'acc_stranger'])).toBe('other_tree');
    expect(refuseMove(chain.slice(0, 2), ['acc_platform', 'acc_stranger'])).toBe('other_tree');
  });
});

describe('scopes of keys (ACC-4)', () => {
  const operation = (name: string, access: Access): CataloguedOperation => {
    const [owner = '', verb = ''] = name.split(':');
    return { owner, operation: verb, access, isRead: verb.startsWith('get') || verb.startsWith('list') };
  };
  const catalogue = [
    operation('keys:list', 'develop'),
    operation('keys:create', 'develop'),
    operation('team:list', 'read'),
    operation('team:add', 'administer'),
    operation('prices:set', 'bill'),
  ];
  const byKey = (held: readonly string[], wanted: readonly string[]) =>
    scopesTooWide(wanted, { kind: 'key', scopes: held }, catalogue);
  const byRole = (role: (typeof roles)[number], wanted: readonly string[]) =>
    scopesTooWide(wanted, { kind: 'role', accesses: new Set(accessesOf[role]), scopes: [] }, catalogue);

  test('a key makes none that covers an operation it does not cover itself', () => {
    expect(byKey(['*'], ['*', 'keys:*', 'team:add'])).toEqual([]);
    expect(byKey(['keys:*'], ['keys:create', 'keys:read', 'keys:*'])).toEqual([]);
    expect(byKey(['keys:read'], ['keys:list', 'keys:create', 'keys:*', '*'])).toEqual([
      'keys:create',
      'keys:*',
      '*',
    ]);
    expect(byKey([], ['keys:list'])).toEqual(['keys:list']);
    // Together they cover all there is, by whichever names.
    expect(byKey(['keys:list', 'keys:create'], ['keys:*'])).toEqual([]);
  });

  test('a role makes none that does what the role may not', () => {
    expect(byRole('developer', ['keys:*', 'team:read'])).toEqual([]);
    expect(byRole('developer', ['*', 'team:*', 'prices:set'])).toEqual(['*', 'team:*', 'prices:set']);
    expect(byRole('admin', ['*'])).toEqual([]);
    expect(byRole('viewer', ['team:list', 'keys:list'])).toEqual(['keys:list']);
  });

  test('a scope that covers no operation is refused by its name: it is misspelt', () => {
    expect(() => refuseUnknownScopes(['key:*', 'keys:crate', 'keys:*'], catalogue)).toThrow(
      '/scopes: key:*, keys:crate covers no operation',
    );
    expect(() => refuseUnknownScopes(['*', 'keys:create', 'keys:*'], catalogue)).not.toThrow();
  });

  test('no key can ever be made that calls what its maker cannot', () => {
    const scope = fc.constantFrom(
      '*',
      'keys:*',
      'keys:read',
      'keys:create',
      'team:*',
      'team:read',
      'prices:set',
    );
    fc.assert(
      fc.property(fc.array(scope), fc.array(scope), (held, wanted) => {
        const refused = byKey(held, wanted);
        const given = wanted.filter((one) => !refused.includes(one));
        const escalated = catalogue.filter((each) => scopesAllow(given, each) && !scopesAllow(held, each));
        expect(escalated).toEqual([]);
      }),
    );
  });
});

describe('roles that accounts define (ACC-3)', () => {
  const operation = (name: string, access: Access, isRead = access === 'read'): CataloguedOperation => {
    const [owner = '', verb = ''] = name.split(':');
    return { owner, operation: verb, access, isRead };
  };
  const catalogue = [
    operation('keys:list', 'develop', true),
    operation('keys:create', 'develop'),
    operation('team:list', 'read'),
    operation('team:add', 'administer'),
    operation('prices:list', 'read'),
    operation('prices:set', 'bill'),
  ];
  const custom = (...scopes: string[]) => ({ role: 'custom', scopes }) as const;

  test('it reaches down like a built-in one, and adds to what other roles of the chain allow', () => {
    const reach = reachAlong(chain, [
      { accountId: 'acc_top', ...custom('prices:set') },
      { accountId: 'acc_leaf', role: 'viewer' },
    ]);
    expect([reach.topId, reach.scopes, [...reach.accesses]]).toEqual(['acc_top', ['prices:set'], ['read']]);
    expect(reach.above.at(-1)?.rights).toMatchObject({ scopes: ['prices:set'], accesses: new Set() });
    expect(reachAlong(['acc_platform'], [{ accountId: 'acc_top', ...custom('*') }]).topId).toBeUndefined();
  });

  test('a built-in role in words of scopes covers what it allows, and nothing more', () => {
    const words = Object.fromEntries(
      roles.map((role) => [role, scopesFor((each) => heldRoleAllows({ role }, each), catalogue)]),
    );
    expect(words).toEqual({
      owner: ['*'],
      admin: ['*'],
      developer: ['keys:*', 'team:read', 'prices:read'],
      billing: ['team:read', 'prices:*'],
      viewer: ['team:read', 'prices:read'],
    });
    fc.assert(
      fc.property(fc.subarray(catalogue), (allowed) => {
        const scopes = scopesFor((each) => allowed.includes(each), catalogue);
        expect(catalogue.filter((each) => scopesAllow(scopes, each))).toEqual(
          catalogue.filter((each) => allowed.includes(each)),
        );
      }),
    );
  });

  test('until an address is proved, it only reads what it covers', () => {
    expect(countingScopes(['keys:*', 'team:add', 'prices:read'], false)).toEqual(
      custom('keys:read', 'prices:read'),
    );
    expect(countingScopes(['keys:*', '*'], false)).toEqual({ role: 'viewer' });
    expect(countingScopes(['keys:*'], true)).toEqual(custom('keys:*'));
  });

  test('nobody gives a role that may do what they may not, whichever of the two kinds theirs and it are', () => {
    const scope = fc.constantFrom('*', 'keys:*', 'keys:read', 'team:add', 'team:read', 'prices:set');
    const held = fc.oneof(
      fc.constantFrom(...roles).map((role) => ({ role })),
      fc.array(scope).map((scopes) => custom(...scopes)),
    );
    fc.assert(
      fc.property(held, held, (mine, given) => {
        const { accesses, scopes } = reachAlong(chain, [{ accountId: 'acc_leaf', ...mine }]);
        const isTooWide = isRoleTooWide(given, { kind: 'role', accesses, scopes }, catalogue);
        const isMore = catalogue.some((each) => heldRoleAllows(given, each) && !heldRoleAllows(mine, each));
        expect(isTooWide).toBe(isMore);
      }),
    );
  });
});

test('a time zone is a name of the IANA database, not an offset', () => {
  expect(['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia'].every(isTimeZone)).toBe(true);
  expect(['+02:00', '-05', 'Mars/Olympus', '', 'Europe/'].some(isTimeZone)).toBe(false);
});
