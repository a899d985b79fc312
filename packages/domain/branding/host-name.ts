const HOST_CHARACTERS_MAX = 253;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that lead nowhere but to a machine or a network of one's own (RFC 6761, RFC 6762, RFC 9476), or to none. */
const privateNames = new Set(['localhost', 'local', 'internal', 'invalid', 'onion', 'alt', 'arpa']);
const withPort = /^([^:]+)(?::\d{1,5})?$/;

/**
 * The name of a host as DNS has it: in lower case, without the dot at its end, and of other scripts in punycode, so that
 * two names that look alike are seen to be two. Undefined for what names no host that others could reach.
 */
export function hostNameOf(text: string): string | undefined {
  // What a URL has besides a host is none of a name: it would be cut off unseen.
  if (!/^[^\s/?#@:\\%[\]]+$/.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  const host = new URL(`http://${text}`).hostname.replace(/\.$/, '');
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  const isName = labels.length >= 2 && labels.every((each) => label.test(each)) && !/^\d+$/.test(last);
  return isName && host.length <= HOST_CHARACTERS_MAX && !privateNames.has(last) ? host : undefined;
}

/** The host that a request names (RFC 9110 §7.2), without its port. */
export const hostOfHeader = (header: string): string | undefined => {
  const [, host] = withPort.exec(header) ?? [];
  return host === undefined ? undefined : hostNameOf(host);
};

/** Where the record is that proves whose a host is. */
export const challengeNameOf = (host: string): string => `_patchbay-challenge.${host}`;
