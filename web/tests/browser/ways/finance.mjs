// How finance goes its ways.

/** Each is run on a page of its own; what it changes, others may see. */
export const ways = [];
