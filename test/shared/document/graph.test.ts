import fc from "fast-check";
import { expect, test } from "vitest";
import { walkGraph, type Graph } from "../../../shared/document/graph.ts";

const graphs = fc
  .array(fc.array(fc.nat(9), { maxLength: 4 }), { maxLength: 8 })
  .map((nodes): Graph => new Map(nodes.map((references, i) => [String(i), references.map(String)])));

/** Obviously right: a name that can be reached from itself. */
function hasCycle(graph: Graph): boolean {
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (graph.get(from) ?? []).some(
      (next) => next === to || (!seen.has(next) && graph.has(next) && reaches(next, to, seen.add(next))),
    );
  return [...graph.keys()].some((name) => reaches(name, name, new Set()));
}

test("a cycle is found exactly where there is one, and each that is told is one", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { cycles } = walkGraph(graph);
      expect(cycles.length > 0).toBe(hasCycle(graph));
      for (const cycle of cycles) {
        expect(cycle[0]).toBe(cycle.at(-1));
        for (const [i, name] of cycle.slice(0, -1).entries()) expect(graph.get(name)).toContain(cycle[i + 1]);
      }
    }),
  );
});

test("without cycles every name comes once, after all names it refers to", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const { order, cycles } = walkGraph(graph);
      expect([...order].sort()).toEqual([...graph.keys()].sort());
      if (cycles.length > 0) return;
      for (const [i, name] of order.entries()) {
        const needed = (graph.get(name) ?? []).filter((other) => graph.has(other));
        expect(needed.every((other) => order.indexOf(other) < i)).toBe(true);
      }
    }),
  );
});

test("a chain of ten thousand doesn't exhaust the stack, nor a tangle the memory", () => {
  const chain = new Map(Array.from({ length: 10_000 }, (_, i) => [String(i), [String(i + 1)]]));
  expect(walkGraph(chain).order[0]).toBe("9999");
  const names = Array.from({ length: 2_000 }, (_, i) => String(i));
  const tangle = new Map(names.map((name, i) => [name, [...names.slice(0, 32), String(i + 1)]]));
  expect(walkGraph(tangle).cycles.length).toBe(20);
});
