import { objectData } from '@patchbay/adapters/objects/stored-objects';
import { readSsml } from '@patchbay/adapters/speech/read-ssml';
import { speechStore } from '@patchbay/adapters/speech/speech-store';
import type { ServicePorts } from '@patchbay/services/handlers.generated';
import type { Pool } from 'pg';
import type { StoredMedia } from './stored-media.ts';

/** Speech as the API offers it. What speaks is a node. */
export function speechWork({ pool, media }: { readonly pool: Pool; readonly media: StoredMedia }) {
  const ports: ServicePorts['textToSpeech'] = {
    speech: speechStore(pool),
    markup: { read: readSsml },
    links: media.links,
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
  };
}
