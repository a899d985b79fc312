import { z } from 'zod';

export const ROOM_NAME_CHARACTERS_MAX = 100;

/** By which an account knows a room: it stands in addresses as it is. The same name in another account is another room. */
export const roomName = z
  .string()
  .max(ROOM_NAME_CHARACTERS_MAX)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:@~-]*$/,
    'A room is named by letters, digits and . _ : @ ~ -, and begins with a letter or digit.',
  );
