import { ipToText } from '@patchbay/protocol/stun/ip-address';
import { type Cidr, cidrFromText } from '@patchbay/protocol/turn/cidr';
import { forbiddenNetworksInAllForms } from '@patchbay/protocol/turn/peer-policy';
import { Refusal } from './refusal.ts';

export interface Egress {
  /** The user of this machine that the processes run as. */
  readonly user: string;
  /** What they need all the same, such as the database: addresses and networks. */
  readonly allowed: readonly string[];
}

const textOf = ({ ip, prefixLengthBits }: Cidr): string => `${ipToText(ip)}/${prefixLengthBits}`;

function allowedNetwork(text: string): Cidr {
  const cidr = cidrFromText(text);
  if (cidr === undefined)
    throw new Refusal(`${text} is no address and no network, such as 10.0.0.5 or fd00::/8.`);
  return cidr;
}

/**
 * Rules for nftables that keep the processes of a user from beginning a connection to an address that is not public: the list that
 * holds for webhooks, application logic and relays, held by the system. So one fault of ours alone is not enough (C31). Answers to
 * whoever connected to them pass. They stand in a table of their own: to run them again replaces it.
 * @throws Refusal for what is no network, or no name of a user.
 */
export function nftRules({ user, allowed }: Egress): string {
  if (!/^[a-z_][a-z0-9_-]{0,31}$|^\d{1,10}$/.test(user))
    throw new Refusal(`${user} is no user of this machine.`);
  const families = [
    { keyword: 'ip', bytes: 4 },
    { keyword: 'ip6', bytes: 16 },
  ] as const;
  const exceptions = allowed.map(allowedNetwork);
  const rules = families.flatMap(({ keyword, bytes }) => {
    const listOf = (networks: readonly Cidr[]) =>
      networks
        .filter(({ ip }) => ip.length === bytes)
        .map(textOf)
        .join(', ');
    const excepted = listOf(exceptions);
    return [
      ...(excepted === '' ? [] : [`meta skuid ${user} ${keyword} daddr { ${excepted} } accept`]),
      `meta skuid ${user} ${keyword} daddr @${keyword}_forbidden reject with icmpx type admin-prohibited`,
    ];
  });
  const sets = families.flatMap(({ keyword, bytes }) => [
    `  set ${keyword}_forbidden {`,
    `    type ${bytes === 4 ? 'ipv4_addr' : 'ipv6_addr'}; flags interval; auto-merge;`,
    `    elements = { ${forbiddenNetworksInAllForms()
      .filter(({ ip }) => ip.length === bytes)
      .map(textOf)
      .join(', ')} }`,
    '  }',
  ]);
  return [
    'table inet patchbay_egress {}',
    'delete table inet patchbay_egress',
    'table inet patchbay_egress {',
    ...sets,
    '  chain output {',
    '    type filter hook output priority filter; policy accept;',
    '    ct direction reply accept',
    ...rules.map((rule) => `    ${rule}`),
    '  }',
    '}',
    '',
  ].join('\n');
}
