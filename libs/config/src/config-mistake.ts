/** One mistake in a configuration file. `path` is a JSON pointer; `reason` never holds a secret's value. */
export interface ConfigMistake {
  readonly path: string;
  readonly reason: string;
  /** The mistake is a secret reference that leads nowhere, not the shape of the file. */
  readonly secret?: true;
}
