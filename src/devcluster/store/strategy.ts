import type { StatusCause } from './api-error.ts';
import type { ClusterStore, DeleteRequest, StoredObject } from './store.ts';

/** What the rules of a kind may look at besides the object. */
export interface StrategyContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly get: ClusterStore['get'];
  readonly list: ClusterStore['list'];
  readonly random: () => number;
}

/**
 * The rules of one kind, as in the real server's strategy.go files: what a client may set, what is filled in, what is
 * refused. Objects passed in may be changed in place, `live` never.
 */
export interface Strategy {
  /** metadata.generation counts the changes of spec. */
  readonly countsGeneration?: boolean;
  /** A new object; its status has been dropped unless keepsStatus. Throws ApiError to refuse it outright. */
  readonly prepareCreate?: (object: StoredObject, context: StrategyContext) => void;
  readonly keepsStatus?: boolean;
  readonly prepareUpdate?: (
    object: StoredObject,
    live: Readonly<StoredObject>,
    context: StrategyContext,
  ) => void;
  /** `live` is undefined at creation. */
  readonly validate?: (object: StoredObject, live: Readonly<StoredObject> | undefined) => StatusCause[];
  readonly prepareStatus?: (object: StoredObject, live: Readonly<StoredObject>) => void;
  readonly validateStatus?: (object: StoredObject, live: Readonly<StoredObject>) => StatusCause[];
  /** The subresource ephemeralcontainers: defaults of the containers, which nobody else holds. */
  readonly prepareEphemeralContainers?: (object: StoredObject) => void;
  readonly validateEphemeralContainers?: (
    object: StoredObject,
    live: Readonly<StoredObject>,
  ) => StatusCause[];
  /** Seconds between DELETE and the end. Kinds without it go at once. */
  readonly gracePeriod?: (live: Readonly<StoredObject>, request: DeleteRequest) => number;
  /** The last word before a DELETE: throws ApiError to refuse it, returns what to change when it only marks. */
  readonly prepareDelete?: (live: Readonly<StoredObject>) => Partial<StoredObject>;
}
