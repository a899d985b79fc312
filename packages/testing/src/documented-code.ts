import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

/**
 * The files that a page of documentation tells its reader to write: each code block that has a `title`, by that title.
 * What a test runs is then what a reader reads, and not a copy of it.
 */
export function documentedFiles(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(path.join(root, page), 'utf8');
  const blocks = text.matchAll(/^```\w+ title="([^"]+)"\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, title = '', code = '']) => [title, code]));
}
