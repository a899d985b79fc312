import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newServiceFiles } from './new-service.ts';

const repository = path.resolve(import.meta.dirname, '..');
const generator = path.join(import.meta.dirname, 'generate.ts');
let root: string;

// With a way to kit and zod, so that definitions in it find them.
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'patchbay-generate-'));
  symlinkSync(path.join(repository, 'packages/services/node_modules'), path.join(root, 'node_modules'));
  for (const folder of ['services/src', 'domain', 'sdk/src', 'sdk-node/src']) {
    mkdirSync(path.join(root, 'packages', folder), { recursive: true });
  }
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function addService(name: string, folder = name, change = (source: string) => source): string {
  const target = path.join(root, 'packages/services/src', folder);
  mkdirSync(target, { recursive: true });
  for (const [file, source] of Object.entries(newServiceFiles(name))) {
    writeFileSync(path.join(target, file), file === 'definition.ts' ? change(source) : source);
  }
  return target;
}

function generate(...more: readonly string[]): { readonly isDone: boolean; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, [generator, '--root', root, ...more], {
    encoding: 'utf8',
  });
  return { isDone: status === 0, said: stderr };
}

const generated = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('a new service is in every generated file, and the check finds nothing stale', () => {
  addService('voice-mail');
  expect(generate()).toMatchObject({ isDone: true });
  expect(generated('packages/services/src/registry.generated.ts')).toContain('{ voiceMail }');
  expect(generated('packages/services/src/handlers.generated.ts')).toContain(
    "import('./voice-mail/handlers.ts')",
  );
  expect(generated('packages/services/src/meters.generated.ts')).toContain("'voice-mail.requests'");
  const sdk = generated('packages/sdk/src/operations.generated.ts');
  expect(sdk).toContain('readonly voiceMail: {');
  expect(sdk).toContain('POST ~/services/voice-mail/requests');
  for (const name of ['sdk', 'sdk-node'])
    expect(generated(`packages/${name}/src/operation-types.generated.ts`)).toContain(
      'VoiceMailGetConfigResponse',
    );
  expect(generate('--check')).toMatchObject({ isDone: true });
});

test('a new service’s own test holds what its definition says', async () => {
  const target = addService('voice-mail');
  const { voiceMail } = await import(path.join(target, 'definition.ts'));
  const { handlers } = await import(path.join(target, 'handlers.ts'));
  const metered: unknown[] = [];
  const context = { entity: { accountId: 'acc_1' }, meter: (...report: unknown[]) => metered.push(report) };
  const answer = await handlers.countRequest(context, {}, { requests: { count: async () => 3 } });
  expect(voiceMail.operations.countRequest.response.parse(answer)).toEqual({ requestCount: 3 });
  expect(metered).toEqual([['requests', 1, {}]]);
});

test('a definition that changed makes its generated files stale', () => {
  const target = addService('voice-mail');
  generate();
  const file = path.join(target, 'definition.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace("path: '/requests'", "path: '/counts'"));
  const { isDone, said } = generate('--check');
  expect(isDone).toBe(false);
  expect(said).toContain('packages/sdk/src/operations.generated.ts is stale: run npm run generate.');
});

test('a folder with another name than its service is refused', () => {
  addService('voice-mail', 'voicemail');
  expect(generate()).toMatchObject({
    isDone: false,
    said: expect.stringContaining("must export voicemail, and its name must be 'voicemail'"),
  });
});

test('a shape that no TypeScript is known for is refused by what it is', () => {
  addService('voice-mail', 'voice-mail', (source) =>
    source.replace('requestCount: z.int()', 'requestCount: z.tuple([z.int()])'),
  );
  expect(generate()).toMatchObject({
    isDone: false,
    said: expect.stringContaining('No TypeScript is known for'),
  });
});

test('two that would be one property of the SDK are refused', () => {
  addService('voice-mail');
  const target = path.join(root, 'packages/domain/mail');
  mkdirSync(target, { recursive: true });
  const resource = "{ title: '', mount: 'account', operations: {} }";
  writeFileSync(
    path.join(target, 'definition.ts'),
    `export const mail = { name: 'mail', title: '', summary: '', events: {}, errors: {}, resources: { voiceMail: ${resource} } };`,
  );
  expect(generate()).toMatchObject({
    isDone: false,
    said: expect.stringContaining('are both called voiceMail in the SDK'),
  });
});

test.each(['VoiceMail', 'voice_mail', '2mail', 'voice--mail', '../mail', ''])(
  '%j is no name of a service',
  (name) => {
    expect(() => newServiceFiles(name)).toThrow('is no name of a service');
  },
);
