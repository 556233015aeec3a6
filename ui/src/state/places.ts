/** What may stand beside the rail, in its order. */
export const PLACES = ['chats', 'archive', 'supervision', 'management'] as const;

/** The settings open by their gear, which stands apart. */
export type Place = (typeof PLACES)[number] | 'settings';
