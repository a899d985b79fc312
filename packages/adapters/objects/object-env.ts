import { z } from 'zod';
import { localObjects } from './local-objects.ts';
import type { ObjectStore } from './object-store.ts';
import { s3Objects } from './s3-objects.ts';

/** The settings that say where files of services lie: the same for every process that reads or writes them. */
export const objectEnv = {
  /** A folder that all of them reach. Without it, and without a bucket, nothing is stored. */
  PATCHBAY_FILES: z.string().min(1).optional(),
  /** A bucket in its place, such as https://s3.eu-central-1.amazonaws.com/media. */
  PATCHBAY_S3_URL: z
    .url()
    .refine(
      (url) => /^\/[a-z0-9.-]{3,63}\/?$/.test(new URL(url).pathname),
      'must name the store and the bucket, such as https://s3.eu-central-1.amazonaws.com/media',
    )
    .optional(),
  PATCHBAY_S3_REGION: z.string().min(1).max(64).default('us-east-1'),
  PATCHBAY_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  PATCHBAY_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
} as const;

type ObjectEnv = z.output<z.ZodObject<typeof objectEnv>>;

/** The store that the settings name. Undefined: they name none. @throws for a bucket without a key. */
export function objectStoreOf(env: ObjectEnv): ObjectStore | undefined {
  const { PATCHBAY_S3_URL: url, PATCHBAY_FILES: folder } = env;
  if (url === undefined) return folder === undefined ? undefined : localObjects(folder);
  const { PATCHBAY_S3_ACCESS_KEY_ID: accessKeyId, PATCHBAY_S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error('PATCHBAY_S3_URL needs PATCHBAY_S3_ACCESS_KEY_ID and PATCHBAY_S3_SECRET_ACCESS_KEY.');
  const { origin, pathname } = new URL(url);
  const bucket = pathname.replaceAll('/', '');
  return s3Objects({
    endpoint: origin,
    bucket,
    region: env.PATCHBAY_S3_REGION,
    accessKeyId,
    secretAccessKey,
  });
}
