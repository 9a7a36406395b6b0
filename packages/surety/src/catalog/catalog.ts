// The catalog: what each tool does (its effect) and where its money stands, as people labelled it.
// A tool without a label is unknown, and unknown is refused.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { type Label, labelOf } from '@surety/proof/rules';

export class Catalog {
  readonly #labels = new Map<string, Label>();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'tool.labelled')) {
      const { tool, effect, money } = fact.body;
      this.#labels.set(tool, money === undefined ? { effect } : { effect, money });
    } else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('tool/'))
      this.#labels.delete(fact.body.stream.slice('tool/'.length));
  }

  /** The tool's own label, else its server's default (`server.*`, reads only), else undefined. */
  label(tool: string): Label | undefined {
    return labelOf(this.#labels, tool);
  }
}
