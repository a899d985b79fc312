/** What a SAML assertion says of a person, by the names that providers give it. */
import { domainOf } from './address-domain.ts';
import type { SamlAttributes } from './ports.ts';
import type { ProvidedPerson } from './provisioning.ts';

/** Once its signature was verified, and all else that holds for it. */
export interface Asserted {
  readonly issuer: string;
  readonly nameId: string;
  /** Values by the name of their attribute, and by its friendly name. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
const MICROSOFT = 'http://schemas.microsoft.com';

/** By default, the first that is there: what Okta, Entra ID, Google and Shibboleth send when nobody sets anything. */
const usual = {
  email: [
    'email',
    'mail',
    'emailAddress',
    'Email',
    `${CLAIMS}/emailaddress`,
    'urn:oid:0.9.2342.19200300.100.1.3',
  ],
  name: [
    ...['displayName', 'urn:oid:2.16.840.1.113730.3.1.241', `${MICROSOFT}/identity/claims/displayname`],
    ...['name', 'cn', 'urn:oid:2.5.4.3'],
  ],
  givenName: ['firstName', 'first_name', 'givenName', `${CLAIMS}/givenname`, 'urn:oid:2.5.4.42'],
  familyName: ['lastName', 'last_name', 'sn', 'surname', `${CLAIMS}/surname`, 'urn:oid:2.5.4.4'],
  groups: ['groups', 'Groups', 'group', 'memberOf', `${MICROSOFT}/ws/2008/06/identity/claims/groups`],
} as const;

const GROUP_COUNT_MAX = 1_000;

/** An address has to be at a domain that the organisation proved, as with every provider: so its provider may vouch for it. */
export function assertedPerson(
  { issuer, nameId, attributes }: Asserted,
  named: SamlAttributes,
): ProvidedPerson {
  const valuesOf = (names: readonly string[]) =>
    names.map((name) => attributes.get(name)).find((values) => values !== undefined && values.length > 0) ??
    [];
  const one = (names: readonly string[]) => {
    const values = valuesOf(names);
    return values.length === 1 ? values[0] : undefined;
  };
  const parts = [one(usual.givenName), one(usual.familyName)].filter((part) => part !== undefined);
  const byParts = parts.length === 0 ? undefined : parts.join(' ');
  // Many send the address as the name of the subject, and nothing else.
  const byNameId = domainOf(nameId) === undefined ? undefined : nameId;
  return {
    issuer,
    subject: nameId,
    email: named.email === undefined ? (one(usual.email) ?? byNameId) : one([named.email]),
    isEmailVerified: true,
    name: named.name === undefined ? (one(usual.name) ?? byParts) : one([named.name]),
    groups: valuesOf(named.groups === undefined ? usual.groups : [named.groups]).slice(0, GROUP_COUNT_MAX),
  };
}
