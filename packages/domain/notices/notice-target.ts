import { z } from 'zod';
import type { CredentialWay, SubscribedWay } from './notice-way.ts';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+={0,2}$/);

/** Where somebody is reached, by way. */
export const targetShapes = {
  'web-push': z.strictObject({
    endpoint: z.url().max(2_000),
    /** As `PushSubscription.toJSON()` has them in `keys`. */
    p256dh: base64url.max(128),
    auth: base64url.max(64),
  }),
  fcm: z.strictObject({ token: z.string().min(1).max(4_096) }),
  apns: z.strictObject({ token: z.string().regex(/^[0-9a-fA-F]{64,200}$/) }),
  sms: z.strictObject({ number: z.string().regex(/^\+[1-9]\d{6,14}$/, 'A number in the form of E.164.') }),
  email: z.strictObject({ address: z.email().max(254) }),
} as const satisfies Readonly<Record<SubscribedWay, z.ZodObject>>;

type TargetOf<Way extends SubscribedWay> = z.output<(typeof targetShapes)[Way]>;
export type NoticeTarget = {
  [Way in SubscribedWay]: { readonly way: Way; readonly to: TargetOf<Way> };
}[SubscribedWay];

/** @throws where what is stored is no place of that way. */
export const readTarget = (way: SubscribedWay, to: unknown): NoticeTarget =>
  ({ way, to: targetShapes[way].parse(to) }) as NoticeTarget;

/** What tells one place from another. */
export function placeOf({ way, to }: NoticeTarget): string {
  switch (way) {
    case 'web-push':
      return to.endpoint;
    case 'fcm':
    case 'apns':
      return to.token;
    case 'sms':
      return to.number;
    case 'email':
      return to.address.toLowerCase();
  }
}

/** What people see of it: enough to know it, and no address that anybody could write to. */
export function labelOf({ way, to }: NoticeTarget): string {
  switch (way) {
    case 'web-push':
      return URL.parse(to.endpoint)?.hostname ?? '';
    case 'fcm':
    case 'apns':
      return `…${to.token.slice(-6)}`;
    case 'sms':
      return `…${to.number.slice(-3)}`;
    case 'email':
      return `${to.address.slice(0, 1)}…@${to.address.slice(to.address.lastIndexOf('@') + 1)}`;
  }
}

const pem = z
  .string()
  .min(1)
  .max(8_000)
  .regex(/^-----BEGIN PRIVATE KEY-----/, 'A key of PKCS #8, as PEM.');
const word = z.string().min(1).max(200);

/** By whom an account's notices go out: `shown` to everybody of the account, `secret` to nobody ever again. */
export const wayShapes = {
  'web-push': {
    shown: z.strictObject({
      /** Whom push services can reach: `mailto:` or `https:` (RFC 8292 §2.1). */
      contact: z
        .string()
        .max(200)
        .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'mailto: or https:'),
    }),
    secret: z.strictObject({}),
  },
  fcm: {
    shown: z.strictObject({
      projectId: z.string().regex(/^[a-z0-9:.-]{1,100}$/),
      clientEmail: z.email().max(254),
    }),
    secret: z.strictObject({ privateKey: pem }),
  },
  apns: {
    shown: z.strictObject({
      teamId: z.string().regex(/^[A-Z0-9]{10}$/),
      keyId: z.string().regex(/^[A-Z0-9]{10}$/),
      /** The bundle of the app. */
      topic: z.string().regex(/^[A-Za-z0-9.-]{1,155}$/),
      /** `sandbox`: of an app in development. */
      environment: z.enum(['production', 'sandbox']).default('production'),
    }),
    secret: z.strictObject({ privateKey: pem }),
  },
  sms: {
    shown: z.strictObject({
      /** Of a provider that speaks as Twilio does. */
      baseUrl: z.url().max(500).default('https://api.twilio.com'),
      accountSid: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
      /** A number, or the id of a messaging service. */
      from: z.string().regex(/^(\+[1-9]\d{6,14}|MG[A-Za-z0-9]{1,62})$/),
    }),
    secret: z.strictObject({ authToken: word }),
  },
} as const satisfies Readonly<
  Record<CredentialWay, { readonly shown: z.ZodObject; readonly secret: z.ZodObject }>
>;

export type WayShown<Way extends CredentialWay> = z.output<(typeof wayShapes)[Way]['shown']>;
export type WaySecret<Way extends CredentialWay> = z.output<(typeof wayShapes)[Way]['secret']>;
