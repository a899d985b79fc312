import { TOTP } from 'otpauth';

/** What an authenticator shows now that was given a key. */
export const shownCode = (secret: string): string => new TOTP({ secret }).generate();
