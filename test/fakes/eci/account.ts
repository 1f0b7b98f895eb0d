import { ApiError } from './request/api-error.ts';
import type { AccessKey } from './request/signature.ts';

/** Listings of a RAM user without permission are empty, not refused. */
const answersEmpty: Readonly<Record<string, object>> = {
  DescribeContainerGroups: { ContainerGroups: [], TotalCount: 0 },
  DescribeContainerGroupStatus: { Data: [], TotalCount: 0 },
  DescribeContainerGroupEvents: { Data: [], TotalCount: 0 },
};

/** The account behind the fake: its keys, its rights, its balance. */
export class Account {
  readonly keys: AccessKey[];
  /** Actions that the keys may not use; `*` = none of them may be used. */
  readonly denied = new Set<string>();
  /** Nothing new is sold. */
  inArrears = false;
  /** Temporary credentials have run out. */
  tokenExpired = false;

  constructor(key: AccessKey) {
    this.keys = [key];
  }

  /** The empty listing that a lack of rights gives, undefined when the call is allowed. Throws where it is told. */
  deniedAnswer(action: string): object | undefined {
    if (!this.denied.has(action) && !this.denied.has('*')) return undefined;
    const empty = answersEmpty[action];
    if (empty !== undefined) return empty;
    throw new ApiError(
      403,
      'Forbidden.RAM',
      `User not authorized to operate on the specified resource, or this API doesn't support RAM: eci:${action}`,
    );
  }

  /** Throws when temporary credentials are used after their end. */
  checkToken(securityToken: string | undefined): void {
    if (!this.tokenExpired && securityToken !== 'expired') return;
    throw new ApiError(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.');
  }
}
