import path from 'node:path';
import { Patchbay } from '@patchbay/sdk-node';
import { environment } from './env.ts';
import { Refusal } from './refusal.ts';
import { readDevEnv } from './up/data-folder.ts';

const repository = path.resolve(import.meta.dirname, '../../..');

/** The data folder that `--data` names; it goes before every variable. Undefined: none is named any more. */
let named: string | undefined;
export function useDataFolder(folder: string | undefined): void {
  named = folder;
}

/** Where a `dev.env` may stand, the first that is there counts. */
function dataFolders(): readonly string[] {
  const set = named ?? environment.PATCHBAY_DATA;
  return set === undefined || set === ''
    ? [path.resolve('.patchbay'), path.join(repository, '.patchbay')]
    : [path.resolve(set)];
}

/** A variable that is set to nothing is not set: no account has an empty id, and no platform an empty address. */
const setVariables = (): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));

/** PATCHBAY_… of the environment; what it leaves out, of the `dev.env` that `patchbay up` wrote. */
export function readVariables(): Readonly<Record<string, string | undefined>> {
  const environment = setVariables();
  const folders = dataFolders();
  const found = folders.map((folder) => readDevEnv(path.join(folder, 'dev.env')));
  const devEnv = found.find((each) => Object.keys(each).length > 0) ?? {};
  if (named !== undefined) return { ...environment, ...devEnv };
  // A key of another platform must not go to this one: the file is taken as a whole, or beside no key.
  return environment.PATCHBAY_KEY === undefined ? { ...devEnv, ...environment } : environment;
}

/** A client of the platform, as whoever holds the key. */
export function connect(accountId?: string): Patchbay {
  const variables = readVariables();
  const {
    PATCHBAY_URL: url,
    PATCHBAY_KEY: key,
    PATCHBAY_SIGNAL_URL: signalUrl,
    PATCHBAY_TURN_URL: turnUrl,
  } = variables;
  if (url === undefined || key === undefined) {
    const looked = [...new Set(dataFolders().map((folder) => path.join(folder, 'dev.env')))].join(' or ');
    throw new Refusal(
      `Set PATCHBAY_URL and PATCHBAY_KEY, or name the data folder of the platform with --data or PATCHBAY_DATA: ` +
        `there is no ${looked}.`,
    );
  }
  const account = accountId || variables.PATCHBAY_ACCOUNT;
  return new Patchbay({
    url,
    key,
    ...(signalUrl === undefined ? {} : { signalUrl }),
    ...(turnUrl === undefined ? {} : { turnUrls: turnUrl.split(',') }),
    ...(account === undefined ? {} : { accountId: account }),
  });
}
