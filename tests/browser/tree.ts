/** A page as a screen reader has it: Chromium's accessibility tree, and what has to hold of it everywhere. */
import type { Page } from 'playwright-core';

interface Value {
  value?: unknown;
}

interface AxNode {
  nodeId: string;
  ignored: boolean;
  role?: Value;
  name?: Value;
  description?: Value;
  properties?: { name: string; value: Value }[];
  childIds?: string[];
  parentId?: string;
  backendDOMNodeId?: number;
}

export interface Part {
  role: string;
  name: string;
  /** What is said besides. */
  about: string;
  /** What is said of it: `level`, `url`, `hidden`. */
  is: Record<string, unknown>;
  within: Part | undefined;
  parts: Part[];
}

/** Everything that is not ignored, in the order in which it is read. */
export async function tree(page: Page): Promise<Part[]> {
  const tools = await page.context().newCDPSession(page);
  const { nodes } = (await tools.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] };
  await tools.detach();
  const known = new Map(nodes.map((node) => [node.nodeId, node]));
  const all: Part[] = [];
  const walk = (node: AxNode, within: Part | undefined) => {
    let here = within;
    if (!node.ignored) {
      here = {
        role: String(node.role?.value ?? ''),
        name: String(node.name?.value ?? '').replaceAll(/\s+/g, ' ').trim(),
        about: String(node.description?.value ?? ''),
        is: Object.fromEntries((node.properties ?? []).map(({ name, value }) => [name, value.value])),
        within,
        parts: [],
      };
      within?.parts.push(here);
      all.push(here);
    }
    for (const id of node.childIds ?? []) {
      const child = known.get(id);
      if (child) walk(child, here);
    }
  };
  const [root] = nodes;
  if (root) walk(root, undefined);
  return all;
}

const CONTROLS = /^(button|link|checkbox|radio|combobox|textbox|searchbox|slider|spinbutton|switch|menuitem|option|tab|listbox)$/;
const PICTURES = /^(image|img|graphics-document|graphics-symbol|SvgRoot)$/;
/** What may stand twice, as both do the same. */
const ALIKE = new Set(['Close', 'Clear the filters']);

function around(part: Part, fits: (one: Part) => boolean): Part | undefined {
  for (let one = part.within; one; one = one.within) if (fits(one)) return one;
  return undefined;
}

/**
 * What a screen reader would stumble over. `open`: what was opened lies over the page, whose own landmarks are hidden. `narrow`: tables are
 * lists, in which each cell says its column itself, and the areas are behind a button.
 */
export function stumbles(all: readonly Part[], { open, narrow }: { open: boolean; narrow: boolean }): string[] {
  const wrong: string[] = [];
  const of = (role: string) => all.filter((part) => part.role === role);
  const dialogs = [...of('dialog'), ...of('alertdialog')];
  if (!open) {
    for (const role of ['banner', 'main']) if (of(role).length !== 1) wrong.push(`${of(role).length} times ${role}`);
    if (!narrow && of('navigation').filter(({ name }) => name === 'Areas').length !== 1) wrong.push('no navigation Areas, or several');
    if (of('contentinfo').length > 0) wrong.push('a contentinfo');
  } else if (dialogs.length === 1 && of('banner').length + of('contentinfo').length > 0) wrong.push('the dialog has a banner or contentinfo of its own');
  for (const dialog of dialogs) if (!dialog.name) wrong.push('a dialog without a name');
  const landmarks = all.filter(({ role }) => /^(navigation|region|search|complementary)$/.test(role));
  for (const one of landmarks) {
    if (!one.name) wrong.push(`${one.role} without a name`);
    else if (landmarks.filter((other) => other.role === one.role && other.name === one.name).length > 1) wrong.push(`several ${one.role} are called ${one.name}`);
  }

  const levels = of('heading').map(({ is }) => Number(is['level']));
  if (!open && levels.filter((level) => level === 1).length !== 1) wrong.push(`${levels.filter((level) => level === 1).length} headings of level 1`);
  levels.forEach((level, nth) => level - (levels[nth - 1] ?? (open ? level - 1 : 0)) > 1 && wrong.push(`a heading of level ${level} after ${levels[nth - 1]}`));
  for (const heading of of('heading')) if (!heading.name) wrong.push('a heading without a name');

  const controls = all.filter(({ role }) => CONTROLS.test(role));
  const called = new Map<string, Part[]>();
  for (const control of controls) {
    if (!control.name) wrong.push(`${control.role} without a name, within ${around(control, ({ name }) => name !== '')?.name}`);
    // The choices of one field are told apart within it; so are the heads of columns.
    if (control.role === 'option' || around(control, ({ role }) => /Date|Time/.test(role)) || around(control, ({ role }) => role === 'columnheader')) continue;
    const as = `${control.role} “${control.name}”`;
    called.set(as, [...(called.get(as) ?? []), control]);
  }
  for (const [as, those] of called) {
    const [first] = those;
    const places = new Set(those.map(({ is }) => is['url']));
    // Whoever is named more than once on a page is the same one each time: their id is said behind the name.
    const persons = new Set(those.map(({ about }) => about));
    const same = first?.role === 'link' ? places.size === 1 : those.length === 1 || (persons.size === 1 && /^(user_|system:)/.test(first?.about ?? ''));
    if (!same && !ALIKE.has(first?.name ?? '')) wrong.push(`${those.length} times ${as}`);
  }

  for (const table of of('table')) {
    const inside = (part: Part) => around(part, (one) => one === table) !== undefined;
    if (!table.name) wrong.push('a table without a name');
    if (!narrow && !of('columnheader').some(inside)) wrong.push(`the table ${table.name} has no heads of columns`);
    const rows = of('row').filter((row) => inside(row) && row.parts.some(({ role }) => role === 'cell' || role === 'gridcell'));
    const nameless = rows.filter((row) => !row.parts.some(({ role }) => role === 'rowheader')).length;
    if (nameless > 0) wrong.push(`${nameless} rows of the table ${table.name} have no head`);
  }
  for (const picture of all.filter(({ role }) => PICTURES.test(role))) if (!picture.name) wrong.push(`a picture without a name, within ${around(picture, ({ name }) => name !== '')?.name}`);
  for (const list of all.filter(({ role }) => role === 'list')) if (list.parts.some(({ role }) => !/^(listitem|ListMarker)$/.test(role))) wrong.push(`something in the list ${list.name} is no item`);
  return [...new Set(wrong)];
}
