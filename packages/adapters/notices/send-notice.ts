import type { ToldNotice, Urgency } from '@patchbay/domain/notices/notice';
import type { NoticeTarget } from '@patchbay/domain/notices/notice-target';
import { type SafeRequestOptions, safeSender } from '../outgoing/safe-request.ts';
import { apnsSender } from '../push/apns.ts';
import { fcmSender } from '../push/fcm.ts';
import type { PushOutcome } from '../push/outcome.ts';
import { twilioSms } from '../push/twilio-sms.ts';
import { webPush } from '../push/web-push.ts';
import type { WayStore } from './way-store.ts';

interface Options {
  readonly ways: Pick<WayStore, 'credentialsOf' | 'vapidOf'>;
  readonly request: SafeRequestOptions;
  /** Where TLS is not asked for: on this machine, where webhooks may lead there too. */
  readonly isInsecureAllowed: (url: URL) => boolean;
  readonly nowMs: () => number;
  /** Where providers are not: for whoever stands in for them. */
  readonly fcm?: { readonly tokenUrl: string; readonly origin: string };
  readonly apnsOrigin?: string;
}

/** Places of these ways are sent to by a request; the others are told by what the platform itself does. */
export type SentTarget = Exclude<NoticeTarget, { readonly way: 'email' }>;

export interface Sending {
  readonly accountId: string;
  readonly target: SentTarget;
  readonly told: ToldNotice;
  readonly urgency: Urgency;
  readonly expiresAtMs: number;
}

export type SendNotice = (sending: Sending) => Promise<PushOutcome>;

const NOT_SET: PushOutcome = { kind: 'refused', reason: 'way_not_set' };
const SANDBOX_ORIGIN = 'https://api.sandbox.push.apple.com';
const SMS_CHARACTERS_MAX = 1_600;

/** Sends a notice to one place, by whom its account set. It never throws for what a provider or a place does. */
export function noticeSender({ ways, request, isInsecureAllowed, nowMs, ...origins }: Options): SendNotice {
  const toBrowser = webPush({ send: safeSender(request), isInsecureAllowed, nowMs });
  const toFcm = fcmSender({ request, nowMs, ...origins.fcm });
  const [toApns, toSandbox] = [
    apnsSender({ nowMs, ...(origins.apnsOrigin === undefined ? {} : { origin: origins.apnsOrigin }) }),
    apnsSender({ nowMs, origin: origins.apnsOrigin ?? SANDBOX_ORIGIN }),
  ];
  const toNumber = twilioSms({ request, isInsecureAllowed });

  return async ({ accountId, target, told, urgency, expiresAtMs }) => {
    const ttlSeconds = Math.max(0, Math.ceil((expiresAtMs - nowMs()) / 1_000));
    const { title, body, tag } = told;
    switch (target.way) {
      case 'web-push': {
        const sender = await ways.vapidOf(accountId);
        if (sender === undefined) return NOT_SET;
        const topic = tag === undefined ? {} : { topic: tag };
        const text = new TextEncoder().encode(JSON.stringify(told));
        return await toBrowser(target.to, { text, ttlSeconds, urgency, ...topic }, sender);
      }
      case 'fcm': {
        const credentials = await ways.credentialsOf(accountId, 'fcm');
        if (credentials === undefined) return NOT_SET;
        return await toFcm(
          {
            token: target.to.token,
            notification: { title, ...(body === undefined ? {} : { body }) },
            data: textsOf(told),
            ttlSeconds,
            isUrgent: urgency === 'high',
            ...(tag === undefined ? {} : { collapseKey: tag }),
          },
          credentials,
        );
      }
      case 'apns': {
        const credentials = await ways.credentialsOf(accountId, 'apns');
        if (credentials === undefined) return NOT_SET;
        const { environment, ...ofAccount } = credentials;
        const alert = { title, ...(body === undefined ? {} : { body }) };
        return await (environment === 'sandbox' ? toSandbox : toApns)(
          {
            token: target.to.token,
            payload: {
              ...{ noticeId: told.noticeId, receiptUrl: told.receiptUrl },
              ...(told.data === undefined ? {} : { data: told.data }),
              aps: { alert, sound: 'default', ...(tag === undefined ? {} : { 'thread-id': tag }) },
            },
            type: 'alert',
            expiresAtMs,
            ...(tag === undefined ? {} : { collapseId: tag }),
          },
          ofAccount,
        );
      }
      case 'sms': {
        const credentials = await ways.credentialsOf(accountId, 'sms');
        if (credentials === undefined) return NOT_SET;
        const { from, ...ofAccount } = credentials;
        const sender = from.startsWith('+') ? { number: from } : { messagingServiceSid: from };
        const text = [title, ...(body === undefined ? [] : [body])].join('\n').slice(0, SMS_CHARACTERS_MAX);
        const sent = await toNumber({ to: target.to.number, sender, text }, ofAccount);
        return sent.kind === 'accepted' ? { kind: 'accepted' } : sent;
      }
    }
  };
}

/** As FCM carries them: texts alone. */
function textsOf({ noticeId, receiptUrl, data }: ToldNotice): Readonly<Record<string, string>> {
  return { noticeId, receiptUrl, ...(data === undefined ? {} : { data: JSON.stringify(data) }) };
}
