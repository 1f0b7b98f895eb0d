import type { OwnerScope, Ownership } from '../contract/ownership.ts';
import { inScope } from '../contract/ownership.ts';
import type { Notice, ProviderLog } from '../contract/provider.ts';
import type { SandboxListener } from '../contract/runtime.ts';
import { messageOf } from './view/observer.ts';

/** Brings what people should hear of to those who observe. */
export class Notices {
  readonly #log: ProviderLog;
  readonly #listeners = new Set<{ readonly scope: OwnerScope; readonly listener: SandboxListener }>();

  constructor(log: ProviderLog) {
    this.#log = log;
  }

  /** Until the returned function is called. */
  listen(scope: OwnerScope, listener: SandboxListener): () => void {
    const entry = { scope, listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  tell(owner: Ownership, sandboxId: string, notice: Notice): void {
    for (const { scope, listener } of this.#listeners) {
      if (!inScope(owner, scope)) continue;
      try {
        listener({ type: 'notice', sandboxId, podUid: owner.podUid, notice });
      } catch (error) {
        this.#log.error({ err: messageOf(error) }, 'an observer of the docker runtime failed');
      }
    }
  }
}
