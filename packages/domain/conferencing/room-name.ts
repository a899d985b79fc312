import { z } from 'zod';

export const ROOM_NAME_CHARACTERS_MAX = 100;

/** By which an account knows a room. The same name in another account is another room. */
export const roomName = z
  .string()
  .max(ROOM_NAME_CHARACTERS_MAX)
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._:@+-]*$/u,
    'A room is named by letters, digits, spaces and . _ : @ + -, and begins with a letter or digit.',
  );
