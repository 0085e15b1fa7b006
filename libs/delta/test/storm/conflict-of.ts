import { isPlatformError } from '@hasivu/errors';

/** By which rule a commit failed. @throws whatever is no conflict */
export function conflictOf(error: unknown): string {
  if (!isPlatformError(error)) throw error;
  const kind = error.context['conflict'];
  if (typeof kind === 'string' && (error.code === 'LAKE_COMMIT_CONFLICT' || error.code === 'LAKE_FENCED'))
    return kind;
  throw error;
}
