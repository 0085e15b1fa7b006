import type { ErrorEntry } from '../error-entry.ts';

export const configErrors = {
  CONFIG_UNREADABLE: {
    summary: 'The configuration file cannot be read',
    cause: 'The path is wrong, the file is not readable by this user, or it is not YAML.',
    remedy: 'Check the path given with --config (or -f) and the line the message names.',
    retry: 'manual',
  },
  CONFIG_INVALID: {
    summary: 'The configuration has mistakes',
    cause: 'A field is missing, misspelt, of the wrong type or out of its bounds.',
    remedy: 'Correct every path listed; `hasivu config check -f FILE` lists them without starting anything.',
    retry: 'manual',
  },
  CONFIG_SECRET_MISSING: {
    summary: 'A secret reference points at nothing',
    cause: 'The environment variable is not set or the file does not exist where the process runs.',
    remedy: 'Set the variable or create the file that the reference names, then start again.',
    retry: 'manual',
  },
} as const satisfies Record<string, ErrorEntry>;
