import type { Fault } from '../faults.ts';
import { ServiceError, throttled } from './service-error.ts';

export interface FaultPlace {
  readonly account: string;
  /** `ecs` */
  readonly service: string;
  readonly action: string;
}

/** What a fault makes AWS say; undefined for one that says nothing. */
export function faultError(fault: Fault | undefined, place: FaultPlace): ServiceError | undefined {
  switch (fault?.kind) {
    case 'throttle':
      return throttled();
    case 'networkThrottle':
      return new ServiceError(
        'InvalidParameterException',
        'Error retrieving subnet information for [subnet-0a11]: Rate exceeded (ErrorCode: Throttling)',
      );
    case 'deny': {
      const permission = `${place.service}:${place.action}`;
      return new ServiceError(
        'AccessDeniedException',
        `User: arn:aws:iam::${place.account}:user/burstlet is not authorized to perform: ${permission} on resource: * because no identity-based policy allows the ${permission} action`,
      );
    }
    case 'error':
      return new ServiceError(
        fault.status === 503 ? 'ServiceUnavailableException' : 'ServerException',
        'The request processing has failed because of an unknown error, exception or failure.',
        { status: fault.status },
      );
    default:
      return undefined;
  }
}
