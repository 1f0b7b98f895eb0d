import { isDeepStrictEqual } from 'node:util';
import type { OwnerScope } from '../contract/ownership.ts';
import { inScope } from '../contract/ownership.ts';
import type { ProviderLog } from '../contract/provider.ts';
import type { SandboxEvent, SandboxListener, SandboxState } from '../contract/runtime.ts';
import type { SandboxRecord, StateRecord } from './records.ts';
import { toSandboxState } from './sandbox-state.ts';

interface Observer {
  readonly scope: OwnerScope;
  readonly listener: SandboxListener;
}

/** Who wants to hear of which sandboxes. A shim tells of its own steps too; only what others can see of them goes on. */
export class SandboxObservers {
  readonly #log: ProviderLog;
  readonly #lastTold = new Map<string, SandboxState>();
  readonly #observers = new Set<Observer>();

  constructor(log: ProviderLog) {
    this.#log = log;
  }

  add(scope: OwnerScope, listener: SandboxListener): Observer {
    const observer = { scope, listener };
    this.#observers.add(observer);
    return observer;
  }

  remove(observer: Observer): void {
    this.#observers.delete(observer);
  }

  /** What was told before this one came. */
  catchUp(observer: Observer, record: SandboxRecord, state: StateRecord): void {
    if (inScope(record.owner, observer.scope))
      this.#tell(observer, { type: 'changed', sandbox: toSandboxState(record, state) });
  }

  changed(record: SandboxRecord, state: StateRecord): void {
    const sandbox = toSandboxState(record, state);
    if (isDeepStrictEqual(sandbox, this.#lastTold.get(record.id))) return;
    this.#lastTold.set(record.id, sandbox);
    this.#tellAll(record, { type: 'changed', sandbox });
  }

  gone(record: SandboxRecord): void {
    this.#lastTold.delete(record.id);
    this.#tellAll(record, { type: 'gone', sandboxId: record.id, podUid: record.owner.podUid });
  }

  #tellAll(record: SandboxRecord, event: SandboxEvent): void {
    for (const observer of this.#observers)
      if (inScope(record.owner, observer.scope)) this.#tell(observer, event);
  }

  #tell(observer: Observer, event: SandboxEvent): void {
    try {
      observer.listener(event);
    } catch (error) {
      this.#log.error({ err: error }, 'an observer of the process runtime failed');
    }
  }
}
