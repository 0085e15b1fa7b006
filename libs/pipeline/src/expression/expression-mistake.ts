/** What is wrong with an expression and where: `at` counts characters from 0. */
export class ExpressionMistake extends Error {
  override readonly name = 'ExpressionMistake';
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}
