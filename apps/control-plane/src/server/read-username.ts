import type { Known } from '@patchbay/domain/decisions/known';
import { parseUsername } from '@patchbay/protocol/credential/credential';
import { type Effective, effectiveOf } from '@patchbay/protocol/credential/effective';
import {
  effectiveOfTurnRest,
  isTurnRestUsername,
  parseTurnRestUsername,
} from '@patchbay/protocol/credential/turn-rest';

/** What a username says of its credential, whoever made it up. */
interface ReadUsername {
  readonly keyId: string;
  readonly prefixIds: readonly string[];
  readonly name: string;
  readonly caveats: Known['caveats'];
  /** Absent where its caveats contradict each other: they allow nothing, from the first moment on. */
  readonly effective?: Effective;
}

/** Undefined for a text that is no username, or names no key. */
export function readUsername(username: string): ReadUsername | undefined {
  if (isTurnRestUsername(username)) {
    const parsed = parseTurnRestUsername(username);
    if (parsed.type === 'refusal' || parsed.keyId === undefined) return undefined;
    const { keyId, expiresAtMs, name = 'Ephemeral credential' } = parsed;
    const caveats = [{ name: 'notAfter', value: timeText(expiresAtMs) }];
    const effective = effectiveOfTurnRest(username, { ...parsed, keyId });
    return { keyId, name, caveats, prefixIds: effective.prefixIds, effective };
  }
  const parsed = parseUsername(username);
  if (parsed.type === 'refusal') return undefined;
  const effective = effectiveOf(parsed);
  const caveats = parsed.blocks.flatMap((block) =>
    block.caveats.map(({ type, ...fields }) => ({ name: type, value: caveatValue(fields) })),
  );
  const prefixIds = parsed.blocks.map(({ prefixId }) => prefixId);
  const read = { keyId: parsed.keyId, prefixIds, caveats };
  if ('type' in effective) return { ...read, name: 'Ephemeral credential' };
  const { identity: name = 'Ephemeral credential' } = effective;
  return { ...read, name, effective };
}

/** The one field of a caveat that has one, with times as text; all of them otherwise. */
function caveatValue(fields: object): Known['caveats'][number]['value'] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const [first] = entries;
  if (first === undefined) return null;
  if (first[0] === 'atMs') return timeText(Number(first[1]));
  // Caveats are numbers, texts and lists of texts.
  return (entries.length === 1 ? first[1] : Object.fromEntries(entries)) as Known['caveats'][number]['value'];
}

/** Past the year 275760 no date can be written: a credential that says no end has one there. */
const timeText = (timeMs: number): string =>
  timeMs > 8_640_000_000_000_000 || !Number.isFinite(timeMs) ? 'never' : new Date(timeMs).toISOString();
