import { z } from 'zod';

/** What a node runs: usage is told apart by it (spec part C). */
export const softwareSchema = z.object({
  implementation: z.string().min(1).max(64),
  version: z.string().min(1).max(64),
});

export type Software = z.output<typeof softwareSchema>;

/** What the programs of this repository are called where another implementation might serve as well. */
const OWN_IMPLEMENTATION = 'patchbay';

/** @param manifest the `package.json` of the program that runs. */
export const ownSoftware = ({ version }: { readonly version: string }): Software => ({
  implementation: OWN_IMPLEMENTATION,
  version,
});
