/** What an operator may do in Bull Board, by the picture of its button: retry, pause and resume. */
const ALLOWED = '.lucide-refresh-cw, .lucide-pause, .lucide-play';
const JOB_ACTIONS = '[class*="jobActions-"] > li';
const QUEUE_ACTIONS = '[class*="queueActions-"] > li';
/** The menu of a queue: the one whose last entry would obliterate it. */
const QUEUE_MENU = ':has(> [class*="danger-"]) > [role="menuitem"]';
/** The menu of the start page, whose first entry is for all queues at once, up to its line. */
const START_MENU = '[class*="dropdown-"]:has(> [role="separator"]) > [role="menuitem"]:first-child';

/**
 * Bull Board can hide all buttons or none. This leaves those that the server lets through, and
 * puts the dead letters, which have no group, above the groups of the lanes.
 */
export const BOARD_STYLE = `
:is(${JOB_ACTIONS}, ${QUEUE_ACTIONS}, ${QUEUE_MENU}):not(:has(${ALLOWED})),
${START_MENU} { display: none; }
[class*="tree-"] { display: flex; flex-direction: column; }
[class*="tree-"] > [class*="grid-"] { order: -1; }
`;
