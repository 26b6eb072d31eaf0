/** Path of a Chromium, or undefined. CHROMIUM_PATH overrides the search. */
export function findChromium(): string | undefined;
/** Finds a Chromium or installs one. Returns its path, or undefined when neither way worked. */
export function ensureChromium(): string | undefined;
