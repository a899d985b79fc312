/** Names of endpoints: what each namespace takes, and the one form of all that mean the same (ACC-5). */

export const namespaces = ['sip', 'tel', 'user', 'room'] as const;
export type Namespace = (typeof namespaces)[number];

export interface Identifier {
  readonly namespace: Namespace;
  /** With its namespace, in its one form: two texts mean the same endpoint exactly when this is the same. */
  readonly text: string;
}

export type ReadIdentifier = Identifier | { readonly problem: string };

/** Where a name is held once: on the whole platform, or in its account. */
export const reachOf = (namespace: Namespace): 'global' | 'account' =>
  namespace === 'sip' || namespace === 'tel' ? 'global' : 'account';

/**
 * Whether it is known that whoever holds a name may speak for it. A user and a room are their account's own to name. A number
 * and an address are somebody's in the world, and whoever comes first holds one here: nothing calls a number or asks a domain
 * yet, so none is proved.
 */
export const proofOf = (namespace: Namespace): 'unneeded' | 'unproved' =>
  reachOf(namespace) === 'global' ? 'unproved' : 'unneeded';

export function readIdentifier(text: string): ReadIdentifier {
  const [, scheme = '', name = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/isu.exec(text) ?? [];
  // RFC 3261 §19.1.4 and RFC 3966 §3: schemes are compared without regard to case.
  const namespace = namespaces.find((known) => known === scheme.toLowerCase());
  if (namespace === undefined)
    return { problem: `An identifier begins with ${namespaces.map((known) => `${known}:`).join(', ')}.` };
  const read = readers[namespace](name);
  return 'problem' in read ? read : { namespace, text: `${namespace}:${read.name}` };
}

type ReadName = { readonly name: string } | { readonly problem: string };

const readers: Readonly<Record<Namespace, (name: string) => ReadName>> = {
  tel: readNumber,
  sip: readAddress,
  user: readOwnName,
  room: readOwnName,
};

/** The shortest numbers of whole countries have 7 digits; E.164 §6.2.1 allows 15. */
const e164 = /^\+[1-9]\d{6,14}$/;

/** RFC 3966 §5.1.1: visual separators say nothing, nor do the spaces that people write. Only global numbers mean the same everywhere. */
function readNumber(text: string): ReadName {
  if (text.includes(';'))
    return { problem: 'A number has no parameters here: an extension is a matter of the account behind it.' };
  const name = text.replaceAll(/[-.()\s]/g, '');
  return e164.test(name)
    ? { name }
    : { problem: 'A number is written with its country in front, as in tel:+49301234567: 7 to 15 digits.' };
}

const SIP_USER_LENGTH_MAX = 128;
/** RFC 1035 §2.3.4. */
const HOST_LENGTH_MAX = 253;
/** RFC 3261 §25.1: unreserved, user-unreserved, or escaped. */
const sipUser = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+$/;
const hostLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * An address of record: RFC 3261 §10.3, step 5, takes it without parameters. A port is refused as well, for a URI with the
 * default port in it is another than one without (§19.1.4), which nobody means who writes down an address.
 */
function readAddress(text: string): ReadName {
  const at = text.lastIndexOf('@');
  const [user, host] = [
    text.slice(0, Math.max(0, at)),
    text
      .slice(at + 1)
      .toLowerCase()
      .replace(/\.$/, ''),
  ];
  if (at < 1) return { problem: 'An address names somebody at a domain, as in sip:bob@example.com.' };
  if (user.length > SIP_USER_LENGTH_MAX || !sipUser.test(user))
    return {
      problem: `Before the @ stand up to ${SIP_USER_LENGTH_MAX} characters that a SIP URI takes, or %HH.`,
    };
  if (!isDomain(host))
    return { problem: 'After the @ stands a domain such as example.com: no port, no parameters, no number.' };
  return { name: `${withoutNeedlessEscapes(user)}@${host}` };
}

function isDomain(host: string): boolean {
  const labels = host.split('.');
  // RFC 3261 §25.1, toplabel: the last label begins with a letter, which tells it from an IPv4 address.
  const isTop = /^[a-z]/.test(labels.at(-1) ?? '');
  return (
    labels.length > 1 &&
    isTop &&
    host.length <= HOST_LENGTH_MAX &&
    labels.every((label) => hostLabel.test(label))
  );
}

/** RFC 3261 §19.1.4: what is not reserved is the same as its escape; what is reserved is not. */
const withoutNeedlessEscapes = (user: string): string =>
  user.replaceAll(/%([0-9a-f]{2})/gi, (escaped, hex: string) => {
    const character = String.fromCodePoint(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(character) ? character : escaped.toUpperCase();
  });

/** As long as an identity of a credential may be. */
const OWN_NAME_LENGTH_MAX = 128;

/** An account's own name for somebody, or for a room: as it is written, for credentials and usage say it so too. */
function readOwnName(name: string): ReadName {
  const isWhole = name.length >= 1 && name.length <= OWN_NAME_LENGTH_MAX && name.isWellFormed();
  return isWhole && /^[^\p{Cc}\p{Bidi_Control}]+$/u.test(name)
    ? { name }
    : { problem: `A name has 1 to ${OWN_NAME_LENGTH_MAX} characters on one line.` };
}
