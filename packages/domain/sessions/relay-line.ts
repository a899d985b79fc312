import { z } from 'zod';
import { modalities } from '../metering/usage-record.ts';

const id = z.string().min(1).max(200);
const code = z.string().min(1).max(100);
const count = z.int().min(0);

/**
 * What a relay says of the allocations of a session (MET-7). The addresses are for the account of the leg alone: whose
 * line it is, decides whoever keeps the log (LIV-0).
 */
export const relayLineSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('allocation.started'),
    data: z.object({
      allocationId: id,
      relayNodeId: id,
      transport: z.enum(['udp']),
      addressFamily: z.enum(['ipv4', 'ipv6']),
      /** The client as the relay sees it, and the address at which peers reach it. */
      clientAddress: z.string().max(64),
      relayedAddress: z.string().max(64),
      /** Of a dual allocation: the one of the other family (RFC 8656 §7.2). */
      relayedAddressOtherFamily: z.string().max(64).optional(),
    }),
  }),
  z.object({
    type: z.literal('allocation.refused'),
    data: z.object({
      relayNodeId: id,
      code,
      /** What the client was answered (RFC 8489 §14.8). */
      stunCode: z.int(),
      /** The limit or rule in words. */
      detail: z.string().max(300),
      /** So often more in the time after the line before, for the same reason. */
      repeatCount: count.optional(),
    }),
  }),
  z.object({
    type: z.literal('limit.reached'),
    data: z.object({
      allocationId: id,
      /** A stable code, as `limit.session_bytes`. */
      limit: code,
      /** Bytes, seconds or uses, as the code says. Absent of a limit of policies, which stands in what `rule` names. */
      max: z.number().optional(),
      /** The setting of policies that is used up. */
      rule: z.string().max(100).optional(),
      outcome: z.enum(['end', 'notify', 'throttle', 'downgrade']),
    }),
  }),
  z.object({
    type: z.literal('allocation.changed'),
    data: z.object({
      allocationId: id,
      modality: z.enum(modalities),
      previousModality: z.enum(modalities),
      /** Of the allocation: what is counted from here on (MET-4). */
      segment: count,
    }),
  }),
  z.object({
    type: z.literal('media.undeclared'),
    data: z.object({ allocationId: id, declared: z.enum(modalities), observed: z.enum(modalities) }),
  }),
  z.object({
    type: z.literal('allocation.ended'),
    data: z.object({
      allocationId: id,
      reason: code,
      detail: z.string().max(500),
      /** Payload from the client, and to it. */
      bytesIn: count,
      bytesOut: count,
      lastedMs: count,
    }),
  }),
]);

export type RelayLine = z.output<typeof relayLineSchema>;
export type RelayLineType = RelayLine['type'];
export type RelayLineDataOf<Type extends RelayLineType> = Extract<RelayLine, { type: Type }>['data'];
