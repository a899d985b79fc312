import { z } from 'zod';

/** Characters of a channel's name, its namespace included. */
export const CHANNEL_NAME_LENGTH_MAX = 128;
export const NAMESPACE_NAME_LENGTH_MAX = 32;
/** The namespace of channels whose name has no colon, and of those whose namespace says nothing. */
export const DEFAULT_NAMESPACE = 'default';

const namePattern = /^[A-Za-z0-9_.@~-]+(:[A-Za-z0-9_.@~-]+)*$/;

/** Such as `news`, or `chat:room-7`: what stands before the first colon is the namespace. */
export const channelName = z.string().max(CHANNEL_NAME_LENGTH_MAX).regex(namePattern);

export const namespaceName = z
  .string()
  .max(NAMESPACE_NAME_LENGTH_MAX)
  .regex(/^[A-Za-z0-9_.@~-]+$/);

/** Whose configuration a channel is under. */
export function namespaceOf(channel: string): string {
  const colon = channel.indexOf(':');
  return colon === -1 ? DEFAULT_NAMESPACE : channel.slice(0, colon);
}

/** What stands behind the namespace; of a name without a colon, all of it. */
export const ownPartOf = (channel: string): string => channel.slice(channel.indexOf(':') + 1);
