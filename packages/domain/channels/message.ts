import { z } from 'zod';
import { CHANNEL_NAME_LENGTH_MAX } from './channel-name.ts';
import { MESSAGE_BYTES_MAX } from './namespace.ts';

/** Seven days, as the longest history: a message that lives longer would outlive its log. */
export const MESSAGE_TTL_SECONDS_MAX = 604_800;
/** Of what names a message so that it is published once, however often it is sent. */
export const MESSAGE_KEY_LENGTH_MAX = 64;
/** How long a key is known: past it the same key is another message. */
export const MESSAGE_KEY_MS = 5 * 60_000;

export const encodings = ['json', 'base64'] as const;

const text = (lengthMax: number) => z.string().min(1).max(lengthMax);

/** A message as nodes and control plane pass it on. */
export const storedMessageSchema = z.object({
  epoch: text(64),
  offset: z.int().min(1),
  messageId: text(64),
  publishedAtMs: z.int(),
  /** The identity of the client that published it; absent of one that the account's server published. */
  publisher: text(256).optional(),
  encoding: z.enum(encodings),
  /** JSON text, or base64. */
  data: z.string().max(MESSAGE_BYTES_MAX),
  expiresAtMs: z.int().optional(),
});

export type StoredMessage = z.output<typeof storedMessageSchema>;
export type MessageBody = Pick<StoredMessage, 'encoding' | 'data'>;

/** One connection of a client in a channel. */
export const memberSchema = z.object({
  connectionId: text(64),
  identity: text(256),
  device: z.string().max(16).optional(),
  sinceMs: z.int(),
});

export type ChannelMember = z.output<typeof memberSchema>;

export const channelText = text(CHANNEL_NAME_LENGTH_MAX);

const encoder = new TextEncoder();

/** JSON text that every frame, log and column takes as it is. */
export const jsonBody = (value: unknown): MessageBody => ({
  encoding: 'json',
  // A control character that JSON lets stand as it is.
  data: (JSON.stringify(value) ?? 'null').replaceAll('\u007f', '\\u007f'),
});

/** Bytes of a body as it is stored. */
export const bytesOfBody = ({ data }: MessageBody): number => encoder.encode(data).length;

/** Whether bytes are written as RFC 4648 §4 says, padding included. */
export const isBase64 = (text: string): boolean =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);

/** A client wrote it: JSON that parses, or base64. What is wrong with it, or the body as it is kept. */
export function readBody({ encoding, data }: MessageBody): MessageBody | string {
  if (encoding === 'base64') return isBase64(data) ? { encoding, data } : 'data is not base64.';
  try {
    return jsonBody(JSON.parse(data));
  } catch {
    return 'data is not JSON.';
  }
}

/** A body as an answer or an event has it. */
export const shownBody = ({ encoding, data }: MessageBody): { data?: unknown; base64?: string } =>
  encoding === 'base64' ? { base64: data } : { data: JSON.parse(data) };

/** Whether a message has outlived its own time. */
export const isOver = ({ expiresAtMs }: Pick<StoredMessage, 'expiresAtMs'>, nowMs: number): boolean =>
  expiresAtMs !== undefined && expiresAtMs <= nowMs;
