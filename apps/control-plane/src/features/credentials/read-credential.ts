import {
  type ParsedCredential,
  parseBearerToken,
  parseUsername,
} from '@patchbay/protocol/credential/credential';
import { type Effective, effectiveOf } from '@patchbay/protocol/credential/effective';
import { showBitRate, showBytes, showCount, showDuration, textOf } from '../../formats/quantity.ts';

export interface ReadCredential {
  /** What revokes it: a token's own is in front of its dot. */
  readonly username: string;
  readonly keyId: string;
  /** Of its last narrowing: what is narrowed further shares it. */
  readonly prefixId: string;
  /** How often a holder narrowed it. */
  readonly narrowings: number;
  readonly expiresAtMs: number;
  /** What it says of itself, as terms and texts. */
  readonly facts: readonly (readonly [term: string, text: string])[];
}

/**
 * Reads a credential that somebody pasted, as the username of a relay credential or as a whole token. Its username says
 * all that it allows: nothing is asked of the platform. Undefined where it is none.
 */
export function readCredential(pasted: string): ReadCredential | undefined {
  const username = usernameOf(pasted.trim());
  const parsed = parseUsername(username);
  if (isRefusal(parsed)) return undefined;
  const effective = effectiveOf(parsed);
  const prefixId = parsed.blocks.at(-1)?.prefixId;
  if (isRefusal(effective) || prefixId === undefined) return undefined;
  return {
    username,
    keyId: parsed.keyId,
    prefixId,
    narrowings: parsed.blocks.length - 1,
    expiresAtMs: effective.expiresAtMs,
    facts: factsOf(effective),
  };
}

/** A token is pasted more often than its username, and the secret half of it has no business in a request. */
function usernameOf(text: string): string {
  if (!text.includes('.')) return text;
  const token = parseBearerToken(text);
  return 'username' in token ? token.username : text;
}

const isRefusal = <Read extends ParsedCredential | Effective>(
  read: Read | { readonly type: 'refusal' },
): read is { readonly type: 'refusal' } => 'type' in read && read.type === 'refusal';

const limitTexts = {
  uses: (max: number) => showCount(max),
  seconds: (max: number) => showDuration(max * 1_000),
  bytes: (max: number) => textOf(showBytes(max)),
} as const;

function factsOf(effective: Effective): readonly (readonly [string, string])[] {
  const { bitRate, bandwidthClass, limits } = effective;
  const told = [
    ['Identity', effective.identity],
    ['Application', effective.applicationId],
    ['Instance type', effective.instanceType],
    ['Services', effective.services?.join(', ')],
    ['Features', effective.features?.join(', ')],
    ['Media', effective.mediaKinds?.join(', ')],
    ['Session', effective.session],
    ['Regions', effective.regions?.join(', ')],
    ['From networks', effective.sourceCidrs?.join(', ')],
    ['To networks', effective.peerCidrs?.join(', ')],
    ['Bandwidth class', bandwidthClass?.replace('-', ' ')],
    ['Bit rate', bitRate && textOf(showBitRate(bitRate.bitsPerSecond))],
    ...limits.map(({ kind, max, counts }) => [
      kind === 'seconds' ? 'Time' : kind === 'bytes' ? 'Bytes' : 'Uses',
      `${limitTexts[kind](max)} ${counts === 'total' ? 'in total' : 'in each session'}`,
    ]),
    [
      'Ends at',
      effective.endEvents.length === 0
        ? undefined
        : effective.endEvents
            .map(({ event, subject }) => [event, subject].filter(Boolean).join(' of '))
            .join(', '),
    ],
  ] as const;
  return told.flatMap(([term, text]) =>
    term === undefined || text === undefined ? [] : [[term, text] as const],
  );
}
