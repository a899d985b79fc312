import { linkSigner } from '@patchbay/adapters/objects/link-signer';
import { objectStoreOf } from '@patchbay/adapters/objects/object-env';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { findObject } from '@patchbay/adapters/objects/stored-objects';
import { readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import type { ByteRange } from '@patchbay/domain/stored-media/byte-range';
import { objectLinks, uploadLinks } from '@patchbay/domain/stored-media/object-link';
import type { StoredObject } from '@patchbay/domain/stored-media/stored-object';
import type { SignedLink } from '@patchbay/kit/signed-link';
import type { Pool } from 'pg';
import type { ControlPlaneEnv } from './env.ts';

interface Options {
  readonly env: ControlPlaneEnv;
  readonly pool: Pool;
  readonly urlOf: (path: string, baseUrl?: string) => string;
}

/** Files of services: where they lie, and the links that lead to them. */
export function storedMedia({ env, pool, urlOf }: Options) {
  const masterKey = readMasterKey(env.PATCHBAY_MASTER_KEY);
  const signer = linkSigner(masterKey, 'patchbay media links');
  const store = objectStoreOf(env);
  return {
    /** Undefined: files are stored nowhere. */
    objects: store === undefined ? undefined : sealedObjects(store, masterKey),
    links: {
      pathOf: (link: SignedLink) => objectLinks.pathOf(link, signer.sign(objectLinks.textOf(link))),
      uploadPathOf: (link: SignedLink) => uploadLinks.pathOf(link, signer.sign(uploadLinks.textOf(link))),
      urlOf: (path: string, baseUrl: string | undefined) => urlOf(path, baseUrl),
    },
    isSigned: (link: SignedLink, signature: string): boolean =>
      signer.isSigned(objectLinks.textOf(link), signature),
    isUploadSigned: (link: SignedLink, signature: string): boolean =>
      signer.isSigned(uploadLinks.textOf(link), signature),
    find: ({ accountId, id: objectId }: Pick<SignedLink, 'accountId' | 'id'>) =>
      findObject(pool, { accountId, objectId }),
    /** @throws where no store is set, or what lies in it is not what was put there. */
    read({ id: key, accountId, sizeBytes }: StoredObject, range: ByteRange): AsyncGenerator<Uint8Array> {
      if (this.objects === undefined)
        throw new Error('Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL.');
      return this.objects.read({ key, accountId, sizeBytes }, range);
    },
  };
}

export type StoredMedia = ReturnType<typeof storedMedia>;
