import type { Room } from '@hasivu/lake-engine';

/** Room in the lake, for one topic; knows whether it is waited for. */
export class AwaitedRoom implements Room {
  readonly #room: Room;
  readonly #closed = Promise.withResolvers<never>();
  #isClosed = false;
  #waiting = 0;

  constructor(room: Room) {
    this.#room = room;
    this.#closed.promise.catch(() => undefined);
  }

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  fits(bytes: number): boolean {
    return this.#room.fits(bytes);
  }

  async admit(bytes: number, orRefuse?: { readonly doing: string }): Promise<() => void> {
    this.#waiting += 1;
    const admitted = this.#room.admit(bytes, orRefuse);
    try {
      return await Promise.race([admitted, this.#closed.promise]);
    } catch (error) {
      // What is let in after nobody waits for it any more would be set aside for ever.
      if (this.#isClosed)
        admitted.then(
          (release) => release(),
          () => undefined,
        );
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Nobody gets room any more; who waits for some fails. */
  close(): void {
    this.#isClosed = true;
    this.#closed.reject(new Error('the topic is no longer written here'));
  }
}
