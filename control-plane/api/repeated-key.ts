/** Keys that a JSON object has twice. `JSON.parse` takes the last of them, other readers the first. */

const token = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g;

/** The first repeated key of any object in a text that is JSON, or `undefined`. */
export function findRepeatedKey(json: string): string | undefined {
  const objects: (Set<string> | undefined)[] = [];
  let string: string | undefined;
  for (const [found] of json.matchAll(token)) {
    switch (found[0]) {
      case "{":
        objects.push(new Set());
        break;
      case "[":
        objects.push(undefined);
        break;
      case "}":
      case "]":
        objects.pop();
        break;
      case ":": {
        const keys = objects.at(-1);
        const key = JSON.parse(string ?? '""') as string;
        if (keys?.has(key) === true) return key;
        keys?.add(key);
        break;
      }
      default:
    }
    string = found.startsWith('"') ? found : undefined;
  }
  return undefined;
}
