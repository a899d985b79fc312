import { z } from 'zod';

/** A host name of at least two labels (RFC 1035 §2.3.1), in lower case; others than ASCII as punycode (RFC 5891 §4.4). */
export const domainName = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'This is not a domain such as example.com.',
  );

/** What stands behind the @ of an address. Undefined for a text that is no address. */
export function domainOf(email: string): string | undefined {
  const at = email.lastIndexOf('@');
  const { data } = domainName.safeParse(email.slice(at + 1));
  return at > 0 ? data : undefined;
}

/** Where the TXT record of a domain stands, and what it says. */
export const proofRecord = ({
  domain,
  challenge,
}: {
  readonly domain: string;
  readonly challenge: string;
}): { readonly name: string; readonly value: string } => ({
  name: `_patchbay-challenge.${domain}`,
  value: `patchbay-domain=${challenge}`,
});
