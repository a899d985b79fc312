/** What one session's logic may take (C32, C33). Whatever reaches one of these ends, and says which. */
export const logicLimits = {
  documentBytesMax: 65_536,
  /** Fetched in a row without a verb that somebody noticed between them: a loop. */
  documentsInARowMax: 5,
  documentCountMax: 100,
  stepCountMax: 1_000,
  /** From the call on until it is answered. */
  lastsMsMax: 900_000,
  /** From the call on, where its document answered it. */
  answeredLastsMsMax: 14_400_000,
} as const;
