import { onTestFinished } from 'vitest';
import { Spool } from './spool.ts';

/** A spool that its test may leave as a killed process does: its file is closed when the test is over. */
export async function spoolOfTest<Item>(folder: string): Promise<Spool<Item>> {
  const spool = await Spool.open<Item>({ folder });
  onTestFinished(() => spool.close());
  return spool;
}
