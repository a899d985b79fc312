import { accountClosed } from '@patchbay/domain/tenancy/account-closed';
import { inactiveCodes } from '@patchbay/domain/tenancy/account-state';
import {
  type PlatformErrorCode,
  platformError,
  platformErrors,
  type ServiceError,
} from '@patchbay/kit/errors';

/** What a node refuses a credential with: the words of the platform, and what the API says of a closed account. */
export type NodeRefusalCode = PlatformErrorCode | typeof inactiveCodes.closed;

export const isNodeRefusalCode = (code: string): code is NodeRefusalCode =>
  code === inactiveCodes.closed || Object.hasOwn(platformErrors, code);

/** With the page and status that the API answers it with. */
export const nodeRefusal = (code: NodeRefusalCode, publicDetail: string): ServiceError =>
  code === inactiveCodes.closed ? accountClosed(publicDetail) : platformError(code, publicDetail);
