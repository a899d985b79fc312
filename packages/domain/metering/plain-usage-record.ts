import { z } from 'zod';
import {
  modalities,
  QUANTITY_COUNT_MAX,
  RECORD_COUNT_MAX,
  type UsageRecord,
  usageRecordLimits,
  usageRecordSchema,
} from './usage-record.ts';

const { idLengthMax, tokenLengthMax, valueLengthMax, segmentMax, timeMsMax } = usageRecordLimits;

/**
 * Records as they are uploaded. One that is plainly what it has to be is taken as it is, for a fifth of what its schema
 * costs; whatever else is given is for the schema to judge, and to say what is wrong with it.
 */
export const uploadedRecordsSchema = z
  .array(
    z.custom<UsageRecord>().transform((given: unknown, context): UsageRecord => {
      if (isPlainUsageRecord(given)) return given;
      const judged = usageRecordSchema.safeParse(given);
      if (judged.success) return judged.data;
      for (const issue of judged.error.issues)
        context.issues.push({ ...issue, input: given } as z.core.$ZodRawIssue);
      return z.NEVER;
    }),
  )
  .max(RECORD_COUNT_MAX);

/** Whether the schema takes a value, and changes nothing in it. False decides nothing. */
export function isPlainUsageRecord(given: unknown): given is UsageRecord {
  if (!isObject(given)) return false;
  let requiredCount = 0;
  for (const name of Object.keys(given)) {
    const value = given[name];
    switch (name) {
      case 'applicationId':
      case 'endpointId':
      case 'credentialId':
      case 'sessionId':
        if (!isText(value, idLengthMax)) return false;
        continue;
      case 'id':
        if (!isId(value)) return false;
        break;
      case 'accountId':
        if (!isText(value, idLengthMax)) return false;
        break;
      case 'segment':
        if (!isCount(value, segmentMax)) return false;
        break;
      case 'service':
      case 'region':
        if (!isText(value, tokenLengthMax)) return false;
        break;
      case 'modality':
        if (!modalities.some((each) => each === value)) return false;
        break;
      case 'fromMs':
      case 'toMs':
        if (!isCount(value, timeMsMax)) return false;
        break;
      case 'quantities':
        if (!areQuantities(value)) return false;
        break;
      default:
        return false;
    }
    requiredCount += 1;
  }
  return requiredCount === 9 && Number(given.fromMs) <= Number(given.toMs);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isText = (value: unknown, lengthMax: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= lengthMax;

const isCount = (value: unknown, max: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max;

const isId = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).length === 3 &&
  isText(value.nodeId, idLengthMax) &&
  isCount(value.boot, Number.MAX_SAFE_INTEGER) &&
  isCount(value.sequence, Number.MAX_SAFE_INTEGER);

function areQuantities(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > QUANTITY_COUNT_MAX) return false;
  for (const [place, each] of value.entries()) {
    if (!isQuantity(each)) return false;
    for (let before = 0; before < place; before++) if (isSameSeries(value[before], each)) return false;
  }
  return true;
}

type Quantity = UsageRecord['quantities'][number];

const isQuantity = (value: unknown): value is Quantity =>
  isObject(value) &&
  Object.keys(value).length === 3 &&
  isText(value.meter, tokenLengthMax) &&
  isCount(value.quantity, Number.MAX_SAFE_INTEGER) &&
  areDimensions(value.dimensions);

function areDimensions(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name of Object.keys(value)) {
    const said = value[name];
    if (!isText(name, tokenLengthMax) || name === '__proto__') return false;
    if (typeof said !== 'string' || said.length > valueLengthMax) return false;
  }
  return true;
}

function isSameSeries(one: Quantity, other: Quantity): boolean {
  if (one.meter !== other.meter) return false;
  const names = Object.keys(one.dimensions);
  return (
    names.length === Object.keys(other.dimensions).length &&
    names.every((name) => one.dimensions[name] === other.dimensions[name])
  );
}
