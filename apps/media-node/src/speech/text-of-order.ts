import type { SendSafely } from '@patchbay/adapters/outgoing/safe-request';
import { charactersOf, type Passage, voicesOf } from '@patchbay/domain/speech/passage';
import {
  MARKUP_CHARACTERS_MAX,
  passagesOf,
  type ReadMarkup,
  type SpeechOrder,
} from '@patchbay/domain/speech/speech-order';
import type { SpeechFailureReason } from '@patchbay/domain/speech/speech-record';
import { fetchFollowing, whyOf } from '../media/fetch-following.ts';

/** In UTF-8, of a reference. */
export const TEXT_BYTES_MAX = 4 * MARKUP_CHARACTERS_MAX;

export interface OrderRefusal {
  readonly reason: SpeechFailureReason;
  readonly detail: string;
}

/** What an order says: its text as it came with it, or fetched from where it is referred to. */
export async function passagesOfOrder(
  order: SpeechOrder,
  { fetch, readMarkup }: { readonly fetch: SendSafely; readonly readMarkup: ReadMarkup },
): Promise<readonly Passage[] | OrderRefusal> {
  const { voice, manner, charactersMax, source } = order;
  const given =
    source.kind === 'uri'
      ? await fetchText(source.uri, fetch)
      : { text: source.text, isMarkup: source.kind === 'ssml' };
  if ('reason' in given) return given;
  const { text, isMarkup } = given;
  const read = passagesOf(text, { isMarkup, voice, manner, readMarkup });
  if ('problem' in read) return { reason: 'text_invalid', detail: read.problem };
  const { passages } = read;
  if (voicesOf(passages).length === 0) return { reason: 'text_invalid', detail: 'There is no word in it.' };
  const characters = charactersOf(passages);
  return characters > charactersMax
    ? {
        reason: 'text_too_long',
        detail: `At most ${charactersMax} characters are spoken at once here, not ${characters}.`,
      }
    : passages;
}

async function fetchText(
  uri: string,
  fetch: SendSafely,
): Promise<{ readonly text: string; readonly isMarkup: boolean } | OrderRefusal> {
  const headers = { accept: 'text/plain, application/ssml+xml', 'user-agent': 'Patchbay-Speech/1' };
  const { url, answer } = await fetchFollowing(uri, { fetch, headers });
  const what = JSON.stringify(url.slice(0, 200));
  if (answer.error === 'response_too_large')
    return { reason: 'text_too_long', detail: `The text at ${what} has more than ${TEXT_BYTES_MAX} bytes.` };
  if (answer.error !== undefined)
    return { reason: 'text_unreachable', detail: `The text at ${what} cannot be fetched: ${whyOf(answer)}.` };
  const type = answer.contentType?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'text/plain' && type !== 'application/ssml+xml')
    return {
      reason: 'text_invalid',
      detail: `The text at ${what} is ${type ?? 'of no type'}, and neither text/plain nor application/ssml+xml.`,
    };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes ?? new Uint8Array());
    return { text, isMarkup: type === 'application/ssml+xml' };
  } catch {
    return { reason: 'text_invalid', detail: `The text at ${what} is not UTF-8.` };
  }
}
