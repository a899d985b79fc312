import { ownSoftware } from '@patchbay/domain/fleet/software';
import manifest from '../../package.json' with { type: 'json' };

/** What each role of this program says that it runs. */
export const nodeSoftware = ownSoftware(manifest);
