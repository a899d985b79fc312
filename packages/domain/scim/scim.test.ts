import { describe, expect, test } from 'vitest';
import { ScimError } from './scim-error.ts';
import { parseFilter, parsePage, patchedGroup, patchedUser } from './scim-request.ts';
import { etagOf, groupFields, toUser, userFields } from './scim-resource.ts';

const refused = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    if (error instanceof ScimError) return error.toBody().scimType;
    throw error;
  }
  return 'taken';
};

describe('a filter (RFC 7644 §3.4.2.2)', () => {
  const attributes = ['userName', 'externalId'];

  test('names one attribute, in whatever case, and a text', () => {
    expect(parseFilter('userName eq "ada@acme.example"', attributes)).toEqual({
      attribute: 'username',
      value: 'ada@acme.example',
    });
    expect(parseFilter(' EXTERNALID Eq "a \\"b\\" \\\\c" ', attributes)).toEqual({
      attribute: 'externalid',
      value: 'a "b" \\c',
    });
    for (const none of [null, '', '  ']) expect(parseFilter(none, attributes)).toBeUndefined();
  });

  test.each([
    'userName co "a"',
    'userName eq a',
    'userName eq "a" or externalId eq "b"',
    'displayName eq "a"',
    'userName eq "a',
    `userName eq "${'a'.repeat(600)}"`,
    'userName',
  ])('%s is refused', (filter) => {
    expect(refused(() => parseFilter(filter, attributes))).toBe('invalidFilter');
  });
});

test('a page begins at 1 and has at most 200 (RFC 7644 §3.4.2.4)', () => {
  const page = (query: string) => parsePage(new URLSearchParams(query));
  expect(page('')).toEqual({ startIndex: 1, count: 200 });
  expect(page('startIndex=0&count=-1')).toEqual({ startIndex: 1, count: 0 });
  expect(page('startIndex=11&count=5000')).toEqual({ startIndex: 11, count: 200 });
  for (const wrong of ['startIndex=x', 'count=1.5', 'count=99999999999'])
    expect(
      refused(() => page(wrong)),
      wrong,
    ).toBe('invalidValue');
});

describe('a user', () => {
  test('is an address; what they are called is taken from whichever attribute says it', () => {
    const userName = 'Ada@Acme.example';
    expect(userFields({ userName })).toEqual({
      userName: 'ada@acme.example',
      externalId: undefined,
      displayName: undefined,
      isActive: true,
    });
    expect(userFields({ userName, name: { givenName: 'Ada', familyName: 'L' } }).displayName).toBe('Ada L');
    expect(userFields({ userName, name: { formatted: 'A. L.', givenName: 'Ada' } }).displayName).toBe(
      'A. L.',
    );
    expect(userFields({ userName, displayName: 'Ada!', name: { formatted: 'A.' } }).displayName).toBe('Ada!');
    expect(userFields({ userName, active: 'False', externalId: null }).isActive).toBe(false);
    for (const body of [
      {},
      { userName: 'ada' },
      { userName, active: 'no' },
      [],
      null,
      { userName, name: 'x' },
    ])
      expect(
        refused(() => userFields(body)),
        JSON.stringify(body),
      ).toBe('invalidValue');
  });

  const ada = { userName: 'ada@acme.example', externalId: 'e1', displayName: 'Ada', isActive: true };
  const patched = (...Operations: readonly object[]) => userFields(patchedUser(ada, { Operations }));

  test('is patched with and without a path, as Okta and as Entra ID write it', () => {
    expect(patched({ op: 'replace', value: { active: false } })).toEqual({ ...ada, isActive: false });
    expect(patched({ op: 'Replace', path: 'active', value: 'False' })).toEqual({ ...ada, isActive: false });
    expect(
      patched({ op: 'add', path: 'urn:ietf:params:scim:schemas:core:2.0:User:displayName', value: 'A' }),
    ).toEqual({
      ...ada,
      displayName: 'A',
    });
    expect(
      patched(
        { op: 'Add', path: 'name.givenName', value: 'Augusta' },
        { op: 'Add', path: 'name.familyName', value: 'King' },
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'x@y.example' },
      ),
    ).toEqual({ ...ada, displayName: 'Augusta King' });
    expect(patched({ op: 'remove', path: 'externalId' })).toEqual({ ...ada, externalId: undefined });
    expect(patched({ op: 'replace', path: 'userName', value: 'a.l@acme.example' }).userName).toBe(
      'a.l@acme.example',
    );
  });

  test('a patch that says nothing, or something of what is not there, is refused', () => {
    const wrong = (...Operations: readonly object[]) => refused(() => patched(...Operations));
    expect(wrong()).toBe('invalidValue');
    expect(wrong({ op: 'move', path: 'active' })).toBe('invalidValue');
    expect(wrong({ op: 'remove' })).toBe('noTarget');
    expect(wrong({ op: 'add', value: 'x' })).toBe('invalidValue');
    expect(wrong({ op: 'add', path: 'isOwner', value: true })).toBe('invalidPath');
    expect(wrong({ op: 'remove', path: 'userName' })).toBe('invalidValue');
    expect(wrong(...Array(101).fill({ op: 'remove', path: 'externalId' }))).toBe('invalidValue');
  });

  test('says where it is and at which version', () => {
    const at = new Date('2026-11-30T00:00:00.000Z');
    const kept = { id: 'usr_1', version: 3, createdAt: at, changedAt: at, groups: [] };
    const body = toUser({ ...ada, ...kept }, 'https://p.test/scim/v2');
    expect(body.meta).toMatchObject({ version: 'W/"3"', location: 'https://p.test/scim/v2/Users/usr_1' });
    expect(etagOf(kept)).toBe(body.meta.version);
  });
});

describe('a group', () => {
  const group = { displayName: 'dev', externalId: undefined, memberIds: ['usr_1', 'usr_2'] };
  const patched = (...Operations: readonly object[]) =>
    groupFields(patchedGroup(group, { Operations })).memberIds;

  test('gets and loses members in each way that there is', () => {
    expect(patched({ op: 'add', path: 'members', value: [{ value: 'usr_3' }, { value: 'usr_1' }] })).toEqual([
      ...['usr_1', 'usr_2', 'usr_3'],
    ]);
    expect(patched({ op: 'remove', path: 'members[value eq "usr_1"]' })).toEqual(['usr_2']);
    expect(patched({ op: 'Remove', path: 'members', value: [{ value: 'usr_2' }] })).toEqual(['usr_1']);
    expect(patched({ op: 'remove', path: 'members' })).toEqual([]);
    expect(patched({ op: 'replace', value: { members: [{ value: 'usr_9' }] } })).toEqual(['usr_9']);
    expect(refused(() => patched({ op: 'add', path: 'members', value: ['usr_1'] }))).toBe('invalidValue');
    expect(refused(() => patched({ op: 'add', path: 'members[value co "u"]' }))).toBe('invalidPath');
  });
});
