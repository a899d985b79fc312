import { deviceSchema } from '@patchbay/domain/presence/registration';
import { ringingSchema } from '@patchbay/domain/presence/ringing';
import { deviceKinds } from '@patchbay/kit/device-kind';
import { endings, type SignalingEndingCode } from '@patchbay/protocol/signaling/codes';
import { z } from 'zod';

/** What signaling nodes say to each other, as it is on the wire: each side parses what it hears. */
const id = z.string().min(1).max(200);
const detail = z.string().max(500);
const source = z.string().max(200_000);
const names = z.object({ allowed: z.array(z.string().max(64)).max(256), detail });
const outcome = z.enum(['end', 'notify', 'throttle', 'downgrade']);

const limitsSchema = z.object({
  expiresAtMs: z.number(),
  seconds: z
    .array(
      z.object({
        prefixId: id,
        seconds: z.number(),
        usedMs: z.number().exactOptional(),
        counts: z.enum(['session', 'total']),
        outcome,
      }),
    )
    .max(64),
  mediaKinds: z.array(z.string().max(16)).max(16).exactOptional(),
  usesReached: z.array(outcome).max(64).exactOptional(),
  isRelayOnly: z.boolean().exactOptional(),
  sessionId: id.exactOptional(),
  media: z.object({ kinds: z.array(z.string().max(16)).max(16), detail }).exactOptional(),
  codecs: names.exactOptional(),
  features: names.exactOptional(),
  participants: z.object({ max: z.number(), detail }).exactOptional(),
  closesAtMs: z.number().exactOptional(),
  hasLogicNear: z.boolean().exactOptional(),
  isCounted: z.boolean().exactOptional(),
  ringing: ringingSchema.exactOptional(),
});

const principalSchema = z.object({
  accountId: id,
  accountPath: z.array(id).min(1).max(256),
  applicationId: id.exactOptional(),
  instanceType: id.exactOptional(),
  keyId: id,
  credentialId: id,
  prefixIds: z.array(id).max(64),
  identity: z.string().min(1).max(256),
  deviceKind: z.enum(deviceKinds).exactOptional(),
  country: z.string().max(8).exactOptional(),
  limits: limitsSchema,
});

const sessionCredential = z.object({ username: z.string().max(1_024), credential: z.string().max(512) });
const endingCode = z.custom<SignalingEndingCode>(
  (code) => typeof code === 'string' && Object.hasOwn(endings, code),
);

export const homeWordSchema = z.object({ connectionId: id, source });

export const guestWordSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('frame'),
    connectionId: id,
    source,
    narrowed: sessionCredential.exactOptional(),
  }),
  z.object({
    type: z.literal('left'),
    connectionId: id,
    /** One that a node of another version knows: the device is gone all the same. */
    code: endingCode.catch('signaling.connection_lost'),
    detail: detail.exactOptional(),
  }),
  z.object({ type: z.literal('standing'), connectionId: id, isConnected: z.boolean() }),
  z.object({
    type: z.literal('principal'),
    connectionId: id,
    principal: principalSchema,
    narrowed: z.array(sessionCredential.extend({ sessionId: id })).max(64),
  }),
]);

export const metDeviceSchema = z.object({
  connectionId: id,
  principal: principalSchema,
  understands: z.array(z.string().max(32)).max(16),
  device: deviceSchema,
  isConnected: z.boolean(),
  sinceMs: z.int(),
});
