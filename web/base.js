// Where things are: the node's root, the explorer and its files, also below a proxy's prefix.
// Only paths: a URL that carries a password cannot be fetched.

export const files = new URL("./", import.meta.url).pathname;
export const root = new URL("../../../", import.meta.url).pathname;
export const explorer = `${root}explorer/`;

/** The hash of all files of the page, which names their folder. */
export const version = files.split("/").at(-2);

/** The address of the present page, without the password that it may have been opened with. */
export const here = () => location.origin + location.pathname + location.search;

/** The address of a page, from a path such as `block/12` or an empty one. */
export const page = (path) => explorer + path;
