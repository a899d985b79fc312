import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readDocument } from '@patchbay/domain/logic/document';
import { logic } from '@patchbay/sdk-node';
import { Command } from 'commander';
import { afterAll, expect, test, vi } from 'vitest';
import { addLogicCommand } from './logic.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-logic-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `patchbay logic check` prints of a file. */
async function check(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const program = new Command();
  addLogicCommand(program);
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await program.parseAsync(['logic', 'check', file, '--json'], { from: 'user' });
    return written.mock.calls.map(([chunk]) => String(chunk)).join('');
  } finally {
    written.mockRestore();
  }
}

test('check reads both forms without a platform, and says with its place what is wrong', async () => {
  const xml = '<Response><Dial><Client>bob</Client></Dial></Response>';
  expect(JSON.parse(await check('good.xml', xml))).toMatchObject({
    isValid: true,
    verbs: [{ verb: 'dial', to: ['user:bob'] }],
  });
  const said = JSON.stringify(logic().pause(1).record());
  await expect(check('said.json', said)).rejects.toThrow('/verbs/1: record cannot be carried out');
});

test('the builder writes documents that the platform reads, whatever the verb', () => {
  const document = logic()
    .variables({ team: 'sales' })
    .say('Hello', { language: 'en' })
    .gather({ digitsMax: 1, prompts: [{ verb: 'say', text: 'Press a key.' }] })
    .set({ day: 'monday' })
    .relay({ use: 'only' })
    .dial(['user:bob', 'user:carol'], { ring: 'one', timeoutSeconds: 20 })
    .message('Nobody is there.', { when: { dialStatus: 'no_answer' } })
    .hangup();
  expect(readDocument(JSON.stringify(document))).toEqual({ document: document.toJSON() });
});
