/** A control plane on a real database, as its routes serve it, with what tests need to fill it. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { openClient } from '@patchbay/adapters/prisma/client';
import { ensurePlatform } from '@patchbay/adapters/prisma/seed';
import {
  type InternalCall,
  type InternalRequest,
  internalRequest,
  type NodeRole,
} from '@patchbay/domain/fleet/internal-api';
import { canonicalText, signatureHeaders } from '@patchbay/domain/fleet/signed-request';
import { type ControlPlane, compose } from './compose.ts';
import { readEnv } from './env.ts';
import { serveInternal } from './internal-api.ts';
import { serveTrpc } from './trpc-endpoint.ts';

const ORIGIN = 'http://control.test';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what its test says.
  readonly body: any;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

export interface Served {
  readonly control: ControlPlane;
  rest(method: string, path: string, options?: RestOptions): Promise<Answer>;
  trpc(method: 'GET' | 'POST', procedure: string, options: TrpcOptions): Promise<Answer>;
  internal(request: Request): Promise<Response>;
  close(): Promise<void>;
}

interface TrpcOptions extends Pick<RestOptions, 'key' | 'headers'> {
  readonly input: object;
}

export interface RestOptions {
  readonly key?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export const masterKey = Buffer.alloc(32, 5).toString('base64url');

/** Quiet, and with limits that no test reaches by accident. */
export function serve(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  world: Parameters<typeof compose>[1] = {},
): Served {
  const control = compose(
    readEnv({
      DATABASE_URL: databaseUrl,
      PATCHBAY_MASTER_KEY: masterKey,
      PATCHBAY_URL: ORIGIN,
      PATCHBAY_REQUESTS_PER_MINUTE_MAX: '100000',
      PATCHBAY_SIGN_UPS_PER_MINUTE_MAX: '100000',
      PATCHBAY_LOG_LEVEL: 'error',
      ...environment,
    }),
    world,
  );
  control.log.level = 'silent';
  const bearer = (key: string | undefined): Record<string, string> =>
    key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    control,
    rest: async (method, path, { key, body, headers } = {}) => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const init: RequestInit = { method, headers: { ...bearer(key), ...json, ...headers } };
      if (body !== undefined) init.body = JSON.stringify(body);
      const request = new Request(`${ORIGIN}${path}`, init);
      return answerOf(await control.answering(() => control.rest(request), request.headers));
    },
    trpc: async (method, procedure, { input, key, headers }) => {
      const isQuery = method === 'GET';
      const query = isQuery ? `?input=${encodeURIComponent(JSON.stringify(input))}` : '';
      const init: RequestInit = {
        method,
        headers: { ...bearer(key), 'content-type': 'application/json', ...headers },
      };
      if (!isQuery) init.body = JSON.stringify(input);
      return answerOf(await serveTrpc(control, new Request(`${ORIGIN}/api/trpc/${procedure}${query}`, init)));
    },
    internal: (request) => serveInternal(control, request),
    close: () => control.close(),
  };
}

export interface Tenant {
  readonly accountId: string;
  readonly userId: string;
  readonly keyId: string;
  /** The one secret string of a key that may do all at the account. */
  readonly key: string;
}

/** Somebody who signed up, with a key. */
export async function signUp(served: Served, name: string): Promise<Tenant> {
  const { tenancy } = served.control.platform.domainPorts;
  const person = { email: `${name}@example.test`, passwordHash: 'no hash', name, organisationName: name };
  const signedUp = await tenancy.people.signUp({ ...person, currency: 'EUR', timeZone: 'UTC' });
  if (signedUp.outcome !== 'signed_up') throw new Error(`Signing up ${name}: ${signedUp.outcome}.`);
  const { accountId, userId } = signedUp;
  await proveAddress(served, { userId, email: person.email });
  const { key, secret } = await tenancy.keys.create({
    accountId,
    name: 'test',
    mode: 'live',
    scopes: ['*'],
    createdBy: userId,
  });
  return { accountId, userId, keyId: key.id, key: secret };
}

/** As somebody who followed the link of their mail. */
export async function proveAddress(
  { control }: Served,
  user: { readonly userId: string; readonly email: string },
): Promise<void> {
  const token = await control.platform.domainPorts.tenancy.people.makeVerification(user);
  await control.pool.query(`SELECT email_verify(sha256(convert_to($1, 'UTF8')))`, [token]);
}

export async function makePlatform(databaseUrl: string): Promise<void> {
  const prisma = openClient(databaseUrl);
  await ensurePlatform(prisma);
  await prisma.$disconnect();
}

/** An enrolled node that signs what it says. */
export interface TestNode {
  readonly nodeId: string;
  request<C extends InternalCall>(call: C, request: InternalRequest<C>, options?: SigningOptions): Request;
  stream(lastEventId?: string): Request;
}

interface SigningOptions {
  readonly timeMs?: number;
  readonly nonce?: string;
  /** Sent in place of what was signed. */
  readonly body?: string;
}

export async function enrolNode(served: Served, roles: readonly NodeRole[] = ['relay']): Promise<TestNode> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const joinToken = await served.control.fleet.createJoinToken({
    roles,
    region: 'local',
    lifetimeMs: 60_000,
  });
  const { path, body } = internalRequest('enrol', {
    joinToken,
    name: 'test',
    roles: [...roles],
    region: 'local',
    publicKey: String(publicKey.export({ format: 'jwk' }).x),
  });
  const response = await served.internal(new Request(`${ORIGIN}${path}`, { method: 'POST', body }));
  const { nodeId } = (await response.json()) as { nodeId: string };
  return {
    nodeId,
    request: (call, request, options = {}) => {
      const { method, path: callPath, body: callBody } = internalRequest(call, request);
      const { body: sent = callBody, ...signing } = options;
      const headers = signed({ nodeId, privateKey, method, path: callPath, body: callBody, ...signing });
      const init: RequestInit = { method, headers };
      if (method !== 'GET') init.body = sent;
      return new Request(`${ORIGIN}${callPath}`, init);
    },
    stream: (lastEventId) => {
      const busPath = '/internal/v1/bus';
      const headers = signed({ nodeId, privateKey, method: 'GET', path: busPath, body: '' });
      return new Request(`${ORIGIN}${busPath}`, {
        headers: { ...headers, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      });
    },
  };
}

interface ToSign extends Omit<SigningOptions, 'body'> {
  readonly nodeId: string;
  readonly privateKey: KeyObject;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

function signed({ nodeId, privateKey, method, path, body, timeMs = Date.now(), nonce }: ToSign) {
  const used = nonce ?? randomBytes(16).toString('base64url');
  const bodyHash = createHash('sha256').update(body).digest('base64url');
  const text = canonicalText({ method, path, timeMs, nonce: used, bodyHash });
  return {
    [signatureHeaders.node]: nodeId,
    [signatureHeaders.time]: String(timeMs),
    [signatureHeaders.nonce]: used,
    [signatureHeaders.signature]: sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}
