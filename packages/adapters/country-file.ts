import { readFileSync } from 'node:fs';
import { type CountryTable, CountryTableError, readCountryTable } from '@patchbay/kit/country-table';

/** The table in a file, where there is one. A file that cannot be read stops the start with its name and the line. */
export function countryTableIn(file: string | undefined): CountryTable | undefined {
  if (file === undefined) return undefined;
  try {
    return readCountryTable(readFileSync(file, 'utf8'));
  } catch (error) {
    const isReadable = error instanceof CountryTableError;
    const why = isReadable ? error.message : 'It cannot be read.';
    throw new Error(`The table of countries ${file} is not good. ${why}`, { cause: error });
  }
}
