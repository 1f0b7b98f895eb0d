import type * as Sdk from '@alicloud/eci20180808';

/** The actions that this adapter uses, with the vendor's own types of their parameters. */
interface Requests {
  readonly createContainerGroup: Sdk.CreateContainerGroupRequest;
  readonly deleteContainerGroup: Sdk.DeleteContainerGroupRequest;
  readonly describeContainerGroups: Sdk.DescribeContainerGroupsRequest;
  readonly describeContainerGroupStatus: Sdk.DescribeContainerGroupStatusRequest;
  readonly describeContainerLog: Sdk.DescribeContainerLogRequest;
  readonly describeContainerGroupPrice: Sdk.DescribeContainerGroupPriceRequest;
  readonly describeMultiContainerGroupMetric: Sdk.DescribeMultiContainerGroupMetricRequest;
  readonly execContainerCommand: Sdk.ExecContainerCommandRequest;
  readonly listUsage: Sdk.ListUsageRequest;
}

interface Answers {
  readonly createContainerGroup: Sdk.CreateContainerGroupResponseBody;
  readonly deleteContainerGroup: Sdk.DeleteContainerGroupResponseBody;
  readonly describeContainerGroups: Sdk.DescribeContainerGroupsResponseBody;
  readonly describeContainerGroupStatus: Sdk.DescribeContainerGroupStatusResponseBody;
  readonly describeContainerLog: Sdk.DescribeContainerLogResponseBody;
  readonly describeContainerGroupPrice: Sdk.DescribeContainerGroupPriceResponseBody;
  readonly describeMultiContainerGroupMetric: Sdk.DescribeMultiContainerGroupMetricResponseBody;
  readonly execContainerCommand: Sdk.ExecContainerCommandResponseBody;
  readonly listUsage: Sdk.ListUsageResponseBody;
}

/** A class of the SDK as plain data, so that the compiler holds every name that we write against the vendor's. */
export type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends (...args: never[]) => unknown
    ? never
    : T extends object
      ? { readonly [Key in keyof T as Key extends 'toMap' ? never : Key]: Plain<T[Key]> }
      : T;

export type Action = keyof Requests;
export type SdkRequest<A extends Action> = Requests[A];
export type SdkAnswer<A extends Action> = Answers[A];
export type EciRequest<A extends Action> = Plain<Requests[A]>;
export type EciAnswer<A extends Action> = Plain<Answers[A]>;

export type CreateRequest = EciRequest<'createContainerGroup'>;
export type RequestContainer = NonNullable<CreateRequest['container']>[number];
export type RequestInitContainer = NonNullable<CreateRequest['initContainer']>[number];
export type RequestVolume = NonNullable<CreateRequest['volume']>[number];

export type Group = NonNullable<EciAnswer<'describeContainerGroups'>['containerGroups']>[number];
export type GroupContainer = NonNullable<Group['containers']>[number];
export type GroupEvent = NonNullable<Group['events']>[number];
export type GroupStatus = NonNullable<EciAnswer<'describeContainerGroupStatus'>['data']>[number];

/** Parameters that the API has and the SDK's class has not, by their name on the wire. */
export type FurtherParameters = Readonly<Record<string, string>>;

export interface CallOptions {
  readonly further?: FurtherParameters;
  /** Milliseconds after which the answer is given up. */
  readonly timeoutMs: number;
}

/**
 * One call of the API. Rejects with ProviderError, whose message holds nothing of the request. The SDK cannot take a
 * call back: one that is given up may still have its effect.
 */
export interface EciApi {
  call<A extends Action>(
    action: A,
    request: EciRequest<A>,
    options: CallOptions,
    signal: AbortSignal,
  ): Promise<EciAnswer<A>>;
}
