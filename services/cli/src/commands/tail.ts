export async function tailTopic(): Promise<number> { return 0; }
