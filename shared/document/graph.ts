/** References among entries of one kind as a graph: the order in which to compute over it, and its cycles. */

/** Each name with the names it refers to. */
export type Graph = ReadonlyMap<string, readonly string[]>;

export interface Walked {
  /** Every name after the names it refers to, as far as cycles allow. */
  readonly order: readonly string[];
  /** Each begins and ends with the same name. At most `cyclesMax`: a tangle of entries has very many. */
  readonly cycles: readonly (readonly string[])[];
}

const cyclesMax = 20;

/** Depth first, without recursion: a document may chain thousands of entries. Unknown names are passed over. */
export function walkGraph(graph: Graph): Walked {
  const done = new Set<string>();
  const order: string[] = [];
  const cycles: (readonly string[])[] = [];
  const open = new Set<string>();
  const trail: { readonly name: string; readonly rest: Iterator<string> }[] = [];
  const enter = (name: string): void => {
    open.add(name);
    trail.push({ name, rest: (graph.get(name) ?? [])[Symbol.iterator]() });
  };
  for (const start of graph.keys()) {
    if (!done.has(start)) enter(start);
    for (let step = trail.at(-1); step !== undefined; step = trail.at(-1)) {
      const next = step.rest.next();
      if (next.done === true) {
        trail.pop();
        open.delete(step.name);
        done.add(step.name);
        order.push(step.name);
      } else if (open.has(next.value)) {
        if (cycles.length < cyclesMax) cycles.push(cycleOf([...open], next.value));
      } else if (graph.has(next.value) && !done.has(next.value)) {
        enter(next.value);
      }
    }
  }
  return { order, cycles };
}

const cycleOf = (names: readonly string[], first: string): readonly string[] => [
  ...names.slice(names.indexOf(first)),
  first,
];
