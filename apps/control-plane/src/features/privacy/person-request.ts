import { privacy } from '@patchbay/domain/privacy/definition';

/** A person as the API takes one: an identity of the account, or somebody in its team. */
export const personRequest = privacy.resources.erasures.operations.create.request;
