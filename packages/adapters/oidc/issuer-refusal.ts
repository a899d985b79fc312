import type { AddressRule } from '../outgoing/address-rule.ts';

/** Why nobody signs in by an issuer, as it is written. Whatever its name leads to is looked at each time that it is asked. */
export function issuerRefusal(rule: AddressRule, issuer: string): string | undefined {
  const url = URL.parse(issuer);
  if (url === null) return 'it is no address';
  // Discovery adds it; given here, nobody would compare what the provider calls itself.
  if (url.pathname.includes('/.well-known/')) return 'leave out /.well-known and what follows it';
  if (url.protocol !== 'https:' && !rule.isOwnMachine(url)) return 'only https is spoken';
  return rule.refusalOfUrl(url);
}

/** Why no browser is sent to an address of a provider. It may be one that only the people of the organisation reach. */
export function browserRefusal(rule: AddressRule, text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'it is no address';
  if (url.username !== '' || url.password !== '') return 'user name and password do not go into an address';
  return url.protocol === 'https:' || (url.protocol === 'http:' && rule.isOwnMachine(url))
    ? undefined
    : 'only https is spoken';
}
