import { z } from 'zod';

/** What browsers and passkeys say to each other, as JSON (Web Authentication §5.1.8 to §5.1.10): as far as it is read. */

const text = z.string().min(1).max(20_000);
const credential = {
  id: z.string().min(1).max(2_000),
  rawId: text,
  type: z.literal('public-key'),
};

/** What `navigator.credentials.create()` answers. */
export const passkeyRegistration = z.object({
  ...credential,
  response: z.object({ clientDataJSON: text, attestationObject: text }),
});

/** What `navigator.credentials.get()` answers. A passkey says whose it is: what says nothing is refused. */
export const passkeyAssertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: text.optional(),
  }),
});

const verification = z.enum(['required', 'preferred', 'discouraged']);
const known = z.object({ id: z.string(), type: z.literal('public-key') });

/** What a browser needs to make a passkey. */
export const passkeyCreationOptions = z.object({
  challenge: z.string(),
  rp: z.object({ id: z.string().optional(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.object({ type: z.literal('public-key'), alg: z.int() })),
  timeout: z.int().optional(),
  /** Those that somebody has at this host: no device makes a second one. */
  excludeCredentials: z.array(known).optional(),
  authenticatorSelection: z
    .object({
      residentKey: verification.optional(),
      requireResidentKey: z.boolean().optional(),
      userVerification: verification.optional(),
    })
    .optional(),
});

/** What a browser needs to sign with one. */
export const passkeyRequestOptions = z.object({
  challenge: z.string(),
  rpId: z.string().optional(),
  timeout: z.int().optional(),
  userVerification: verification.optional(),
});
