/** Ids of the key schemas that are known to be those of a table's key. Asked for with each record. */
export class KnownKeys {
  #last = -1;
  readonly #ids = new Set<number>();

  has(schemaId: number): boolean {
    if (schemaId === this.#last) return true;
    if (!this.#ids.has(schemaId)) return false;
    this.#last = schemaId;
    return true;
  }

  add(schemaId: number): void {
    this.#ids.add(schemaId);
    this.#last = schemaId;
  }

  clear(): void {
    this.#ids.clear();
    this.#last = -1;
  }
}
