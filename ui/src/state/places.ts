/** What may stand beside the rail, in its order. */
export const PLACES = ['chats', 'archive', 'supervision', 'management'] as const;

export type Place = (typeof PLACES)[number];
