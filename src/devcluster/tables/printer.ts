import type { StoredObject } from '../store/store.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
  readonly format: string;
  readonly description: string;
  /** 0 = always shown, 1 = with `-o wide`. */
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

/** How objects of one kind are shown as rows. */
export interface Printer {
  readonly columns: readonly Column[];
  readonly cells: (object: Readonly<StoredObject>, now: number) => readonly Cell[];
  readonly conditions?: (object: Readonly<StoredObject>) => readonly RowCondition[];
}

export interface PrinterOf<T> {
  /** Names; `wide:` before one means priority 1, `int:` and `bool:` give the type. */
  readonly columns: readonly string[];
  readonly cells: (object: T, now: number) => readonly Cell[];
  readonly conditions?: (object: T) => readonly RowCondition[];
}

/** The one place where a stored object is taken for its kind. */
export function printerOf<T>(definition: PrinterOf<T>): Printer {
  const { cells, conditions } = definition;
  return {
    columns: definition.columns.map(parseColumn),
    cells: (object, now) => cells(asKind(object), now),
    ...(conditions === undefined ? {} : { conditions: (object) => conditions(asKind(object)) }),
  };

  function asKind(object: Readonly<StoredObject>): T {
    return object as unknown as T;
  }
}

function parseColumn(text: string): Column {
  const parts = text.split(':');
  const name = parts.at(-1) ?? '';
  const type = parts.includes('int') ? 'integer' : parts.includes('bool') ? 'boolean' : 'string';
  return {
    name,
    type,
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: parts.includes('wide') ? 1 : 0,
  };
}
