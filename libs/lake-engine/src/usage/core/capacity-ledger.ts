/**
 * What is known of the lake's bytes: those of the last listing, and those that this process has stored since. Never less
 * than what is there, but for what others stored after the listing; only a listing makes it less.
 */
export class CapacityLedger {
  readonly maxBytes: number;
  #listedBytes = 0;
  #storedBytes = 0;
  #storedAtListing = 0;
  #reservedBytes = 0;

  /** @param maxBytes Infinity where the lake is only measured */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** An object was stored by this process. */
  stored(bytes: number): void {
    this.#storedBytes += bytes;
  }

  /** What is stored from here on may be missing in the listing that begins. @returns what {@link listed} is told */
  listing(): number {
    return this.#storedBytes;
  }

  listed(bytes: number, storedBefore: number): void {
    this.#listedBytes = bytes;
    this.#storedAtListing = storedBefore;
  }

  get usedBytes(): number {
    return this.#listedBytes + this.#storedBytes - this.#storedAtListing;
  }

  /** Room for what nobody has reserved. */
  get freeBytes(): number {
    return this.maxBytes - this.usedBytes - this.#reservedBytes;
  }

  /** A full lake takes nothing, not even what is small. */
  get isFull(): boolean {
    return this.usedBytes >= this.maxBytes;
  }

  /** Whether it would fit once everybody else is done. */
  fits(bytes: number): boolean {
    return !this.isFull && this.usedBytes + bytes <= this.maxBytes;
  }

  /** Sets room aside for what is about to be written; false where there is none. @param upToBytes what of the capacity it may fill */
  reserve(bytes: number, upToBytes = this.maxBytes): boolean {
    if (this.isFull || this.usedBytes + this.#reservedBytes + bytes > upToBytes) return false;
    this.#reservedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#reservedBytes -= bytes;
  }
}
