import { request } from 'node:http';
import { urlOfLogin } from '@patchbay/adapters/postgres/application-login';
import { inject } from 'vitest';
import { testLogin } from './test-login.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket of the process that owns the run's database server. */
    testDatabaseSocket: string;
  }
}

export interface TestDatabase {
  /** Of its owner, a superuser, for a test that prepares or looks: no row-level security holds here. */
  readonly url: string;
  /** Of the application, as in production. */
  readonly applicationUrl: string;
  /** Removes it, with whoever is connected. The end of the run removes all. */
  drop(): Promise<void>;
}

function ask(method: 'POST' | 'DELETE', path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: inject('testDatabaseSocket'), method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))));
    });
    call.on('error', reject);
    call.end();
  });
}

/**
 * A database of its own for a test file, with all migrations applied: a clone, made in some 50 ms. The server
 * starts with the first one that a run asks for (a second or two), and ends with the run.
 */
export const createTestDatabase = (): Promise<TestDatabase> => cloned('/databases');

/** Another one with all that a database of a test holds. Nobody may be connected to it meanwhile. */
export const copyTestDatabase = (of: TestDatabase): Promise<TestDatabase> =>
  cloned(`/databases?of=${nameOf(of.url)}`);

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

async function cloned(path: string): Promise<TestDatabase> {
  const url = await ask('POST', path);
  return {
    url,
    applicationUrl: urlOfLogin(url, testLogin),
    drop: async () => {
      await ask('DELETE', `/databases/${nameOf(url)}`);
    },
  };
}
