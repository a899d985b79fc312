/** What the sign-in answers when the password is right, and a code is asked for. */
export const SECOND_FACTOR = 'second_factor';
/** The way of signing in that asks for no password. */
export const PASSKEY_PROVIDER = 'passkey';
/** The same, of a password that was right: their organisation signs them in in no other way than by its provider. */
export const BY_ORGANISATION = 'organisation';
