/** Lays out the folder of a new service: `npm run new-service -- voice-mail`. Fill its files, then `npm run generate`. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const parent = path.resolve(import.meta.dirname, '../packages/services/src');

export type ServiceFiles = Readonly<Record<string, string>>;

/** What a new service begins as: it compiles, serves one operation and passes the contract tests. */
export function newServiceFiles(name: string): ServiceFiles {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`${name} is no name of a service: it is kebab-case, such as text-to-speech.`);
  }
  const key = name.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
  const ports = `${key.slice(0, 1).toUpperCase()}${key.slice(1)}Ports`;
  const title = `${name.slice(0, 1).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`;
  return {
    'README.md': `# ${title}

Owns …

Does not own …

Limits: …
`,
    'definition.ts': `import { defineService } from '@patchbay/kit/definition';
import { z } from 'zod';

export const ${key} = defineService({
  name: '${name}',
  title: '${title}',
  summary: 'Says how often it was asked.',
  timing: 'sync',
  media: 'none',
  config: z.object({}),
  merge: {},
  meters: { requests: { unit: 'count', summary: 'Requests answered.', dimensions: [] } },
  events: {},
  errors: {},
  operations: {
    countRequest: {
      method: 'POST',
      path: '/requests',
      summary: 'Count one request.',
      access: 'develop',
      request: z.strictObject({}),
      response: z.object({ requestCount: z.int() }),
      errors: [],
    },
  },
});
`,
    'ports.ts': `/** What ${title.toLowerCase()} needs from the world. */
export interface ${ports} {
  readonly requests: {
    /** Adds one, and answers how many there are. */
    count(input: { readonly accountId: string }): Promise<number>;
  };
}
`,
    'handlers.ts': `import type { Handlers } from '@patchbay/kit/definition';
import type { ${key} } from './definition.ts';
import type { ${ports} } from './ports.ts';

export const handlers: Handlers<typeof ${key}, ${ports}> = {
  async countRequest(context, _request, { requests }) {
    const requestCount = await requests.count({ accountId: context.entity.accountId });
    context.meter('requests', 1, {});
    return { requestCount };
  },
};
`,
    [`${name}.test.ts`]: `import { serviceContext } from '@patchbay/testing/service-context';
import { expect, test } from 'vitest';
import { ${key} } from './definition.ts';
import { handlers } from './handlers.ts';

test('countRequest 200: the request is counted and metered once', async () => {
  const { context, usage } = serviceContext<typeof ${key}, 'countRequest'>(${key}, { accountId: 'acc_1' });
  expect(await handlers.countRequest(context, {}, { requests: { count: async () => 1 } })).toEqual({
    requestCount: 1,
  });
  expect(usage).toEqual([{ meter: 'requests', quantity: 1, dimensions: {} }]);
});
`,
  };
}

if (import.meta.main) {
  const [name = ''] = process.argv.slice(2);
  const files = newServiceFiles(name);
  const folder = path.join(parent, name);
  if (existsSync(folder)) throw new Error(`There is a service called ${name} already.`);
  mkdirSync(folder);
  for (const [file, source] of Object.entries(files)) writeFileSync(path.join(folder, file), source);
  process.stdout.write(`packages/services/src/${name}: fill its files, then npm run generate.\n`);
}
