import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { contractPath, type StripeRequest } from './contract-source.ts';
import type { FormObject } from './form-body.ts';

interface Contract {
  readonly version: string;
  readonly requests: Readonly<
    Record<StripeRequest, { readonly properties?: Readonly<Record<string, object>> }>
  >;
}

/** What Stripe takes for whole numbers, TypeScript knows only as numbers. */
const integer = { type: 'integer' };
const positive = { type: 'integer', minimum: 1 };
const closer: Partial<Record<StripeRequest, Readonly<Record<string, object>>>> = {
  'invoiceItems.create': { amount: integer },
  'invoices.create': { due_date: positive },
  'refunds.create': { amount: positive },
  'transfers.create': { amount: positive },
  'transfers.createReversal': { amount: positive },
  'billing.meterEvents.create': { timestamp: integer, identifier: { type: 'string', maxLength: 100 } },
};

const contract: Contract = JSON.parse(readFileSync(contractPath, 'utf8'));
/** The SDK that the contract was made from, and what it knows. */
export const { version, requests } = contract;

// A form has only texts: '5' may be a number, and one value a list.
const ajv = new Ajv({ coerceTypes: 'array', allErrors: true, strict: false });
const validators = new Map<StripeRequest, ValidateFunction>();

function validatorOf(request: StripeRequest): ValidateFunction {
  const known = validators.get(request);
  if (known !== undefined) return known;
  const schema = contract.requests[request];
  if (Object.keys(schema?.properties ?? {}).length === 0) throw new Error(`Nothing is known of ${request}.`);
  const compiled = ajv.compile({ ...schema, properties: { ...schema.properties, ...closer[request] } });
  validators.set(request, compiled);
  return compiled;
}

/** What a request may not hold, in Stripe's words. Undefined: it is as the SDK's types say. */
export function contractRefusal(
  request: StripeRequest,
  parameters: FormObject,
): { readonly message: string; readonly parameter: string } | undefined {
  const validate = validatorOf(request);
  if (validate(structuredClone(parameters))) return undefined;
  const error = validate.errors?.[0];
  const { additionalProperty: extra, missingProperty: missing } = error?.params ?? {};
  if (typeof extra === 'string') return { message: `Received unknown parameter: ${extra}`, parameter: extra };
  if (typeof missing === 'string')
    return { message: `Missing required param: ${missing}.`, parameter: missing };
  const parameter = error?.instancePath ?? '';
  return { message: `Invalid ${parameter}: ${error?.message}`, parameter };
}
