import type { StoredObject, StoreEvent } from '../store/store.ts';

/** JSON of objects and watch events, made once for each version however many ask for it. */
export class Serializer {
  readonly #objects = new WeakMap<object, string>();
  readonly #events = new WeakMap<StoreEvent, string>();

  object(object: Readonly<StoredObject>): string {
    let json = this.#objects.get(object);
    if (json === undefined) {
      json = JSON.stringify(object);
      this.#objects.set(object, json);
    }
    return json;
  }

  /** One line of a watch that sees the event as it was. */
  event(event: StoreEvent): string {
    let line = this.#events.get(event);
    if (line === undefined) {
      line = `{"type":"${event.type}","object":${this.object(event.object)}}\n`;
      this.#events.set(event, line);
    }
    return line;
  }
}
