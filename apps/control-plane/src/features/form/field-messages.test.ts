import { tenancy } from '@patchbay/domain/tenancy/definition';
import { TRPCClientError } from '@trpc/client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { messagesOf, messagesOfRefusal } from './field-messages.ts';

const signUp = tenancy.resources.enrolment.operations.signUp.request;
const application = tenancy.resources.applications.operations.create.request;

function refused(schema: z.ZodObject, values: object) {
  const { error } = schema.safeParse(values);
  if (error === undefined) throw new Error('It was taken.');
  return messagesOf(error, values);
}

test('each field says what is wrong with it in a sentence of its own', () => {
  const values = { name: ' ', organisationName: 'x'.repeat(101), email: 'ada@', password: 'short' };
  expect(refused(signUp, values)).toEqual({
    name: 'Fill this in.',
    organisationName: 'At most 100 characters.',
    email: 'This is not an e-mail address, such as ada@example.com.',
    password: 'At least 10 characters.',
  });
});

test('what was left empty asks to be filled in, whatever its format', () => {
  const values = { name: '', organisationName: '', email: '', password: '' };
  expect(new Set(Object.values(refused(signUp, values)))).toEqual(new Set(['Fill this in.']));
});

test('a number says its bound, and what is none says what a number looks like', () => {
  const limits = z.object({ low: z.int().min(10), high: z.int().max(604_800), odd: z.int(), half: z.int() });
  expect(refused(limits, { low: 5, high: 604_801, odd: 'an hour', half: 1.5 })).toEqual({
    low: 'At least 10.',
    high: 'At most 604,800.',
    odd: 'A whole number, such as 3600.',
    half: 'A whole number, such as 3600.',
  });
});

test('one of several values is named, with the rule that it breaks', () => {
  expect(refused(application, { name: 'Telehealth', instanceTypes: ['free', 'Very Big'] })).toEqual({
    instanceTypes: '“Very Big”: Use small letters, digits and hyphens, and a letter first.',
  });
});

function refusal(code: string, detail: string) {
  const error = new TRPCClientError('');
  const problem = { type: '/docs', title: 'Taken.', status: 409, detail, code, retry: 'never' };
  return Object.assign(error, { data: { problem } });
}

test('a refusal that is about a field is said at the field', () => {
  const taken = refusal('tenancy.email_taken', 'Somebody has it.');
  expect(messagesOfRefusal(taken, { 'tenancy.email_taken': 'email' })).toEqual({ email: 'Taken.' });
  const invalid = refusal('request.invalid', '/timeZone: Too long; /types/1: No spaces');
  expect(messagesOfRefusal(invalid, {})).toEqual({ timeZone: 'Too long', types: 'No spaces' });
  const wider = refusal('config.wider', '/secondsMax: it is 60 above (acc_1), and can only be narrowed.');
  expect(messagesOfRefusal(wider, {})).toEqual({
    secondsMax: 'it is 60 above (acc_1), and can only be narrowed.',
  });
});

test('a refusal that is about no field says nothing at a field', () => {
  expect(messagesOfRefusal(refusal('auth.scope', 'Not yours.'), {})).toEqual({});
  expect(messagesOfRefusal(refusal('request.invalid', 'The body is not JSON.'), {})).toEqual({});
  expect(messagesOfRefusal(null, {})).toEqual({});
});
