import type { Room } from '@hasivu/lake-engine';

/** Room in the lake, for one topic; knows whether it is waited for. */
export class AwaitedRoom implements Room {
  readonly #room: Room;
  #waiting = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  fits(bytes: number): boolean {
    return this.#room.fits(bytes);
  }

  async admit(bytes: number, orRefuse?: { readonly doing: string }): Promise<() => void> {
    this.#waiting += 1;
    try {
      return await this.#room.admit(bytes, orRefuse);
    } finally {
      this.#waiting -= 1;
    }
  }
}
