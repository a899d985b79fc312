import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { documentedFiles } from '@patchbay/testing/documented-code';
import ts from 'typescript';
import { expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');
const readme = read('README.md');

/** The code blocks of one language, without their fences. */
const blocksOf = (language: string): readonly string[] =>
  [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );

/** What a reader has already: the elements of a page, a sign-in of their own, a way to show an error. */
const ofTheReader = `
declare const localVideo: HTMLVideoElement, remoteVideo: HTMLVideoElement;
declare function show(code: string, helpUrl: string): void;
declare function userOf(request: unknown): Promise<string>;
`;

/** What the compiler says of a file that lies where a customer's would: beside both SDKs and nothing else of ours. */
function refusalsOf(code: string): readonly string[] {
  const file = path.join(repository, 'apps/samples/video-call/of-the-readme.ts');
  const { config } = ts.readConfigFile(path.join(repository, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repository);
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, settings) =>
    name === file ? ts.createSourceFile(name, code, settings) : getSourceFile(name, settings);
  const program = ts.createProgram([file], options, host);
  const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const isOfTheBrowser = (block: string): boolean => block.includes('@patchbay/sdk-browser');

test('README: the code for a browser compiles against the SDK as it is', () => {
  const blocks = blocksOf('ts').filter(isOfTheBrowser);
  expect(blocks).toHaveLength(1);
  expect(refusalsOf(ofTheReader + blocks.join('\n'))).toEqual([]);
});

// A reader goes on in the same file, so the later blocks use what the first one made.
test('README: the code for a server, read from top to bottom, compiles against the SDK as it is', () => {
  const blocks = blocksOf('ts').filter((block) => !isOfTheBrowser(block));
  expect(blocks.length).toBeGreaterThan(1);
  expect(refusalsOf(ofTheReader + blocks.join('\n'))).toEqual([]);
});

test('docs/webhooks.md: the code compiles against the SDK as it is', () => {
  const blocks = [...read('docs/webhooks.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, code = '']) => code,
  );
  expect(blocks.length).toBeGreaterThan(1);
  const given = `import { Patchbay } from '@patchbay/sdk-node';
    const pb = new Patchbay();
    declare function act(event: unknown): Promise<void>;
    declare const webhookId: string;
    let lastSeen = '0';`;
  expect(refusalsOf([given, ...blocks].join('\n'))).toEqual([]);
});

test('README: the first call takes under ten lines on each side (SDK-2)', () => {
  const [server = '', browser = ''] = blocksOf('ts');
  for (const block of [server, browser]) {
    expect(block.trim()).toContain('import ');
    expect(block.trim().split('\n').length).toBeLessThan(10);
  }
});

/** What the scratch projects of the packed packages are written from, and so what is known to run. */
const guide = documentedFiles('docs/first-call.md');
const linesOf = (code: string): readonly string[] => code.split('\n').filter((line) => line.trim() !== '');

test.each([
  ['README.md', 0, 'next/app/api/token/route.ts'],
  ['README.md', 1, 'vite/src/main.ts'],
  ['packages/sdk-browser/README.md', 0, 'vite/src/main.ts'],
  ['packages/sdk-browser/README.md', 1, 'react/phone.tsx'],
  ['packages/sdk-node/README.md', 2, 'node/greeter.mjs'],
])(
  '%s: each line of code block %i runs in a project of somebody else, in %s (SDK-2)',
  (page, index, title) => {
    const [, code = ''] = [...read(page).matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)][index] ?? [];
    expect(code).not.toBe('');
    const known = linesOf(guide.get(title) ?? '');
    expect(linesOf(code).filter((line) => !known.includes(line))).toEqual([]);
  },
);

test.each([
  ...[
    'README.md',
    'CONTRIBUTING.md',
    'ARCHITECTURE.md',
    'docs/benchmarks.md',
    'docs/first-call.md',
    'docs/webhooks.md',
  ],
])('%s: every npm command is there, and every link leads to a file', (file) => {
  const text = read(file);
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const commands = [...text.matchAll(/(?:`|^)npm (?:run (?:--silent )?)?([a-z-]+)/gm)].map(
    ([, name = '']) => name,
  );
  expect(commands.filter((name) => ![...scripts, 'install', 'create'].includes(name))).toEqual([]);
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target);
  const here = path.dirname(path.join(repository, file));
  expect(links.filter((target) => !existsSync(path.join(here, target)))).toEqual([]);
});
