/** What documentation, help and pages show of the command line is understood by it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { commandOf } from './api/operation-command.ts';
import { operationNamed, operationsOf } from './api/operations.ts';
import { throwing } from './commands/fake-platform.testing.ts';
import { createProgram } from './program.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Words as a shell takes them, up to a comment or to where the output goes. */
function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => ({
    word: single ?? double ?? plain ?? '',
    isEnd: plain !== undefined && /^(#|>|\||&&)/.test(plain),
  }));
  const end = words.findIndex(({ isEnd }) => isEnd);
  return (end === -1 ? words : words.slice(0, end)).map(({ word }) => word);
}

/** Reads a command and does nothing. What it lacks is said by commander, which throws. */
async function understand(words: readonly string[]): Promise<void> {
  const idle = (command: Command): void => {
    command.commands.forEach(idle);
    if (command.commands.length === 0) command.action(() => undefined);
  };
  const [first, operation, ...fields] = words;
  const isCall = first === 'api' && operation !== undefined && operationsOf(operation).length === 0;
  const program = isCall ? commandOf(operationNamed(operation), async () => undefined) : createProgram();
  idle(program);
  throwing(program).configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  await program.parseAsync([...(isCall ? fields : words)], { from: 'user' });
}

async function complaintOf(words: readonly string[]): Promise<string | undefined> {
  try {
    await understand(words);
    return undefined;
  } catch (error) {
    // Of a command that has others below it, help is the answer.
    if (error instanceof CommanderError && /^commander\.help/.test(error.code)) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`),
  ...['sdk', 'sdk-node', 'sdk-browser'].map((name) => `packages/${name}/README.md`),
].filter((file) => file.endsWith('.md'));

const documented = pages.flatMap((page) =>
  [...read(page).matchAll(/^(?:npx )?patchbay (?!up\b)(.+)$/gm)].map(
    ([, line = '']) => [page, line] as const,
  ),
);

function helpExamples(command: Command): readonly string[] {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => written.push(text) });
  command.outputHelp();
  return [...written.join('').matchAll(/^ {2}npx patchbay (.+)$/gm)].map(([, line = '']) => line);
}
const helped = createProgram().commands.flatMap((command) =>
  helpExamples(command).map((line) => [`patchbay ${command.name()} --help`, line] as const),
);

const features = path.join(root, 'apps/control-plane/src/features');
const onPages = readdirSync(features, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.tsx'))
  .flatMap((file) =>
    [...readFileSync(path.join(features, file), 'utf8').matchAll(/\bcli: [`'"](.+)[`'"],?$/gm)].map(
      ([, line = '']) => [file, line.replace(/\$\{[^}]*\}/g, 'x').replace(/\\'/g, "'")] as const,
    ),
  );

test('each example of documentation, help and pages is a command that there is, with flags that it has', async () => {
  expect([documented.length > 40, helped.length > 15, onPages.length > 10]).toEqual([true, true, true]);
  const refused: string[] = [];
  for (const [where, line] of [...documented, ...helped, ...onPages]) {
    const complaint = await complaintOf(wordsOf(line));
    if (complaint !== undefined) refused.push(`${where}: ${line}: ${complaint}`);
  }
  expect(refused).toEqual([]);
});
