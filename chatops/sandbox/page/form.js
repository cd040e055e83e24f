// The values one has put into a view or message, kept while the app redraws it.

import { findProblem } from "./inputs.js";

export class Form {
  #fields = new Map();
  touched = false;

  add(blockId, element, control, { optional = true, errorNode = null, frame = null } = {}) {
    this.#fields.set(`${blockId} ${element.action_id}`, { blockId, element, control, optional, errorNode, frame });
  }

  get size() {
    return this.#fields.size;
  }

  values() {
    const values = {};
    for (const { blockId, element, control } of this.#fields.values()) {
      values[blockId] = { ...values[blockId], [element.action_id]: control.read() };
    }
    return values;
  }

  // Slack keeps what was typed where block_id and action_id stay the same, and drops the rest.
  // https://docs.slack.dev/surfaces/modals#updating_views
  snapshot() {
    return new Map([...this.#fields].map(([key, { control }]) => [key, control.read()]));
  }

  restore(snapshot) {
    for (const [key, state] of snapshot) {
      const field = this.#fields.get(key);
      if (field && field.element.type === state.type) field.control.write(state);
    }
  }

  findProblems() {
    const problems = {};
    for (const { blockId, control, optional, errorNode } of this.#fields.values()) {
      const problem = errorNode ? findProblem(control, { optional }) : null;
      if (problem) problems[blockId] = problem;
    }
    return problems;
  }

  // Returns the problems that belong to no field of the form.
  showProblems(problems) {
    const rest = { ...problems };
    let first = null;
    for (const { blockId, control, errorNode, frame } of this.#fields.values()) {
      if (!errorNode) continue;
      const problem = problems[blockId];
      delete rest[blockId];
      errorNode.textContent = problem ?? "";
      frame.classList.toggle("has-problem", Boolean(problem));
      if (problem) control.focus.setAttribute("aria-invalid", "true");
      else control.focus.removeAttribute("aria-invalid");
      if (problem && !first) first = control.focus;
    }
    first?.focus();
    return rest;
  }

  findFocusKey() {
    for (const [key, { control, frame }] of this.#fields) {
      if ((frame ?? control.node).contains(document.activeElement)) return key;
    }
    return null;
  }

  focus(key) {
    const field = this.#fields.get(key);
    field?.control.focus.focus();
    return Boolean(field);
  }

  focusFirst() {
    const fields = [...this.#fields.values()];
    const wanted =
      fields.find(({ element }) => element.focus_on_load) ?? fields.find(({ errorNode }) => errorNode) ?? fields[0];
    wanted?.control.focus.focus();
    return Boolean(wanted);
  }
}
