/** From the first slash behind the authority: what a proxy sends on. */
export const pathAndQueryOf = (url: string): string => url.slice(url.indexOf("/", url.indexOf("//") + 2));
