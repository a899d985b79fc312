import { describe, expect, test } from 'vitest';
import type { SamlAttributes } from './ports.ts';
import { assertedPerson } from './saml-attributes.ts';

const person = (
  said: Readonly<Record<string, readonly string[]>>,
  { nameId = 'id-of-ada', ...named }: SamlAttributes & { readonly nameId?: string } = {},
) =>
  assertedPerson({ issuer: 'https://idp.example', nameId, attributes: new Map(Object.entries(said)) }, named);

const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const microsoft = 'http://schemas.microsoft.com';

describe('what a SAML provider says of somebody', () => {
  test.each([
    [
      'Okta',
      { email: ['ada@acme.example'], firstName: ['Ada'], lastName: ['Lovelace'], groups: ['ops', 'dev'] },
    ],
    [
      'Entra ID',
      {
        [`${claims}/emailaddress`]: ['ada@acme.example'],
        [`${claims}/name`]: ['ada.l@acme.onmicrosoft.example'],
        [`${claims}/givenname`]: ['Ada'],
        [`${claims}/surname`]: ['Lovelace'],
        [`${microsoft}/ws/2008/06/identity/claims/groups`]: ['ops', 'dev'],
      },
    ],
    [
      'Shibboleth',
      {
        'urn:oid:0.9.2342.19200300.100.1.3': ['ada@acme.example'],
        'urn:oid:2.16.840.1.113730.3.1.241': ['Ada Lovelace'],
        memberOf: ['ops', 'dev'],
      },
    ],
  ])('is understood as %s says it, with nothing set', (_provider, said) => {
    expect(person(said)).toEqual({
      issuer: 'https://idp.example',
      subject: 'id-of-ada',
      email: 'ada@acme.example',
      isEmailVerified: true,
      name: 'Ada Lovelace',
      groups: ['ops', 'dev'],
    });
  });

  test('an address in place of an id is the address, as Google sends it', () => {
    expect(person({}, { nameId: 'ada@acme.example' })).toMatchObject({
      subject: 'ada@acme.example',
      email: 'ada@acme.example',
      name: undefined,
      groups: [],
    });
    expect(person({}).email).toBeUndefined();
  });

  test('what is named is looked for, and nothing else in its place', () => {
    const said = {
      email: ['ada@acme.example'],
      contact: ['a.l@acme.example'],
      name: ['Ada'],
      teams: ['ops'],
    };
    expect(person(said, { email: 'contact', name: 'call', groups: 'teams' })).toMatchObject({
      email: 'a.l@acme.example',
      name: undefined,
      groups: ['ops'],
    });
    expect(person(said, { nameId: 'ada@acme.example', email: 'other' }).email).toBeUndefined();
  });

  test('two addresses are none: whose they are is not for us to choose', () => {
    expect(person({ email: ['ada@acme.example', 'eve@acme.example'] }).email).toBeUndefined();
  });
});
