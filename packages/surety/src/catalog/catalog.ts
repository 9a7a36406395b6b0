// The catalog: what each tool does (its effect) and where its money stands, as people labelled it.
// A tool without a label is unknown, and unknown is refused.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { labelOf } from '@surety/proof/rules';
import type { Label } from './subject.ts';

export class Catalog {
  readonly #labels = new Map<string, Label>();
  readonly #decided = new Set<string>();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'tool.labelled')) {
      const { tool, ...label } = fact.body;
      this.#labels.set(tool, label);
    } else if (isKind(fact, 'server.declared')) {
      const { server, transport } = fact.body;
      if (transport === 'decided') this.#decided.add(server);
      else this.#decided.delete(server);
    } else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream);
  }

  #withdraw(stream: string): void {
    const name = stream.slice(stream.indexOf('/') + 1);
    if (stream.startsWith('tool/')) this.#labels.delete(name);
    else if (stream.startsWith('server/')) this.#decided.delete(name);
  }

  /** True if calls of this tool never cross the gateway: whoever makes them asks first. */
  isDecided(tool: string): boolean {
    return this.#decided.has(tool.slice(0, tool.indexOf('.')));
  }

  /** The name that a label bears, so that whoever counts by it is not flooded by names that callers invent. */
  counted(tool: string): { readonly tool: string; readonly effect: string } {
    const server = `${tool.slice(0, tool.indexOf('.'))}.*`;
    const name = [tool, server].find((each) => this.#labels.has(each));
    return { tool: name ?? 'unlabelled', effect: this.label(tool)?.effect ?? 'execute' };
  }

  /** Those with a label, servers' defaults (`server.*`) among them. */
  get tools(): Iterable<string> {
    return this.#labels.keys();
  }

  /** The tool's own label, else its server's default (`server.*`, reads only), else undefined. */
  label(tool: string): Label | undefined {
    return labelOf(this.#labels, tool);
  }
}
