/** A step that does not fit the columns it meets; turned into an error that names the pipeline and the step. */
export class StepMistake extends Error {
  override readonly name = 'StepMistake';
  readonly column: string | undefined;

  constructor(message: string, column?: string) {
    super(message);
    this.column = column;
  }
}
