import { z } from 'zod';
import { type SafeRequestOptions, safeSender } from '../outgoing/safe-request.ts';
import { outcomeOf, type PushOutcome } from './outcome.ts';

/** An account at Twilio, or at whoever speaks as it does. */
export interface SmsCredentials {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
}

export interface SmsMessage {
  /** E.164. */
  readonly to: string;
  readonly sender: { readonly number: string } | { readonly messagingServiceSid: string };
  readonly text: string;
}

/** `messageId` is the provider's name of it. */
export type SmsOutcome =
  | { readonly kind: 'accepted'; readonly messageId: string }
  | Exclude<PushOutcome, { readonly kind: 'accepted' }>;

export interface SmsOptions {
  readonly request: SafeRequestOptions;
  /** Whether a provider may be asked without TLS: on this machine, where webhooks may lead there too. */
  readonly isInsecureAllowed: (url: URL) => boolean;
}

export type SendSms = (message: SmsMessage, credentials: SmsCredentials) => Promise<SmsOutcome>;

const ANSWER_BYTES_MAX = 16_384;
/** The documented limit of `Body`. */
const TEXT_CHARACTERS_MAX = 1_600;
const numberForm = /^\+[1-9]\d{6,14}$/;
const sidForm = /^[A-Za-z0-9]{1,64}$/;
/** The receiver answered STOP: to write on is not allowed, until they say START. */
const CODE_UNSUBSCRIBED = 21_610;

const createdSchema = z.object({ sid: z.string().min(1).max(64) });
const errorSchema = z.object({ code: z.int() });

/** Sends an SMS by the resource Messages of Twilio's API of 2010-04-01. */
export function twilioSms({ request, isInsecureAllowed }: SmsOptions): SendSms {
  const send = safeSender({ ...request, keptBytesMax: ANSWER_BYTES_MAX });
  return async ({ to, sender, text }, { baseUrl, accountSid, authToken }) => {
    const url = URL.parse(baseUrl);
    // The token goes along with each request: nobody on the way may read it.
    const isPlain = url !== null && url.protocol !== 'https:' && !isInsecureAllowed(url);
    if (url === null || isPlain || !sidForm.test(accountSid))
      return { kind: 'refused', reason: 'credentials_invalid' };
    if (!numberForm.test(to)) return { kind: 'refused', reason: 'number_invalid' };
    if (text === '' || text.length > TEXT_CHARACTERS_MAX) return { kind: 'refused', reason: 'text_invalid' };
    const from =
      'number' in sender ? { From: sender.number } : { MessagingServiceSid: sender.messagingServiceSid };
    const answer = await send({
      url: `${baseUrl}/2010-04-01/Accounts/${accountSid}/Messages.json`,
      headers: {
        authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ To: to, Body: text, ...from }).toString(),
    });
    return meant(outcomeOf(answer), parsed(answer.response));
  };
}

function meant(outcome: PushOutcome, answer: unknown): SmsOutcome {
  if (outcome.kind === 'accepted') {
    const created = createdSchema.safeParse(answer);
    // It was taken, and to send it again would be a second message: no later attempt.
    return created.success
      ? { kind: 'accepted', messageId: created.data.sid }
      : { kind: 'refused', reason: 'answer_unreadable' };
  }
  if (outcome.kind === 'later') return outcome;
  const found = errorSchema.safeParse(answer);
  if (!found.success)
    return { kind: 'refused', reason: outcome.kind === 'gone' ? 'status_404' : outcome.reason };
  const { code } = found.data;
  return code === CODE_UNSUBSCRIBED ? { kind: 'gone' } : { kind: 'refused', reason: `code_${code}` };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
