/** What a pattern may not contain, and where. */
export class PatternMistake extends Error {
  override readonly name = 'PatternMistake';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}
