import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Spool } from '@patchbay/adapters/spool/spool';
import { spoolOfTest } from '@patchbay/adapters/spool/spool.testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StateChange, StateFencedError } from '../signaling/saved-state.ts';
import { StateJournal } from './state-journal.ts';

let folder: string;
let failures: string[];
const journals: StateJournal[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'state-'));
  failures = [];
});
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A process that owns the state. Nothing ever closes it: it is killed when the next one starts. */
function start() {
  const journal = StateJournal.open({ folder, onFailure: (_error, message) => failures.push(message) });
  journals.push(journal);
  const live = new Map<string, Record<string, unknown>>();
  for (const [id, session] of journal.saved.sessions) live.set(id, { ...session });
  const all = () => [...live].map(([id, fields]): StateChange => ({ kind: 'session', id, fields }));
  let nowMs = 0;
  const save = (changes: readonly StateChange[] = []) => {
    for (const change of changes) {
      if (change.kind === 'frame') continue;
      if (change.fields === undefined) live.delete(change.id);
      else live.set(change.id, { ...live.get(change.id), ...change.fields });
    }
    journal.save(changes, { nowMs: ++nowMs * 1_000, all });
  };
  save();
  return { journal, save, sessions: () => [...journal.saved.sessions] };
}

const session = (id: string, fields: Readonly<Record<string, unknown>>): StateChange => ({
  kind: 'session',
  id,
  fields,
});
const files = () => readdirSync(folder).filter((name) => name.endsWith('.state'));

test('what was saved is there after a kill, change by change, under the same lineage', () => {
  const first = start();
  first.save([session('ses_1', { generation: 0, mode: 'relay' }), session('ses_2', { generation: 0 })]);
  first.save([session('ses_1', { generation: 1, mode: null }), { kind: 'session', id: 'ses_2' }]);
  first.save([{ kind: 'frame', id: 'con_1', sequence: 1, source: 'a' }]);
  const second = start();
  expect(second.sessions()).toEqual([['ses_1', { generation: 1 }]]);
  expect(second.journal.saved).toMatchObject({ lineage: first.journal.saved.lineage, savedAtMs: 4_000 });
  expect(second.journal.saved.frames.get('con_1')).toEqual([{ sequence: 1, source: 'a' }]);
  expect(start().sessions()).toEqual([['ses_1', { generation: 1 }]]);
  expect(files()).toHaveLength(1);
});

test('two processes never own the state at once: the one before says no word more (architecture §6)', () => {
  const first = start();
  first.save([session('ses_1', { generation: 0 })]);
  start().save([session('ses_1', { generation: 1 })]);
  expect(() => first.save([session('ses_1', { generation: 2 })])).toThrow(StateFencedError);
  expect(start().sessions()).toEqual([['ses_1', { generation: 1 }]]);
});

test('a start that was killed before it had written all of it leaves the state to the next', () => {
  start().save([session('ses_1', { generation: 0 })]);
  const journal = StateJournal.open({ folder, onFailure: (error) => expect(error).toBeInstanceOf(Error) });
  journals.push(journal);
  const all = function* (): Generator<StateChange> {
    for (let index = 0; index < 300; index++) yield session(`ses_${index}`, { generation: 0 });
    throw new Error('killed');
  };
  journal.save([], { nowMs: 1, all });
  expect(start().sessions()).toEqual([['ses_1', { generation: 0 }]]);
});

test('a file begins anew before it outgrows what is live', () => {
  const { save } = start();
  for (let index = 0; index < 90; index++) save([session('ses_1', { sdp: 'v'.repeat(100_000) + index })]);
  expect(files()).toHaveLength(1);
  expect(statSync(path.join(folder, files()[0] ?? '')).size).toBeLessThan(5 * 1024 * 1024);
  expect(start().sessions()[0]?.[1]).toMatchObject({ sdp: `${'v'.repeat(100_000)}89` });
});

test('while the disk takes nothing, nothing stale is left to take up, and later all of it is written', () => {
  const { save } = start();
  save([session('ses_1', { generation: 0 })]);
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  save([session('ses_2', circular)]);
  expect(failures).toHaveLength(1);
  expect(files()).toEqual([]);
  save([{ kind: 'session', id: 'ses_2' }]);
  expect(start().sessions()).toEqual([['ses_1', { generation: 0 }]]);
});

test('a state that was closed is over', async () => {
  const { journal, save } = start();
  save([session('ses_1', { generation: 0 })]);
  await journal.close();
  expect(start().sessions()).toEqual([]);
});

test('usage that its spool never wrote is put there once, whenever the kill comes (MET-2)', async () => {
  const open = async () => {
    const spool = await spoolOfTest<string>(path.join(folder, 'usage'));
    const process = start();
    process.journal.recoverSpool('usage', spool);
    process.save();
    return { spool, ...process };
  };
  const first = await open();
  for (const item of ['written', 'in memory', 'acknowledged']) {
    first.journal.noteSpooled('usage', first.spool.append(item));
    first.save();
    if (item === 'written') await first.spool.tick();
  }
  const second = await open();
  await second.spool.tick();
  const itemsOf = (spool: Spool<string>) => spool.peek(100).map(({ item }) => item);
  expect(itemsOf(second.spool)).toEqual(['written']);
  await second.spool.acknowledge(second.spool.peek(100));
  expect(itemsOf(second.spool)).toEqual(['in memory', 'acknowledged']);
  // Uploaded, and its file gone: it is not put there again.
  await second.spool.acknowledge(second.spool.peek(100));
  await second.spool.tick();
  const third = await open();
  await third.spool.tick();
  expect(itemsOf(third.spool)).toEqual([]);
});
