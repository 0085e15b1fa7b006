/** The steps of the configuration file, in the form it has there. */
export type StepDefinition =
  | { readonly cast: { readonly column: string; readonly to: string } }
  | { readonly rename: { readonly from: string; readonly to: string } }
  | { readonly drop: { readonly columns: readonly string[] } }
  | {
      readonly derive: {
        readonly column: string;
        readonly expr: string;
        readonly type?: string | undefined;
      };
    }
  | { readonly filter: { readonly expr: string } }
  | { readonly mask: MaskDefinition }
  | { readonly route: { readonly when: string; readonly to: string } };

export interface MaskDefinition {
  readonly column: string;
  readonly method: 'redact' | 'hash' | 'partial' | 'null';
  /** For `partial`: characters left readable at the end. */
  readonly keepLast?: number | undefined;
  /** For `hash`: the secret itself; the configuration holds a reference to it. */
  readonly salt?: string | undefined;
}

/** How messages and headers call a step, e.g. `step 2 (mask email)`. */
export function describeStep(step: StepDefinition, index: number): string {
  return `step ${index + 1} (${summary(step)})`;
}

/** The column that a mistake in this step is about, where there is one. */
export function stepColumn(step: StepDefinition): string | undefined {
  if ('cast' in step) return step.cast.column;
  if ('rename' in step) return step.rename.from;
  if ('derive' in step) return step.derive.column;
  if ('mask' in step) return step.mask.column;
  return undefined;
}

function summary(step: StepDefinition): string {
  if ('cast' in step) return `cast ${step.cast.column}`;
  if ('rename' in step) return `rename ${step.rename.from}`;
  if ('drop' in step) return 'drop';
  if ('derive' in step) return `derive ${step.derive.column}`;
  if ('filter' in step) return 'filter';
  if ('mask' in step) return `mask ${step.mask.column}`;
  return `route ${step.route.to}`;
}
