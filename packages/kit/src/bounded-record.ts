import { z } from 'zod';

/** A record of at most so many entries, which the OpenAPI document says as well. */
export const boundedRecord = <Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  key: Key,
  value: Value,
  countMax: number,
) =>
  z
    .record(key, value)
    .superRefine((entries, { addIssue }) => {
      if (Object.keys(entries).length <= countMax) return;
      const message = `Too big: expected at most ${countMax} entries`;
      addIssue({
        code: 'too_big',
        origin: 'record',
        maximum: countMax,
        inclusive: true,
        message,
        input: entries,
      });
    })
    .meta({ maxProperties: countMax });
