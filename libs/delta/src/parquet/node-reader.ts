import type { LeafValue, LeafValues } from './read-leaf.ts';

/** A value as the JSON log has it; what is null is left out of structs and kept in maps. */
export type ReadValue = LeafValue | null | ReadValue[] | { [name: string]: ReadValue };

/** Takes one row's value after the other from decoded columns. */
export interface NodeReader {
  /** The next row's value; undefined when it is null. */
  next(): ReadValue | undefined;
  /** Definition level of the next row's first entry: how much of the path is there. */
  peek(): number;
}

/** A leaf with one entry per row. */
export class LeafReader implements NodeReader {
  readonly #leaf: LeafValues;
  readonly #maxDefinition: number;
  #level = 0;
  #value = 0;

  constructor(leaf: LeafValues, maxDefinition: number) {
    this.#leaf = leaf;
    this.#maxDefinition = maxDefinition;
  }

  peek(): number {
    return this.#leaf.definitions[this.#level] ?? 0;
  }

  next(): LeafValue | undefined {
    return this.#leaf.definitions[this.#level++] === this.#maxDefinition
      ? this.#leaf.values[this.#value++]
      : undefined;
  }

  /** Whether another entry of the same row follows. */
  get goesOn(): boolean {
    const { repetitions, definitions } = this.#leaf;
    return this.#level < definitions.length && repetitions !== null && repetitions[this.#level] !== 0;
  }
}

export class StructReader implements NodeReader {
  readonly #names: readonly string[];
  readonly #children: readonly NodeReader[];
  readonly #definition: number;

  /** @param definition level from which the struct itself is there */
  constructor(fields: readonly (readonly [name: string, reader: NodeReader])[], definition: number) {
    this.#names = fields.map(([name]) => name);
    this.#children = fields.map(([, reader]) => reader);
    this.#definition = definition;
  }

  peek(): number {
    return (this.#children[0] as NodeReader).peek();
  }

  next(): ReadValue | undefined {
    const present = this.peek() >= this.#definition;
    const out: { [name: string]: ReadValue } = {};
    for (let i = 0; i < this.#children.length; i += 1) {
      const value = (this.#children[i] as NodeReader).next();
      if (value !== undefined) out[this.#names[i] as string] = value;
    }
    return present ? out : undefined;
  }
}

/** A map of texts. Its keys and values stand at the same levels, entry by entry. */
export class MapReader implements NodeReader {
  readonly #keys: LeafReader;
  readonly #values: LeafReader;
  readonly #definition: number;

  constructor(keys: LeafReader, values: LeafReader, definition: number) {
    this.#keys = keys;
    this.#values = values;
    this.#definition = definition;
  }

  peek(): number {
    return this.#keys.peek();
  }

  next(): ReadValue | undefined {
    const present = this.peek() >= this.#definition;
    const out: { [name: string]: ReadValue } = {};
    do {
      const key = this.#keys.next();
      const value = this.#values.next();
      if (key !== undefined) out[key as string] = value ?? null;
    } while (this.#keys.goesOn);
    return present ? out : undefined;
  }
}

export class ListReader implements NodeReader {
  readonly #elements: LeafReader;
  readonly #definition: number;

  constructor(elements: LeafReader, definition: number) {
    this.#elements = elements;
    this.#definition = definition;
  }

  peek(): number {
    return this.#elements.peek();
  }

  next(): ReadValue | undefined {
    const present = this.peek() >= this.#definition;
    const out: ReadValue[] = [];
    do {
      const element = this.#elements.next();
      if (element !== undefined) out.push(element);
    } while (this.#elements.goesOn);
    return present ? out : undefined;
  }
}
