import { describe, expect, test } from 'vitest';
import { domainName, domainOf, proofRecord } from './address-domain.ts';
import { linkableAddress, linkRefusal, providedRole, roleChange, shownName } from './provisioning.ts';

const rules = { trustsEmail: false, domains: ['acme.example'] };

describe('the address by which somebody is linked', () => {
  test('is verified, and at a proved domain', () => {
    const said = { email: 'Ada@Acme.Example', isEmailVerified: true };
    expect(linkableAddress(said, rules)).toEqual({ email: 'ada@acme.example' });
    expect(linkableAddress({ ...said, email: undefined }, rules)).toBe('no_address');
    expect(linkableAddress({ ...said, isEmailVerified: false }, rules)).toBe('no_address');
  });

  test('is taken unverified only from a provider that is trusted, and never where it says that it is not', () => {
    const email = 'ada@acme.example';
    expect(linkableAddress({ email, isEmailVerified: undefined }, rules)).toBe('no_address');
    const trusted = { ...rules, trustsEmail: true };
    expect(linkableAddress({ email, isEmailVerified: undefined }, trusted)).toEqual({ email });
    expect(linkableAddress({ email, isEmailVerified: false }, trusted)).toBe('no_address');
  });

  test.each([
    'ada@other.example',
    'ada@sub.acme.example',
    'ada@acme.example.evil.test',
    'ada@evilacme.example',
    'acme.example',
    'ada@acme.example@evil.test',
    '@acme.example',
  ])('%s is at no domain of the organisation', (email) => {
    expect(linkableAddress({ email, isEmailVerified: true }, rules)).toBe('domain');
  });
});

test('domains are names of at least two labels, in lower case, and their record says whose they are', () => {
  expect(domainName.parse(' Acme.Example ')).toBe('acme.example');
  expect(domainOf('ada@xn--mller-kva.example')).toBe('xn--mller-kva.example');
  for (const text of [
    'localhost',
    '192.0.2.1',
    'acme..example',
    '-a.example',
    'a.example.',
    'a b.example',
    'é.example',
  ])
    expect(domainName.safeParse(text).success, text).toBe(false);
  expect(proofRecord({ domain: 'acme.example', challenge: 'abc' })).toEqual({
    name: '_patchbay-challenge.acme.example',
    value: 'patchbay-domain=abc',
  });
});

test('nobody is linked who belongs elsewhere, or to whom another subject is linked', () => {
  const nobody = { isMember: false, isElsewhere: false, isLinked: false };
  expect(linkRefusal(nobody)).toBeUndefined();
  expect(linkRefusal({ ...nobody, isElsewhere: true })).toBe('elsewhere');
  expect(linkRefusal({ ...nobody, isElsewhere: true, isMember: true })).toBeUndefined();
  expect(linkRefusal({ isMember: true, isElsewhere: false, isLinked: true })).toBe('other_subject');
});

test('the first group somebody is in says their role, and newcomers have theirs', () => {
  const provider = {
    newcomerRole: 'viewer',
    groupRoles: [
      { group: 'ops', role: 'admin' },
      { group: 'dev', role: 'developer' },
    ],
  } as const;
  expect(providedRole(['dev', 'ops'], provider)).toBe('admin');
  expect(providedRole(['dev'], provider)).toBe('developer');
  expect(providedRole([], provider)).toBe('viewer');
  expect(providedRole(['sales'], { ...provider, newcomerRole: undefined })).toBeUndefined();
});

describe('the role at the top account', () => {
  const given = { isTaken: true, isProvisioned: false, role: 'owner' } as const;
  const provisioned = { isTaken: true, isProvisioned: true, role: 'viewer' } as const;
  const change = (one: Partial<Parameters<typeof roleChange>[0]>) =>
    roleChange({ held: undefined, isTakenBelow: false, provided: undefined, ...one });

  test('is given to whoever is new, and to nobody who was given one further down', () => {
    expect(change({ provided: 'viewer' })).toEqual({ kind: 'give', role: 'viewer' });
    expect(change({ provided: 'viewer', isTakenBelow: true })).toEqual({ kind: 'keep' });
    expect(change({})).toEqual({ kind: 'keep' });
  });

  test('is taken as it was offered by whoever was invited', () => {
    expect(change({ held: { ...given, isTaken: false }, provided: 'viewer' })).toEqual({ kind: 'accept' });
  });

  test('follows the provider where the provider gave it, and stays where somebody did', () => {
    expect(change({ held: given, provided: 'viewer' })).toEqual({ kind: 'keep' });
    expect(change({ held: provisioned, provided: 'developer' })).toEqual({
      kind: 'change',
      role: 'developer',
    });
    expect(change({ held: provisioned, provided: 'viewer' })).toEqual({ kind: 'keep' });
    expect(change({ held: provisioned })).toEqual({ kind: 'take_away' });
  });
});

test('a name is on one line and in one direction, and somebody without one is called by their address', () => {
  expect(shownName('Ada\n\u202eLovelace', 'a@b.test')).toBe('Ada  Lovelace');
  expect(shownName('  ', 'a@b.test')).toBe('a@b.test');
  expect(shownName(undefined, 'a@b.test')).toBe('a@b.test');
  expect(shownName('x'.repeat(300), 'a@b.test')).toHaveLength(100);
});
