import { createHmac } from 'node:crypto';
import type { LogicKind } from '@patchbay/domain/logic/definition';
import type { LogicSession } from '@patchbay/domain/logic/logic-request';
import type { Variables } from '@patchbay/domain/logic/variables';
import { signWebhook, webhookHeaders, webhookSecretText } from '@patchbay/protocol/webhook/signature';
import type { SafeRequest } from '../outgoing/safe-request.ts';

/** The header with the signature that applications of other platforms look for. */
export const formSignatureHeader = 'x-twilio-signature';

export interface AskedLogic {
  readonly accountId: string;
  readonly kind: LogicKind;
  /** The newest first. */
  readonly secrets: readonly Uint8Array[];
  readonly session: LogicSession;
  readonly variables: Variables;
}

/** A request for a document, signed anew: its time is that of this attempt, its id the same at each. */
export function requestFor(asked: AskedLogic, url: string, nowMs: number): SafeRequest {
  return asked.kind === 'json' ? signedRequest(asked, url, nowMs) : formRequest(asked, url);
}

/** As a webhook is signed (Standard Webhooks 1.0), with the state of the session in its body. */
function signedRequest(
  { accountId, secrets, session, variables }: AskedLogic,
  url: string,
  nowMs: number,
): SafeRequest {
  const id = `${session.id}.${session.documentNumber}`;
  const timestamp = new Date(nowMs).toISOString();
  const body = JSON.stringify({
    id,
    type: 'logic.requested',
    timestamp,
    accountId,
    data: { session, variables },
  });
  const timestampSeconds = Math.floor(nowMs / 1_000);
  return {
    url,
    body,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': USER_AGENT,
      [webhookHeaders.id]: id,
      [webhookHeaders.timestamp]: String(timestampSeconds),
      [webhookHeaders.signature]: signWebhook({ id, timestampSeconds, body }, secrets),
    },
  };
}

const USER_AGENT = 'Patchbay-Logic/1';

function formRequest({ accountId, secrets, session, variables }: AskedLogic, url: string): SafeRequest {
  const fields = {
    AccountSid: accountId,
    ApiVersion: '2010-04-01',
    CallSid: session.id,
    CallStatus: session.isAnswered === true ? 'in-progress' : 'ringing',
    Called: session.endpoint,
    Caller: session.caller,
    Direction: 'inbound',
    From: session.caller,
    To: session.endpoint,
    ...(variables.digits === undefined ? {} : { Digits: variables.digits }),
    ...(variables.dialStatus === undefined ? {} : { DialCallStatus: dialCallStatus(variables.dialStatus) }),
  };
  const [secret = new Uint8Array()] = secrets;
  return {
    url,
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/xml, application/xml',
      'user-agent': USER_AGENT,
      [formSignatureHeader]: signForm(webhookSecretText(secret), url, fields),
    },
  };
}

const dialCallStatuses: Readonly<Record<string, string>> = {
  answered: 'completed',
  busy: 'busy',
  rejected: 'busy',
  no_answer: 'no-answer',
  unreachable: 'failed',
};
const dialCallStatus = (status: string): string => dialCallStatuses[status] ?? 'failed';

/** HMAC-SHA1 over the address and every field, sorted by name: a secret of ours takes the place of an auth token. */
function signForm(secret: string, url: string, fields: Readonly<Record<string, string>>): string {
  const signed = Object.entries(fields)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .reduce((text, [name, value]) => text + name + value, url);
  return createHmac('sha1', secret).update(signed).digest('base64');
}
