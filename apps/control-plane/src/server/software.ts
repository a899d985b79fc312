import { ownSoftware } from '@patchbay/domain/fleet/software';
import manifest from '../../package.json' with { type: 'json' };

/** What counts the use of the API. */
export const controlPlaneSoftware = ownSoftware(manifest);
