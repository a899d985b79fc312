import { deviceKinds } from '@patchbay/kit/device-kind';
import { z } from 'zod';

/** Of what somebody calls a device of theirs, in characters. */
export const DEVICE_NAME_LENGTH_MAX = 64;
/** Registrations of one call. */
export const REGISTRATIONS_MAX = 500;
/** Places that an answer names: as many connections as one identity may have at one node, at a few nodes. */
export const PLACES_MAX = 64;
/** A node that was not heard of for so long reaches nobody, and no call is carried to it (LIV-3). */
export const REGISTRATION_LIVE_MS = 5_000;

const id = z.string().min(1).max(200);
const ofConnection = {
  accountId: id,
  identity: z.string().min(1).max(256),
  connectionId: z.string().min(1).max(64),
};

export const deviceSchema = z.object({
  /** By which a client is the same device when it connects again. A client that says none is new each time. */
  id: z.string().max(64).exactOptional(),
  name: z.string().min(1).max(DEVICE_NAME_LENGTH_MAX).exactOptional(),
  kind: z.enum(deviceKinds),
});

/** On what a client runs. All of it is its own word. */
export type Device = z.output<typeof deviceSchema>;

/** One connection of an endpoint to a signaling node. */
export const registrationSchema = z.object({
  ...ofConnection,
  applicationId: id.exactOptional(),
  device: deviceSchema,
  sinceMs: z.int(),
});

export type Registration = z.output<typeof registrationSchema>;

/** A connection, and where it is. */
export const placeSchema = z.object({ nodeId: id, connectionId: ofConnection.connectionId });
export type Place = z.output<typeof placeSchema>;

export const goneSchema = z.object(ofConnection);
export type Gone = z.output<typeof goneSchema>;
