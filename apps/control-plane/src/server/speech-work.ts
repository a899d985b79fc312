import { linkSigner } from '@patchbay/adapters/objects/link-signer';
import { objectStoreOf } from '@patchbay/adapters/objects/object-env';
import { sealedObjects } from '@patchbay/adapters/objects/sealed-objects';
import { findObject, objectData } from '@patchbay/adapters/objects/stored-objects';
import { readMasterKey } from '@patchbay/adapters/prisma/mint-branch-cipher';
import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import { speechStore } from '@patchbay/adapters/speech/speech-store';
import type { ByteRange } from '@patchbay/domain/stored-media/byte-range';
import { objectLinks } from '@patchbay/domain/stored-media/object-link';
import type { StoredObject } from '@patchbay/domain/stored-media/stored-object';
import type { SignedLink } from '@patchbay/kit/signed-link';
import type { ServicePorts } from '@patchbay/services/handlers.generated';
import type { Pool } from 'pg';
import type { ControlPlaneEnv } from './env.ts';

interface Options {
  readonly env: ControlPlaneEnv;
  readonly pool: Pool;
  readonly urlOf: (path: string, baseUrl?: string) => string;
}

/** Speech as the API offers it, and stored files as links lead to them. What speaks is a node. */
export function speechWork({ env, pool, urlOf }: Options) {
  const masterKey = readMasterKey(env.PATCHBAY_MASTER_KEY);
  const links = linkSigner(masterKey, 'patchbay media links');
  const store = objectStoreOf(env);
  const objects = store === undefined ? undefined : sealedObjects(store, masterKey);
  const ports: ServicePorts['textToSpeech'] = {
    speech: speechStore(pool),
    markup: { read: readSsml },
    links: {
      pathOf: (link) => objectLinks.pathOf(link, links.sign(objectLinks.textOf(link))),
      urlOf: (path, baseUrl) => urlOf(path, baseUrl),
    },
  };
  return {
    ports,
    data: objectData(
      pool,
      {
        name: 'speech',
        mediaType: 'application/octet-stream',
        dataClass: 'speechFiles',
        readBy: 'textToSpeech.getSpeech',
      },
      { table: 'speech', field: 'speechId' },
    ),
    media: {
      isSigned: (link: SignedLink, signature: string): boolean =>
        links.isSigned(objectLinks.textOf(link), signature),
      find: ({ accountId, id: objectId }: Pick<SignedLink, 'accountId' | 'id'>) =>
        findObject(pool, { accountId, objectId }),
      /** @throws where no store is set, or what lies in it is not what was put there. */
      read({ id: key, accountId, sizeBytes }: StoredObject, range: ByteRange): AsyncGenerator<Uint8Array> {
        if (objects === undefined)
          throw new Error('Files are stored nowhere: set PATCHBAY_FILES or PATCHBAY_S3_URL.');
        return objects.read({ key, accountId, sizeBytes }, range);
      },
    },
  };
}
