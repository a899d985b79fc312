/** What the sign-in answers when the password is right, and a code is asked for. */
export const SECOND_FACTOR = 'second_factor';
