/** Whether a state table keeps its changes for readers of the change data feed, or does as the table says. */
export type FeedUse = 'on' | 'off' | 'table';

export function feedUse(configured: boolean | undefined): FeedUse {
  if (configured === undefined) return 'table';
  return configured ? 'on' : 'off';
}
