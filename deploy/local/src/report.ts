/** Receives one line about what is going on, for a person to read. */
export type Report = (line: string) => void;
